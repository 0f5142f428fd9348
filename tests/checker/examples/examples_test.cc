// Every example shows what its heading says, and nothing else; each of its lines is needed.
#include "tests/checker/examples/examples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
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

// What has no example of its own: what others are a special case of, and is only named to be forbidden; write-skew,
// which takes predicates; writes out of order, which somebody must read to tell (session-order); and what a log's sends
// always may do.
bool HasNone(const std::string& model, const std::string& anomaly) {
  if (model == "broker") return true;  // docs/anomalies.md
  static const std::set<std::string>& general = *new std::set<std::string>{
      "G-nonadjacent", "G-nonadjacent-process", "G-nonadjacent-realtime", "G-single", "G-single-process",
      "G-single-realtime", "G1", "G1-process", "G1-realtime", "G2", "G2-process", "G2-realtime", "write-skew"};
  return general.contains(anomaly) || anomaly == "monotonic-writes" || anomaly == "int-send-skip";
}

TEST(AllExamples, ShowEachKind) {
  std::map<std::string, std::set<std::string>> shown;
  for (const char* name : {"delivery", "effects", "kafka", "linear", "session", "txn", "workloads"}) {
    std::ifstream in(std::string("tests/checker/examples/") + name + ".txt");
    std::ostringstream text;
    text << in.rdbuf();
    for (const Example& example : ParseExamples(text.str())) {
      shown[example.model].insert(example.anomalies.begin(), example.anomalies.end());
    }
  }
  // Cycles are the same of lists, registers and logs.
  shown["list-append"].insert(shown["rw-register"].begin(), shown["rw-register"].end());
  for (const char* model : {"rw-register", "kafka"}) {
    shown[model].insert(shown["list-append"].begin(), shown["list-append"].end());
  }
  for (const ModelInfo& model : Models()) {
    for (const std::string& anomaly : AnomaliesOf(model.name)) {
      const std::string name(model.name);
      EXPECT_NE(shown[name].contains(anomaly), HasNone(name, anomaly)) << name << ": " << anomaly;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Examples,
                         testing::Values("delivery", "effects", "kafka", "linear", "session", "txn", "workloads"));

}  // namespace
}  // namespace brokersim::checker
