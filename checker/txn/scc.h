// Strongly connected components of any graph that can list a node's successors (Tarjan's algorithm in the version of
// Pearce, which needs one number a node; without recursion).
#ifndef BROKERSIM_CHECKER_TXN_SCC_H_
#define BROKERSIM_CHECKER_TXN_SCC_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace brokersim::checker {

// The component of each node. What a component leads to has a lower number: they are in reverse topological order.
// `next(node, &cursor)` gives one successor after the other and then UINT32_MAX; the cursor starts at 0 and is its own.
template <typename Next>
std::vector<uint32_t> StrongComponents(uint32_t nodes, Next next) {
  struct Frame {
    uint32_t node;
    uint32_t cursor;
    bool root;
  };
  std::vector<uint32_t> number(nodes, 0);  // 0: not visited; low: on the path; high: its component, counted down
  std::vector<Frame> path;
  std::vector<uint32_t> waiting;  // visited, and in the component of somebody on the path
  uint32_t index = 1;
  uint32_t component = nodes;
  for (uint32_t start = 0; start < nodes; ++start) {
    if (number[start] != 0) continue;
    number[start] = index++;
    path.push_back({start, 0, true});
    while (!path.empty()) {
      const uint32_t node = path.back().node;
      const uint32_t to = next(node, &path.back().cursor);
      if (to != UINT32_MAX) {
        if (number[to] == 0) {
          number[to] = index++;
          path.push_back({to, 0, true});
        } else if (number[to] < number[node]) {
          number[node] = number[to];
          path.back().root = false;
        }
        continue;
      }
      if (path.back().root) {
        --index;
        while (!waiting.empty() && number[waiting.back()] >= number[node]) {
          number[waiting.back()] = component;
          waiting.pop_back();
          --index;
        }
        number[node] = component--;
      } else {
        waiting.push_back(node);
      }
      path.pop_back();
      if (!path.empty() && number[node] < number[path.back().node]) {
        number[path.back().node] = number[node];
        path.back().root = false;
      }
    }
  }
  for (uint32_t& n : number) n = nodes - n;
  return number;
}

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_SCC_H_
