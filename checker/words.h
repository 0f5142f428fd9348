// The words of verdicts: how a time, a type and a number of things are written in a sentence.
#ifndef BROKERSIM_CHECKER_WORDS_H_
#define BROKERSIM_CHECKER_WORDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/history.pb.h"

namespace brokersim::checker {

// Milliseconds with one digit, rounded, computed in integers: "61020.1 ms".
std::string Ms(int64_t time_ns);

// "invoke", "ok", "fail", "info"; "?" for a type that is not one.
std::string_view TypeName(formats::Operation::Type type);

// "1 record", "3 records".
std::string Count(uint64_t n, std::string_view thing);

// The name that was probably meant: the one with the fewest letters added, removed or replaced. Empty without names.
std::string_view Nearest(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_WORDS_H_
