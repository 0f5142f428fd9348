// How processes die, pause and come back under faults, and what becomes of their disks and clocks.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

// Whether there is a file to read whose name has this part; the empty one is in every disk's.
bool HasFile(const Disk& disk, const std::string& part) {
  if (part.empty()) return true;
  for (uint32_t f = 0; f < disk.files(); ++f) {
    if (disk.file(FileId{f}).name.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

bool Simulation::KeptDown(NodeId id) const {
  return std::any_of(active_faults_.begin(), active_faults_.end(), [&](uint32_t index) {
    const std::vector<NodeId>& down = faults_[index].keeps_down;
    return std::find(down.begin(), down.end(), id) != down.end();
  });
}

void Simulation::LetStart(NodeId id, EventId cause) {
  if (KeptDown(id)) return;
  Node& n = node(id);
  n.power = Node::Power::kOn;
  // One whose first start is still to come waits for it.
  if (n.incarnation > 0 || n.spec.start_at <= now_) Boot(id, cause);
}

bool Simulation::StopNode(NodeId id, FaultState& state) {
  if (node(id).process) {
    state.keeps_down.push_back(id);
    Submit(id, StopWork{state.began});
    return true;
  }
  if (KeptDown(id)) state.keeps_down.push_back(id);
  return false;
}

void Simulation::KillProcess(NodeId id, FaultState& state, std::optional<PowerCut> cut) {
  Node& n = node(id);
  if (!n.process && !(cut.has_value() && n.power == Node::Power::kOn)) {
    // Down already; if a fault did it, it stays down until both have ended.
    if (KeptDown(id)) state.keeps_down.push_back(id);
    return;
  }
  state.keeps_down.push_back(id);
  ++state.report.effects;
  const EventId died = Emit({.kind = cut.has_value() ? EventKind::kPowerLoss : EventKind::kCrash,
                             .node = id,
                             .cause = state.began,
                             .content = n.incarnation});
  if (auto* shown = detail()) {
    shown->fault = state.fault.id;
    shown->text = cut.has_value() ? "lost power" : "crashed";
  }
  Destroy(id);
  if (cut.has_value()) n.power = Node::Power::kOff;
  ApplyDeathRules(id, state, cut, died);
  ResetConnections(id, cut.has_value() ? Ending::kSilent : Ending::kKilled, died);
  if (!cut.has_value()) return;
  TakeBack(queue_.Extract([id](const Event& event) {
    const auto* arrival = std::get_if<Arrival>(&event);
    return arrival != nullptr && arrival->packet.conn.valid() && arrival->packet.to == id;
  }),
           /*loses=*/true, state.fault.id);
}

// What the death does to the disk, by itself and by faults that wait for one.
void Simulation::ApplyDeathRules(NodeId id, FaultState& state, std::optional<PowerCut> cut, EventId died) {
  FaultState* taker = &state;
  std::vector<FaultState*> tearing;
  for (uint32_t index : active_faults_) {
    FaultState& other = faults_[index];
    if (!other.death.has_value() || !other.death->nodes.Has(id)) continue;
    if (other.death->tears) tearing.push_back(&other);
    if (!other.death->power_loss || cut.has_value()) continue;
    cut = PowerCut{other.death->unsynced};
    taker = &other;
    ++other.report.effects;
  }
  if (!cut.has_value()) return;
  if (!tearing.empty()) cut->torn = Ratio::Always();
  if (LosePageCache(id, *taker, *cut, died) == 0) return;
  for (FaultState* other : tearing) ++other->report.effects;
}

int64_t Simulation::LosePageCache(NodeId id, FaultState& state, PowerCut cut, EventId cause) {
  Node& n = node(id);
  int64_t torn = 0;
  for (const DiskLoss& loss : n.disk.LosePower(cut, n.disk_random)) {
    Emit({.kind = EventKind::kDiskLost,
          .node = id,
          .cause = cause,
          .content = static_cast<uint64_t>(loss.blocks_lost) * 2 + (loss.torn ? 1 : 0)});
    if (auto* shown = detail()) {
      shown->type = n.disk.file(loss.file).name;
      shown->fault = state.fault.id;
      shown->text =
          fmt::format("{} unsynced block{} of {} gone{}", loss.blocks_lost, loss.blocks_lost == 1 ? "" : "s",
                      n.disk.file(loss.file).name, loss.torn ? ", one torn" : "");
    }
    torn += loss.torn ? 1 : 0;
    if (loss.promised) NoteDurableLoss(id, state, /*whole=*/false);
  }
  return torn;
}

int64_t Simulation::RotBlocks(NodeId id, const std::string& file, Ratio probability, FaultState& state) {
  Node& n = node(id);
  int64_t rotten = 0;
  for (uint32_t f = 0; f < n.disk.files(); ++f) {
    const File& stored = n.disk.file(FileId{f});
    if (stored.name.find(file) == std::string::npos) continue;
    for (int64_t block = 0; block < stored.size(); ++block) {
      if (stored.blocks[static_cast<size_t>(block)].damaged || !state.random.Chance(probability)) continue;
      n.disk.Damage(FileId{f}, block);
      ++rotten;
      Emit({.kind = EventKind::kDiskLost,
            .node = id,
            .cause = state.began,
            .content = FoldMultiply(f + 1, static_cast<uint64_t>(block) + kMixA)});
      if (auto* shown = detail()) {
        shown->type = stored.name;
        shown->fault = state.fault.id;
        shown->text = fmt::format("a bit of block {} of {} flipped", block, stored.name);
      }
    }
  }
  if (rotten > 0) NoteDurableLoss(id, state, /*whole=*/false);
  return rotten;
}

void Simulation::NoteDurableLoss(NodeId id, const FaultState& state, bool whole) {
  for (DurableLoss& loss : durable_losses_) {
    if (loss.node != id || loss.fault != state.fault.id) continue;
    loss.at = now_;
    loss.whole |= whole;
    return;
  }
  durable_losses_.push_back({id, now_, state.fault.id, whole});
}

void Simulation::WipeDisk(NodeId id, FaultState& state) {
  if (node(id).disk.holds_anything()) NoteDurableLoss(id, state, /*whole=*/true);
  node(id).disk.Wipe();
  Emit({.kind = EventKind::kDiskLost, .node = id, .cause = state.began, .content = kMixB});
  if (auto* shown = detail()) {
    shown->fault = state.fault.id;
    shown->text = "an empty disk takes the place of the old one";
  }
}

void Simulation::PauseNode(NodeId id, FaultState& state, bool clock_runs) {
  Node& n = node(id);
  if (!n.process) return;
  ++state.report.effects;
  Emit({.kind = EventKind::kPause, .node = id, .cause = state.began});
  if (auto* shown = detail()) {
    shown->fault = state.fault.id;
    shown->text = "paused";
  }
  state.pauses.push_back({id, n.incarnation, clock_runs});
  ++n.paused;
  if (!clock_runs && n.frozen_clocks++ == 0) n.frozen_since = now_;
}

void Simulation::ResumeNode(NodeId id, FaultState& state, bool clock_runs) {
  Node& n = node(id);
  --n.paused;
  if (!clock_runs && --n.frozen_clocks == 0) {
    n.clock.SkipBack(now_, n.frozen_since);
    RescheduleTimers(id);
  }
  if (n.paused > 0) return;
  Emit({.kind = EventKind::kResume, .node = id, .cause = current_cause_});
  if (auto* shown = detail()) shown->text = "resumed";
  // Timers that ran out meanwhile are handled before or after what was received: both happen.
  const bool timers_first = state.random.Chance(Ratio{1, 2});
  std::stable_partition(n.inbox.begin(), n.inbox.end(), [timers_first](const Work& work) {
    return std::holds_alternative<TimerWork>(work) == timers_first;
  });
  const uint32_t incarnation = n.incarnation;
  for (int returned = std::exchange(n.returned, 0); returned > 0; --returned) {
    OnWriteReturned(WriteReturned{id, incarnation});
  }
  if (n.service_over) OnServiceDone(ServiceDone{id, n.incarnation});
  DrainInbox(id);
}

// A clock that stands still with its machine is put right when that goes on; who reads it before has it done now.
void Simulation::SettleClock(NodeId id) {
  Node& n = node(id);
  if (n.frozen_clocks == 0) return;
  n.clock.SkipBack(now_, n.frozen_since);
  n.frozen_since = now_;
}

void Simulation::SetDrift(NodeId id, int64_t ppm) {
  Node& n = node(id);
  SettleClock(id);
  n.clock.SetDrift(now_, ppm);
  RescheduleTimers(id);
}

void Simulation::EmitClock(NodeId id, uint64_t content, std::string text) {
  Emit({.kind = EventKind::kClock, .node = id, .content = content});
  if (auto* shown = detail()) shown->text = std::move(text);
}

// ---- what rules say of processes

Duration Simulation::StartDelay(NodeId id) {
  Duration delay;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (state.process.has_value() && state.process->start_extra.has_value() && state.process->nodes.Has(id)) {
      delay = delay + state.process->start_extra->Sample(state.random);
      ++state.report.effects;
    }
    if (state.disk.has_value() && state.disk->on_read && state.disk->extra.has_value() && state.disk->nodes.Has(id)) {
      delay = delay + state.disk->extra->Sample(state.random);
      ++state.report.effects;
    }
  }
  return delay;
}

bool Simulation::CanRead(NodeId id) {
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.disk.has_value() || !state.disk->on_read || state.disk->error.empty() || !state.disk->nodes.Has(id)) {
      continue;
    }
    if (!HasFile(node(id).disk, state.disk->file)) continue;
    if (!state.random.Chance(state.disk->probability)) continue;
    ++state.report.effects;
    state.keeps_down.push_back(id);
    return false;
  }
  return true;
}

