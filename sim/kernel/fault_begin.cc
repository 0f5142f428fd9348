// How each kind of fault begins: which rules of the mechanisms it is made of, and what it does at once.
#include <algorithm>
#include <utility>

#include "sim/kernel/fault_actions.h"

namespace brokersim::sim {

using Act = MessageRule::Act;

void FaultActions::Begin() {
  std::visit([this](const auto& kind) { BeginKind(kind); }, state_.fault.action);
}

// ---- what several kinds do

LinkRule FaultActions::Link(bool between_datacenters) const {
  LinkRule rule;
  rule.between_datacenters = between_datacenters;
  if (between_datacenters) return rule;
  rule.from = NodeSet(state_.Set("from"));
  rule.to = NodeSet(state_.Set("to"));
  return rule;
}

MessageRule FaultActions::Messages(Act act, const MessageMatch& match) const {
  MessageRule rule;
  rule.act = act;
  rule.match = match;
  rule.from = NodeSet(state_.Set("from"));
  rule.to = NodeSet(state_.Set("to"));
  return rule;
}

DiskRule FaultActions::Disks(std::string file) const {
  DiskRule rule;
  rule.nodes = NodeSet(Nodes());
  rule.file = std::move(file);
  return rule;
}

std::vector<NodeId> FaultActions::Others(const std::vector<NodeId>& nodes) const {
  const NodeSet set(nodes);
  std::vector<NodeId> others;
  for (uint32_t i = 0; i < sim_.nodes_.size(); ++i) {
    if (!set.Has(NodeId{i})) others.push_back(NodeId{i});
  }
  return others;
}

void FaultActions::Separate(const std::vector<NodeId>& a, const std::vector<NodeId>& b) {
  state_.barrier.ways.emplace_back(NodeSet(a), NodeSet(b));
  state_.barrier.ways.emplace_back(NodeSet(b), NodeSet(a));
}

// Each group is kept from everybody who isn't in it; a node in several belongs to the first.
void FaultActions::Groups() {
  NodeSet placed;
  for (const auto& [field, members] : state_.sets) {
    if (field != "group") continue;
    std::vector<NodeId> own;
    for (NodeId id : members) {
      if (!placed.Has(id)) own.push_back(id);
      placed.Add(id);
    }
    state_.barrier.ways.emplace_back(NodeSet(own), NodeSet(Others(own)));
    state_.barrier.ways.emplace_back(NodeSet(Others(own)), NodeSet(own));
  }
}

void FaultActions::RaiseBarrier(CutMode mode) {
  state_.barrier.mode = mode;
  state_.barrier.up = true;
  sim_.TakeInFlight(state_);
}

void FaultActions::Shuffle(std::vector<NodeId>& nodes) {
  for (size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[state_.random.Below(i)]);
}

void FaultActions::After(Duration delay, int64_t step) {
  sim_.Schedule(sim_.now_ + delay, FaultStep{index_, step, state_.began});
}

void FaultActions::EndAfter(Duration delay) {
  sim_.Schedule(sim_.now_ + delay, FaultDue{index_, false, state_.began});
}

void FaultActions::Kill(NodeId id) { sim_.KillProcess(id, state_, std::nullopt); }
void FaultActions::KillPowered(NodeId id, PowerCut cut) { sim_.KillProcess(id, state_, cut); }

void FaultActions::ShiftWall(NodeId id, Duration by, std::string_view text) {
  Node& n = node(id);
  n.clock.SetWallOffset(n.clock.wall_offset() + by);
  sim_.EmitClock(id, static_cast<uint64_t>(by.nanos()), fmt::format("wall clock {} {}", text, ToText(by)));
}

void FaultActions::Ask(NodeId id, const Operation& operation) {
  if (sim_.AskProcess(id, operation, state_)) Count();
}

// Of copies: what is done to a node may run handlers, and a handler may end the fault.
void FaultActions::AskAll(const Operation& operation) {
  for (NodeId id : std::vector<NodeId>(Nodes())) Ask(id, operation);
}

void FaultActions::KillAll() {
  for (NodeId id : std::vector<NodeId>(Nodes())) Kill(id);
}

void FaultActions::ChangeSetting(NodeId id, const std::string& key, const std::string& value) {
  Settings& settings = node(id).settings;
  const auto found = settings.find(key);
  state_.former_settings.push_back(
      {id, key, found == settings.end() ? std::nullopt : std::make_optional(found->second)});
  settings[key] = value;
  Ask(id, {.name = "config", .key = key, .value = value});
}

void FaultActions::CrashAtPoint(const std::string& point, int64_t nth) {
  ProcessRule rule;
  rule.nodes = NodeSet(Nodes());
  rule.crash_point = point;
  rule.crash_nth = nth;
  state_.process = std::move(rule);
}

void FaultActions::PauseOne(NodeId id, bool clock_runs) { sim_.PauseNode(id, state_, clock_runs); }

// ---- links

void FaultActions::BeginKind(const Delay& f) {
  state_.link = Link();
  state_.link->extra = f.extra;
}

void FaultActions::BeginKind(const Tail& f) {
  state_.link = Link();
  state_.link->extra = f.extra;
  state_.link->extra_probability = f.probability;
  state_.link->replaces = true;
}

void FaultActions::BeginKind(const SlowLink& f) {
  state_.link = Link();
  state_.link->factor = f.factor;
}

void FaultActions::BeginKind(const Loss& f) {
  state_.link = Link();
  state_.link->loss = f.probability;
}

void FaultActions::BeginKind(const BurstLoss& f) {
  state_.link = Link();
  state_.link->bursts = std::make_pair(f.enter, f.leave);
}

void FaultActions::BeginKind(const Duplicate& f) {
  state_.link = Link();
  state_.link->copy = f.probability;
  state_.link->copies = f.copies;
  state_.link->copy_extra = f.extra;
}

void FaultActions::BeginKind(const Reorder& f) {
  state_.link = Link();
  state_.link->reorder = f.probability;
  state_.link->reorder_bound = f.bound;
}

void FaultActions::BeginKind(const Mtu& f) {
  state_.link = Link();
  state_.link->largest = f.bytes;
}

void FaultActions::BeginKind(const Bandwidth& f) {
  state_.link = Link();
  state_.link->rate = f.rate;
  state_.link->queue = f.queue;
}

void FaultActions::BeginKind(const Wan& f) {
  state_.link = Link(/*between_datacenters=*/true);
  state_.link->factor = f.factor;
  state_.link->loss = f.probability;
}

// ---- cuts

void FaultActions::BeginKind(const Partition& f) {
  Groups();
  RaiseBarrier(f.mode);
}

void FaultActions::BeginKind(const OneWay& f) {
  state_.barrier.ways.emplace_back(NodeSet(state_.Set("from")), NodeSet(state_.Set("to")));
  RaiseBarrier(f.mode);
}

void FaultActions::BeginKind(const Clog&) {
  state_.barrier.ways.emplace_back(NodeSet(state_.Set("from")), NodeSet(state_.Set("to")));
  RaiseBarrier(CutMode::kJam);
}

void FaultActions::BeginKind(const Isolate& f) {
  const NodeSet kept(state_.Set("keep"));
  for (NodeId id : Nodes()) {
    std::vector<NodeId> others = Others({id});
    std::erase_if(others, [&](NodeId other) { return kept.Has(other); });
    Separate({id}, others);
  }
  RaiseBarrier(f.mode);
}

void FaultActions::BeginKind(const ZoneCut& f) {
  Separate(Nodes(), Others(Nodes()));
  RaiseBarrier(f.mode);
}

void FaultActions::BeginKind(const DcSplit& f) {
  Separate(state_.Set("from"), state_.Set("to"));
  RaiseBarrier(f.mode);
}

void FaultActions::BeginKind(const ControlCut& f) {
  const NodeSet control(state_.Set("to"));
  std::vector<NodeId> brokers = state_.Set("from");
  std::erase_if(brokers, [&](NodeId id) { return control.Has(id); });
  Separate(brokers, state_.Set("to"));
  RaiseBarrier(f.mode);
}

void FaultActions::BeginKind(const DataCut& f) {
  for (NodeId a : Nodes()) {
    for (NodeId b : Nodes()) {
      if (a != b) state_.barrier.ways.emplace_back(NodeSet({a}), NodeSet({b}));
    }
  }
  RaiseBarrier(f.mode);
}

void FaultActions::BeginKind(const Bridge& f) {
  std::vector<NodeId> others = Others(Nodes());
  Shuffle(others);
  const auto middle = others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2);
  Separate({others.begin(), middle}, {middle, others.end()});
  RaiseBarrier(f.mode);
}

