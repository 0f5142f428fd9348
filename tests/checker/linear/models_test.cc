// Each model on histories small enough to judge by eye.
#include <gtest/gtest.h>

#include "tests/checker/linear/judge.h"

namespace brokersim::checker {
namespace {

std::string Verdict(std::string_view model, std::string_view lines) { return Short(Judge(model, lines)); }

TEST(ModelsTest, EmptyIsValid) { EXPECT_EQ(Verdict("register", ""), "valid"); }

TEST(ModelsTest, CatalogueNamesAll) {
  std::string names;
  for (const LinearModelInfo& info : LinearModels()) {
    names += std::string(info.name) + " ";
    EXPECT_FALSE(info.meaning.empty());
    EXPECT_FALSE(info.ops.empty());
    ASSERT_NE(FindLinearModel(info.name), nullptr);
    EXPECT_EQ(FindLinearModel(info.name)->name(), info.name);
  }
  EXPECT_EQ(names,
            "register cas-register cas-register-strict kv append-kv queue fifo-queue linear-set "
            "linear-counter mutex log ");
  EXPECT_EQ(FindLinearModel("toaster"), nullptr);
}

TEST(ModelsTest, RegisterConcurrentReadsMayDiffer) {
  EXPECT_EQ(Verdict("register", R"(0 invoke write 1
                                   1 invoke read nil
                                   2 invoke read nil
                                   1 ok read 1
                                   2 ok read nil
                                   0 ok write 1)"),
            "valid");
}

TEST(ModelsTest, RegisterStaleRead) {
  EXPECT_EQ(Verdict("register", R"(0 invoke write 1
                                   0 ok write 1
                                   0 invoke write 2
                                   0 ok write 2
                                   1 invoke read nil
                                   1 ok read 1)"),
            "invalid: 0 2 4");
}

TEST(ModelsTest, RegisterCrashedWriteMayHappenLate) {
  const std::string crashed = R"(0 invoke write 1
                                 0 info write 1
                                 1 invoke read nil
                                 1 ok read nil
                                 1 invoke read nil
                                 1 ok read 1)";
  EXPECT_EQ(Verdict("register", crashed), "valid");
  EXPECT_EQ(Verdict("register", crashed + "\n1 invoke read nil\n1 ok read nil"), "invalid: 0 4 6");
}

TEST(ModelsTest, RegisterFailedWriteDidNotHappen) {
  EXPECT_EQ(Verdict("register", R"(0 invoke write 1
                                   0 fail write 1
                                   1 invoke read nil
                                   1 ok read 1)"),
            "invalid: 2");
}

TEST(ModelsTest, CasRegister) {
  const std::string lines = R"(0 invoke write 1
                               0 ok write 1
                               0 invoke cas [1 2]
                               1 invoke cas [1 3]
                               0 ok cas [1 2]
                               1 fail cas [1 3]
                               2 invoke read nil
                               2 ok read 2)";
  EXPECT_EQ(Verdict("cas-register", lines), "valid");
  EXPECT_EQ(Verdict("cas-register-strict", lines), "valid");
}

TEST(ModelsTest, FailedCasIsOnlyStrictlyAnAnswer) {
  const std::string lines = R"(0 invoke write 1
                               0 ok write 1
                               1 invoke cas [1 3]
                               1 fail cas [1 3])";
  EXPECT_EQ(Verdict("cas-register", lines), "valid");
  EXPECT_EQ(Verdict("cas-register-strict", lines), "invalid: 0 2");
}

TEST(ModelsTest, KeysAsPairs) {
  const std::string lines = R"(0 invoke write [:x 1]
                               0 ok write [:x 1]
                               0 invoke read [:y nil]
                               0 ok read [:y nil])";
  EXPECT_EQ(Verdict("register", lines), "valid");
  EXPECT_EQ(Verdict("register", lines + "\n0 invoke read [:x nil]\n0 ok read [:x nil]"), "invalid: 0 4");
  EXPECT_EQ(Verdict("cas-register", R"(0 invoke cas [:x [1 2]]
                                       0 ok cas [:x [1 2]])"),
            "invalid: 0");
}

TEST(ModelsTest, KeysAsExtras) {
  const std::string lines = R"(0 invoke put "a" :key 1
                               0 ok put "a" :key 1
                               0 invoke get nil :key 2
                               0 ok get nil :key 2)";
  EXPECT_EQ(Verdict("kv", lines), "valid");
  EXPECT_EQ(Verdict("kv", lines + "\n0 invoke get nil :key 1\n0 ok get nil :key 1"), "invalid: 0 4");
}

