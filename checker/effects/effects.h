// Exactly-once, end to end: what became of each input in each consumer group, and whether broker and database agree.
#ifndef BROKERSIM_CHECKER_EFFECTS_EFFECTS_H_
#define BROKERSIM_CHECKER_EFFECTS_EFFECTS_H_

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// Judges each pair of an input and a consumer group. Operations:
//   :send V, or [[:send LOG V] ...] completed with [[:send LOG [OFFSET V]] ...]      the inputs
//   :transaction V    an input, too
//   :process {:group G :input V :outputs [O ...]}, or [[:process LOG [OFFSET V] APPLIED [O ...]]] with the extra :group
//                     the effect; :outputs are what becomes visible outside, all or none (default: none is named)
//   :assign [LOG ...] with the extra :group     this process owns these logs of the group from now on
//   :commit [[:commit LOG OFFSET]] with the extra :group     the group has done everything below
//   :read-outputs     gives all outputs [{:group G :output O} ...] or [O ...] (of the only group)
//   :poll with the extra :read-all     gives them where they are records, if each such poll was answered
//   :drained {:group G}     the group is at the end of all inputs acknowledged so far
// Other operations are passed over. An effect with :applied false, or one that failed, did nothing.
//
// Verdicts of a pair, counted as metrics: exactly-once, lost, duplicated, torn, zombie, indeterminate. Anomalies:
//   lost       done with by the group's word (:commit, :drained), without effect; or acknowledged outputs that are gone
//   duplicate  two effects, or one output there twice
//   torn       some outputs of one effect are there, others are not
//   zombie     a second effect, by a process that no longer owned the log
//   aborted-output   outputs of effects that had all failed
//   unexpected       an effect or an output of an input that nobody sent
// A pair that the history doesn't decide is indeterminate and makes the verdict UNKNOWN, with the reason.
absl::StatusOr<formats::Verdict> CheckExactlyOnce(const History& history);

// Reconciles a broker with a database. Operations: :send V, :insert V (also :write), :read-topic and :read-db giving
// all values (the last of each counts); what clients of logs do beside (:poll, :commit, :process, :assign,
// :transaction, and sends that name a log) is passed over. Anomalies: orphan-message (in the topic, not in the
// database), orphan-row (the other way), lost (acknowledged, and in neither), duplicate. UNKNOWN where an operation of
// unknown outcome may still set it right, or without both reads.
absl::StatusOr<formats::Verdict> CheckReconciliation(const History& history, bool allow_duplicates = false);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_EFFECTS_EFFECTS_H_