// With n nodes in a ring, each sees itself and (n / 2 + 1) - 1 others, as evenly to both sides as can be.
void FaultActions::BeginKind(const MajorityRing& f) {
  std::vector<NodeId> ring = Nodes();
  Shuffle(ring);
  const size_t n = ring.size();
  const size_t reach = n <= 3 ? 1 : (n / 2 + 1) / 2;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      const size_t distance = std::min(j - i, n - (j - i));
      // Of three, the ends of the ring don't see each other.
      if (distance > reach || (n == 3 && i == 0 && j == 2)) Separate({ring[i]}, {ring[j]});
    }
  }
  RaiseBarrier(f.mode);
}

// ---- single messages

void FaultActions::BeginKind(const DropIf& f) { state_.message = Messages(Act::kDrop, f.match); }
void FaultActions::BeginKind(const HoldIf& f) { state_.message = Messages(Act::kHold, f.match); }
void FaultActions::BeginKind(const DuplicateIf& f) { state_.message = Messages(Act::kCopy, f.match); }
void FaultActions::BeginKind(const PassIf& f) { state_.message = Messages(Act::kPass, f.match); }
void FaultActions::BeginKind(const ResetIf& f) { state_.message = Messages(Act::kReset, f.match); }
void FaultActions::BeginKind(const DoubleProcessing& f) { state_.message = Messages(Act::kHandleTwice, f.match); }