Duration Simulation::ServiceTime(NodeId id) {
  Duration takes = node(id).spec.service_time;
  if (!rules_.processes || takes == Duration()) return takes;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.process.has_value() || state.process->factor == 1 || !state.process->nodes.Has(id)) continue;
    takes = takes * state.process->factor;
    ++state.report.effects;
  }
  return takes;
}

Duration Simulation::TimerDelay(NodeId id) {
  Duration late;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.process.has_value() || !state.process->timer_extra.has_value() || !state.process->nodes.Has(id))
      continue;
    late = late + state.process->timer_extra->Sample(state.random);
    ++state.report.effects;
  }
  return late;
}

// Whether a fault lets the timer be handled later.
bool Simulation::Postpone(NodeId id, const TimerWork& work, std::string_view name) {
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.process.has_value() || !state.process->nodes.Has(id)) continue;
    const std::optional<LateTimerRule>& late = state.process->late_timer;
    if (!late.has_value() || late->timer != name || !late->which.Means(++state.matches)) continue;
    ++state.report.effects;
    Node& n = node(id);
    SetTimerState& timer = n.timers[work.slot];
    timer.deadline = n.clock.Monotonic(now_) + late->extra.Sample(state.random);
    QueueTimer(id, work.slot, timer, n.clock.WhenMonotonic(timer.deadline, now_));
    return true;
  }
  return false;
}

