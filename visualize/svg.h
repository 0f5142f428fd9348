// Turns pinned DOT into SVG, inside this process, through Graphviz's library.
#ifndef BROKERSIM_VISUALIZE_SVG_H_
#define BROKERSIM_VISUALIZE_SVG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace brokersim::visualize {

// `dot` must pin every node and edge, as DotBuilder does. The plugins are linked in and no font is
// looked at, so equal input gives equal bytes on every machine; Graphviz's version is cut out.
// Graphviz keeps global state: not to be called from two threads at once.
// Errors: kInvalidArgument if `dot` can't be parsed or doesn't pin a node, kInternal if Graphviz
// fails otherwise.
absl::StatusOr<std::string> RenderSvg(std::string_view dot);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_SVG_H_
