// What each kind of fault does when it begins, at its steps, and when it ends. One object acts for one fault.
//
// fault_begin.cc fills in the mechanisms' rules; fault_steps.cc has the kinds that go on in steps (a flap's phases,
// one node after another); fault_end.cc puts things back. A kind without code in a phase has none there.
#ifndef BROKERSIM_SIM_KERNEL_FAULT_ACTIONS_H_
#define BROKERSIM_SIM_KERNEL_FAULT_ACTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

class FaultActions {
 public:
  FaultActions(Simulation& sim, uint32_t index) : sim_(sim), index_(index), state_(sim.faults_[index]) {}

  void Begin();
  void Step(int64_t step);
  // True if what waits on connections has been pumped since the last change that could let more of it pass.
  bool End();

 private:
  // ---- fault_begin.cc
  template <class Kind>
  void BeginKind(const Kind&) {}
  void BeginKind(const Delay& f);
  void BeginKind(const Tail& f);
  void BeginKind(const SlowLink& f);
  void BeginKind(const Loss& f);
  void BeginKind(const BurstLoss& f);
  void BeginKind(const Duplicate& f);
  void BeginKind(const LateDuplicate& f);
  void BeginKind(const Reorder& f);
  void BeginKind(const Mtu& f);
  void BeginKind(const Bandwidth& f);
  void BeginKind(const Wan& f);
  void BeginKind(const Partition& f);
  void BeginKind(const OneWay& f);
  void BeginKind(const Isolate& f);
  void BeginKind(const Bridge& f);
  void BeginKind(const MajorityRing& f);
  void BeginKind(const Clog& f);
  void BeginKind(const ZoneCut& f);
  void BeginKind(const DcSplit& f);
  void BeginKind(const ControlCut& f);
  void BeginKind(const DataCut& f);
  void BeginKind(const DropIf& f);
  void BeginKind(const HoldIf& f);
  void BeginKind(const DelayIf& f);
  void BeginKind(const DuplicateIf& f);
  void BeginKind(const PassIf& f);
  void BeginKind(const ResponseLost& f);
  void BeginKind(const ResetIf& f);
  void BeginKind(const MirrorLag& f);
  void BeginKind(const DoubleProcessing& f);
  void BeginKind(const LateFencing& f);
  void BeginKind(const Reset& f);
  void BeginKind(const Refuse& f);
  void BeginKind(const SynBlackhole& f);
  void BeginKind(const DnsFail& f);
  void BeginKind(const Misroute& f);
  void BeginKind(const Crash& f);
  void BeginKind(const KillPower& f);
  void BeginKind(const CrashAt& f);
  void BeginKind(const ClientCrashAt& f);
  void BeginKind(const Stop& f);
  void BeginKind(const Start& f);
  void BeginKind(const SlowStart& f);
  void BeginKind(const Pause& f);
  void BeginKind(const Zombie& f);
  void BeginKind(const Stuck& f);
  void BeginKind(const TimerLate& f);
  void BeginKind(const LateTimer& f);
  void BeginKind(const SlowCpu& f);
  void BeginKind(const MajorityDcLost& f);
  void BeginKind(const PowerLoss& f);
  void BeginKind(const TornWrite& f);
  void BeginKind(const LyingSync& f);
  void BeginKind(const LostWrite& f);
  void BeginKind(const IoError& f);
  void BeginKind(const SyncErrorOnce& f);
  void BeginKind(const BitRot& f);
  void BeginKind(const DiskFull& f);
  void BeginKind(const ReadOnly& f);
  void BeginKind(const SlowDisk& f);
  void BeginKind(const IoStall& f);
  void BeginKind(const DiskDead& f);
  void BeginKind(const Offset& f);
  void BeginKind(const Drift& f);
  void BeginKind(const sim::Step& f);
  void BeginKind(const MonoJump& f);
  void BeginKind(const ClockFreeze& f);
  void BeginKind(const ConfigChange& f);
  void BeginKind(const BadRollout& f);
  void BeginKind(const DuplicateId& f);
  void BeginKind(const UncleanElection& f);
  void BeginKind(const Reassign& f);
  void BeginKind(const PrematureFailover& f);
  void BeginKind(const Operate& f);
  void BeginKind(const RetryPolicy& f);
  void BeginKind(const SlowConsumer& f);
  void BeginKind(const CheckBackUnknown& f);
  // Those that begin with their first step.
  void BeginKind(const Flap& f);
  void BeginKind(const WanFlap& f);
  void BeginKind(const Swizzle& f);
  void BeginKind(const Restart& f);
  void BeginKind(const RestartStorm& f);
  void BeginKind(const ReplaceNode& f);
  void BeginKind(const CrashLoop& f);
  void BeginKind(const Gc& f);
  void BeginKind(const NoisyNeighbour& f);
  void BeginKind(const Strobe& f);
  void BeginKind(const ZonePower& f);
  void BeginKind(const DcReboot& f);
  void BeginKind(const Cooling& f);
  void BeginKind(const Failback& f);
  void BeginKind(const RollingRestart& f);
  void BeginKind(const RollingUpgrade& f);
  void BeginKind(const RebalanceStorm& f);

