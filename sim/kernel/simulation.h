// Simulation: one run, as one object. It is a value: a copy is a snapshot, assignment rewinds, two copies
// are two futures of one past.
//
//   Simulation sim(settings);
//   NodeId a = sim.AddNode({.name = "a"});
//   sim.Install(a, std::make_shared<MyFactory>());
//   sim.AddFault({...});
//   sim.Run(Time() + Seconds(10));
//
// Order of events: by time, then by sequence of scheduling (or, with permute_ties, by the seed).
// A simulation, its copies and its messages belong to one thread; different simulations share nothing.
//
// Time on the wire: a message leaves when the link is free, takes a sampled latency, and on a connection never
// overtakes an earlier one. On arrival it waits for the node's CPU; the handler runs when its service time
// is over, so a crash before that loses it without effect.
#ifndef BROKERSIM_SIM_KERNEL_SIMULATION_H_
#define BROKERSIM_SIM_KERNEL_SIMULATION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "sim/fault/fault.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/fault_state.h"
#include "sim/kernel/node.h"
#include "sim/record/recorder.h"

namespace brokersim::sim {

struct SimulationSettings {
  uint64_t seed = 0;
  RecordingLevel recording = RecordingLevel::kHistory;
  // Events of one instant run in an order drawn from the seed.
  bool permute_ties = false;
  // A request to connect that isn't answered for so long fails.
  Duration connect_timeout = Seconds(10);
  // A connection over which nothing gets acknowledged for so long is reset (TCP user timeout).
  Duration connection_timeout = Seconds(60);
  // The run ends here at the latest, undecided. A guard against endless loops.
  uint64_t max_events = 20'000'000;
};

enum class RunEnd {
  kFinished,     // a process asked for the end (FinishSimulation)
  kIdle,         // nothing is pending any more
  kTimeLimit,
  kEventLimit,   // settings.max_events
  kStopped,      // who watches the history wanted it (Recorder::WatchHistory)
};

// What a node had been told is durable, and what a fault took from it all the same.
struct DurableLoss {
  NodeId node;
  Time at;            // the last time
  std::string fault;  // its id
  bool whole = false; // an empty disk took its disk's place
};

class Simulation {
 public:
  explicit Simulation(SimulationSettings settings);

  // ---- Building. Before the first Run only.

  // Names must be different; ids count up from 0.
  NodeId AddNode(NodeSpec spec);
  void Install(NodeId node, std::shared_ptr<const ProcessFactory> factory);
  // Links from nodes of one datacenter to nodes of another (or the same); where nothing is set, a default.
  void SetLink(std::string_view from_datacenter, std::string_view to_datacenter, LinkSpec spec);
  // The link between two nodes; goes before their datacenters'.
  void SetLink(NodeId from, NodeId to, LinkSpec spec);
  void AddFault(Fault fault);
  // At this time every fault ends, faults that have not begun never will, and every node runs again.
  void HealAt(Time time);

  // ---- Running.

  // Runs until the end or `until`, whichever is first; may be called again with a later time.
  // `header` describes the run for history and trace.
  void Begin(formats::TraceHeader header);
  RunEnd Run(Time until);
  // Closes history and trace. Nothing runs afterwards.
  void Finish();

  // ---- Other futures: of a copy, between two calls of Run.

  // Every draw from now on is another. What has been drawn stays: messages under way, timers, and which faults there
  // are to be.
  void Reseed(uint64_t seed);
  // Faults that have not begun never will. The others go on to their ends.
  void LastFaultHasBegun();

  // ---- Looking.

  Time now() const { return now_; }
  uint64_t hash() const { return recorder_.hash(); }
  uint64_t events() const { return recorder_.events(); }
  Recorder& recorder() { return recorder_; }
  int64_t nodes() const { return static_cast<int64_t>(nodes_.size()); }
  // The process on the node, or null.
  const Process* process(NodeId node) const { return nodes_[node.value].process.get(); }
  const Disk& disk(NodeId node) const { return nodes_[node.value].disk; }
  // What an operator has set anew on the node.
  const Settings& settings(NodeId node) const { return nodes_[node.value].settings; }
  std::string_view name(NodeId node) const { return nodes_[node.value].spec.name; }
  // Whether every fault has been ended (HealAt).
  bool healed() const { return healed_; }
  // One a node and fault, in the order of the first of each.
  const std::vector<DurableLoss>& durable_losses() const { return durable_losses_; }
  std::vector<FaultReport> fault_reports() const;
  // Every stream that was drawn from, and how often, by name. Of a node's own streams those of its last incarnation.
  std::vector<std::pair<std::string, uint64_t>> StreamDraws() const;

 private:
  friend class FaultActions;

