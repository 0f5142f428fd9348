#include "checker/linear/verify.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "checker/linear/operations.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

absl::Status Wrong(uint64_t index, const char* what) {
  return absl::FailedPreconditionError(fmt::format("operation {} {}", index, what));
}

}  // namespace

absl::Status VerifyOrder(const Model& model, const History& history, absl::Span<const uint64_t> order) {
  const absl::StatusOr<Operations> read = ReadOperations(model, history, false);
  if (!read.ok()) return read.status();
  // By the invocation's line: the operation and its object.
  struct Place {
    const Operation* op = nullptr;
    uint32_t part = 0;
    bool done = false;
  };
  std::vector<Place> places(history.size());
  std::vector<std::unique_ptr<Object>> objects;
  for (uint32_t p = 0; p < read->parts.size(); ++p) {
    for (const Operation& op : read->parts[p].ops) places[op.begin] = {&op, p};
    objects.push_back(model.New());
  }

  OpIndex latest = 0;  // begin of those so far
  OpIndex near = 0;    // where the last one was: the next is often close
  for (const uint64_t index : order) {
    OpIndex line =
        near + 1 < history.size() && history.op(near + 1).index == index ? near + 1 : history.At(index);
    // A made-up invocation shares its completion's index, and comes before it.
    if (line != kNoOp && history.op(line).type != OpType::kInvoke) line = history.op(line).pair;
    if (line == kNoOp || places[line].op == nullptr) return Wrong(index, "isn't one that may have happened");
    near = line;
    Place& place = places[line];
    if (place.done) return Wrong(index, "is there twice");
    place.done = true;
    latest = std::max(latest, place.op->begin);
    if (place.op->end < latest) return Wrong(index, "comes after one that began only when it had ended");
    if (!objects[place.part]->Step(place.op->call))
      return Wrong(index, "can't end there as its client was told");
  }

  for (const Place& place : places) {
    if (place.op == nullptr || place.op->open() || place.done) continue;
    return Wrong(history.op(place.op->begin).index, "happened, but is missing");
  }
  return absl::OkStatus();
}

}  // namespace brokersim::checker
