#include "sim/kernel/simulation.h"

#include <utility>

namespace brokersim::sim {

Stream& Env::Random(std::string_view purpose) {
  if (auto found = streams_->find(purpose); found != streams_->end()) return found->second;
  const std::string name = fmt::format("node/{}/{}/{}", name_, incarnation_, purpose);
  return streams_->emplace(std::string(purpose), Stream(seed_, name)).first->second;
}

Simulation::Simulation(SimulationSettings settings)
    : settings_(settings), recorder_(settings.recording) {}

NodeId Simulation::AddNode(NodeSpec spec) {
  CHECK(!begun_, "a node is added to a running simulation");
  for (const Node& other : nodes_) CHECK(other.spec.name != spec.name, "two nodes named {}", spec.name);
  const NodeId id{static_cast<uint32_t>(nodes_.size())};
  recorder_.AddNode(spec.name, spec.role, spec.datacenter, spec.rack);
  Node& added = nodes_.emplace_back();
  added.disk_random = Stream(settings_.seed, fmt::format("disk/{}", spec.name));
  added.spec = std::move(spec);
  return id;
}

void Simulation::Install(NodeId id, std::shared_ptr<const ProcessFactory> factory) {
  CHECK(!begun_, "a process is installed in a running simulation");
  node(id).factory = std::move(factory);
}

void Simulation::SetLink(std::string_view from, std::string_view to, LinkSpec spec) {
  datacenter_links_[{std::string(from), std::string(to)}] = std::move(spec);
}

void Simulation::SetLink(NodeId from, NodeId to, LinkSpec spec) {
  node_links_[{from, to}] = std::move(spec);
}

void Simulation::AddFault(Fault fault) {
  CHECK(!begun_, "a fault is added to a running simulation");
  std::visit([&](const auto& action) {
    if constexpr (requires { action.factor; }) {
      CHECK(action.factor >= 1, "fault {} multiplies by {}", fault.id, action.factor);
    }
  }, fault.action);
  FaultState state;
  state.random = Stream(settings_.seed, fmt::format("fault/{}", fault.id));
  state.choices = Stream(settings_.seed, fmt::format("fault/{}/choices", fault.id));
  state.report.id = fault.id;
  state.report.kind = FaultKindName(fault.action);
  const Trigger::Moment moment = fault.trigger.moment;
  if (moment == Trigger::Moment::kMessageSent || moment == Trigger::Moment::kMessageArrived) {
    ++message_triggers_;
  }
  if (moment == Trigger::Moment::kTime) {
    Schedule(fault.trigger.at + fault.trigger.delay,
             FaultDue{static_cast<uint32_t>(faults_.size()), true, 0});
  }
  state.fault = std::move(fault);
  faults_.push_back(std::move(state));
}

void Simulation::HealAt(Time time) { Schedule(time, HealDue{}); }

void Simulation::Begin(formats::TraceHeader header) {
  CHECK(!begun_, "a simulation begins twice");
  begun_ = true;
  header.set_seed(settings_.seed);
  recorder_.Begin(std::move(header));
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].factory) Schedule(nodes_[i].spec.start_at, BootDue{NodeId{i}, 0});
  }
}

RunEnd Simulation::Run(Time until) {
  CHECK(begun_, "Run before Begin");
  while (!finished_) {
    if (queue_.empty()) return RunEnd::kIdle;
    if (queue_.next_time() > until) {
      now_ = until;
      return RunEnd::kTimeLimit;
    }
    if (recorder_.events() >= settings_.max_events) return RunEnd::kEventLimit;
    if (rules_.ties) NoteTie();
    now_ = queue_.next_time();
    Dispatch(queue_.Pop());
  }
  return RunEnd::kFinished;
}

// Counts an event that runs before one of its instant that was scheduled earlier.
void Simulation::NoteTie() {
  if (queue_.next_time() == now_ && queue_.next_sequence() < last_sequence_) {
    for (uint32_t index : active_faults_) {
      if (std::holds_alternative<Ties>(faults_[index].fault.action)) ++faults_[index].report.effects;
    }
  }
  last_sequence_ = queue_.next_sequence();
}

void Simulation::Finish() { recorder_.Finish(now_); }

std::vector<FaultReport> Simulation::fault_reports() const {
  std::vector<FaultReport> reports;
  reports.reserve(faults_.size());
  for (const FaultState& state : faults_) reports.push_back(state.report);
  return reports;
}

void Simulation::Schedule(Time at, Event event) {
  uint64_t tie = 0;
  if (settings_.permute_ties || rules_.ties) {
    // A function of the seed and of how many events were scheduled before.
    // Folded twice: once leaves neighbours so alike that three of them never keep their order.
    tie = FoldMultiply(FoldMultiply(settings_.seed ^ kMixA, scheduled_ ^ kMixB) ^ kMixA, kMixB);
  }
  ++scheduled_;
  queue_.Push(at, tie, std::move(event));
}

EventId Simulation::Emit(Mark mark) {
  if (mark.cause == 0) mark.cause = current_cause_;
  return recorder_.Emit(now_, mark);
}

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

void Simulation::Dispatch(Event event) {
  current_cause_ = 0;
  std::visit(Overloaded{
                 [](std::monostate) { CHECK(false, "an empty event"); },
                 [this](Arrival& arrival) { OnArrival(std::move(arrival)); },
                 [this](const ConnSignal& signal) { OnSignal(signal); },
                 [this](const TimerDue& due) { OnTimerDue(due); },
                 [this](const SyncDone& done) { OnSyncDone(done); },
                 [this](const ServiceDone& done) { OnServiceDone(done); },
                 [this](const BootDue& boot) {
                   // Whatever keeps it down starts it in the end.
                   if (!KeptDown(boot.node)) Boot(boot.node, boot.cause);
                 },
                 [this](const FaultDue& fault) { OnFaultDue(fault); },
                 [this](const FaultStep& step) { OnFaultStep(step); },
                 [this](SecondHandling& again) { OnSecondHandling(std::move(again)); },
                 [this](const WriteReturned& returned) { OnWriteReturned(returned); },
                 [this](const HealDue&) { Heal(); },
             },
             event);
}

}  // namespace brokersim::sim
