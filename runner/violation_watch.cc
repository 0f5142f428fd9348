#include "runner/violation_watch.h"

#include <utility>

#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

// Models have their first look after so many operations.
constexpr uint64_t kFirstLook = 64;

formats::History Beginning(const formats::History& history, uint64_t operations) {
  formats::History beginning;
  for (uint64_t i = 0; i < operations; ++i) *beginning.add_operations() = history.operations(static_cast<int>(i));
  return beginning;
}

}  // namespace

sim::Recorder::Watch ViolationWatch::Watch() {
  return {.add = [this](formats::Operation operation) { return Add(std::move(operation)); },
          .take = [this] { return Take(); }};
}

bool ViolationWatch::Add(formats::Operation&& operation) {
  ++operations_;
  const bool broken = checks_.Add(std::move(operation));
  if (stop_after_.has_value()) return broken || operations_ == *stop_after_;
  if (asks_models_ && operations_ >= kFirstLook && operations_ >= 2 * looked_) Look();
  return broken || first_.has_value();
}

void ViolationWatch::Look() {
  formats::History room;
  const absl::StatusOr<const formats::History*> read = checks_.journal().Read(&room);
  CHECK(read.ok(), "the history so far can't be read back");
  const formats::History& history = **read;
  uint64_t low = looked_;  // the first operation that shows something is in (low, high]
  uint64_t high = operations_;
  looked_ = operations_;
  if (!ModelsFind(history, world_)) return;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (ModelsFind(Beginning(history, middle), world_) ? high : low) = middle;
  }
  first_ = high;
}

std::optional<uint64_t> ViolationWatch::first() {
  return first_.has_value() && *first_ < operations_ ? first_ : std::nullopt;
}

formats::History ViolationWatch::Take() {
  if (!stop_after_.has_value() && !first_.has_value() && asks_models_ && operations_ > looked_) Look();
  absl::StatusOr<formats::History> history = checks_.journal().Take();
  CHECK(history.ok(), "the history can't be read back");
  return *std::move(history);
}

}  // namespace brokersim::runner
