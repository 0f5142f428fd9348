#include "runner/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"

namespace brokersim::runner {
namespace {

using formats::Operation;

constexpr MetricInfo kInfos[] = {
    {"acknowledged", "acknowledged", MetricUnit::kCount, "records whose producer was told that they are stored"},
    {"failed", "failed", MetricUnit::kCount, "records whose producer was told that they are not stored"},
    {"unknown", "unknown", MetricUnit::kCount, "records of which the producer never learnt"},
    {"lost", "lost", MetricUnit::kCount, "acknowledged records that the audit doesn't find"},
    {"duplicates", "duplicates", MetricUnit::kCount, "further copies of records that the audit finds"},
    {"redelivered", "redelivered", MetricUnit::kCount, "records that a group, or a reader of its own, got again"},
    {"effects-repeated", "effects_repeated", MetricUnit::kCount,
     "effects on the outside world beyond the first of a record"},
    {"throughput", "throughput_milli_per_s", MetricUnit::kMilliPerSecond,
     "acknowledged records a second, from the first send to the last answer"},
    {"latency-p50", "latency_p50_ns", MetricUnit::kNanoseconds, "from send to acknowledgement, median"},
    {"latency-p99", "latency_p99_ns", MetricUnit::kNanoseconds, "99th percentile of it"},
    {"latency-max", "latency_max_ns", MetricUnit::kNanoseconds, "longest of it"},
    {"end-to-end-p50", "end_to_end_p50_ns", MetricUnit::kNanoseconds,
     "from send, or from when it is due, to the first consumer that got it, median"},
    {"end-to-end-p99", "end_to_end_p99_ns", MetricUnit::kNanoseconds, "99th percentile of it"},
    {"unavailable", "unavailable_ns", MetricUnit::kNanoseconds,
     "time in stretches of at least 1 s in which sends waited and none was acknowledged"},
    {"longest-outage", "longest_outage_ns", MetricUnit::kNanoseconds, "longest stretch, of any length, of that kind"},
};
static_assert(std::size(kInfos) == kMetricCount);

int64_t SendsOf(const Operation& invoke) {
  if (IsMirrors(invoke)) return 0;
  return std::count_if(invoke.actions().begin(), invoke.actions().end(),
                       [](const formats::Action& action) { return action.has_send(); });
}

// The smallest value that at least `percent` % are not above. REQUIRES: not empty, sorted.
int64_t Percentile(const std::vector<int64_t>& values, size_t percent) {
  const size_t rank = (values.size() * percent + 99) / 100;
  return values[std::max<size_t>(rank, 1) - 1];
}

// Log and value.
using RecordKey = std::pair<std::string_view, std::string_view>;

class Measurer {
 public:
  explicit Measurer(const formats::History& history) : history_(history), done_(history.operations_size(), nullptr) {
    for (const Operation& operation : history.operations()) {
      const bool completes = operation.type() != Operation::INVOKE && operation.invocation() < done_.size();
      if (completes) done_[operation.invocation()] = &operation;
    }
  }

  Metrics Measure() {
    MeasureSends();
    MeasureOutages();
    MeasureDeliveries();
    MeasureAudit();
    MeasureEffects();
    return metrics_;
  }

 private:
  void MeasureSends() {
    int64_t acknowledged = 0;
    int64_t failed = 0;
    int64_t unknown = 0;
    std::vector<int64_t> latencies;
    std::optional<int64_t> begin;
    int64_t end = 0;
    for (const Operation& invoke : history_.operations()) {
      const int64_t records = invoke.type() == Operation::INVOKE ? SendsOf(invoke) : 0;
      if (records == 0) continue;
      if (!begin.has_value()) begin = invoke.time_ns();
      for (const formats::Action& action : invoke.actions()) {
        if (!action.has_send()) continue;
        // What its sender asked to be held back is no delay of the system's.
        const int64_t due = invoke.time_ns() + action.send().delay_ns();
        sent_.try_emplace(RecordKey(action.send().log(), action.send().value()), due);
      }
      const Operation* done = done_[invoke.index()];
      const Operation::Type type = done == nullptr ? Operation::INFO : done->type();
      (type == Operation::OK ? acknowledged : type == Operation::FAIL ? failed : unknown) += records;
      if (done != nullptr) end = std::max(end, done->time_ns());
      if (type != Operation::OK) continue;
      latencies.push_back(done->time_ns() - invoke.time_ns());
      for (const formats::Action& action : invoke.actions()) {
        if (action.has_send()) acknowledged_.insert(RecordKey(action.send().log(), action.send().value()));
      }
    }
    metrics_[Metric::kAcknowledged] = acknowledged;
    metrics_[Metric::kFailed] = failed;
    metrics_[Metric::kUnknown] = unknown;
    if (begin.has_value() && end > *begin) {
      // Thousandths of records by seconds: 10^12 / ns, without overflow for any run that fits into memory.
      metrics_[Metric::kThroughput] =
          static_cast<int64_t>(static_cast<__int128>(acknowledged) * 1'000'000'000'000 / (end - *begin));
    }
    if (latencies.empty()) return;
    std::sort(latencies.begin(), latencies.end());
    metrics_[Metric::kLatencyP50] = Percentile(latencies, 50);
    metrics_[Metric::kLatencyP99] = Percentile(latencies, 99);
    metrics_[Metric::kLatencyMax] = latencies.back();
  }

