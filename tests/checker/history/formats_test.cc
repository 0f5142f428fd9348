// Every format read, recognised, and written so that reading it again gives the same history.
#include "checker/history/format.h"

#include <gtest/gtest.h>

#include <string>

#include "checker/history/proto.h"

namespace brokersim::checker {
namespace {

constexpr std::string_view kEdnText =
    "{:index 0, :time 5, :process 0, :type :invoke, :f :cas, :value [1 2]}\n"
    "{:index 1, :process :nemesis, :type :info, :f :kill, :value {:a #{1 \"b\"}}}\n"
    "{:index 2, :time 9, :process 0, :type :info, :f :cas, :value nil, :error :timeout}\n"
    "{:index 3, :process \"p1\", :type :invoke, :f :read, :value nil}\n"
    "{:index 4, :process \"p1\", :type :ok, :f :read, :value 1.5}\n";

std::string Written(const History& history, Format format) {
  std::string out;
  const absl::Status status = Write(history, format, [&out](std::string_view piece) { out.append(piece); });
  return status.ok() ? out : std::string(status.message());
}

// The lines, as EDN, of what the text holds.
std::string Lines(std::string_view text) {
  const absl::StatusOr<Format> format = Recognise(text);
  if (!format.ok()) return std::string(format.status().message());
  const absl::StatusOr<History> history = Read(text, *format);
  return history.ok() ? Written(*history, Format::kEdn) : std::string(history.status().message());
}

TEST(Formats, EdnComesBackAsItWas) { EXPECT_EQ(Lines(kEdnText), kEdnText); }

TEST(Formats, ProtoKeepsEverything) {
  const absl::StatusOr<History> history = Read(kEdnText, Format::kEdn);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(Lines(Written(*history, Format::kProto)), kEdnText);
  EXPECT_EQ(Lines(Written(*history, Format::kProtoJson)), kEdnText);
}

TEST(Formats, JsonHasStringsForKeywords) {
  const absl::StatusOr<History> history = Read(kEdnText, Format::kEdn);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(Written(*history, Format::kJson),
            R"([{"index":0,"time":5,"process":0,"type":"invoke","f":"cas","value":[1,2]},
{"index":1,"process":"nemesis","type":"info","f":"kill","value":{"a":[1,"b"]}},
{"index":2,"time":9,"process":0,"type":"info","f":"cas","value":null,"error":"timeout"},
{"index":3,"process":"p1","type":"invoke","f":"read","value":null},
{"index":4,"process":"p1","type":"ok","f":"read","value":1.5}]
)");
  for (Format format : {Format::kJson, Format::kJsonLines}) {
    const std::string text = Written(*history, format);
    EXPECT_EQ(Recognise(text).value(), format);
    const absl::StatusOr<History> again = Read(text, format);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(Written(*again, format), text);
    EXPECT_FALSE(again->op(1).client);
    EXPECT_TRUE(again->op(3).client);
  }
}

TEST(Formats, JsonKeysThatAreNumbersAreNumbers) {
  EXPECT_EQ(Lines(R"([{"type":"ok","process":0,"f":"read","value":{"0":1,"01":2,"x":3,"-4":4}}])"),
            "{:index 0, :process 0, :type :ok, :f :read, :value {0 1, \"01\" 2, \"x\" 3, -4 4}}\n");
}

TEST(Formats, JsonErrorsHaveALine) {
  EXPECT_EQ(Lines("{\"type\":\"invoke\",\"process\":0,\"f\":\"r\"}\n{\"type\": oops}\n").substr(0, 16),
            "line 2: no JSON:");
  EXPECT_EQ(Lines("{\"f\":\"r\"}").substr(0, 29), "line 1: a line without :type;");
  EXPECT_EQ(Lines("[{\"type\":\"ok\"}, 5]"),
            "after 2 lines of the history: a history's line is an object such as {\"type\": \"invoke\", ...}");
}

TEST(Formats, PorcupineLogsWithTabsOrBlanks) {
  constexpr std::string_view kLog =
      "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\n"
      "INFO  jepsen.core - something else\n"
      "INFO  jepsen.util - 1    :invoke :read nil\n"
      "INFO  jepsen.util - 0\t:info\t:cas\t:timed-out\n"
      "INFO  jepsen.util - 1\t:fail\t:read\t:timed-out\n";
  EXPECT_EQ(Lines(kLog),
            "{:index 0, :process 0, :type :invoke, :f :cas, :value [1 2]}\n"
            "{:index 1, :process 1, :type :invoke, :f :read, :value nil}\n"
            "{:index 2, :process 0, :type :info, :f :cas, :value nil, :error :timed-out}\n"
            "{:index 3, :process 1, :type :fail, :f :read, :value nil, :error :timed-out}\n");
  const absl::StatusOr<History> history = Read(kLog, Format::kPorcupineLog);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(Lines(Written(*history, Format::kPorcupineLog)), Lines(kLog));
  const absl::StatusOr<History> other = Read("{:type :ok :process 0 :f :enqueue :value 1}", Format::kEdn);
  EXPECT_EQ(Written(*other, Format::kPorcupineLog),
            "index 0: :enqueue is no operation of a register (:read, :write, :cas), and porcupine-log holds no other; "
            "convert to edn or json");
}

TEST(Formats, OpenChaosRows) {
  EXPECT_EQ(Lines("c1\tenqueue\tREQUEST\t5\tk\t100\t\n"
                  "fault\tkill\tstart\t120\n"
                  "c1\tenqueue\tRESPONSE\tSUCCESS\t5\tk\t130\t30\t\t0\n"
                  "c2\tdequeue\tREQUEST\tnull\t\t140\t\n"
                  "c2\tdequeue\tRESPONSE\tUNKNOWN\tnull\t\t150\t10\t\t0\n"),
            "{:index 0, :time 100000000, :process \"c1\", :type :invoke, :f :enqueue, :value 5, :key \"k\"}\n"
            "{:index 1, :time 120000000, :process :nemesis, :type :info, :f :kill, :value :start}\n"
            "{:index 2, :time 130000000, :process \"c1\", :type :ok, :f :enqueue, :value 5, :key \"k\"}\n"
            "{:index 3, :time 140000000, :process \"c2\", :type :invoke, :f :dequeue, :value nil}\n"
            "{:index 4, :time 150000000, :process \"c2\", :type :info, :f :dequeue, :value nil}\n");
  EXPECT_EQ(Lines("c1\tenqueue\tREQUEST\t5\n").substr(0, 17), "line 1: 4 fields;");
}

TEST(Formats, FptlinIntervalsAreClosed) {
  EXPECT_EQ(Lines("# queue\n1 0 5 ENQ 7\n2 5 9 DEQ 7\n1 5 6 ENQ 8\n"),
            "{:index 0, :time 0, :process 1, :type :invoke, :f :enqueue, :value 7, :invocation 0}\n"
            "{:index 1, :time 5, :process 2, :type :invoke, :f :dequeue, :value nil}\n"
            "{:index 2, :time 5, :process 1, :type :invoke, :f :enqueue, :value 8, :invocation 2}\n"
            "{:index 3, :time 5, :process 1, :type :ok, :f :enqueue, :value 7, :invocation 0}\n"
            "{:index 4, :time 6, :process 1, :type :ok, :f :enqueue, :value 8, :invocation 2}\n"
            "{:index 5, :time 9, :process 2, :type :ok, :f :dequeue, :value 7}\n");
}

TEST(Formats, WhatARunRecordsBecomesDataAndActionsAgain) {
  formats::History recorded;
  recorded.set_schema_version(1);
  const auto add = [&recorded](formats::Operation::Type type, const std::string& process, const std::string& f,
                               uint64_t invocation) {
    formats::Operation* const op = recorded.add_operations();
    op->set_index(static_cast<uint64_t>(recorded.operations_size() - 1));
    op->set_time_ns(recorded.operations_size() * 10);
    op->set_type(type);
    op->set_process(process);
    op->set_f(f);
    op->set_invocation(invocation);
    return op;
  };
  using formats::Operation;
  // One producer, two sends at a time.
  for (int i = 0; i < 2; ++i) {
    formats::Send* const send = add(Operation::INVOKE, "p1", "send", i)->add_actions()->mutable_send();
    send->set_log("orders-0");
    send->set_key("k");
    send->set_value(i == 0 ? "a" : "b");
  }
  for (int i = 1; i >= 0; --i) {
    formats::Operation* const done = add(Operation::OK, "p1", "send", i);
    *done->mutable_actions() = recorded.operations(i).actions();
    done->mutable_actions(0)->mutable_send()->set_offset(i);
  }
  formats::Poll* const asked = add(Operation::INVOKE, "c1", "poll", 4)->add_actions()->mutable_poll();
  asked->set_log("orders-0");
  asked->set_group("g");
  formats::Poll* const got = add(Operation::OK, "c1", "poll", 4)->add_actions()->mutable_poll();
  *got = *asked;
  got->set_next(1);
  got->set_end(2);
  formats::Read* const read = got->add_reads();
  read->set_value("a");
  formats::Operation* const failed = add(Operation::INVOKE, "c1", "commit", 6);
  formats::Commit* const commit = failed->add_actions()->mutable_commit();
  commit->set_group("g");
  commit->set_log("orders-0");
  commit->set_offset(1);
  formats::Operation* const done = add(Operation::FAIL, "c1", "commit", 6);
  *done->mutable_actions() = failed->actions();
  done->set_error("REBALANCE_IN_PROGRESS");
  // A poll that found nothing.
  add(Operation::INVOKE, "c2", "poll", 8);
  add(Operation::OK, "c2", "poll", 8);

  const absl::StatusOr<History> history = FromProto(recorded);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(
      Written(*history, Format::kEdn),
      "{:index 0, :time 10, :process \"p1\", :type :invoke, :f :send, :value [[:send \"orders-0\" \"a\"]], :invocation "
      "0, :keys "
      "[\"k\"]}\n"
      "{:index 1, :time 20, :process \"p1\", :type :invoke, :f :send, :value [[:send \"orders-0\" \"b\"]], :invocation "
      "1, :keys "
      "[\"k\"]}\n"
      "{:index 2, :time 30, :process \"p1\", :type :ok, :f :send, :value [[:send \"orders-0\" [1 \"b\"]]], :invocation "
      "1, :keys "
      "[\"k\"]}\n"
      "{:index 3, :time 40, :process \"p1\", :type :ok, :f :send, :value [[:send \"orders-0\" [0 \"a\"]]], :invocation "
      "0, :keys "
      "[\"k\"]}\n"
      "{:index 4, :time 50, :process \"c1\", :type :invoke, :f :poll, :value [[:poll {\"orders-0\" []}]], :group "
      "\"g\", :positions [[0 0 nil]]}\n"
      "{:index 5, :time 60, :process \"c1\", :type :ok, :f :poll, :value [[:poll {\"orders-0\" [[0 \"a\"]]}]], "
      ":group \"g\", :positions [[0 1 2]]}\n"
      "{:index 6, :time 70, :process \"c1\", :type :invoke, :f :commit, :value [[:commit \"orders-0\" 1]], :group "
      "\"g\"}\n"
      "{:index 7, :time 80, :process \"c1\", :type :fail, :f :commit, :value [[:commit \"orders-0\" 1]], :group "
      "\"g\", :error \"REBALANCE_IN_PROGRESS\"}\n"
            "{:index 8, :time 90, :process \"c2\", :type :invoke, :f :poll, :value nil}\n"
            "{:index 9, :time 100, :process \"c2\", :type :ok, :f :poll, :value []}\n");
  EXPECT_EQ(ToProto(*history).SerializeAsString(), recorded.SerializeAsString());
  // What a producer with several requests on the way did is told apart in every format.
  for (Format format : {Format::kEdn, Format::kJson, Format::kJsonLines}) {
    const absl::StatusOr<History> again = Read(Written(*history, format), format);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->op(0).pair, 3u);
    EXPECT_EQ(again->op(1).pair, 2u);
  }
  EXPECT_EQ(ToProto(Read(Written(*history, Format::kEdn), Format::kEdn).value()).SerializeAsString(),
            recorded.SerializeAsString());
}

