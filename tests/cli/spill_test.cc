// Histories larger than memory: with a limit on what a process may have, tables that don't fit go to a file.
#include <sys/resource.h>

#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::HasSubstr;

// What commands that run meanwhile may have beside the files that they map.
class MemoryLimit {
 public:
  explicit MemoryLimit(rlim_t bytes) {
    getrlimit(RLIMIT_DATA, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_DATA, &limit);
  }
  ~MemoryLimit() { setrlimit(RLIMIT_DATA, &before_); }

 private:
  rlimit before_ = {};
};

constexpr int kElements = 250'000;

// Elements are enqueued and dequeued in order, but one of them is never seen again.
std::string Queue() {
  std::string text;
  for (int i = 0; i < kElements; ++i) {
    text += fmt::format("{{:process 0, :type :invoke, :f :enqueue, :value {0}}}\n"
                        "{{:process 0, :type :ok, :f :enqueue, :value {0}}}\n", i);
    if (i == 7) continue;
    text += fmt::format("{{:process 1, :type :invoke, :f :dequeue, :value nil}}\n"
                        "{{:process 1, :type :ok, :f :dequeue, :value {}}}\n", i);
  }
  return text;
}

TEST(Spill, AHistoryLargerThanMemoryIsJudgedAllTheSame) {
  Sandbox sandbox;
  sandbox.Write("queue.edn", Queue());
  const Result roomy = sandbox.Run({"check", "queue.edn", "--model=total-queue"});
  EXPECT_EQ(roomy.exit_code, 1) << roomy.err;
  constexpr rlim_t kLittle = 48 << 20;
  const MemoryLimit limit(kLittle);
  // Nothing may go to the file: memory ends.
  const Result without = sandbox.Run({"check", "queue.edn", "--model=total-queue", "--spill=10000"});
  EXPECT_EQ(without.exit_code, 70);
  EXPECT_THAT(without.err, HasSubstr("out of memory"));
  const Result with = sandbox.Run({"check", "queue.edn", "--model=total-queue", "--spill=8"});
  EXPECT_EQ(with.exit_code, 1) << with.err;
  EXPECT_EQ(with.out, roomy.out);
}

TEST(Spill, AndTranslated) {
  Sandbox sandbox;
  sandbox.Write("queue.edn", Queue());
  ASSERT_EQ(sandbox.Run({"convert", "queue.edn", "--to=jsonl", "--out=roomy.jsonl"}).exit_code, 0);
  {
    const MemoryLimit limit(48 << 20);
    const Result with = sandbox.Run({"convert", "queue.edn", "--to=jsonl", "--out=tight.jsonl", "--spill=8"});
    EXPECT_EQ(with.exit_code, 0) << with.err;
  }
  EXPECT_TRUE(sandbox.Read("roomy.jsonl") == sandbox.Read("tight.jsonl"));
}

TEST(Spill, AFolderThatIsNotThereIsNamed) {
  Sandbox sandbox;
  sandbox.Write("queue.edn", "{:process 0, :type :ok, :f :enqueue, :value 1}\n");
  setenv("TMPDIR", "/nowhere", 1);
  const Result asked = sandbox.Run({"check", "queue.edn", "--model=total-queue", "--spill=8"});
  const Result unasked = sandbox.Run({"check", "queue.edn", "--model=total-queue"});
  unsetenv("TMPDIR");
  EXPECT_EQ(asked.exit_code, 65);
  EXPECT_EQ(asked.err, "brokersim: can't create a file in /nowhere: No such file or directory\n");
  EXPECT_NE(unasked.exit_code, 65);
}

}  // namespace
}  // namespace brokersim::cli