  // simulation_hot.cc: the loop, and what happens most of what follows.
  // `event` is an alternative of Event.
  template <class E>
  void Schedule(Time at, E&& event) {
    queue_.Push(at, std::forward<E>(event));
  }
  void Dispatch(Event& event);
  void Foresee();
  void NoteTie(Time next);
  [[gnu::always_inline]] EventId Emit(Mark mark) {
    if (mark.cause == 0) mark.cause = current_cause_;
    return recorder_.Emit(now_, mark);
  }
  formats::TraceEvent* detail() { return recorder_.detail(); }
  Node& node(NodeId id) { return nodes_[id.value]; }
  const Node& node(NodeId id) const { return nodes_[id.value]; }

  // simulation_streams.cc
  void SeedLink(const std::string& from, const std::string& to, Link* link) const;
  void SeedFault(FaultState* state) const;

  // simulation_node.cc: processes, CPU, timers, disks.
  void Boot(NodeId id, EventId cause);
  // `W` is an alternative of Work.
  template <class W>
  void Submit(NodeId id, W&& work);
  template <class W>
  void StartService(NodeId id, W&& work);
  // Nothing is in the way of its next piece of work, and that takes no time.
  bool HandlesAtOnce(const Node& n) const {
    return !n.held() && !n.busy && n.service_time == Duration() && !rules_.processes;
  }
  void OnServiceDone(const ServiceDone& event);
  void DrainInbox(NodeId id);
  template <class W>
  void Handle(NodeId id, const W& work);
  // REQUIRES: there is a process, and the work isn't void.
  template <class W>
  void HandleValid(NodeId id, const W& work);
  // Whether the process has disposed of what the work is about: a timer moved, a connection closed. Drops it.
  template <class W>
  bool DiscardVoid(NodeId id, const W& work);
  template <class W>
  EventId EmitWork(NodeId id, Node& n, const W& work);
  template <class W>
  void DetailWork(NodeId id, const W& work);
  template <class W>
  void CallHandler(Node& n, const W& work, Env& env, Effects& out);
  Env MakeEnv(NodeId id, Node& n) {
    return Env(id, &n.spec.name, n.incarnation, settings_.seed, now_, &n.clock, &n.disk, &n.streams, &n.settings);
  }
  void AfterHandler(NodeId id, Node& n, Effects& out, uint64_t draws_before) {
    n.process->CheckInvariants();
    if (recorder_.tracing()) [[unlikely]] DetailHandler(id, out, draws_before);
  }
  void DetailHandler(NodeId id, Effects& out, uint64_t draws_before);
  void Perform(NodeId id, EventId cause, std::vector<Effect>& effects);
  void PerformHere(NodeId id, EventId cause, std::vector<Effect>& effects);
  void OnWriteReturned(const WriteReturned& event);
  void HandleTwice(NodeId id, const Packet& packet, Duration takes);
  void OnSecondHandling(SecondHandling event);
  void PerformOne(NodeId id, EventId cause, Effect& effect);
  void PerformOther(NodeId id, EventId cause, Effect& effect);
  void PerformOperation(NodeId id, EventId cause, OpId op, formats::Operation operation, bool invoke);
  void SetTimer(NodeId id, EventId cause, Timer timer, Duration after);
  void QueueTimer(NodeId id, uint32_t slot, SetTimerState& state, Time when);
  void QueueMovedTimer(NodeId id, uint32_t slot);
  void OnTimerDue(const TimerDue& event);
  void RescheduleTimers(NodeId id);
  // Ends the process: nothing of it is left but the disk.
  void Destroy(NodeId id);
  void RecordChanges(NodeId id);
  void RecordValues(NodeId id, const std::vector<std::pair<uint32_t, std::string>>& changed);

  // simulation_disk.cc
  struct DiskVerdict {
    std::string_view error;
    std::string_view fault;
    bool marks_clean = false;
    bool lies = false;
    bool loses = false;
    Duration extra;
    std::optional<uint32_t> stalled_by;
  };
  DiskVerdict JudgeDisk(NodeId id, FileId file, bool writes, bool deletes, bool syncs);
  void PerformDisk(NodeId id, EventId cause, const Effect& effect);
  void PerformSync(NodeId id, EventId cause, const SyncEffect& sync);
  void OnSyncDone(const SyncDone& event);
  void FinishStalledSyncs(FaultState& state);
  void FailDisk(NodeId id, EventId cause, FileId file, const DiskVerdict& verdict);