  // Whoever never heard anything (a client that died) waits no more.
  void MeasureOutages() {
    int64_t waiting = 0;
    int64_t since = 0;
    int64_t longest = 0;
    int64_t unavailable = 0;
    bool any = false;
    const auto close = [&](int64_t now) {
      longest = std::max(longest, now - since);
      if (now - since >= kOutageNs) unavailable += now - since;
      since = now;
    };
    for (const Operation& operation : history_.operations()) {
      const bool begins = operation.type() == Operation::INVOKE;
      const uint64_t invocation = begins ? operation.index() : operation.invocation();
      if (invocation >= done_.size() || SendsOf(history_.operations(static_cast<int>(invocation))) == 0) continue;
      if (begins) {
        if (done_[invocation] == nullptr) continue;
        if (waiting++ == 0) since = operation.time_ns();
        any = true;
        continue;
      }
      --waiting;
      if (operation.type() == Operation::OK || waiting == 0) close(operation.time_ns());
    }
    if (!any) return;
    metrics_[Metric::kUnavailable] = unavailable;
    metrics_[Metric::kLongestOutage] = longest;
  }

  void MeasureDeliveries() {
    absl::btree_set<std::pair<std::string_view, RecordKey>> seen;  // by whom
    absl::btree_set<RecordKey> delivered;
    std::vector<int64_t> times;
    int64_t again = 0;
    bool any = false;
    for (const Operation& operation : history_.operations()) {
      if (operation.f() != "poll") continue;
      any = true;
      if (operation.type() != Operation::OK) continue;
      for (const formats::Action& action : operation.actions()) {
        const formats::Poll& poll = action.poll();
        const std::string_view reader = poll.group().empty() ? operation.process() : poll.group();
        for (const formats::Read& read : poll.reads()) {
          const RecordKey record(poll.log(), read.value());
          if (!seen.insert({reader, record}).second) ++again;
          if (!delivered.insert(record).second) continue;
          if (const auto sent = sent_.find(record); sent != sent_.end()) {
            times.push_back(operation.time_ns() - sent->second);
          }
        }
      }
    }
    if (any) metrics_[Metric::kRedelivered] = again;
    if (times.empty()) return;
    std::sort(times.begin(), times.end());
    metrics_[Metric::kEndToEndP50] = Percentile(times, 50);
    metrics_[Metric::kEndToEndP99] = Percentile(times, 99);
  }

  // Nothing is said of losses unless every log with acknowledged records was read to its end.
  void MeasureAudit() {
    absl::btree_map<std::string_view, int64_t> read;  // logs, and how many records
    absl::btree_set<RecordKey> found;
    for (const Operation& operation : history_.operations()) {
      if (operation.f() != "read-all" || operation.type() != Operation::OK) continue;
      for (const formats::Action& action : operation.actions()) {
        int64_t& count = read[action.poll().log()];
        for (const formats::Read& record : action.poll().reads()) {
          ++count;
          found.insert(RecordKey(action.poll().log(), record.value()));
        }
      }
    }
    if (read.empty()) return;
    int64_t copies = 0;
    for (const auto& [log, count] : read) copies += count;
    metrics_[Metric::kDuplicates] = copies - static_cast<int64_t>(found.size());
    int64_t lost = 0;
    for (const RecordKey& record : acknowledged_) {
      if (!read.contains(record.first)) return;
      lost += found.contains(record) ? 0 : 1;
    }
    metrics_[Metric::kLost] = lost;
  }

  void MeasureEffects() {
    absl::btree_set<std::pair<std::string_view, RecordKey>> applied;  // by group
    int64_t again = 0;
    bool any = false;
    for (const Operation& operation : history_.operations()) {
      if (operation.f() != "process" || operation.type() != Operation::OK) continue;
      for (const formats::Action& action : operation.actions()) {
        any = true;
        const formats::Process& effect = action.process();
        if (!effect.applied()) continue;
        if (!applied.insert({effect.group(), RecordKey(effect.log(), effect.value())}).second) ++again;
      }
    }
    if (any) metrics_[Metric::kEffectsRepeated] = again;
  }

  const formats::History& history_;
  std::vector<const Operation*> done_;        // by invocation; null: never
  absl::btree_map<RecordKey, int64_t> sent_;  // when they may be delivered
  absl::btree_set<RecordKey> acknowledged_;
  Metrics metrics_;
};

// Three digits that count.
std::string Short(double value) {
  const double size = std::abs(value);
  if (size < 0.005) return "0";
  return fmt::format("{:.{}f}", value, size >= 100 || value == std::floor(value) ? 0 : size >= 10 ? 1 : 2);
}

}  // namespace

const MetricInfo& InfoOf(Metric metric) { return kInfos[static_cast<size_t>(metric)]; }

Metrics MetricsOf(const formats::History& history) { return Measurer(history).Measure(); }

std::string MetricText(Metric metric, double value) {
  switch (InfoOf(metric).unit) {
    case MetricUnit::kCount:
      return Short(value);
    case MetricUnit::kNanoseconds:
      return Short(value / 1e6) + " ms";
    case MetricUnit::kMilliPerSecond:
      return Short(value / 1e3) + "/s";
  }
  return "";
}

}  // namespace brokersim::runner