// Whether a stuck handler keeps the work.
template <class W>
bool Simulation::Park(NodeId id, const W& work) {
  std::string_view name;
  if constexpr (std::is_same_v<W, MessageWork>) name = work.packet.payload->name();
  if constexpr (std::is_same_v<W, TimerWork>) name = node(id).process->TimerName(node(id).timers[work.slot].timer);
  if constexpr (std::is_same_v<W, TimerWork>) {
    if (Postpone(id, work, name)) return true;
  }
  FaultState* fault = name.empty() ? nullptr : Stuck(id, name);
  if (fault == nullptr) return false;
  ++fault->report.effects;
  fault->parked.push_back({id, node(id).incarnation, work});
  return true;
}
template bool Simulation::Park(NodeId, const MessageWork&);
template bool Simulation::Park(NodeId, const TimerWork&);
template bool Simulation::Park(NodeId, const SyncedWork&);
template bool Simulation::Park(NodeId, const ConnectedWork&);
template bool Simulation::Park(NodeId, const DisconnectedWork&);
template bool Simulation::Park(NodeId, const StopWork&);
template bool Simulation::Park(NodeId, const DiskErrorWork&);
template bool Simulation::Park(NodeId, const OperationWork&);

FaultState* Simulation::Stuck(NodeId id, std::string_view name) {
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.process.has_value() || !state.process->nodes.Has(id)) continue;
    const std::vector<std::string>& stuck = state.process->stuck;
    if (std::find(stuck.begin(), stuck.end(), name) != stuck.end()) return &state;
  }
  return nullptr;
}

