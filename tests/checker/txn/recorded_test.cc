// Histories that others recorded, with the verdicts that they expect. They aren't part of the project: the environment
// variable BROKERSIM_HISTORIES names their folder.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "checker/history/edn.h"
#include "gtest/gtest.h"
#include "tests/checker/txn/txn_text.h"

namespace brokersim::checker {
namespace {

class RecordedTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("BROKERSIM_HISTORIES");
    if (folder != nullptr) {
      folder_ = folder;
      return;
    }
    std::printf("skipped: --test_env=BROKERSIM_HISTORIES=<folder> names the histories\n");
    GTEST_SKIP();
  }

  formats::Verdict Check(const std::string& name, std::vector<std::string> levels) {
    std::ifstream file(folder_ + "/elle/" + name);
    std::stringstream text;
    text << file.rdbuf();
    absl::StatusOr<History> history = ReadEdn(text.str());
    EXPECT_TRUE(history.ok()) << history.status();
    TxnOptions options;
    options.levels = std::move(levels);
    return CheckListAppend(*history, options, {}).value();
  }

  std::string folder_;
};

TEST_F(RecordedTest, PaperExample) {
  const formats::Verdict verdict = Check("paper-example.edn", {"strict-serializable"});
  EXPECT_EQ(verdict.result(), formats::Verdict::INVALID) << Summary(verdict);
}

TEST_F(RecordedTest, SnapshotIsolationWithoutGSingle) {
  const formats::Verdict verdict = Check("si-without-g-single.edn", {"snapshot-isolation", "repeatable-read"});
  EXPECT_EQ(Summary(verdict), "G2-item");
  EXPECT_EQ(NotOf(verdict), "repeatable-read");
}

// Elle gives up on it after a second; here, what it didn't find is known. Only where the file is there too.
TEST_F(RecordedTest, HugeComponent) {
  if (!std::ifstream(folder_ + "/elle/huge-scc.edn")) GTEST_SKIP();
  const formats::Verdict verdict = Check("huge-scc.edn", {"strict-serializable"});
  EXPECT_EQ(NotOf(verdict), "strong-snapshot-isolation") << Summary(verdict);
}

}  // namespace
}  // namespace brokersim::checker