TEST(ModelsTest, AppendKv) {
  const std::string lines = R"(0 invoke append "a" :key 1
                               1 invoke append "b" :key 1
                               0 ok append "a" :key 1
                               1 ok append "b" :key 1
                               0 invoke get nil :key 1
                               0 ok get "ba" :key 1)";
  EXPECT_EQ(Verdict("append-kv", lines), "valid");
  EXPECT_EQ(Verdict("append-kv", lines + "\n0 invoke get nil :key 1\n0 ok get \"ab\" :key 1"),
            "invalid: 0 1 4 6");
  EXPECT_EQ(Verdict("append-kv", lines + "\n0 invoke get nil :key 1\n0 ok get \"b\" :key 1"),
            "invalid: 0 1 6");
}

TEST(ModelsTest, AppendKvPutStartsAnew) {
  EXPECT_EQ(Verdict("append-kv", R"(0 invoke append "a" :key 1
                                    0 ok append "a" :key 1
                                    0 invoke put "c" :key 1
                                    0 ok put "c" :key 1
                                    0 invoke append "d" :key 1
                                    0 ok append "d" :key 1
                                    0 invoke get nil :key 1
                                    0 ok get "cd" :key 1)"),
            "valid");
}

TEST(ModelsTest, QueueInAnyOrderFifoNot) {
  const std::string lines = R"(0 invoke enqueue 1
                               0 ok enqueue 1
                               0 invoke enqueue 2
                               0 ok enqueue 2
                               0 invoke dequeue nil
                               0 ok dequeue 2
                               0 invoke dequeue nil
                               0 ok dequeue 1)";
  EXPECT_EQ(Verdict("queue", lines), "valid");
  EXPECT_EQ(Verdict("fifo-queue", lines), "invalid: 0 2 4 6");
}

TEST(ModelsTest, QueueTwiceAndFromNowhere) {
  const std::string once = R"(0 invoke enqueue 1
                              0 ok enqueue 1
                              0 invoke dequeue nil
                              0 ok dequeue 1)";
  EXPECT_EQ(Verdict("queue", once + "\n0 invoke dequeue nil\n0 ok dequeue 1"), "invalid: 0 2 4");
  EXPECT_EQ(Verdict("fifo-queue", once + "\n0 invoke dequeue nil\n0 ok dequeue 1"), "invalid: 0 2 4");
  EXPECT_EQ(Verdict("queue", once + "\n0 invoke dequeue nil\n0 ok dequeue 7"), "invalid: 4");
}

TEST(ModelsTest, EmptyInThreeWords) {
  for (const std::string_view model : {"queue", "fifo-queue"}) {
    for (const std::string_view empty :
         {"ok dequeue nil", "ok dequeue :empty", "fail dequeue :empty", "fail dequeue nil :error :empty"}) {
      const std::string lines =
          std::string("0 invoke enqueue 1\n0 ok enqueue 1\n1 invoke dequeue nil\n1 ") + std::string(empty);
      EXPECT_EQ(Verdict(model, lines), "invalid: 0 2") << model << " " << empty;
      EXPECT_EQ(Verdict(model, "2 invoke dequeue nil\n" + lines), "valid")
          << "a crashed dequeue may have taken it";
    }
    EXPECT_EQ(Verdict(model, "0 invoke enqueue 1\n0 ok enqueue 1\n1 invoke dequeue nil\n1 fail dequeue nil"),
              "valid");
  }
}

TEST(ModelsTest, FifoWithEqualValuesIsSearched) {
  const std::string lines = R"(0 invoke enqueue 1
                               0 ok enqueue 1
                               0 invoke enqueue 1
                               0 ok enqueue 1
                               0 invoke enqueue 2
                               0 ok enqueue 2
                               0 invoke dequeue nil
                               0 ok dequeue 1
                               0 invoke dequeue nil)";
  EXPECT_EQ(Verdict("fifo-queue", lines + "\n0 ok dequeue 1"), "valid");
  EXPECT_EQ(Judge("fifo-queue", lines + "\n0 ok dequeue 2").result(), formats::Verdict::INVALID);
}

TEST(ModelsTest, SetReadWhole) {
  const std::string lines = R"(0 invoke add 1
                               1 invoke add 2
                               2 invoke read nil
                               2 ok read #{2}
                               0 ok add 1
                               1 ok add 2
                               2 invoke read nil
                               2 ok read #{1 2})";
  EXPECT_EQ(Verdict("linear-set", lines), "valid");
  EXPECT_EQ(Verdict("linear-set", lines + "\n2 invoke read nil\n2 ok read [1]"), "invalid: 1 8");
  EXPECT_EQ(
      Verdict("linear-set", lines + "\n2 invoke remove 1\n2 ok remove 1\n2 invoke read nil\n2 ok read [2]"),
      "valid");
}

