// Isolation levels, anomalies, and which anomaly rules out which level.
//
// The names and relations are those that Adya's thesis, Bailis et al., Cerone et al. and Daudjee & Salem define and
// that Elle reports. A level rules out what it forbids itself, what implies that, and all that its weaker levels
// forbid.
#ifndef BROKERSIM_CHECKER_TXN_LEVELS_H_
#define BROKERSIM_CHECKER_TXN_LEVELS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace brokersim::checker {

// A set of levels or of anomalies: bit i stands for the table's row i.
using NameSet = uint64_t;

// The level's row; "PL-3", "conflict-serializable" and other names that Elle takes mean the same as ours.
// kInvalidArgument lists the names that are known.
absl::StatusOr<int> FindLevel(std::string_view name);
// kInvalidArgument lists the names that are known.
absl::StatusOr<int> FindAnomaly(std::string_view name);

std::string_view LevelName(int level);
std::string_view AnomalyName(int anomaly);
std::vector<std::string> AnomalyNames();

// What must not be seen if `levels` are to hold.
NameSet AnomaliesForbiddenBy(NameSet levels);
// `anomalies` and all that are special cases of them.
NameSet AnomaliesImplying(NameSet anomalies);
// `anomalies` and all that each of them is a special case of.
NameSet AnomaliesImpliedBy(NameSet anomalies);
// The levels that can't hold if these were seen.
NameSet LevelsRuledOutBy(NameSet anomalies);
// Those of `levels` that no other one of them is weaker than.
NameSet WeakestOf(NameSet levels);

// The names of a set's levels, sorted.
std::vector<std::string> LevelNames(NameSet levels);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_LEVELS_H_
