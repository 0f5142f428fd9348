// Operations of clients as bars, one lane a client, with arrows between them: why a history can't be.
#ifndef BROKERSIM_VISUALIZE_OPERATIONS_H_
#define BROKERSIM_VISUALIZE_OPERATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace brokersim::visualize {

// An operation, from where it began to where it ended.
struct OperationBar {
  int lane = 0;
  int begin = 0;  // moments are numbered from 0; each is the beginning or the end of one bar
  int end = -1;   // -1: nobody knows that it ended
  std::string text;
  bool blamed = false;  // drawn to be seen first
};

struct OperationArrow {
  int from = 0;  // bars
  int to = 0;
  std::string text;
};

struct OperationsView {
  std::string title;
  std::vector<std::string> caption;  // lines under the title
  std::vector<std::string> lanes;    // names of clients
  std::vector<OperationBar> bars;
  std::vector<OperationArrow> arrows;
};

// DOT with every position pinned, for RenderSvg(). Moments lie as close as the texts allow: only their order is time's.
std::string OperationsDot(const OperationsView& view);

// The picture: with arrows as Graphviz draws them, without as bars alone. Errors: as RenderSvg().
absl::StatusOr<std::string> OperationsSvg(const OperationsView& view);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_OPERATIONS_H_
