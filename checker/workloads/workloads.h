// Workloads whose histories need no search: Jepsen's set, set-full, counter, total-queue, unique-ids, bank, long-fork,
// comments (causal-reverse) and sequential.
//
// Each takes the operations that the workload of the same name records, reads :ok as happened, :fail as not happened
// and :info or no completion as perhaps. Errors: kInvalidArgument names the line that isn't the workload's.
#ifndef BROKERSIM_CHECKER_WORKLOADS_WORKLOADS_H_
#define BROKERSIM_CHECKER_WORKLOADS_WORKLOADS_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// :add V; :read (the whole set). The last :ok read must hold every element acknowledged before it began, and none that
// nobody tried to add. UNKNOWN without a read. Source: jepsen.checker/set.
absl::StatusOr<formats::Verdict> CheckSet(const History& history);

struct SetFullOptions {
  // Whether an element must be seen by every read that began after its add was acknowledged.
  bool linearizable = false;
};
// The same operations; every read counts. An element is stable if from some read on all reads saw it, lost if from some
// read on none did, although it had been acknowledged or seen; an element twice in one read is duplicated. Measures how
// long elements took to be stable or lost. Source: jepsen.checker/set-full (whose own test for duplicates never fires).
absl::StatusOr<formats::Verdict> CheckSetFull(const History& history, const SetFullOptions& options);

// :add N (also negative); :read. Each read lies between the sum of what surely was added before it began and the sum of
// what may have been added before it ended. Source: jepsen.checker/counter.
absl::StatusOr<formats::Verdict> CheckCounter(const History& history);

// :enqueue V; :dequeue; :drain (many at once). Everything acknowledged comes out, and nothing that nobody put in.
// Duplicates are counted and legal. Source: jepsen.checker/total-queue.
absl::StatusOr<formats::Verdict> CheckTotalQueue(const History& history);

// :generate. No two are equal. Source: jepsen.checker/unique-ids.
absl::StatusOr<formats::Verdict> CheckUniqueIds(const History& history);

struct BankOptions {
  std::optional<int64_t> total = {};  // what all accounts hold together; else what the first read shows
  bool negative_balances = false;
};
// :transfer {:from :to :amount}; :read {account balance}. Every read shows the same accounts and the same total, and no
// balance below zero. Source: jepsen.tests.bank.
absl::StatusOr<formats::Verdict> CheckBank(const History& history, const BankOptions& options);

// :write [[:w k v]] of single keys, :read [[:r k v] ...] of groups (or :txn with either). No two reads of a group see
// two writes in different orders. Each key is written once. Source: jepsen.tests.long-fork.
absl::StatusOr<formats::Verdict> CheckLongFork(const History& history);

// :write ID; :read (the visible ids). Who sees a write sees every write that was acknowledged before it began.
// Source: jepsen.tests.causal-reverse, elle-cli's comments.
absl::StatusOr<formats::Verdict> CheckComments(const History& history);

// :write K; :read [K [v v v]]: subkeys are written in order and read in reverse, so that nothing found follows
// something missing. Source: elle-cli's sequential.
absl::StatusOr<formats::Verdict> CheckSequential(const History& history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_WORKLOADS_WORKLOADS_H_
