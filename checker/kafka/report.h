// From what was found in logs to a verdict.
#ifndef BROKERSIM_CHECKER_KAFKA_REPORT_H_
#define BROKERSIM_CHECKER_KAFKA_REPORT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "checker/kafka/events.h"
#include "checker/kafka/kafka.h"
#include "checker/txn/cycles.h"

namespace brokersim::checker {

// In the order of KafkaClasses(). Behind them, in the numbers of a report, are the anomalies of checker/txn/levels.h.
enum class LogAnomaly : uint8_t {
  kInconsistentOffsets,
  kDuplicate,
  kG1a,
  kPhantomRead,
  kPrecommittedRead,
  kLostWrite,
  kTornTransaction,
  kUnseen,
  kZombieWrite,
  kOffsetInversion,
  kPollSkip,
  kNonmonotonicPoll,
  kNonmonotonicSend,
  kIntPollSkip,
  kIntNonmonotonicPoll,
  kIntSendSkip,
  kIntNonmonotonicSend,
  kCommitRegression,
  kCount,
};

class KafkaReport {
 public:
  KafkaReport(const Events& events, const KafkaOptions& options, const Limits& limits);
  // Whether all names that the options allow exist.
  absl::Status CheckNames() const;

  // Counts one; whether it is to be described with Add().
  bool Found(LogAnomaly anomaly) { return Count(static_cast<size_t>(anomaly)); }
  // `ops` in any order, repetitions allowed.
  formats::Anomaly& Add(LogAnomaly anomaly, const std::vector<Node>& ops, std::string explanation);
  void AddRecord(Id record, int64_t offset, formats::Anomaly* anomaly) const;
  // `why` says for a step why it holds, a sentence without its end.
  template <typename Why>
  void AddCycles(const CycleSearch& search, Why why);
  void AddMetric(std::string_view name, double value, std::string_view unit);

  // "T12": an operation is called by its line's index.
  std::string Name(Node node) const;
  uint64_t Line(Node node) const { return events_.Line(node).index; }

  formats::Verdict Finish();

 private:
  static constexpr size_t kOwn = static_cast<size_t>(LogAnomaly::kCount);
  static std::string NameOf(size_t anomaly);
  bool Count(size_t anomaly);
  bool Allowed(std::string_view name) const;
  formats::Anomaly& AddNamed(std::string name, const std::vector<Node>& ops, std::string explanation);
  formats::Anomaly* AddCycle(const Cycle& cycle);

  const Events& events_;
  const KafkaOptions& options_;
  const Limits& limits_;
  std::array<uint64_t, kOwn + 64> count_{};
  std::array<bool, kOwn + 64> allowed_{};
  std::vector<formats::Anomaly> anomalies_;
  std::vector<formats::Metric> metrics_;
  uint64_t steps_ = 0;
};

template <typename Why>
void KafkaReport::AddCycles(const CycleSearch& search, Why why) {
  steps_ += search.steps;
  for (const Cycle& cycle : search.cycles) {
    formats::Anomaly* anomaly = AddCycle(cycle);
    if (anomaly == nullptr) continue;
    for (const Step& step : cycle.steps) {
      formats::Edge* edge = anomaly->add_edges();
      edge->set_from(Line(step.from));
      edge->set_to(Line(step.to));
      edge->set_kind(std::string(ToText(step.kind)));
      edge->set_why(why(step) + ".");
    }
  }
}

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_KAFKA_REPORT_H_
