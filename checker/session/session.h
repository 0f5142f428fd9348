// What weaker than linearizable registers still promise: session guarantees, causal and sequential consistency, bounded
// staleness.
//
// Operations: :read K, giving [K V] or V; :write [K V] or V (one register); or :txn of [[:r K V] [:w K V] ...], whose
// parts count one after the other. Every write of a register has a value of its own, nil is what it holds before. A
// write that failed did not happen; one of unknown outcome may have, once. Errors: kInvalidArgument names a line of
// another shape. Two writes of one value make the verdict UNKNOWN.
#ifndef BROKERSIM_CHECKER_SESSION_SESSION_H_
#define BROKERSIM_CHECKER_SESSION_SESSION_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "checker/limits.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct SessionOptions {
  // A read may miss writes that were acknowledged at most this long before it began, nanoseconds.
  std::optional<int64_t> max_staleness = {};
};

// Of each register there must be one order of its versions in which every process sees and writes them forward.
// Anomalies: monotonic-reads, monotonic-writes, read-your-writes, writes-follow-reads (each alone impossible),
// session-order (only together), aborted-read, unexpected-read, stale-read (beyond max_staleness). Measures the largest
// staleness seen. Source: Terry et al., Session Guarantees for Weakly Consistent Replicated Data, PDIS 1994.
absl::StatusOr<formats::Verdict> CheckSession(const History& history, const SessionOptions& options);

// Causal consistency by its bad patterns: cyclic-causality, write-before-initial-read, overwritten-read,
// aborted-read, unexpected-read. O(operations x processes).
// Source: Bouajjani et al., On Verifying Causal Consistency, POPL 2017 (CyclicCO, WriteCOInitRead, WriteCORead,
// ThinAirRead).
absl::StatusOr<formats::Verdict> CheckCausal(const History& history);

// Sequential consistency: one order of all operations that each process's own agrees with. Exponential at worst, so
// bounded: UNKNOWN when the steps end. A VALID verdict carries the order. Anomalies: those of causal consistency, which
// it implies, and non-sequential.
absl::StatusOr<formats::Verdict> CheckSequentialConsistency(const History& history, const Limits& limits);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_SESSION_SESSION_H_
