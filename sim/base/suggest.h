// "Did you mean ...?" for misspelt names.
#ifndef BROKERSIM_SIM_BASE_SUGGEST_H_
#define BROKERSIM_SIM_BASE_SUGGEST_H_

#include <string>
#include <string_view>
#include <vector>

namespace brokersim::sim {

// Insertions, deletions and replacements of characters and swaps of two neighbours that lead from `a` to `b`.
int EditDistance(std::string_view a, std::string_view b);

// The known name nearest to `name` (the first of several), or "" if none is near: more than a third of its
// characters differ.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

// " (did you mean 'x'?)", or "".
std::string DidYouMean(std::string_view name, const std::vector<std::string>& known);

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_SUGGEST_H_