  // simulation_network.cc: datagrams and connections.
  // No fault is active and none waits for a message: messages take the straight path.
  bool quiet() const { return active_faults_.empty() && message_triggers_ == 0; }
  // Stays where it is until another pair of nodes uses a link for the first time.
  Link& LinkBetween(NodeId from, NodeId to) {
    const Node& n = node(from);
    return n.last_link_to == to ? links_[n.last_link] : FindLink(from, to);
  }
  Link& FindLink(NodeId from, NodeId to);
  Connection& connection(ConnId id) { return node({id.opener()}).connections[id.serial()]; }
  const Connection& connection(ConnId id) const { return node({id.opener()}).connections[id.serial()]; }
  // Whether the connection was asked for yet.
  bool Asked(ConnId id) const { return id.serial() < node({id.opener()}).connections.size(); }
  EventId EmitSend(NodeId from, NodeId to, uint64_t message, const Payload& payload, EventId cause);
  EventId EmitDrop(const Packet& packet, std::string_view why, std::string_view fault);
  EventId EmitHold(const Packet& packet, std::string_view why, std::string_view fault);
  void EmitCopy(const Packet& packet, std::string_view fault);
  void SendDatagram(NodeId from, NodeId to, EventId cause, MessageRef&& message);
  // While something may be in the way of messages, or waits for them.
  [[gnu::noinline]] void SendDatagramWatched(Packet packet);
  [[gnu::noinline]] void SendOnConnectionWatched(Packet packet);
  void SendOnConnection(NodeId from, ConnId conn, EventId cause, MessageRef&& message);
  // What the faults that watch single messages want done with one.
  struct Verdict {
    bool drop = false;
    Duration extra;
    std::vector<uint32_t> copied_by;
    std::vector<std::pair<uint32_t, Duration>> late;  // copies, and how much later
  };
  Verdict Judge(QueuedPacket& queued);
  bool Passes(const Packet& packet);
  bool HasPassed(const Packet& packet) const;
  // Hands a packet to its link; returns when it will arrive. Empty: it doesn't (datagrams) or it can't get
  // through for now (connections). `random` draws for a copy, so that it doesn't move the link's own draws.
  std::optional<Time> Launch(Packet packet, Duration extra, Stream* random = nullptr, Time not_before = Time());
  void LaunchLateCopies(const Packet& packet, const Verdict& verdict, std::optional<Time> arrives);
  std::optional<Time> Leave(Link& link, const Packet& packet);
  bool Crosses(const LinkRule& rule, NodeId from, NodeId to) const;
  bool BetweenDatacenters(NodeId from, NodeId to) const;
  bool CrossDatagram(const Packet& packet, Time leaves, Time* arrives);
  static bool IsLost(FaultState& state, NodeId from, NodeId to);
  std::optional<Time> LaunchDatagram(Packet packet, Duration extra, Stream* random, Time not_before);
  std::optional<Time> LaunchOnConnection(Packet packet, Duration extra, Stream* random);
  Duration FaultLatency(NodeId from, NodeId to, Duration latency);
  // How long the repetitions of a lost segment take, the first after `timeout`; at most `limit`.
  Duration Repetitions(NodeId from, NodeId to, Duration timeout, Duration limit);
  // When the segment that an obstacle of this age held up is repeated after its end.
  Duration RepetitionAfter(NodeId from, NodeId to, Duration obstacle);
  void Pump(ConnId id, bool toward_server);
  void PumpAll();
  void Stall(ConnId id, bool toward_server, std::string_view fault);
  // Messages of connections that were on their way wait, in their order, at the head of their directions.
  void TakeBack(std::vector<Event> crossing, bool loses, std::string_view fault);
  void DropWaiting(ConnId id, bool toward_server, std::string_view why);
  void OnArrival(MessageWork work);
  void Connect(NodeId from, ConnId id, NodeId to, EventId cause);
  void CloseEnd(ConnId id, bool at_server, EventId cause);
  void Signal(ConnId id, ConnSignal::Kind kind, bool to_server, EventId cause, Duration extra = Duration());
  // Tells the other end that this one is gone, after what waits in that direction, however long it takes.
  void SendReset(ConnId id, bool to_server, EventId cause);
  void MarkUnreachable(ConnId id, bool lost);
  void OnSignal(const ConnSignal& signal);
  void OnSyn(const ConnSignal& signal);
  void OnReset(const ConnSignal& signal);
  void OnConnTimeout(const ConnSignal& signal);
  void LoseEnd(ConnId id, bool at_server, std::string_view reason, EventId cause);
  enum class Ending { kKilled, kExited, kSilent, kRebooted };
  void ResetConnections(NodeId id, Ending how, EventId cause);
  bool HostReachable(NodeId from, NodeId to) const;
  std::pair<bool, bool> Turned(NodeId server);
  bool Route(NodeId from, NodeId* to);
  // Ends connections between the sets; returns how many.
  // Both ends see a reset; what they have not read yet is lost.
  void Reset(ConnId id, EventId cause);
  void DropUnread(NodeId id, ConnId conn);
  int64_t ResetBetween(const NodeSet& a, const NodeSet& b, EventId cause);