TEST(Formats, WhatIsNoHistoryIsSaidSo) {
  EXPECT_EQ(Lines("").substr(0, 17), "the file is empty");
  EXPECT_EQ(Lines("hello").substr(0, 26), "this looks like no history");
  EXPECT_EQ(std::string(FormatNamed("xml").status().message()),
            "there is no format 'xml'; there are: edn, json, jsonl, porcupine-log, pb, pb-json, openchaos, fptlin");
  EXPECT_EQ(Lines("\x08\x01\x2a\xff").substr(0, 24), "no history.pb of brokers");
}

// No input crashes a reader or makes it run without bound: mutations of good files, thousands a format.
TEST(Formats, DamagedFilesAreRefusedNotFollowed) {
  const History history = Read(kEdnText, Format::kEdn).value();
  const std::string log = "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 0\t:ok\t:cas\t[1 2]\n";
  const std::string chaos = "c1\tenqueue\tREQUEST\t5\tk\t100\t\nc1\tenqueue\tRESPONSE\tSUCCESS\t5\tk\t130\t30\t\t0\n";
  const std::string rows = "# queue\n1 0 5 ENQ 7\n2 5 9 DEQ 7\n";
  uint64_t state = 1;
  const auto draw = [&state](uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  };
  int refused = 0;
  for (const FormatInfo& info : Formats()) {
    const std::string good = info.format == Format::kPorcupineLog ? log
                             : info.format == Format::kOpenChaos  ? chaos
                             : info.format == Format::kFptlin     ? rows
                                                                  : Written(history, info.format);
    for (int i = 0; i < 3000; ++i) {
      std::string bad = good;
      for (uint64_t edits = 1 + draw(4); edits > 0; --edits) {
        const uint64_t at = draw(bad.size());
        const uint64_t how = draw(4);
        if (how == 0) bad[at] = static_cast<char>(draw(256));
        if (how == 1) bad.erase(at, 1 + draw(8));
        if (how == 2) bad.insert(at, 1 + draw(3), "[{(\"\\#:}"[draw(8)]);
        if (how == 3) bad.resize(at);
        if (bad.empty()) bad = "x";
      }
      const absl::StatusOr<History> read = Read(bad, info.format);
      if (read.ok()) continue;
      ++refused;
      EXPECT_FALSE(read.status().message().empty());
    }
  }
  EXPECT_GT(refused, 5000);
}

}  // namespace
}  // namespace brokersim::checker
