// Faults that go on in steps: phases that alternate, and nodes that are hit one after another.
#include <algorithm>
#include <utility>

#include "sim/kernel/fault_actions.h"

namespace brokersim::sim {

void FaultActions::Step(int64_t step) {
  std::visit([&](const auto& kind) { StepKind(kind, step); }, state_.fault.action);
}

namespace {

Duration ShareOf(Duration whole, Ratio share) {
  const Uint128 part = static_cast<Uint128>(whole.nanos()) * share.numerator / share.denominator;
  return Duration::FromNanos(static_cast<int64_t>(part));
}

// How often restarted nodes are asked whether they are healthy.
constexpr Duration kAskAgain = Milliseconds(100);

}  // namespace

// ---- barriers that open and close. Even steps close, odd ones open.

void FaultActions::BeginKind(const Flap& f) {
  Groups();
  StepKind(f, 0);
}

void FaultActions::StepKind(const Flap& f, int64_t step) {
  const Duration closed = ShareOf(f.period, f.duty);
  sim_.EmitPhase(state_, step % 2 == 0 ? "closes" : "opens");
  if (step % 2 == 0) {
    RaiseBarrier(f.mode);
    After(closed, step + 1);
  } else {
    LowerBarrier();
    After(f.period - closed, step + 1);
  }
}

void FaultActions::BeginKind(const WanFlap& f) {
  for (NodeId a : Others({})) {
    for (NodeId b : Others({})) {
      if (node(a).spec.datacenter == node(b).spec.datacenter) continue;
      state_.barrier.ways.emplace_back(NodeSet({a}), NodeSet({b}));
    }
  }
  StepKind(f, 0);
}

void FaultActions::StepKind(const WanFlap& f, int64_t step) { StepKind(Flap{{}, f.mode, f.period, f.duty}, step); }

// Steps 0 to n-1 clog a node each, n to 2n-1 release one.
void FaultActions::BeginKind(const Swizzle&) {
  state_.members = Nodes();
  Shuffle(state_.members);
  std::vector<NodeId> back = Nodes();
  Shuffle(back);
  state_.members.insert(state_.members.end(), back.begin(), back.end());
  if (!state_.members.empty()) After(Duration(), 0);
}

void FaultActions::StepKind(const Swizzle& f, int64_t step) {
  const auto all = static_cast<int64_t>(state_.members.size());
  const NodeId id = state_.members[static_cast<size_t>(step)];
  if (step < all / 2) {
    state_.done.push_back(id);
  } else {
    std::erase(state_.done, id);
  }
  state_.barrier.ways.clear();
  for (NodeId clogged : state_.done) Separate({clogged}, Others({clogged}));
  sim_.EmitPhase(state_, fmt::format("{} {}", step < all / 2 ? "clogs" : "releases", node(id).spec.name));
  // What is kept of those that stay clogged is kept again.
  state_.barrier.mode = CutMode::kJam;
  state_.barrier.up = !state_.barrier.ways.empty();
  sim_.ReleaseHeld(state_);
  sim_.PumpAll();
  sim_.TakeInFlight(state_);
  if (step + 1 < all) {
    After(Duration::FromNanos(f.spread.nanos() * 2 / all), step + 1);
  } else {
    EndAfter(Duration());
  }
}

// ---- processes that die and come back

void FaultActions::StepKind(const Stop&, int64_t) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    if (!node(id).process ||
        std::find(state_.keeps_down.begin(), state_.keeps_down.end(), id) == state_.keeps_down.end())
      continue;
    std::erase(state_.keeps_down, id);
    Kill(id);
  }
}

// A step's number is the node that starts.
void FaultActions::StepKind(const CrashAt&, int64_t step) { LetStart(NodeId{static_cast<uint32_t>(step)}); }
void FaultActions::StepKind(const ClientCrashAt&, int64_t step) { LetStart(NodeId{static_cast<uint32_t>(step)}); }

