// What random streams a run drew from, and what moved between two runs.
//
// A stream is a function of the seed, its name and the number of draws so far (sim/random/stream.h). So for one seed
// the counts tell all: the values of the shorter one are the first values of the longer.
#ifndef BROKERSIM_RUNNER_DRAWS_H_
#define BROKERSIM_RUNNER_DRAWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scenarios/loader.h"

namespace brokersim::runner {

// Draws by stream. Of a process that has ended only the sum is known: "node/NAME/INCARNATION/*".
using Draws = std::map<std::string, uint64_t>;

// Runs the scenario to its end.
Draws DrawsOf(const scenarios::ResolvedScenario& scenario, uint64_t seed);

struct MovedDraws {
  std::string stream;
  uint64_t a = 0;
  uint64_t b = 0;
  friend bool operator==(const MovedDraws&, const MovedDraws&) = default;
};

// The streams that weren't drawn from equally often, by name.
std::vector<MovedDraws> Moved(const Draws& a, const Draws& b);

// "no draw moved", or e.g. "3 draws moved, all in node/p1/1/keys", and a line a stream if there are several.
std::string Describe(const std::vector<MovedDraws>& moved);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DRAWS_H_
