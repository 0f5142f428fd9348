// What a run was like for its clients, in a few numbers taken from its history.
//
// All are whole numbers, so that equal runs give equal metrics everywhere.
#ifndef BROKERSIM_RUNNER_METRICS_H_
#define BROKERSIM_RUNNER_METRICS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/history.pb.h"

namespace brokersim::runner {

enum class Metric : uint8_t {
  kAcknowledged,
  kFailed,
  kUnknown,
  kLost,
  kDuplicates,
  kRedelivered,
  kEffectsRepeated,
  kThroughput,
  kLatencyP50,
  kLatencyP99,
  kLatencyMax,
  kEndToEndP50,
  kEndToEndP99,
  kUnavailable,
  kLongestOutage,
};
inline constexpr int kMetricCount = 15;

enum class MetricUnit : uint8_t { kCount, kNanoseconds, kMilliPerSecond };

struct MetricInfo {
  std::string_view name;    // e.g. "latency-p50"
  std::string_view column;  // in tables of a machine, with its unit: "latency_p50_ns"
  MetricUnit unit = MetricUnit::kCount;
  std::string_view meaning;
};
const MetricInfo& InfoOf(Metric metric);

// Absent: the history can't say, e.g. a latency where nothing was acknowledged.
class Metrics {
 public:
  std::optional<int64_t>& operator[](Metric metric) { return values_[static_cast<size_t>(metric)]; }
  const std::optional<int64_t>& operator[](Metric metric) const { return values_[static_cast<size_t>(metric)]; }
  friend bool operator==(const Metrics&, const Metrics&) = default;

 private:
  std::array<std::optional<int64_t>, kMetricCount> values_;
};

// Without acknowledgement while somebody waits: from this length on it counts as unavailable.
inline constexpr int64_t kOutageNs = 1'000'000'000;

// What MirrorMaker and the like do is no client's request: neither its records nor its waiting are measured.
inline bool IsMirrors(const formats::Operation& operation) { return operation.f() == "mirror"; }

Metrics MetricsOf(const formats::History& history);

// A value, or a mean of values, with its unit: "12", "3.4 ms", "81.2/s".
std::string MetricText(Metric metric, double value);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_METRICS_H_