  // ---- fault_steps.cc
  template <class Kind>
  void StepKind(const Kind&, int64_t) {}
  void StepKind(const Flap& f, int64_t step);
  void StepKind(const WanFlap& f, int64_t step);
  void StepKind(const Swizzle& f, int64_t step);
  void StepKind(const Stop& f, int64_t step);
  void StepKind(const CrashAt& f, int64_t step);
  void StepKind(const ClientCrashAt& f, int64_t step);
  void StepKind(const Restart& f, int64_t step);
  void StepKind(const RestartStorm& f, int64_t step);
  void StepKind(const ReplaceNode& f, int64_t step);
  void StepKind(const CrashLoop& f, int64_t step);
  void StepKind(const Gc& f, int64_t step);
  void StepKind(const NoisyNeighbour& f, int64_t step);
  void StepKind(const Strobe& f, int64_t step);
  void StepKind(const ZonePower& f, int64_t step);
  void StepKind(const DcReboot& f, int64_t step);
  void StepKind(const Cooling& f, int64_t step);
  void StepKind(const Failback& f, int64_t step);
  void StepKind(const RollingRestart& f, int64_t step);
  void StepKind(const RollingUpgrade& f, int64_t step);
  void StepKind(const RebalanceStorm& f, int64_t step);

  // ---- fault_end.cc: beside the rules, which go by themselves.
  template <class Kind>
  void EndKind(const Kind&) {}
  void EndKind(const Offset& f);
  void EndKind(const Drift& f);
  void EndKind(const Strobe& f);
  void EndKind(const ClockFreeze& f);
  void EndKind(const DiskDead& f);
  void EndKind(const ConfigChange& f);
  void EndKind(const BadRollout& f);
  void EndKind(const DuplicateId& f);
  void EndKind(const SlowConsumer& f);
  void EndKind(const RetryPolicy& f);
  void EndKind(const CheckBackUnknown& f);

  // ---- what several kinds do
  const std::vector<NodeId>& Nodes() const { return state_.Set("node"); }
  Node& node(NodeId id) { return sim_.nodes_[id.value]; }
  void Count() { ++state_.report.effects; }
  void After(Duration delay, int64_t step);
  void EndAfter(Duration delay);
  LinkRule Link(bool between_datacenters = false) const;
  MessageRule Messages(MessageRule::Act act, const MessageMatch& match) const;
  DiskRule Disks(std::string file = "") const;
  // Both directions between the sets.
  void Separate(const std::vector<NodeId>& a, const std::vector<NodeId>& b);
  std::vector<NodeId> Others(const std::vector<NodeId>& nodes) const;
  void Groups();
  void RaiseBarrier(CutMode mode);
  // True if something was behind it, which goes on.
  bool LowerBarrier();
  void Kill(NodeId id);
  void KillAll();
  void KillPowered(NodeId id, PowerCut cut);
  // Lets a node start that this fault keeps down.
  void LetStart(NodeId id);
  void PauseOne(NodeId id, bool clock_runs);
  void ResumeAll();
  void CrashAtPoint(const std::string& point, int64_t nth);
  void ShiftWall(NodeId id, Duration by, std::string_view text);
  // Asks the process; counts if it means something to it.
  void Ask(NodeId id, const Operation& operation);
  void AskAll(const Operation& operation);
  void TakeBack(std::string_view operation);
  void ChangeSetting(NodeId id, const std::string& key, const std::string& value);
  void RestoreSettings();
  bool LeaveToLater(NodeId id, const std::string& key, const std::optional<std::string>& value);
  void Shuffle(std::vector<NodeId>& nodes);

  Simulation& sim_;
  uint32_t index_;
  FaultState& state_;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_FAULT_ACTIONS_H_
