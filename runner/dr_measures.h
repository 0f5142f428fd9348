// What a drill cost: RPO, RTO, split-brain and what is left to clean up, in a few whole numbers of one run.
//
// A pure function of the run's history and of what was seen of its nodes.
#ifndef BROKERSIM_RUNNER_DR_MEASURES_H_
#define BROKERSIM_RUNNER_DR_MEASURES_H_

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/history.pb.h"

namespace brokersim::runner {

enum class DrMeasure : uint8_t {
  kLostRecords,
  kLostBytes,
  kLostSpan,
  kLostAge,
  kRtoWrite,
  kRtoRead,
  kRtoClients,
  kUnavailable,
  kDuplicates,
  kRedelivered,
  kReorderedKeys,
  kTwoOwners,
  kSplitBrainWrites,
  kConverge,
  kReconcile,
};
inline constexpr int kDrMeasureCount = 15;

enum class DrUnit : uint8_t { kCount, kBytes, kNanoseconds };

struct DrMeasureInfo {
  std::string_view name;    // "rpo-records"
  std::string_view column;  // of the table of runs: "rpo_records"
  DrUnit unit = DrUnit::kCount;
  std::string_view meaning;
};
const DrMeasureInfo& InfoOf(DrMeasure measure);

// Of times: not before the end of the run. Of records: nobody serves the logs that have them, or not. More than any
// number.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Absent: it can't be said of this run, e.g. reads where nobody reads.
class DrMeasures {
 public:
  std::optional<int64_t>& operator[](DrMeasure measure) { return values_[static_cast<size_t>(measure)]; }
  const std::optional<int64_t>& operator[](DrMeasure measure) const { return values_[static_cast<size_t>(measure)]; }
  friend bool operator==(const DrMeasures&, const DrMeasures&) = default;

 private:
  std::array<std::optional<int64_t>, kDrMeasureCount> values_;
};

// A time in which a node believed that it owns something.
struct Belief {
  size_t owned = 0;  // index into DrillSeen::owned
  std::string node;
  int64_t from_ns = 0;
  int64_t to_ns = 0;  // not included
  friend bool operator==(const Belief&, const Belief&) = default;
};

// What one node at a time is to own.
struct OwnedLogs {
  std::string role;               // "leader(orders-0)"
  std::vector<std::string> logs;  // that its owner may write
};

// What was seen of a run beside its history.
struct DrillSeen {
  int64_t strike_ns = 0;  // when the drill began
  // When the last fault had ended; absent: never.
  std::optional<int64_t> healed_ns;
  // From when on every broker ran and was in sync, and everything had one owner; absent: never, or nothing healed.
  std::optional<int64_t> converged_ns;
  std::vector<OwnedLogs> owned;
  std::vector<Belief> beliefs;             // by (owned, node, from_ns)
  std::set<std::string> survivors;         // clients that run at the end
  // When clients were found dead, though they had run.
  std::map<std::string, std::vector<int64_t>> deaths;
};

// From this length on, that writes or reads are waited for and none comes is an outage. Times of recovery end the
// longest outage that begins at or after the strike; without one they end with the first success.
inline constexpr int64_t kDrOutageNs = 1'000'000'000;

DrMeasures MeasureDrill(const formats::History& history, const DrillSeen& seen);

// The times in which several nodes believed that they own the same, of each thing that is owned, in order.
struct TwoOwners {
  size_t owned = 0;
  int64_t from_ns = 0;
  int64_t to_ns = 0;
};
std::vector<TwoOwners> TwoOwnersOf(const DrillSeen& seen);

// The acknowledged records that nobody found at the end, as (log, value), sorted.
std::vector<std::pair<std::string, std::string>> LostRecords(const formats::History& history);

// "12", "1.2 KB", "3.41 s", "never", "not served".
std::string DrText(DrMeasure measure, int64_t value);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DR_MEASURES_H_
