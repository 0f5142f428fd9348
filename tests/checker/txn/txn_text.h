// Histories of transactions, written short.
#ifndef BROKERSIM_TESTS_CHECKER_TXN_TXN_TEXT_H_
#define BROKERSIM_TESTS_CHECKER_TXN_TXN_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "checker/history/history.h"
#include "checker/txn/txn.h"

namespace brokersim::checker {

// A line is "<process> <type> <micro-operations>". A completion whose invocation isn't there gets one just before it,
// so that transactions listed one after the other ran one after the other.
//   list-append  "0 ok ax1 rx12": process 0 appended 1 to :x and read it as [1 2]; "rx" read it as empty
//   rw-register  "0 ok wx1 rx2 ry_": it wrote 1, read 2, and read :y as nil
std::string TxnEdn(std::string_view lines, bool registers);

History ListHistory(std::string_view lines);
History RegisterHistory(std::string_view lines);

// "VALID", "UNKNOWN: <first reason's name>", or the anomalies' types, sorted and each once, with a space between.
std::string Summary(const absl::StatusOr<formats::Verdict>& verdict);
std::string Lists(std::string_view lines, std::vector<std::string> levels = {"strict-serializable"});
std::string Registers(std::string_view lines, TxnOptions options = {});
// rules_out, with a space between.
std::string NotOf(const formats::Verdict& verdict);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_TXN_TXN_TEXT_H_