TEST(ModelsTest, SetByElement) {
  const std::string lines = R"(0 invoke add 1
                               0 ok add 1
                               0 invoke contains 2
                               0 ok contains false
                               0 invoke contains 1)";
  EXPECT_EQ(Verdict("linear-set", lines + "\n0 ok contains true"), "valid");
  EXPECT_EQ(Verdict("linear-set", lines + "\n0 ok contains false"), "invalid: 0 4");
}

TEST(ModelsTest, Counter) {
  const std::string lines = R"(0 invoke add 1
                               0 ok add 1
                               1 invoke add 2
                               2 invoke read nil)";
  EXPECT_EQ(Verdict("linear-counter", lines + "\n2 ok read 1"), "valid");
  EXPECT_EQ(Verdict("linear-counter", lines + "\n2 ok read 3"), "valid");
  EXPECT_EQ(Verdict("linear-counter", lines + "\n2 ok read 2"), "invalid: 0 2 3");
}

TEST(ModelsTest, MutexHeldTwice) {
  const std::string lines = R"(0 invoke acquire nil
                               0 ok acquire nil
                               1 invoke acquire nil)";
  EXPECT_EQ(Verdict("mutex", lines + "\n0 invoke release nil\n0 ok release nil\n1 ok acquire nil"), "valid");
  EXPECT_EQ(Verdict("mutex", lines + "\n1 ok acquire nil"), "invalid: 0 2");
}

TEST(ModelsTest, Log) {
  const std::string lines = R"(0 invoke append :a
                               0 ok append 0
                               1 invoke append :b
                               1 info append :b
                               0 invoke append :c
                               0 ok append [4 :c]
                               0 invoke read 1)";
  EXPECT_EQ(Verdict("log", lines + "\n0 ok read [[4 :c]]"), "valid") << "offsets may leave some out";
  EXPECT_EQ(Verdict("log", lines + "\n0 ok read [[2 :b] [4 :c]]"), "valid");
  EXPECT_EQ(Verdict("log", lines + "\n0 ok read [[4 :c] [5 :b]]"), "valid") << "a crashed append may be last";
  EXPECT_EQ(Verdict("log", lines + "\n0 ok read []"), "invalid: 4 6");
  EXPECT_EQ(Verdict("log", lines + "\n0 ok read [[4 :d]]"), "invalid: 6");
}

TEST(ModelsTest, LogOffsetsRiseInTime) {
  EXPECT_EQ(Verdict("log", R"(0 invoke append :a
                              0 ok append 1
                              0 invoke append :b
                              0 ok append 0)"),
            "invalid: 0 2");
}

// ---- what can't be judged

std::string Error(std::string_view model, std::string_view lines) {
  return std::string(CheckLinearizable(model, FromLines(lines), {}).status().message());
}

TEST(ModelsTest, ErrorsNameTheOperationAndTheRemedy) {
  EXPECT_EQ(Error("register", "0 invoke read nil\n0 ok read nil\n0 invoke jump 3"),
            "operation 2 (:jump 3): register knows no such operation. Remedy: read, write, or another model");
  EXPECT_EQ(Error("cas-register", "0 invoke cas 3"), "operation 0 (:cas 3): a cas wants [from to]");
  EXPECT_EQ(
      Error("kv", "0 invoke get nil"),
      "operation 0 (:get nil): kv wants a key. Remedy: the value as [key value] ([key nil] to read), or :key "
      "beside :value");
  EXPECT_EQ(Error("fifo-queue", "0 invoke enqueue nil"),
            "operation 0 (:enqueue nil): nil can't be enqueued: it stands for an empty queue");
  EXPECT_EQ(Error("linear-counter", "0 invoke add :x"), "operation 0 (:add :x): an add wants an integer");
  EXPECT_EQ(Error("log", "0 invoke append 1\n0 ok append :x"),
            "operation 1 (:append :x): an append returns its offset");
  EXPECT_EQ(Error("register", "0 invoke read nil :key 1\n1 invoke read nil"),
            "operation 1 (:read nil): no :key, but other operations have one. Remedy: name a key in each");
  EXPECT_EQ(CheckLinearizable("toaster", FromLines(""), {}).status().code(), absl::StatusCode::kNotFound);
}

TEST(ModelsTest, OthersLinesAreNobodys) {
  EXPECT_EQ(Verdict("register", R"(:nemesis info kill nil
                                   0 invoke write 1
                                   :nemesis info kill nil
                                   0 ok write 1)"),
            "valid");
}

}  // namespace
}  // namespace brokersim::checker