void FaultActions::BeginKind(const DelayIf& f) {
  state_.message = Messages(Act::kDelay, f.match);
  state_.message->extra = f.extra;
}

void FaultActions::BeginKind(const LateDuplicate& f) {
  state_.message = Messages(Act::kLateCopy, f.match);
  state_.message->probability = f.probability;
  state_.message->extra = f.extra;
}

void FaultActions::BeginKind(const ResponseLost& f) {
  state_.message = Messages(Act::kDrop, f.match);
  state_.message->probability = f.probability;
  state_.message->answers_only = true;
}

void FaultActions::BeginKind(const MirrorLag& f) {
  state_.message = Messages(Act::kDelay, f.match);
  state_.message->between_datacenters = true;
  state_.message->extra = f.extra;
}

void FaultActions::BeginKind(const LateFencing& f) {
  MessageRule rule;
  rule.act = Act::kHold;
  rule.match.count = 0;
  rule.types = f.work;
  rule.from = NodeSet(Others({}));
  rule.to = NodeSet(Nodes());
  state_.message = std::move(rule);
  state_.until_successor_acts = f.after;
}

// ---- connections and names

void FaultActions::BeginKind(const Reset&) {
  state_.report.effects += sim_.ResetBetween(NodeSet(state_.Set("from")), NodeSet(state_.Set("to")), state_.began);
}

void FaultActions::BeginKind(const Refuse&) {
  state_.process.emplace().nodes = NodeSet(Nodes());
  state_.process->refuses = true;
}

void FaultActions::BeginKind(const SynBlackhole&) {
  state_.process.emplace().nodes = NodeSet(Nodes());
  state_.process->ignores = true;
}

void FaultActions::BeginKind(const DnsFail&) {
  state_.route = RouteRule{NodeSet(state_.Set("from")), NodeSet(state_.Set("to")), std::nullopt, Ratio::Always()};
}

void FaultActions::BeginKind(const Misroute& f) {
  const std::vector<NodeId>& reach = state_.Set("reach");
  if (reach.empty()) return;
  state_.route = RouteRule{NodeSet(state_.Set("from")), NodeSet(state_.Set("to")), reach.front(), f.probability};
}

// ---- processes

void FaultActions::BeginKind(const Crash&) {
  KillAll();
}

void FaultActions::BeginKind(const KillPower& f) {
  for (NodeId id : std::vector<NodeId>(Nodes())) KillPowered(id, {f.unsynced, f.torn});
}

void FaultActions::BeginKind(const CrashAt& f) { CrashAtPoint(f.point, f.nth); }
void FaultActions::BeginKind(const ClientCrashAt& f) { CrashAtPoint(f.point, f.nth); }