  // simulation_faults.cc
  bool TermSelects(std::string_view term, NodeId id) const;
  bool Selects(const Selector& selector, NodeId id) const;
  std::vector<NodeId> Resolve(const Selector& selector, Stream& choices) const;
  bool Matches(const MessageMatch& match, const Packet& packet) const;
  bool Matches(const MessageRule& rule, const Packet& packet) const;
  void OnFaultDue(const FaultDue& event);
  void OnFaultStep(const FaultStep& event);
  void BeginFault(uint32_t index, EventId cause);
  void ResolveSelectors(FaultState& state, EventId cause);
  void EmitPhase(const FaultState& state, std::string_view what);
  void EndFault(uint32_t index, EventId cause);
  void CountRules();
  void ReleaseHeld(FaultState& state);
  void NoteTrigger(Trigger::Moment moment, const Packet* packet, std::string_view fault, EventId cause);
  void NoteAct(NodeId id, EventId cause);
  // The fault that keeps a message from passing now: cut before jam; null if none does.
  FaultState* Blocking(NodeId from, NodeId to);
  const FaultState* Blocking(NodeId from, NodeId to) const;
  void TakeInFlight(FaultState& state);
  void Heal();

  // simulation_power.cc: what faults do to nodes.
  bool KeptDown(NodeId id) const;
  // The fault keeps the node down no longer: it starts unless another fault still does.
  void LetStart(NodeId id, EventId cause);
  // Asks the process to stop, and keeps the node down. False if it isn't running.
  bool StopNode(NodeId id, FaultState& state);
  // Without a cut the host lives on. A node without a process can still lose power.
  void KillProcess(NodeId id, FaultState& state, std::optional<PowerCut> cut);
  void ApplyDeathRules(NodeId id, FaultState& state, std::optional<PowerCut> cut, EventId died);
  // Returns how many files have a torn block now.
  int64_t LosePageCache(NodeId id, FaultState& state, PowerCut cut, EventId cause);
  // Returns how many blocks went bad.
  int64_t RotBlocks(NodeId id, const std::string& file, Ratio probability, FaultState& state);
  void WipeDisk(NodeId id, FaultState& state);
  void NoteDurableLoss(NodeId id, const FaultState& state, bool whole);
  void PauseNode(NodeId id, FaultState& state, bool clock_runs);
  void ResumeNode(NodeId id, FaultState& state, bool clock_runs);
  void SettleClock(NodeId id);
  void SetDrift(NodeId id, int64_t ppm);
  void EmitClock(NodeId id, uint64_t content, std::string text);
  Duration StartDelay(NodeId id);
  bool CanRead(NodeId id);
  Duration ServiceTime(NodeId id);
  Duration TimerDelay(NodeId id);
  bool Postpone(NodeId id, const TimerWork& work, std::string_view name);
  template <class W>
  bool Park(NodeId id, const W& work);
  // Whether a stuck handler keeps work of this name.
  FaultState* Stuck(NodeId id, std::string_view name);
  void Unpark(FaultState& state);
  void PassPoint(NodeId id, std::string_view point);
  // Returns whether the operation means anything to the process.
  // One that is paused or blocked is asked when it goes on; what it makes of it is counted then.
  bool AskProcess(NodeId id, const Operation& operation, FaultState& state);
  bool AskNow(NodeId id, const Operation& operation, FaultState& state);
  void AskLate(NodeId id, OperationWork& work);

  // Which mechanisms have a rule now, so that the others cost nothing.
  struct Rules {
    bool links = false;
    bool messages = false;
    bool disks = false;
    bool processes = false;
    bool points = false;
    bool routes = false;
    bool successors = false;
    bool ties = false;
  };

  SimulationSettings settings_;
  Time now_;
  bool begun_ = false;
  bool finished_ = false;
  EventQueue<Event> queue_;
  // Numbers messages, for traces; not part of the hash.
  uint64_t messages_sent_ = 0;
  uint64_t connections_opened_ = 0;
  Recorder recorder_;
  std::vector<Node> nodes_;
  absl::btree_map<std::pair<std::string, std::string>, LinkSpec> datacenter_links_;
  absl::btree_map<std::pair<NodeId, NodeId>, LinkSpec> node_links_;
  std::vector<Link> links_;  // in the order of their first use; Node::links finds them
  EffectMemory effect_memory_;
  std::vector<FaultState> faults_;
  // Indices of active faults, in order of their beginning.
  std::vector<uint32_t> active_faults_;
  std::vector<DurableLoss> durable_losses_;
  Rules rules_;
  uint64_t last_sequence_ = 0;  // of the event before, while ties are permuted
  int64_t message_triggers_ = 0;  // triggers that watch messages and have not fired
  bool healed_ = false;
  EventId current_cause_ = 0;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_SIMULATION_H_
