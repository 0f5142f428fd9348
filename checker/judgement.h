// Collects what a check of a history finds, and makes a verdict of it.
#ifndef BROKERSIM_CHECKER_JUDGEMENT_H_
#define BROKERSIM_CHECKER_JUDGEMENT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "checker/history/history.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// Of each type that many anomalies are told in full; the metric "TYPE-count" counts all.
inline constexpr uint64_t kToldPerType = 100;
// ... and of what could not be decided so many.
inline constexpr uint64_t kToldUndecided = 20;

class Judgement {
 public:
  // The history must outlive it.
  Judgement(std::string_view model, const History& history);

  // An anomaly shown by `lines` (any order, kNoOp left out); null if there are enough of its type.
  // The pointer holds until the next call.
  formats::Anomaly* Add(std::string_view type, std::vector<OpIndex> lines, std::string explanation);
  // The same where the words are costly: call Told() first and Count() if it is false.
  bool Told(std::string_view type) const;
  void Count(std::string_view type);

  // Something that could not be decided: without an anomaly the verdict is UNKNOWN.
  void Undecided(std::string reason);
  void Measure(std::string_view name, double value, std::string_view unit = "");

  // Anomalies by their first operation, then type.
  formats::Verdict Finish() &&;

 private:
  const History& history_;
  formats::Verdict verdict_;
  std::map<std::string, uint64_t, std::less<>> found_;  // by type
  uint64_t undecided_ = 0;
};

// kInvalidArgument: "index 7 (process 3, :read): WHAT". For histories that are not what a model takes.
absl::Status BadLine(const History& history, const Op& op, std::string_view what);

// "process 3".
std::string Who(const History& history, const Op& op);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_JUDGEMENT_H_