void FaultActions::BeginKind(const Stop& f) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    if (sim_.StopNode(id, state_)) Count();
  }
  if (f.timeout > Duration()) After(f.timeout, 0);
}

void FaultActions::BeginKind(const Start&) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    if (node(id).process || !node(id).factory) continue;
    Count();
    for (FaultState& other : sim_.faults_) std::erase(other.keeps_down, id);
    sim_.Boot(id, state_.began);
  }
}

void FaultActions::BeginKind(const SlowStart& f) {
  state_.process.emplace().nodes = NodeSet(Nodes());
  state_.process->start_extra = f.extra;
}

void FaultActions::BeginKind(const Pause& f) {
  for (NodeId id : Nodes()) PauseOne(id, f.clock_runs);
}

void FaultActions::BeginKind(const Zombie& f) {
  for (NodeId id : Nodes()) PauseOne(id, /*clock_runs=*/true);
  state_.until_successor_acts = f.after;
}

void FaultActions::BeginKind(const Stuck& f) {
  state_.process.emplace().nodes = NodeSet(Nodes());
  state_.process->stuck = f.work;
}

void FaultActions::BeginKind(const TimerLate& f) {
  state_.process.emplace().nodes = NodeSet(Nodes());
  state_.process->timer_extra = f.extra;
}

void FaultActions::BeginKind(const LateTimer& f) {
  state_.process.emplace().nodes = NodeSet(Nodes());
  state_.process->late_timer = LateTimerRule{f.timer, {.nth = f.nth, .count = f.count}, f.extra};
}

void FaultActions::BeginKind(const SlowCpu& f) {
  state_.process.emplace().nodes = NodeSet(Nodes());
  state_.process->factor = f.factor;
}

// The datacenter in which most of the nodes are; of several, that of the first.
void FaultActions::BeginKind(const MajorityDcLost& f) {
  std::string most;
  int64_t voters = 0;
  for (NodeId id : Nodes()) {
    const std::string& datacenter = node(id).spec.datacenter;
    const auto there = std::count_if(Nodes().begin(), Nodes().end(),
                                     [&](NodeId other) { return node(other).spec.datacenter == datacenter; });
    if (there <= voters) continue;
    voters = there;
    most = datacenter;
  }
  for (NodeId id : Others({})) {
    if (voters > 0 && node(id).spec.datacenter == most) KillPowered(id, {f.unsynced});
  }
}

// ---- disks

void FaultActions::BeginKind(const PowerLoss& f) {
  state_.death = DeathRule{NodeSet(Nodes()), true, f.unsynced, false};
  // Of processes that are down the page cache is still there.
  for (NodeId id : Nodes()) {
    if (node(id).process || node(id).incarnation == 0) continue;
    sim_.LosePageCache(id, state_, {f.unsynced}, state_.began);
    Count();
  }
}

void FaultActions::BeginKind(const TornWrite&) {
  state_.death = DeathRule{NodeSet(Nodes()), false, UnsyncedFate::kDrawn, true};
}

void FaultActions::BeginKind(const LyingSync&) {
  state_.disk = Disks();
  state_.disk->on_sync = state_.disk->lies = true;
}

void FaultActions::BeginKind(const LostWrite& f) {
  state_.disk = Disks(f.file);
  state_.disk->on_write = state_.disk->loses = true;
  state_.disk->probability = f.probability;
}

void FaultActions::BeginKind(const IoError& f) {
  state_.disk = Disks(f.file);
  state_.disk->on_read = f.op == DiskOp::kRead;
  state_.disk->on_write = state_.disk->on_delete = f.op == DiskOp::kWrite;
  state_.disk->on_sync = f.op == DiskOp::kSync;
  state_.disk->error = "I/O error";
  state_.disk->probability = f.probability;
}

void FaultActions::BeginKind(const SyncErrorOnce&) {
  state_.disk = Disks();
  state_.disk->on_sync = state_.disk->once = true;
  state_.disk->error = "I/O error";
}

void FaultActions::BeginKind(const BitRot& f) {
  for (NodeId id : Nodes()) state_.report.effects += sim_.RotBlocks(id, f.file, f.probability, state_);
}

