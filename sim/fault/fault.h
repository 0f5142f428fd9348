// Faults are data: what is done to the world, to whom, when and for how long.
//
// Every fault has an id of its own; what it does to a message or a node is recorded with that id, and counted.
// Selectors are resolved when the fault fires. `lasts` bounds it: a crashed, stopped or powered-off node
// starts again, a paused one resumes, a network or disk fault ends. Without it the fault stays until the
// simulation heals. What each kind does, and what happens to messages in flight, is said at its struct;
// `brokersim list faults` prints it.
//
// Faults may overlap. A node that several keep down starts when the last of them ends, or at a `Start`. Of
// what is done to a message the strongest wins: pass, drop, hold, then delay and copies; only that counts as an effect.
#ifndef BROKERSIM_SIM_FAULT_FAULT_H_
#define BROKERSIM_SIM_FAULT_FAULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "sim/base/sim_time.h"
#include "sim/fault/domain_kinds.h"
#include "sim/fault/network_kinds.h"
#include "sim/fault/operator_kinds.h"
#include "sim/fault/process_kinds.h"
#include "sim/fault/storage_clock_kinds.h"

namespace brokersim::sim {

// In the order of the study (sections 8.1 to 8.8).
using FaultAction =
    std::variant<Delay, Tail, Loss, BurstLoss, Duplicate, LateDuplicate, Reorder, Partition, OneWay, Isolate, Bridge,
                 MajorityRing, Flap, Clog, Swizzle, Bandwidth, SlowLink, Mtu, DropIf, HoldIf, DelayIf, DuplicateIf,
                 PassIf, Reset, ResetIf, Refuse, SynBlackhole, ResponseLost, DnsFail, Misroute, PowerLoss, TornWrite,
                 LyingSync, LostWrite, SyncErrorOnce, IoError, BitRot, DiskFull, SlowDisk, IoStall, DiskDead,
                 ReadOnly, Offset, Drift, Step, MonoJump, ClockFreeze, Strobe, Crash, KillPower, CrashAt, Stop, Start,
                 Restart, CrashLoop, RestartStorm, SlowStart, Pause, Gc, Zombie, SlowCpu, NoisyNeighbour, Stuck, Ties,
                 TimerLate, LateTimer,
                 ZonePower, ZoneCut, DcSplit, Wan, WanFlap, DcReboot, Cooling, MajorityDcLost, ControlCut,
                 DataCut, MirrorLag, Failback, RollingRestart, RollingUpgrade, ConfigChange, BadRollout,
                 UncleanElection, Reassign, ReplaceNode, DuplicateId, PrematureFailover, LateFencing, Operate,
                 ClientCrashAt, RetryPolicy, SlowConsumer, RebalanceStorm, DoubleProcessing, CheckBackUnknown>;

// When a fault begins: at a time; or when a message is sent or arrives; or when another fault
// began or ended. `delay` is added to any of these.
struct Trigger {
  enum class Moment { kTime, kMessageSent, kMessageArrived, kFaultBegan, kFaultEnded };
  Moment moment = Moment::kTime;
  Time at = {};
  MessageMatch message = {};
  std::string fault = {};
  Duration delay = {};
};

struct Fault {
  std::string id = {};
  Trigger trigger = {};
  FaultAction action = {};
  std::optional<Duration> lasts = {};
};

inline const KindInfo& InfoOf(const FaultAction& action) {
  return std::visit([](const auto& a) -> const KindInfo& { return std::decay_t<decltype(a)>::kInfo; }, action);
}
// Name of a kind as scenarios and traces spell it, e.g. "power_loss".
inline std::string_view FaultKindName(const FaultAction& action) { return InfoOf(action).name; }

// What became of a fault in a run.
struct FaultReport {
  std::string id;
  std::string_view kind;
  Budget budget = Budget::kTolerable;  // of its kind
  bool fired = false;
  // Messages, nodes, blocks or operations that it touched.
  int64_t effects = 0;
  // When it began, and ended if it has.
  Time began;
  std::optional<Time> ended;
  // The nodes that its selectors meant, in the order of the kind's fields; empty where a selector is (every node).
  std::vector<std::vector<std::string>> meant;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_FAULT_H_