void Simulation::Unpark(FaultState& state) {
  std::vector<FaultState::Parked> parked = std::exchange(state.parked, {});
  // Before what came later and waits: a connection's messages keep their order.
  for (size_t i = parked.size(); i-- > 0;) {
    Node& n = node(parked[i].node);
    if (n.process && n.incarnation == parked[i].incarnation) n.inbox.push_front(std::move(parked[i].work));
  }
  for (const FaultState::Parked& one : parked) DrainInbox(one.node);
}

// A process passes a step that its model names; a fault may end it there.
void Simulation::PassPoint(NodeId id, std::string_view point) {
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.process.has_value() || !state.process->crash_point.has_value() || !state.process->nodes.Has(id))
      continue;
    if (!state.process->crash_point->empty() && *state.process->crash_point != point) continue;
    if (++state.matches != state.process->crash_nth) continue;
    KillProcess(id, state, std::nullopt);
    const auto* own = std::get_if<CrashAt>(&state.fault.action);
    const Duration down = own != nullptr ? own->down : std::get<ClientCrashAt>(state.fault.action).down;
    if (down > Duration()) Schedule(now_ + down, FaultStep{index, static_cast<int64_t>(id.value), state.began});
    return;
  }
}

bool Simulation::AskProcess(NodeId id, const Operation& operation, FaultState& state) {
  Node& n = node(id);
  if (!n.process) return false;
  if (!n.held()) return AskNow(id, operation, state);
  const auto index = static_cast<uint32_t>(&state - faults_.data());
  n.inbox.push_back(OperationWork{std::string(operation.name), operation, index, current_cause_});
  return false;
}

// The process goes on and hears what it was asked meanwhile.
void Simulation::AskLate(NodeId id, OperationWork& work) {
  work.operation.name = work.name;
  current_cause_ = work.cause;
  FaultState& fault = faults_[work.fault];
  if (AskNow(id, work.operation, fault)) ++fault.report.effects;
}

bool Simulation::AskNow(NodeId id, const Operation& operation, FaultState& state) {
  Node& n = node(id);
  Emit({.kind = EventKind::kOperate,
        .node = id,
        .cause = current_cause_,
        .content =
            sim::DigestOf(operation.name) + sim::DigestOf(operation.key) * 3 + sim::DigestOf(operation.value) * 5});
  if (auto* shown = detail()) {
    shown->type = std::string(operation.name);
    shown->fault = state.fault.id;
    shown->text = fmt::format("{}{}{}{}{}", operation.name, operation.key.empty() ? "" : " ", operation.key,
                              operation.value.empty() ? "" : "=", operation.value);
  }
  const EventId asked = recorder_.events();
  const EventId cause = std::exchange(current_cause_, asked);
  std::vector<Effect> list;
  Effects out(id, &n.counters, recorder_.tracing(), &list);
  out.WatchPoints(rules_.points);
  Env env = MakeEnv(id, n);
  const uint64_t draws_before = n.streams.draws();
  const bool meant = n.process->OnOperation(operation, env, out);
  AfterHandler(id, n, out, draws_before);
  Perform(id, asked, out.list());
  current_cause_ = cause;
  return meant;
}

}  // namespace brokersim::sim
