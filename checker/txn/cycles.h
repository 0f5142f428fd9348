// The shortest cycle of each kind in a graph of transactions.
#ifndef BROKERSIM_CHECKER_TXN_CYCLES_H_
#define BROKERSIM_CHECKER_TXN_CYCLES_H_

#include <cstdint>
#include <vector>

#include "checker/txn/graph.h"
#include "checker/txn/levels.h"

namespace brokersim::checker {

struct Step {
  Node from = 0;
  Node to = 0;
  EdgeKind kind = EdgeKind::kWw;
};

// Steps follow one another, and the last one leads back to the first.
struct Cycle {
  int anomaly = 0;  // its row of the anomalies' table: G0, G1c-process, ...
  std::vector<Step> steps;
  // No cycle of this kind has fewer steps. False only where the search for a shorter one ran out of its allowance.
  bool shortest = true;
  // One of its session or realtime steps joins two transactions that an rw edge joins as well: who counts each pair
  // once, by its data, sees a cycle of another kind here.
  bool joined_by_data = false;
};

struct CycleOptions {
  Kinds kinds = kDataKinds;   // with or without kProcess and kRealtime
  uint64_t steps = 0;         // how long to go on looking for a shorter cycle once there is one
  bool all_variants = false;  // also kinds with session and realtime steps that rule out no further level
};

struct CycleSearch {
  std::vector<Cycle> cycles;  // by component, the most severe kind first
  uint64_t components = 0;
  uint64_t largest = 0;  // transactions of the largest component
  uint64_t steps = 0;
};

// In every strongly connected component: of each kind the shortest cycle, unless one that was found is already of that
// kind (every G0 is a G1c, every G-single a G2). Kinds with session or realtime steps only where they rule out a level
// that the component's other cycles don't, unless all_variants.
//
// Whether a kind exists is decided exactly, and never by a limit:
//   G0              ww alone
//   G1c             ww and wr
//   G-single-item   and exactly one rw
//   G-nonadjacent-item  and rw, never two in a row
//   G2-item         and rw
// (a G-nonadjacent-item is left out if, in a component with a G0 or G1c, the shortest way of its shape visits a
// transaction twice)
//   -process        and steps from a transaction to a later one of the same process
//   -realtime       and one step from a transaction to one that began after it was over. One is enough: of two such
//                   steps, one can be taken to where the other leads, and what is left out makes the cycle shorter and
//                   no less severe.
CycleSearch FindCycles(const Graph& graph, const CycleOptions& options);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_CYCLES_H_
