// Each anomaly of logs in a history that shows it, beside one that nearly does. What jepsen.tests.kafka says of the
// same histories is restated here.
#include "checker/kafka/kafka.h"

#include "checker/history/edn.h"
#include "gtest/gtest.h"
#include "tests/checker/kafka/kafka_text.h"

namespace brokersim::checker {
namespace {

KafkaOptions Ww() {
  KafkaOptions options;
  options.ww_deps = true;
  return options;
}
KafkaOptions Rw() {
  KafkaOptions options;
  options.rw_deps = true;
  return options;
}
formats::Verdict Check(std::string_view lines, const KafkaOptions& options = {}) {
  const History history = KafkaHistory(lines);
  return CheckKafka(history, options, {}).value();
}

TEST(KafkaTest, Calm) {
  EXPECT_EQ(Kafka("0 ok x=a@0 x=b@1; 1 ok x[0a]; 1 ok x[1b]; 0 ok x=c@5; 1 ok x[5c]"), "VALID");
  EXPECT_EQ(Kafka("0 ok assign x"), "UNKNOWN");
  EXPECT_EQ(Kafka("0 ok poll"), "UNKNOWN");
}

TEST(KafkaTest, InconsistentOffsets) {
  EXPECT_EQ(Kafka("379 ok 11=641@537; 363 ok 11=645@537"), "inconsistent-offsets unseen");
  EXPECT_EQ(Explain("379 ok 11=641@537; 363 ok 11=645@537", "inconsistent-offsets"),
            "Offset 537 of 11 holds different records: 641, 645.\n");
  // A crashed send proves nothing of where it was stored, unless another one of its records was read.
  constexpr std::string_view kCrashed = "0 info x=1@0 y=1; 1 ok x=2@0; 2 ok x[0_2]";
  EXPECT_EQ(Kafka(kCrashed), "VALID");
  EXPECT_EQ(Kafka(std::string(kCrashed) + "; 2 ok y[5_1]"), "inconsistent-offsets lost-write torn-transaction");
}

TEST(KafkaTest, Duplicate) {
  EXPECT_EQ(Kafka("0 ok x=a@1; 1 info x=b; 2 ok x[2b 3a]"), "duplicate");
  EXPECT_EQ(Explain("0 ok x=a@1; 1 info x=b; 2 ok x[2b 3a]", "duplicate"), ":a lies in :x 2 times, at offsets 1, 3.\n");
  // The sends of a failed operation weren't stored; what a failed poll returned was.
  constexpr std::string_view kFailed = "0 ok x=0@1; 0 fail x=1@2; 1 fail x[11_0 12_1]";
  EXPECT_EQ(Kafka(kFailed), "duplicate unseen");
  EXPECT_EQ(Explain(kFailed, "duplicate"), "0 lies in :x 2 times, at offsets 1, 11.\n");
  EXPECT_EQ(Kafka("0 ok x=a@1; 2 ok x[1a]; 3 ok x[1a]"), "VALID");
}

TEST(KafkaTest, G1a) {
  EXPECT_EQ(Kafka("0 fail x=2 y=3; 1 ok x[0_2]"), "G1a");
  EXPECT_EQ(Explain("0 fail x=2 y=3; 1 ok x[0_2]", "G1a"), "T3 read 2 from :x, although T1, which sent it, failed.\n");
  EXPECT_EQ(Kafka("0 info x=2 y=3; 1 ok x[0_2]"), "VALID");
  // Sent again with success.
  EXPECT_EQ(Kafka("0 fail x=2; 0 ok x=2@0; 1 ok x[0_2]"), "VALID");
}

TEST(KafkaTest, PhantomRead) {
  EXPECT_EQ(Kafka("0 ok x=a@0; 1 ok x[0a 1b]"), "phantom-read");
  EXPECT_EQ(Kafka("0 ok x=a@0; 0 info x=b; 1 ok x[0a 1b]"), "VALID");
}

TEST(KafkaTest, PrecommittedRead) {
  EXPECT_EQ(Kafka("0 ok x=a@0 x[0a]"), "precommitted-read");
  EXPECT_EQ(Kafka("0 ok x=a@0; 0 ok y=b@0 x[0a]; 0 ok y[0b]"), "VALID");
}

TEST(KafkaTest, LostWrite) {
  constexpr std::string_view kSends = "1 invoke x=c; 0 ok x=a@0; 0 ok x=b@1 x=d@3; 1 info x=c; ";
  EXPECT_EQ(Kafka(std::string(kSends) + "0 ok x[2c]"), "lost-write unseen");
  EXPECT_EQ(Explain(std::string(kSends) + "0 ok x[2c]", "lost-write"),
            "T2 stored :a in :x at offset 0, and T7 read :c at offset 2, but nobody ever read :a.\n"
            "T4 stored :b in :x at offset 1, and T7 read :c at offset 2, but nobody ever read :b.\n");
  EXPECT_EQ(Kafka(std::string(kSends) + "0 ok x[0a 1b 2c 3d]"), "VALID");
  // Two records at one offset: the one that nobody read is lost.
  EXPECT_EQ(Explain("0 ok x=a@0; 0 ok x=b@0 x=c@2; 0 ok x[0b 2c]", "lost-write"),
            "T1 stored :a in :x at offset 0, and T5 read :c at offset 2, but nobody ever read :a.\n");
}

TEST(KafkaTest, LostWriteOfACrashedTransaction) {
  constexpr std::string_view kUnknown = "0 info x=a y=b@0; 1 info y=c; 3 ok y[1c]";
  EXPECT_EQ(Kafka(kUnknown), "VALID");
  EXPECT_EQ(Kafka(std::string(kUnknown) + "; 2 ok x[0a]"), "lost-write torn-transaction");
}

TEST(KafkaTest, TornTransaction) {
  EXPECT_EQ(Kafka("0 ok x=a@0 y=b@0; 0 ok y=c@1; 1 ok x[0a]; 1 ok y[1c]"), "lost-write torn-transaction unseen");
  // Nobody came so far yet.
  EXPECT_EQ(Kafka("2 invoke y=c; 0 ok x=a@0 y=b@1; 2 info y=c; 1 ok x[0a]; 1 ok y[0c]"), "unseen");
}

TEST(KafkaTest, Unseen) {
  EXPECT_EQ(Kafka("0 ok poll; 0 ok x=a@0 x=b@1; 0 ok x[0a]"), "unseen");
  EXPECT_EQ(Kafka("0 ok poll; 0 ok x=a@0 x=b@1; 0 ok x[0a]; 0 ok x[1b]"), "VALID");
  EXPECT_EQ(MetricOf(Check("0 ok x=a@0 x=b@1; 0 ok y=c@0"), "unseen-records"), 3);
}

TEST(KafkaTest, ZombieWrite) {
  EXPECT_EQ(Kafka("0 info x=a | :error [:producer-fenced \"x\"]; 1 ok x[0a]"), "zombie-write");
  EXPECT_EQ(Kafka("0 fail x=a | :error ProducerFencedException; 1 ok x[0a]"), "G1a zombie-write");
  EXPECT_EQ(Kafka("0 info x=a | :error :timeout; 1 ok x[0a]"), "VALID");
  EXPECT_EQ(Kafka("0 info x=a | :error :fenced; 1 ok x=b@0; 1 ok x[0b]"), "VALID");
  constexpr std::string_view kEpochs =
      "0 ok x=a@0 | :transactional-id t :epoch 1; 1 ok x=b@1 | :transactional-id t :epoch 2;"
      "0 ok x=c@2 | :transactional-id t :epoch ";
  EXPECT_EQ(Kafka(std::string(kEpochs) + "1; 2 ok x[0a 1b 2c]"), "zombie-write");
  EXPECT_EQ(Kafka(std::string(kEpochs) + "2; 2 ok x[0a 1b 2c]"), "VALID");
}

TEST(KafkaTest, OffsetInversion) {
  EXPECT_EQ(Kafka("0 ok x=a@5; 1 ok x=b@3; 2 ok x[3b 5a]"), "offset-inversion");
  EXPECT_EQ(Kafka("0 ok x=a@5; 1 invoke x=b@7; 1 ok x=b@7; 2 ok x[5a 7b]"), "VALID");
  // At the same time, either may come first.
  EXPECT_EQ(Kafka("1 invoke x=b; 0 ok x=a@5; 1 ok x=b@3; 2 ok x[3b 5a]"), "VALID");
}

constexpr std::string_view kSkips =
    "0 ok x[1a 2b]; 1 ok x[3c]; {}0 ok x[4d]; {}2 ok x=f@6; 0 ok x[7g]; 3 info x=a x=b x=c x=d x=g; 4 ok x[6f]";

std::string Skips(std::string_view between) {
  std::string text(kSkips);
  for (size_t at = text.find("{}"); at != text.npos; at = text.find("{}")) text.replace(at, 2, between);
  return text;
}

TEST(KafkaTest, PollSkip) {
  KafkaOptions strict;
  strict.subscribe = false;
  // Offset 5 holds nothing, as far as one knows.
  EXPECT_EQ(Explain(Skips(""), "poll-skip"),
            "In :x, T1 ended at :b; T5 read on behind it with :d, and left out :c.\n"
            "In :x, T5 ended at :d; T9 read on behind it with :g, and left out :f.\n");
  for (std::string_view kept : {"0 ok assign x y; ", "0 ok subscribe x y; ", "0 fail assign y; "}) {
    EXPECT_NE(Kafka(Skips(kept), strict).find("poll-skip"), std::string::npos) << kept;
  }
  for (std::string_view lost : {"0 ok assign y; ", "0 ok subscribe y; ", "0 info assign y; "}) {
    EXPECT_EQ(Kafka(Skips(lost), strict).find("poll-skip"), std::string::npos) << lost;
  }
  // Who died and was given the same key again reads on from where the group is by then.
  const std::string named = Skips("0 ok assign x y | :positions [7 -1]; ");
  EXPECT_EQ(Kafka(named, strict).find("poll-skip"), std::string::npos);
  // Who subscribes may be moved.
  EXPECT_EQ(Kafka(Skips("0 ok subscribe x y; ")).find("poll-skip"), std::string::npos);
  EXPECT_EQ(MetricOf(Check(Skips("0 ok subscribe x y; ")), "allowed: poll-skip"), 2);
}

TEST(KafkaTest, AbortedPollsGoBack) {
  constexpr std::string_view kSend = "0 ok x=0@0 x=1@1 x=2@2 x=3@3 x=4@4 x=5@5; 1 ok txn x[0]; 1 fail txn x[1 2]; ";
  EXPECT_EQ(Kafka(std::string(kSend) + "1 info txn x[1 2]; 1 ok txn x[1 2]; 1 ok x[3 4 5]"), "VALID");
  EXPECT_EQ(Explain(std::string(kSend) + "1 fail txn x[3 4]; 1 ok txn x[5]", "poll-skip"),
            "In :x, T3 ended at 0; T7 read on behind it with 3, and left out 1 and 1 more.\n"
            "In :x, T3 ended at 0; T9 read on behind it with 5, and left out 1 and 3 more.\n");
  EXPECT_EQ(Explain(std::string(kSend) + "1 info txn x[3 4]", "poll-skip"),
            "In :x, T3 ended at 0; T7 read on behind it with 3, and left out 1 and 1 more.\n");
}

TEST(KafkaTest, NonmonotonicPoll) {
  constexpr std::string_view kBegin = "0 ok x=a x=b x=c x=d; 0 ok x[1a 2b 3c]; ";
  EXPECT_EQ(Kafka(std::string(kBegin) + "0 ok x[2b 3c 4d]"), "nonmonotonic-poll");
  EXPECT_EQ(Kafka(std::string(kBegin) + "0 ok assign x y; 0 ok x[2b 3c 4d]"), "nonmonotonic-poll");
  EXPECT_EQ(Kafka(std::string(kBegin) + "0 ok assign y; 0 ok x[2b 3c 4d]"), "VALID");
  // Of a consumer that died and was given the same key again, at the committed offset.
  EXPECT_EQ(Kafka(std::string(kBegin) + "0 ok assign x | :positions [2]; 0 ok x[2b 3c 4d]"), "VALID");
  EXPECT_EQ(Kafka(std::string(kBegin) + "1 ok x[2b 3c 4d]"), "VALID");
}

TEST(KafkaTest, NonmonotonicSend) {
  constexpr std::string_view kRead = "; 9 ok x[1a 2b 3c 4d]";
  const auto with = [&](std::string_view between) {
    return "0 ok x=c@3 x=d@4; " + std::string(between) + "0 ok x=a@1 x=b@2" + std::string(kRead);
  };
  EXPECT_EQ(Kafka(with("")), "nonmonotonic-send offset-inversion");
  EXPECT_EQ(Kafka(with("0 ok assign x y; ")), "nonmonotonic-send offset-inversion");
  EXPECT_EQ(Kafka(with("0 ok assign y; ")), "offset-inversion");
  EXPECT_EQ(Kafka("0 ok x=a@1 x=b@2; 0 ok x=c@3 x=d@4; 9 ok x[1a 2b 3c 4d]"), "VALID");
}

TEST(KafkaTest, IntPollSkip) {
  constexpr std::string_view kSend = "1 info x=a x=b x=d; ";
  KafkaOptions options;
  options.allow = {"nonmonotonic-poll"};
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[1a 4d]; 2 ok x[2b]"), "int-poll-skip");
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[1a] x[4d]; 2 ok x[2b]"), "int-poll-skip");
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[1a 4d]"), "VALID");
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[1a 4d] | :rebalance-log [{:keys [:x]}]; 2 ok x[2b]"), "VALID");
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[1a 4d] | :rebalance-log [{:keys [:y]}]; 2 ok x[2b]"), "int-poll-skip");
}

TEST(KafkaTest, IntNonmonotonicPoll) {
  constexpr std::string_view kSend = "0 info x=a x=b x=c; ";
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[3c 1a]; 1 ok x[2b]"), "int-nonmonotonic-poll");
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[2b 3c] x[3c]"), "int-nonmonotonic-poll");
  EXPECT_EQ(Kafka(std::string(kSend) + "0 ok x[2b] x[3c]"), "VALID");
}

TEST(KafkaTest, IntSendSkipIsAllowed) {
  const formats::Verdict verdict = Check("0 invoke x=a x=c; 1 info x=b; 0 ok x=a@1 x=c; 2 ok x[1a 2b 3c]");
  EXPECT_EQ(KafkaSummary(verdict), "VALID");
  EXPECT_EQ(MetricOf(verdict, "allowed: int-send-skip"), 1);
  EXPECT_EQ(MetricOf(Check("0 ok x=a@1 x=c; 1 info x=b; 2 ok x[1a 2c 3b]"), "allowed: int-send-skip"), -1);
}

TEST(KafkaTest, IntNonmonotonicSend) {
  EXPECT_EQ(Kafka("0 ok x=c@3 x=a@1; 1 ok x[1a 3c]"), "int-nonmonotonic-send");
  EXPECT_EQ(Kafka("0 info y=d y=b; 1 info y=c; 1 ok y[2b 3c 4d]"), "int-nonmonotonic-send");
  EXPECT_EQ(Kafka("0 info y=b y=d; 1 info y=c; 1 ok y[2b 3c 4d]"), "VALID");
}

TEST(KafkaTest, CommitRegression) {
  constexpr std::string_view kWork = "0 ok x=a@0; 1 ok x[0a]; ";
  EXPECT_EQ(Kafka(std::string(kWork) + "1 ok commit x=5; 2 ok commit x=3"), "commit-regression");
  EXPECT_EQ(Kafka(std::string(kWork) + "1 ok commit x=3; 2 ok commit x=5"), "VALID");
  EXPECT_EQ(Kafka(std::string(kWork) + "1 ok commit x=5; 2 fail commit x=3"), "VALID");
  EXPECT_EQ(Kafka(std::string(kWork) + "2 invoke commit x=3; 1 ok commit x=5; 2 ok commit x=3"), "VALID");
  // One of unknown outcome may be done late: on a connection that was cut and given up, for one.
  constexpr std::string_view kLate = "1 info commit x=3; 2 ok commit x=5; ";
  EXPECT_EQ(Kafka(std::string(kWork) + std::string(kLate) + "3 ok commit x=4"), "VALID");
  EXPECT_EQ(Kafka(std::string(kWork) + std::string(kLate) + "3 ok commit x=2"), "commit-regression");
  EXPECT_EQ(Kafka(std::string(kWork) + "1 ok commit x=5 | :group 1; 2 ok commit x=3 | :group 2"), "VALID");
  // One fall is one anomaly.
  EXPECT_EQ(
      MetricOf(Check(std::string(kWork) + "1 ok commit x=5; 2 ok commit x=3; 2 ok commit x=4"), "commit-regression"),
      1);
}

TEST(KafkaTest, G0IsAllowed) {
  constexpr std::string_view kLines =
      "0 invoke x=a y=a; 1 invoke x=b y=b; 0 ok x=a@0 y=a@1; 1 ok x=b@1 y=b@0; 2 ok x[0a 1b]; 2 ok y[0b 1a]";
  EXPECT_EQ(Kafka(kLines, Ww()), "VALID");
  EXPECT_EQ(MetricOf(Check(kLines, Ww()), "allowed: G0"), 1);
  EXPECT_EQ(MetricOf(Check(kLines), "allowed: G0"), -1);
}

TEST(KafkaTest, G1c) {
  constexpr std::string_view kReads = "0 invoke x=a x[]; 1 invoke y=b y[]; 0 ok x=a@0 y[0b]; 1 ok y=b@0 x[0a]";
  EXPECT_EQ(Kafka(kReads), "G1c");
  EXPECT_EQ(Kafka("0 invoke txn x=a y=c; 1 invoke txn y=b; 0 ok txn x=a@0 y=c@2; 1 ok txn x[0a] y=b@1; 2 ok y[1b 2c]"),
            "VALID");
  EXPECT_EQ(MetricOf(Check("0 invoke txn x=a y=c; 1 invoke txn y=b; 0 ok txn x=a@0 y=c@2; 1 ok txn x[0a] y=b@1;"
                           "2 ok y[1b 2c]",
                           Ww()),
                     "allowed: G1c"),
            1);
  // Read before it was sent.
  EXPECT_EQ(Kafka("1 ok x[0a]; 0 ok x=a@0"), "G1c-realtime");
  EXPECT_EQ(Kafka("1 ok x[0a]; 1 ok x=a@0"), "G1c-process");
}

TEST(KafkaTest, AntiDependencies) {
  // T sends to both logs; a reader of y sees it and doesn't see it in x.
  constexpr std::string_view kSkewed = "0 ok x=z@0; 0 ok txn x=a@1 y=a@0; 1 ok x[0z] y[0a]; 2 ok x[0z 1a]";
  EXPECT_EQ(Kafka(kSkewed), "VALID");
  EXPECT_EQ(Kafka(kSkewed, Rw()), "G-single-item");
  EXPECT_EQ(Kafka("0 ok x=z@0; 0 ok txn x=a@1 y=a@0; 1 ok x[0z 1a] y[0a]", Rw()), "VALID");
  // Two consumers, each of which missed what the other sent.
  constexpr std::string_view kWriteSkew =
      "0 ok x=z@0 y=z@0; 1 invoke txn; 2 invoke txn; 1 ok txn x[0z] y=a@1; 2 ok txn y[0z] x=b@1;"
      "3 ok x[0z 1b] y[0z 1a]";
  EXPECT_EQ(Kafka(kWriteSkew), "VALID");
  EXPECT_EQ(Kafka(kWriteSkew, Rw()), "G2-item");
}

TEST(KafkaTest, RealtimeLag) {
  // Of x, two records were there since 3 ms; the poll that began at 4 ms returned none of them.
  const formats::Verdict verdict = Check("0 ok assign x; 1 ok x=a@0; 0 ok x[]; 0 ok x[0a]");
  EXPECT_EQ(MetricOf(verdict, "worst-realtime-lag"), 1);
  EXPECT_EQ(MetricOf(Check("0 ok assign x; 1 ok x=a@0; 0 ok x[0a]; 0 ok x[]"), "worst-realtime-lag"), 0);
  // Going back to a log that one gave up begins at its start.
  EXPECT_EQ(MetricOf(Check("0 ok assign x; 1 ok x=a@0; 0 ok x[0a]; 0 ok assign y; 0 ok assign x; 0 ok poll"),
                     "worst-realtime-lag"),
            7);
  EXPECT_EQ(MetricOf(Check("0 ok assign x; 1 ok x=a@0; 0 ok x[0a]; 0 ok assign x y; 0 ok assign x; 0 ok poll"),
                     "worst-realtime-lag"),
            0);
}

TEST(KafkaTest, ConsumedAgain) {
  EXPECT_EQ(MetricOf(Check("0 ok subscribe x; 1 ok x=a@0; 0 ok x[0a]; 0 ok x[0a]; 0 ok x[0a]"), "consumed-again"), 1);
  EXPECT_EQ(MetricOf(Check("0 ok assign x; 1 ok x=a@0; 0 ok x[0a]; 0 ok x[0a]"), "consumed-again"), -1);
}

TEST(KafkaTest, OddHistories) {
  const auto check = [](std::string_view rest) {
    const std::string edn = "{:process 0 :type :ok " + std::string(rest) + "}";
    return CheckKafka(ReadEdn(edn).value(), {}, {}).status().ToString();
  };
  for (std::string_view rest :
       {":f :send :value 7", ":f :send :value [7]", ":f :send :value [[:send :x]]", ":f :poll :value [[:poll 7]]",
        ":f :poll :value [[:poll {:x 7}]]", ":f :poll :value [[:poll {:x [7]}]]",
        ":f :poll :value [[:poll {:x [[1]]}]]", ":f :poll :value [[:poll {:x [[:a :b]]}]]", ":f :assign :value 7",
        ":f :commit :value {:x :y}", ":f :send :value [[:send :x [1 2 3]]]", ":f :txn :value [[:commit :x nil]]"}) {
    EXPECT_EQ(check(rest).find("INVALID_ARGUMENT: index 0: "), 0u) << rest;
  }
  EXPECT_EQ(check(":f :crash :value 7"), "OK");
  EXPECT_EQ(check(":f :debug-topic-partitions :value [7]"), "OK");
  // The ends of what an offset can be.
  EXPECT_EQ(Kafka("0 ok x=a@9223372036854775807; 1 ok x[9223372036854775807a]"), "VALID");
  KafkaOptions options;
  options.allow = {"duplicates"};
  EXPECT_NE(Kafka("0 ok x=a@0", options).find("there is no anomaly"), std::string::npos);
  EXPECT_EQ(Kafka("0 ok x[_a]; 0 ok x=a; 0 ok x=b@-5"), "G1c-process unseen");
}

}  // namespace
}  // namespace brokersim::checker
