#include "runner/violation_watch.h"

#include <utility>

#include "runner/judge.h"
#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

// Where nobody knows what to look out for, models have their first look after so many operations.
constexpr uint64_t kFirstLook = 64;

formats::History Beginning(const formats::History& history, uint64_t operations) {
  formats::History beginning;
  for (uint64_t i = 0; i < operations; ++i) *beginning.add_operations() = history.operations(static_cast<int>(i));
  return beginning;
}

}  // namespace

ViolationWatch::ViolationWatch(const scenarios::World& world, const std::string& folder)
    : world_(world), checks_(world.checks(), folder) {
  for (const scenarios::ModelPlan& model : world.models()) {
    if (checker::TellsOnlyAtTheEnd(model.name)) continue;
    const absl::StatusOr<checker::CheckOptions> options = OptionsOf(model);
    CHECK(options.ok(), "options of models were validated");
    suspicions_.push_back(checker::SuspicionOf(model.name, *options, {.folder = folder}));
    if (suspicions_.back() != nullptr) continue;
    suspicions_.pop_back();
    looks_back_ = true;
  }
}

sim::Recorder::Watch ViolationWatch::Watch() {
  return {.add = [this](formats::Operation&& operation) { return Add(std::move(operation)); },
          .take = [this] { return Take(); }};
}

bool ViolationWatch::Add(formats::Operation&& operation) {
  ++operations_;
  bool suspicious = false;
  if (!stop_after_.has_value()) {
    for (const auto& suspicion : suspicions_) suspicious = suspicion->Add(operation) || suspicious;
  }
  const bool broken = checks_.Add(std::move(operation));
  if (stop_after_.has_value()) return broken || operations_ == *stop_after_;
  if (suspicious) {
    formats::History room;
    if (FindIn(SoFar(&room))) first_ = operations_;
  }
  if (looks_back_ && !first_.has_value() && operations_ >= kFirstLook && operations_ >= 2 * looked_) LookBack();
  return broken || first_.has_value();
}

bool ViolationWatch::FindIn(const formats::History& history) {
  ++asked_;
  return ModelsFind(history, world_);
}

const formats::History& ViolationWatch::SoFar(formats::History* room) const {
  const absl::StatusOr<const formats::History*> history = checks_.journal().Read(room);
  CHECK(history.ok(), "the history so far can't be read back");
  return **history;
}

void ViolationWatch::LookBack() {
  formats::History room;
  const formats::History& history = SoFar(&room);
  uint64_t low = looked_;  // the first operation that shows something is in (low, high]
  uint64_t high = operations_;
  looked_ = operations_;
  if (!FindIn(history)) return;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (FindIn(Beginning(history, middle)) ? high : low) = middle;
  }
  first_ = high;
}

std::optional<uint64_t> ViolationWatch::first() {
  return first_.has_value() && *first_ < operations_ ? first_ : std::nullopt;
}

formats::History ViolationWatch::Take() {
  if (looks_back_ && !stop_after_.has_value() && !first_.has_value() && operations_ > looked_) LookBack();
  absl::StatusOr<formats::History> history = checks_.journal().Take();
  CHECK(history.ok(), "the history can't be read back");
  return *std::move(history);
}

}  // namespace brokersim::runner
