// The two workloads that the kernel is measured with, as processes: W1, actors that set one timer again and
// again, and W2, pairs that play a ball to each other.
#ifndef BROKERSIM_BENCH_ACTORS_H_
#define BROKERSIM_BENCH_ACTORS_H_

#include <cstdint>
#include <string_view>

#include "sim/kernel/simulation.h"

namespace brokersim::bench {

// W1: `actors` nodes; each sets its timer anew to a delay drawn from [1, 2^kDelayBits] ns whenever it fires.
inline constexpr int kDelayBits = 20;
// Or several timers, each by itself.
sim::Simulation TimerWorld(int actors, uint64_t max_events, sim::SimulationSettings settings, int timers = 1);

// W2: node 2i serves a ball to node 2i + 1, which returns it, and so on: as datagrams that take 0.1 to 1 ms,
// drawn uniformly. Every stroke is a new message, with the number of strokes so far.
struct Ball {
  static constexpr std::string_view kName = "Ball";
  int64_t strokes = 0;
  template <class V>
  void Fields(V& v) const {
    v("strokes", strokes);
  }
};
inline constexpr sim::Duration kShortest = sim::Microseconds(100);
inline constexpr sim::Duration kLongest = sim::Milliseconds(1);
// Pairs 0 to playing - 1 play, the others only exist.
sim::Simulation BallWorld(int pairs, int playing, uint64_t max_events, sim::SimulationSettings settings);
// The same with all pairs, over connections.
sim::Simulation ConnectedBallWorld(int pairs, uint64_t max_events, sim::SimulationSettings settings);

}  // namespace brokersim::bench

#endif  // BROKERSIM_BENCH_ACTORS_H_
