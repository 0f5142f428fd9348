// Every example shows what its heading says, and nothing else; each of its lines is needed.
#include "tests/checker/examples/examples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "checker/history/edn.h"
#include "checker/models.h"

namespace brokersim::checker {
namespace {

class Examples : public testing::TestWithParam<const char*> {
 protected:
  static std::vector<Example> All() {
    std::ifstream in(std::string("tests/checker/examples/") + GetParam() + ".txt");
    std::ostringstream text;
    text << in.rdbuf();
    return ParseExamples(text.str());
  }
};

std::set<std::string> Types(const formats::Verdict& verdict) {
  std::set<std::string> types;
  for (const formats::Anomaly& anomaly : verdict.anomalies()) types.insert(anomaly.type());
  return types;
}

std::string Heading(const Example& example) { return example.model + ": " + example.anomalies[0]; }

TEST_P(Examples, ShowWhatTheySay) {
  const std::vector<Example> examples = All();
  EXPECT_GT(examples.size(), 3u);
  for (const Example& example : examples) {
    const absl::StatusOr<History> history = ReadEdn(example.history);
    ASSERT_TRUE(history.ok()) << Heading(example) << ": " << history.status();
    const absl::StatusOr<formats::Verdict> verdict = JudgeExample(example, *history);
    ASSERT_TRUE(verdict.ok()) << Heading(example) << ": " << verdict.status();
    EXPECT_EQ(Types(*verdict), std::set<std::string>(example.anomalies.begin(), example.anomalies.end()))
        << Heading(example) << "\n" << verdict->DebugString();
  }
}

TEST_P(Examples, NameWhatTheModelSaysItFinds) {
  for (const Example& example : All()) {
    const std::vector<std::string> known = AnomaliesOf(example.model);
    for (const std::string& anomaly : example.anomalies) {
      EXPECT_NE(std::find(known.begin(), known.end(), anomaly), known.end()) << Heading(example) << " " << anomaly;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Examples,
                         testing::Values("delivery", "effects", "kafka", "linear", "session", "txn", "workloads"));

}  // namespace
}  // namespace brokersim::checker
