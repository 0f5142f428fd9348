// Isolation of transactions: which level a database kept, judged by what its clients were told.
//
// Histories are Jepsen's for Elle. A transaction is a vector of micro-operations; its completion has what they read:
//   list-append: [[:append :x 1] [:r :x [1 2]]]   elements of a list are appended once
//   rw-register: [[:w :x 1] [:r :x 2]]            values of a register are written once; it begins as nil
// OK: it was committed. FAIL: it was aborted. INFO: it was committed if anybody saw anything of it.
//
// The names of anomalies and levels are Elle's. Every kind of cycle is found if there is one, with the fewest
// transactions possible (cycles.h), whatever the size of the history.
#ifndef BROKERSIM_CHECKER_TXN_TXN_H_
#define BROKERSIM_CHECKER_TXN_TXN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "checker/limits.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct TxnOptions {
  // The levels that were promised, as levels.h names them. What they permit doesn't make a history INVALID, and isn't
  // reported. Those without "strong" and "strict" don't look at real time, and those without "session" either not at
  // processes.
  std::vector<std::string> levels = {"strict-serializable"};
  // Further anomalies that must not be seen.
  std::vector<std::string> anomalies = {};
  // rw-register only; what else is known of the order of a register's values:
  bool wfr_keys = false;           // a transaction that reads a register and then writes it replaces what it read
  bool sequential_keys = false;    // each register goes through its values in the order of every process
  bool linearizable_keys = false;  // each register goes through its values in real time
  // Of each anomaly, at most so many are described; a metric of its name has their number.
  uint32_t examples = 32;
};

// The verdict's rules_out has the weakest levels that the history contradicts, also_rules_out the stronger ones, both
// by name. They say more than the anomalies listed, because they count what `levels` permits.
// - UNKNOWN: a value was written twice (unknown_reasons begins with "duplicate-appends" or "duplicate-writes"), or no
// two
//   transactions have anything to do with one another ("empty-transaction-graph").
// - kInvalidArgument: a line isn't what is described above, or a level or anomaly doesn't exist.
// Takes O(n log n) time and O(n) memory where nothing is wrong. `limits.steps` bounds only the search for still shorter
// cycles after one was found; a metric "cycles-perhaps-not-shortest" tells if it did.
absl::StatusOr<formats::Verdict> CheckListAppend(const History& history, const TxnOptions& options,
                                                 const Limits& limits);
absl::StatusOr<formats::Verdict> CheckRwRegister(const History& history, const TxnOptions& options,
                                                 const Limits& limits);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_TXN_H_