void FaultActions::BeginKind(const Restart& f) {
  KillAll();
  After(f.down, 0);
}

void FaultActions::StepKind(const Restart&, int64_t) { EndAfter(Duration()); }

void FaultActions::BeginKind(const RestartStorm& f) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    if (state_.random.Chance(f.probability)) Kill(id);
  }
  After(f.down, 0);
}

void FaultActions::StepKind(const RestartStorm&, int64_t) { EndAfter(Duration()); }

void FaultActions::BeginKind(const ReplaceNode& f) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    KillPowered(id, {UnsyncedFate::kLost, Ratio::Never()});
    sim_.WipeDisk(id, state_);
  }
  After(f.down, 0);
}

void FaultActions::StepKind(const ReplaceNode&, int64_t) { EndAfter(Duration()); }

// Even steps start the nodes, odd ones kill them again.
void FaultActions::BeginKind(const CrashLoop& f) {
  KillAll();
  After(f.down, 0);
}

void FaultActions::StepKind(const CrashLoop& f, int64_t step) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    if (step % 2 == 0) {
      LetStart(id);
    } else {
      Kill(id);
    }
  }
  if (step % 2 != 0) {
    After(f.down, step + 1);
  } else if (step / 2 + 1 < f.times) {
    After(f.up, step + 1);
  } else {
    EndAfter(Duration());
  }
}

// ---- bursts. Even steps begin one, odd ones end it.

void FaultActions::BeginKind(const Gc& f) { After(f.interval.Sample(state_.random), 0); }

void FaultActions::StepKind(const Gc& f, int64_t step) {
  if (step % 2 == 0) {
    for (NodeId id : Nodes()) PauseOne(id, /*clock_runs=*/true);
    After(f.length.Sample(state_.random), step + 1);
  } else {
    ResumeAll();
    After(f.interval.Sample(state_.random), step + 1);
  }
}

void FaultActions::BeginKind(const NoisyNeighbour& f) { After(f.interval.Sample(state_.random), 0); }

void FaultActions::StepKind(const NoisyNeighbour& f, int64_t step) {
  if (step % 2 == 0) {
    state_.process.emplace().nodes = NodeSet(Nodes());
    state_.process->factor = f.factor;
    After(f.length.Sample(state_.random), step + 1);
  } else {
    state_.process.reset();
    After(f.interval.Sample(state_.random), step + 1);
  }
  sim_.CountRules();
}

void FaultActions::BeginKind(const Strobe& f) { StepKind(f, 0); }

void FaultActions::StepKind(const Strobe& f, int64_t step) {
  for (NodeId id : Nodes()) {
    ShiftWall(id, step % 2 == 0 ? f.offset : -f.offset, "moved by");
    Count();
  }
  state_.wall_is_wrong = step % 2 == 0;
  After(Duration::FromNanos(f.period.nanos() / 2), step + 1);
}

// ---- one node after another: a step's number is the place in `members`

void FaultActions::BeginKind(const ZonePower& f) {
  state_.members = Nodes();
  for (size_t i = 0; i < state_.members.size(); ++i) {
    After(Duration::FromNanos(state_.random.Between(0, f.spread.nanos())), static_cast<int64_t>(i));
  }
}

void FaultActions::StepKind(const ZonePower& f, int64_t step) {
  KillPowered(state_.members[static_cast<size_t>(step)], {f.unsynced});
}

void FaultActions::BeginKind(const DcReboot& f) {
  state_.members = Nodes();
  Shuffle(state_.members);
  for (size_t i = 0; i < state_.members.size(); ++i) {
    Kill(state_.members[i]);
    After(f.down + f.stagger * static_cast<int64_t>(i), static_cast<int64_t>(i));
  }
}

void FaultActions::StepKind(const DcReboot&, int64_t step) {
  LetStart(state_.members[static_cast<size_t>(step)]);
  if (step + 1 == static_cast<int64_t>(state_.members.size())) EndAfter(Duration());
}

