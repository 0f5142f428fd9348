#include "tests/checker/linear/judge.h"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "checker/history/edn.h"
#include "checker/linear/verify.h"
#include "fmt/format.h"

namespace brokersim::checker {

History FromLines(std::string_view lines) {
  std::string edn;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string process, type, f, value;
    if (!(words >> process >> type >> f)) continue;
    std::getline(words, value);
    edn += fmt::format("{{:process {}, :type :{}, :f :{}, :value {}}}\n", process, type, f, value);
  }
  absl::StatusOr<History> history = ReadEdn(edn);
  EXPECT_TRUE(history.ok()) << history.status() << "\n" << edn;
  return history.ok() ? *std::move(history) : History();
}

formats::Verdict Judge(const Model& model, const History& history, const Limits& limits) {
  const absl::StatusOr<formats::Verdict> verdict = CheckLinearizable(model, history, limits);
  EXPECT_TRUE(verdict.ok()) << verdict.status();
  if (!verdict.ok()) return {};
  if (verdict->result() == formats::Verdict::VALID) {
    const absl::Status proved = VerifyOrder(model, history, verdict->order());
    EXPECT_TRUE(proved.ok()) << proved;
  }
  const absl::StatusOr<formats::Verdict> again = CheckLinearizable(model, history, limits);
  EXPECT_EQ(verdict->SerializeAsString(), again->SerializeAsString()) << "the same history, another verdict";
  return *verdict;
}

formats::Verdict Judge(std::string_view model, std::string_view lines) {
  const std::unique_ptr<Model> found = FindLinearModel(model);
  if (found == nullptr) {
    ADD_FAILURE() << "no model is called " << model;
    return {};
  }
  return Judge(*found, FromLines(lines));
}

std::string Short(const formats::Verdict& verdict) {
  if (verdict.result() == formats::Verdict::VALID) return "valid";
  if (verdict.result() == formats::Verdict::UNKNOWN) return "unknown";
  std::string text = "invalid:";
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    for (const uint64_t index : anomaly.operations()) text += fmt::format(" {}", index);
  }
  return text;
}

}  // namespace brokersim::checker