void FaultActions::BeginKind(const DiskFull&) {
  state_.disk = Disks();
  state_.disk->on_write = true;
  state_.disk->error = "no space left on device";
}

void FaultActions::BeginKind(const ReadOnly&) {
  state_.disk = Disks();
  state_.disk->on_write = state_.disk->on_delete = true;
  state_.disk->error = "read-only file system";
}

void FaultActions::BeginKind(const SlowDisk& f) {
  state_.disk = Disks();
  state_.disk->on_read = f.op == DiskOp::kRead;
  state_.disk->on_write = f.op == DiskOp::kWrite;
  state_.disk->on_sync = f.op == DiskOp::kSync;
  state_.disk->extra = f.extra;
}

void FaultActions::BeginKind(const IoStall&) {
  state_.disk = Disks();
  state_.disk->on_sync = state_.disk->stalls = true;
}

void FaultActions::BeginKind(const DiskDead&) {
  state_.disk = Disks();
  state_.disk->on_read = state_.disk->on_write = state_.disk->on_delete = state_.disk->on_sync = true;
  state_.disk->error = "no such device";
}

// ---- clocks

void FaultActions::BeginKind(const Offset& f) {
  for (NodeId id : Nodes()) {
    ShiftWall(id, f.offset, "wrong by");
    Count();
  }
}

void FaultActions::BeginKind(const sim::Step& f) {
  for (NodeId id : Nodes()) {
    ShiftWall(id, f.offset, "moved by");
    Count();
  }
}

void FaultActions::BeginKind(const Drift& f) {
  for (NodeId id : Nodes()) {
    sim_.SetDrift(id, node(id).clock.drift_ppm() + f.ppm);
    Count();
    sim_.EmitClock(id, static_cast<uint64_t>(f.ppm), fmt::format("clock drifts by {} ppm", f.ppm));
  }
}

void FaultActions::BeginKind(const MonoJump& f) {
  for (NodeId id : Nodes()) {
    node(id).clock.JumpForward(f.offset);
    sim_.RescheduleTimers(id);
    Count();
    sim_.EmitClock(id, static_cast<uint64_t>(f.offset.nanos()), fmt::format("all clocks jump by {}", ToText(f.offset)));
  }
}

void FaultActions::BeginKind(const ClockFreeze&) {
  for (NodeId id : Nodes()) {
    state_.done.push_back(id);
    if (node(id).clock.wall_frozen()) continue;
    sim_.SettleClock(id);
    node(id).clock.FreezeWall(sim_.now_);
    Count();
    sim_.EmitClock(id, 1, "wall clock stands still");
  }
}

// ---- operators and clients

void FaultActions::BeginKind(const ConfigChange& f) {
  for (NodeId id : std::vector<NodeId>(Nodes())) ChangeSetting(id, f.key, f.value);
}

void FaultActions::BeginKind(const BadRollout& f) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    if (state_.random.Chance(f.probability)) ChangeSetting(id, f.key, f.value);
  }
}

void FaultActions::BeginKind(const DuplicateId& f) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    ChangeSetting(id, f.key, f.value);
    Kill(id);
    LetStart(id);
  }
}

void FaultActions::BeginKind(const UncleanElection& f) {
  AskAll({.name = "unclean_election", .key = f.partition});
}

void FaultActions::BeginKind(const Reassign& f) {
  AskAll({.name = "reassign", .key = f.partition, .value = f.replicas});
}

void FaultActions::BeginKind(const PrematureFailover& f) {
  AskAll({.name = "failover", .key = f.partition});
}

void FaultActions::BeginKind(const Operate& f) {
  AskAll({.name = f.operation, .key = f.key, .value = f.value});
}

void FaultActions::BeginKind(const RetryPolicy& f) {
  AskAll({.name = "retry_policy", .value = std::string(f.backoff == Backoff::kNone ? "none" : "exponential"),
          .number = f.times, .duration = f.timeout});
}

void FaultActions::BeginKind(const SlowConsumer& f) {
  AskAll({.name = "slow_consumer", .distribution = f.extra});
}

void FaultActions::BeginKind(const CheckBackUnknown& f) {
  AskAll({.name = "check_back_unknown", .number = f.times});
}

}  // namespace brokersim::sim