void FaultActions::BeginKind(const Cooling&) {
  state_.members = Nodes();
  Shuffle(state_.members);
  if (!state_.members.empty()) After(Duration(), 0);
}

void FaultActions::StepKind(const Cooling& f, int64_t step) {
  Kill(state_.members[static_cast<size_t>(step)]);
  if (step + 1 < static_cast<int64_t>(state_.members.size())) After(f.interval.Sample(state_.random), step + 1);
}

void FaultActions::BeginKind(const Failback& f) {
  const NodeSet kept(state_.Set("keep"));
  std::vector<NodeId> others = Others(Nodes());
  std::erase_if(others, [&](NodeId id) { return kept.Has(id); });
  Separate(Nodes(), others);
  RaiseBarrier(CutMode::kCut);
  After(f.dirty, 0);
}

void FaultActions::StepKind(const Failback&, int64_t) {
  KillAll();
}

// ---- operators. Three steps for each node: stop, start, and whether to go on.

void FaultActions::BeginKind(const RollingRestart& f) {
  state_.members = Nodes();
  if (!state_.members.empty()) StepKind(f, 0);
}

void FaultActions::StepKind(const RollingRestart& f, int64_t step) {
  const NodeId id = state_.members[static_cast<size_t>(step / 3)];
  if (step % 3 == 0) {
    if (sim_.StopNode(id, state_)) Count();
    After(f.down, step + 1);
  } else if (step % 3 == 1) {
    // Still busy with its shutdown: it starts when that is done.
    if (node(id).process) node(id).starts_after_exit = true;
    LetStart(id);
    After(f.gap, step + 1);
  } else {
    const bool healthy =
        std::all_of(state_.members.begin(), state_.members.begin() + step / 3 + 1,
                    [&](NodeId other) { return node(other).process && node(other).process->Healthy(); });
    if (f.wait == Wait::kHealthy && !healthy) return After(kAskAgain, step);
    if (step + 1 == static_cast<int64_t>(state_.members.size()) * 3) return EndAfter(Duration());
    StepKind(f, step + 1);
  }
}

void FaultActions::BeginKind(const RollingUpgrade& f) {
  state_.members = Nodes();
  const auto n = static_cast<int64_t>(state_.members.size());
  for (int64_t i = 0; i < n; ++i) After(Duration::FromNanos(f.over.nanos() / (n + 1) * i), i);
  After(f.over, n);
}

void FaultActions::StepKind(const RollingUpgrade& f, int64_t step) {
  if (step == static_cast<int64_t>(state_.members.size())) {
    for (NodeId id : state_.members) {
      if (!f.gate_key.empty()) ChangeSetting(id, f.gate_key, f.gate_value);
    }
    return EndAfter(Duration());
  }
  const NodeId id = state_.members[static_cast<size_t>(step)];
  node(id).settings[f.key] = f.value;
  const bool stopping = sim_.StopNode(id, state_);
  if (stopping) Count();
  if (stopping && node(id).process) node(id).starts_after_exit = true;
  LetStart(id);
}

// Even steps stop the next member, odd ones start it.
void FaultActions::BeginKind(const RebalanceStorm& f) {
  state_.members = Nodes();
  if (!state_.members.empty()) After(f.interval.Sample(state_.random), 0);
}

void FaultActions::StepKind(const RebalanceStorm& f, int64_t step) {
  const NodeId id = state_.members[static_cast<size_t>(step / 2) % state_.members.size()];
  if (step % 2 == 0) {
    if (sim_.StopNode(id, state_)) Count();
    After(f.down, step + 1);
    return;
  }
  if (node(id).process) node(id).starts_after_exit = true;
  LetStart(id);
  After(f.interval.Sample(state_.random), step + 1);
}

}  // namespace brokersim::sim
