#include "formats/trace_diff.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace brokersim::formats {
namespace {

constexpr size_t kEventsPerChunk = 1024;

// How many chunks at the beginning are equal. Digests roll on: once different, they stay so.
size_t EqualChunks(const DecodedTrace& a, const DecodedTrace& b) {
  size_t low = 0;
  size_t high = std::min(a.chunk_digests.size(), b.chunk_digests.size());
  while (low < high) {
    const size_t middle = low + (high - low + 1) / 2;
    if (a.chunk_digests[middle - 1] == b.chunk_digests[middle - 1]) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

std::vector<std::string> DifferingColumns(const TraceEvent& a, const TraceEvent& b) {
  std::vector<std::string> columns;
  const auto add = [&](bool differs, std::string_view name) {
    if (differs) columns.emplace_back(name);
  };
  add(a.time_ns != b.time_ns, "time");
  add(a.kind != b.kind, "kind");
  add(a.node != b.node, "node");
  add(a.peer != b.peer, "peer");
  add(a.cause != b.cause, "cause");
  add(a.message != b.message, "message");
  add(a.operation != b.operation, "operation");
  add(a.draws != b.draws, "draws");
  add(a.type != b.type, "type");
  add(a.text != b.text, "text");
  add(a.fault != b.fault, "fault");
  add(a.changes != b.changes, "changes");
  add(a.records != b.records, "records");
  return columns;
}

std::string Line(const std::string& side, const std::optional<TraceEvent>& event, const std::string& node,
                 const std::string& peer) {
  if (!event.has_value()) return absl::StrCat("  ", side, ": has ended\n");
  std::string line = absl::StrCat("  ", side, ": ", event->time_ns, " ns  ", node.empty() ? "-" : node, "  ",
                                  std::string(EventKindName(event->kind)));
  if (!peer.empty()) absl::StrAppend(&line, " (", peer, ")");
  if (!event->type.empty()) absl::StrAppend(&line, "  ", event->type);
  if (!event->text.empty()) absl::StrAppend(&line, "  ", event->text);
  return line + "\n";
}

}  // namespace

std::optional<TraceDifference> FirstDifference(const DecodedTrace& a, const DecodedTrace& b) {
  const size_t longest = std::max(a.events.size(), b.events.size());
  for (size_t i = EqualChunks(a, b) * kEventsPerChunk; i < longest; ++i) {
    const bool in_a = i < a.events.size();
    const bool in_b = i < b.events.size();
    if (in_a && in_b && a.events[i] == b.events[i]) continue;
    TraceDifference difference;
    difference.id = i + 1;
    if (in_a) {
      difference.a = a.events[i];
      difference.a_node = std::string(a.NodeName(a.events[i].node));
      difference.a_peer = std::string(a.NodeName(a.events[i].peer));
    }
    if (in_b) {
      difference.b = b.events[i];
      difference.b_node = std::string(b.NodeName(b.events[i].node));
      difference.b_peer = std::string(b.NodeName(b.events[i].peer));
    }
    if (in_a && in_b) difference.columns = DifferingColumns(a.events[i], b.events[i]);
    return difference;
  }
  return std::nullopt;
}

std::string Describe(const TraceDifference& difference) {
  std::string text = absl::StrCat("the first difference is at event ", difference.id, "\n",
                                  Line("a", difference.a, difference.a_node, difference.a_peer),
                                  Line("b", difference.b, difference.b_node, difference.b_peer));
  if (!difference.columns.empty()) {
    absl::StrAppend(&text, "  different: ", absl::StrJoin(difference.columns, ", "), "\n");
  }
  return text;
}

}  // namespace brokersim::formats
