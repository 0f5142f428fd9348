// Judges histories written as text.
#ifndef BROKERSIM_TESTS_CHECKER_LINEAR_JUDGE_H_
#define BROKERSIM_TESTS_CHECKER_LINEAR_JUDGE_H_

#include <string>
#include <string_view>

#include "checker/history/history.h"
#include "checker/linear/linear.h"

namespace brokersim::checker {

// Lines in a short form of EDN: `0 invoke write 3`, `0 ok write 3`, `1 fail dequeue nil :error :empty`.
History FromLines(std::string_view lines);

// The verdict; its order was proved, its steps are the same twice. A failure if the history can't be judged.
formats::Verdict Judge(const Model& model, const History& history, const Limits& limits = {});
formats::Verdict Judge(std::string_view model, std::string_view lines);

// "valid", "unknown", or "invalid: 0 2 5", the operations of the anomaly.
std::string Short(const formats::Verdict& verdict);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_LINEAR_JUDGE_H_
