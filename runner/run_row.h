// RunRow: what a sweep keeps of a run.
#ifndef BROKERSIM_RUNNER_RUN_ROW_H_
#define BROKERSIM_RUNNER_RUN_ROW_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runner/metrics.h"
#include "runner/outcome.h"

namespace brokersim::runner {

// Something that a run showed.
struct Finding {
  std::string type;    // of anomalies, or as FindingsOf names it
  uint64_t count = 0;  // anomalies of this type in the run
  std::string cause;   // of the first (cause.h)
  friend bool operator==(const Finding&, const Finding&) = default;
};

struct RunRow {
  uint32_t arm = 0;  // index into the arms of the sweep
  uint64_t seed = 0;
  ExitCode code = kHeld;
  formats::Verdict::Result verdict = formats::Verdict::VALID;
  std::vector<Finding> findings;  // none: valid; the gravest first
  uint64_t hash = 0;
  uint64_t events = 0;
  int64_t end_ns = 0;
  Metrics metrics;
  // What was scheduled or drawn: by whom it was meant, when it was, what it did.
  std::vector<sim::FaultReport> faults;
};

// The row of an outcome; causes are known if it was recorded with a trace.
RunRow RowOf(const Outcome& outcome, uint32_t arm);

// As JSON, for tables: [{"type": "lost-write", "count": 3, "cause": "..."}, ...], and of faults
// [{"id": "swarm-crash-1", "kind": "crash", "began_ns": 0, "ended_ns": 1, "effects": 1, "meant": [["b1"]]}, ...].
std::string FindingsJson(const std::vector<Finding>& findings);
std::string FaultsJson(const std::vector<sim::FaultReport>& faults);
// Errors: kInvalidArgument for what these didn't write.
absl::StatusOr<std::vector<Finding>> ParseFindings(std::string_view json);
absl::StatusOr<std::vector<sim::FaultReport>> ParseFaults(std::string_view json);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_RUN_ROW_H_
