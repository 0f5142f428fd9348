// What traces tell of a node's events: what people see of them, and what they changed.
#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

namespace {

// The order of the paths. Descriptions with the same paths in a row have the same.
std::vector<uint32_t> OrderOf(const Described& now, const Described& before) {
  const auto same_path = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::equal(now.fields.begin(), now.fields.end(), before.fields.begin(), before.fields.end(), same_path)) {
    return before.order;
  }
  std::vector<uint32_t> order(now.fields.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto path = [&](uint32_t i) -> const std::string& { return now.fields[i].first; };
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int compared = path(a).compare(path(b));
    return compared != 0 ? compared < 0 : a > b;
  });
  order.erase(std::unique(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return path(a) == path(b); }),
              order.end());
  return order;
}

// What went or changed, by path, then what came.
void Compare(const Described& before, const Described& now, std::vector<formats::StateChange>* changes) {
  std::vector<formats::StateChange> came;
  size_t next = 0;
  for (const uint32_t i : before.order) {
    const auto& [path, value] = before.fields[i];
    for (; next < now.order.size() && now.fields[now.order[next]].first < path; ++next) {
      came.push_back({now.fields[now.order[next]].first, "", now.fields[now.order[next]].second});
    }
    if (next == now.order.size() || now.fields[now.order[next]].first != path) {
      changes->push_back({path, value, ""});
      continue;
    }
    const std::string& after = now.fields[now.order[next++]].second;
    if (after != value) changes->push_back({path, value, after});
  }
  for (; next < now.order.size(); ++next) {
    came.push_back({now.fields[now.order[next]].first, "", now.fields[now.order[next]].second});
  }
  changes->insert(changes->end(), std::make_move_iterator(came.begin()), std::make_move_iterator(came.end()));
}

}  // namespace

void Describer::Set(std::string_view path, std::string_view rest, std::string_view value) {
  if (same_paths_ && before_ != nullptr && described_ < before_->size()) {
    const auto& [old_path, old_value] = (*before_)[described_];
    const std::string_view old = old_path;
    if (old.size() == path.size() + rest.size() && old.substr(0, path.size()) == path &&
        old.substr(path.size()) == rest) {
      if (old_value != value) changed_.emplace_back(static_cast<uint32_t>(described_), value);
      ++described_;
      return;
    }
  }
  if (same_paths_) Collect();
  fields_.emplace_back(path, value).first.append(rest);
}

void Describer::Collect() {
  if (before_ != nullptr) fields_.assign(before_->begin(), before_->begin() + static_cast<std::ptrdiff_t>(described_));
  for (auto& [field, value] : changed_) fields_[field].second = std::move(value);
  same_paths_ = false;
}

template <class W>
void Simulation::DetailWork(NodeId id, const W& work) {
  Node& n = node(id);
  formats::TraceEvent& shown = *detail();
  if constexpr (std::is_same_v<W, MessageWork>) {
    recorder_.DetailMessage(work.packet.message, *work.packet.payload);
  } else if constexpr (std::is_same_v<W, TimerWork>) {
    shown.type = std::string(n.process->TimerName(n.timers[work.slot].timer));
  } else if constexpr (std::is_same_v<W, SyncedWork>) {
    shown.text = n.disk.file(n.syncs.find(work.ticket)->second.file).name;
  } else if constexpr (std::is_same_v<W, DisconnectedWork>) {
    shown.type = std::string(work.reason);
    shown.text = fmt::format("connection lost: {}", work.reason);
  } else if constexpr (std::is_same_v<W, DiskErrorWork>) {
    shown.type = n.disk.file(work.error.file).name;
    shown.text = fmt::format("{}: {}", shown.type, work.error.error);
  } else if constexpr (std::is_same_v<W, StopWork>) {
    shown.text = "asked to stop";
  }
}

template void Simulation::DetailWork(NodeId, const MessageWork&);
template void Simulation::DetailWork(NodeId, const TimerWork&);
template void Simulation::DetailWork(NodeId, const SyncedWork&);
template void Simulation::DetailWork(NodeId, const ConnectedWork&);
template void Simulation::DetailWork(NodeId, const DisconnectedWork&);
template void Simulation::DetailWork(NodeId, const StopWork&);
template void Simulation::DetailWork(NodeId, const DiskErrorWork&);
template void Simulation::DetailWork(NodeId, const OperationWork&);

void Simulation::DetailHandler(NodeId id, Effects& out, uint64_t draws_before) {
  formats::TraceEvent& shown = *detail();
  shown.records = out.TakeRecords();
  shown.draws = static_cast<uint32_t>(node(id).streams.draws() - draws_before);
  RecordChanges(id);
}

void Simulation::RecordChanges(NodeId id) {
  Node& n = node(id);
  Describer describer(&n.described.fields);
  if (n.process) n.process->Describe(describer);
  if (describer.same_paths()) return RecordValues(id, describer.changed());
  Described now;
  now.fields = describer.Take();
  now.order = OrderOf(now, n.described);
  Compare(n.described, now, &detail()->changes);
  n.described = std::move(now);
}

// In the order of paths. What another field of the same path overrides isn't seen.
void Simulation::RecordValues(NodeId id, const std::vector<std::pair<uint32_t, std::string>>& changed) {
  if (changed.empty()) return;
  Described& described = node(id).described;
  for (const uint32_t i : described.order) {
    const auto at = std::lower_bound(changed.begin(), changed.end(), i,
                                     [](const auto& change, uint32_t field) { return change.first < field; });
    if (at == changed.end() || at->first != i) continue;
    detail()->changes.push_back({described.fields[i].first, described.fields[i].second, at->second});
  }
  for (const auto& [field, value] : changed) described.fields[field].second = value;
}

}  // namespace brokersim::sim
