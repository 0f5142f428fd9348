// No history crashes a model or makes it run without bound: every example is given to every model, whole and damaged.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "checker/history/edn.h"
#include "checker/models.h"
#include "tests/checker/examples/examples.h"

namespace brokersim::checker {
namespace {

std::vector<std::string> Histories() {
  std::vector<std::string> histories;
  for (const char* name : {"delivery", "effects", "kafka", "linear", "session", "txn", "workloads"}) {
    std::ifstream in(std::string("tests/checker/examples/") + name + ".txt");
    std::ostringstream text;
    text << in.rdbuf();
    for (const Example& example : ParseExamples(text.str())) histories.push_back(example.history);
  }
  return histories;
}

// Every model says something of it: a verdict with a result, or what is wrong and where.
void GiveToAll(const std::string& edn, int* judged) {
  const absl::StatusOr<History> history = ReadEdn(edn);
  if (!history.ok()) return;
  CheckOptions options;
  options.limits.steps = 100'000;
  for (const ModelInfo& model : Models()) {
    const absl::StatusOr<formats::Verdict> verdict = Judge(*history, model.name, options);
    if (!verdict.ok()) {
      EXPECT_FALSE(verdict.status().message().empty()) << model.name << "\n" << edn;
      continue;
    }
    ++*judged;
    EXPECT_NE(verdict->result(), formats::Verdict::RESULT_UNSPECIFIED) << model.name << "\n" << edn;
    EXPECT_EQ(verdict->result() == formats::Verdict::INVALID, verdict->anomalies_size() > 0) << model.name << "\n"
                                                                                             << edn;
    if (verdict->result() == formats::Verdict::UNKNOWN) {
      EXPECT_GT(verdict->unknown_reasons_size(), 0) << model.name;
    }
    for (const formats::Anomaly& anomaly : verdict->anomalies()) {
      EXPECT_FALSE(anomaly.explanation().empty()) << model.name << "\n" << edn;
      for (uint64_t op : anomaly.operations()) EXPECT_NE(history->At(op), kNoOp) << model.name << "\n" << edn;
    }
  }
}

TEST(Robustness, EveryExampleForEveryModel) {
  int judged = 0;
  for (const std::string& edn : Histories()) GiveToAll(edn, &judged);
  GiveToAll("", &judged);
  EXPECT_GT(judged, 300);
}

TEST(Robustness, DamagedExamples) {
  uint64_t state = 7;
  const auto below = [&state](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  const std::vector<std::string> histories = Histories();
  const std::vector<std::string> words = {"nil",
                                          "[]",
                                          "{}",
                                          "1",
                                          "-9223372036854775808",
                                          ":x",
                                          "\"\"",
                                          "#{1}",
                                          "[nil nil]",
                                          ":invoke",
                                          ":ok",
                                          ":fail",
                                          ":info",
                                          ":read",
                                          ":txn",
                                          ":send",
                                          "[[:r nil nil]]"};
  int judged = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string edn = histories[below(histories.size())] + histories[below(histories.size())];
    for (uint64_t edits = 1 + below(3); edits > 0; --edits) {
      const size_t at = below(edn.size());
      const size_t from = edn.find(' ', at);
      if (from == edn.npos) continue;
      const size_t to = std::min(edn.find_first_of(" ,}]\n", from + 1), edn.size());
      edn.replace(from + 1, to - from - 1, words[below(words.size())]);
    }
    GiveToAll(edn, &judged);
  }
  EXPECT_GT(judged, 3000);
}

}  // namespace
}  // namespace brokersim::checker
