// Process: a program on a node. It is an object; a crash is its destructor.
//
// A handler sees its own state and Env, and answers with Effects; there is no other way to the world.
// What must survive a crash is on the disk; a ProcessFactory constructs the next incarnation from it.
#ifndef BROKERSIM_SIM_KERNEL_PROCESS_H_
#define BROKERSIM_SIM_KERNEL_PROCESS_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/ids.h"
#include "sim/base/payload.h"
#include "sim/base/sim_time.h"
#include "sim/clock/node_clock.h"
#include "sim/disk/disk.h"
#include "sim/kernel/effects.h"
#include "sim/random/distributions.h"
#include "sim/random/streams.h"

namespace brokersim::sim {

// What a node was configured anew with since the simulation began, by setting.
using Settings = std::map<std::string, std::string, std::less<>>;

// What a handler may look at beside its own state.
class Env {
 public:
  // What is pointed to must outlive it.
  Env(NodeId self, const std::string* name, uint32_t incarnation, uint64_t seed, Time now,
      const NodeClock* clock, Disk* disk, Streams* streams, const Settings* settings)
      : self_(self), name_(name), incarnation_(incarnation), seed_(seed), now_(now),
        clock_(clock), disk_(disk), streams_(streams), settings_(settings) {}

  NodeId self() const { return self_; }
  std::string_view name() const { return *name_; }
  // 1 for the first process on the node, one more for each that follows.
  uint32_t incarnation() const { return incarnation_; }
  // The node's clocks. Leases and timestamps use these; nothing sees virtual time.
  Time monotonic() const { return clock_->Monotonic(now_); }
  Time wall() const { return clock_->Wall(now_); }
  const Disk& disk() const { return *disk_; }
  // Creates the file if there is none.
  FileId Open(std::string_view file) { return disk_->Open(file); }
  // Laid over what the process was installed with.
  const Settings& settings() const { return *settings_; }
  // The process's stream for this purpose. Streams don't disturb each other.
  Stream& Random(std::string_view purpose) {
    if (Stream* found = streams_->Find(purpose); found != nullptr) [[likely]] return *found;
    return AddStream(purpose);
  }

 private:
  Stream& AddStream(std::string_view purpose);

  NodeId self_;
  const std::string* name_;
  uint32_t incarnation_;
  uint64_t seed_;
  Time now_;
  const NodeClock* clock_;
  Disk* disk_;
  Streams* streams_;
  const Settings* settings_;
};

// A file operation failed. What the handler wanted to do after a failing write was not done.
struct DiskError {
  FileId file;
  DiskOp op = DiskOp::kWrite;
  std::string_view error;  // e.g. "no space left on device"
  SyncTicket ticket;       // of a sync
};

// What an operator, or a changed environment, asks of a process. Which fields mean something depends on the name.
struct Operation {
  std::string_view name;
  // False: it is taken back.
  bool begins = true;
  std::string key = {};
  std::string value = {};
  int64_t number = 0;
  Duration duration = {};
  Distribution distribution = {};
};

// Collects a process's visible state as (path, value) for traces. Allocates nothing for what is as it was before: a
// process is described after each of its events, and few of them change anything.
class Describer {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  Describer() = default;
  // `before` is what was described last, and must outlive this.
  explicit Describer(const Fields* before) : before_(before) {}

  void Set(std::string_view path, std::string_view value) { Set(path, "", value); }
  void Set(std::string_view path, int64_t value) { Set(path, "", value); }
  // The path in two parts.
  void Set(std::string_view path, std::string_view rest, std::string_view value);
  void Set(std::string_view path, std::string_view rest, int64_t value) {
    const fmt::format_int digits(value);
    Set(path, rest, std::string_view(digits.data(), digits.size()));
  }

  // Whether the paths are those of before, in the same order: then `changed` says what else there is to know.
  bool same_paths() const { return same_paths_ && before_ != nullptr && described_ == before_->size(); }
  // Where values differ from before, ascending, and what they are now. Of the fields described so far.
  const std::vector<std::pair<uint32_t, std::string>>& changed() const { return changed_; }
  Fields Take() {
    if (same_paths_) Collect();
    return std::move(fields_);
  }

 private:
  // From now on fields are collected, those so far too.
  void Collect();

  const Fields* before_ = nullptr;
  bool same_paths_ = true;  // so far; then nothing is in `fields_`
  size_t described_ = 0;    // fields, so far
  std::vector<std::pair<uint32_t, std::string>> changed_;
  Fields fields_;
};

struct Received {
  NodeId from;
  ConnId conn;  // where an answer goes; invalid for a datagram
  const Payload& payload;
};

class Process {
 public:
  virtual ~Process() = default;
  virtual std::unique_ptr<Process> Clone() const = 0;

  virtual void OnMessage(const Received& message, Env& env, Effects& out) = 0;
  virtual void OnTimer(Timer timer, Env& env, Effects& out) = 0;
  virtual void OnConnected(ConnId, Env&, Effects&) {}
  // The connection is gone: reset, refused or timed out. What was sent on it may or may not have arrived.
  virtual void OnDisconnected(ConnId, Env&, Effects&) {}
  virtual void OnSynced(SyncTicket, Env&, Effects&) {}
  // A write or sync failed. A process without another plan ends, as a broker does that loses its log directory.
  virtual void OnDiskError(const DiskError&, Env&, Effects& out) { out.Exit(); }
  // Returns whether it means anything to this process: a fault that means nothing has no effect.
  // "config": the setting is in env.settings() already; true if it is applied at once.
  virtual bool OnOperation(const Operation&, Env&, Effects&) { return false; }
  // Asked to stop. Must lead to Exit() sooner or later.
  virtual void OnStop(Env&, Effects& out) { out.Exit(); }

  // Name of a timer's kind, for traces.
  virtual std::string_view TimerName(Timer timer) const = 0;
  // Whether this process is, right now, what a selector names, e.g. "leader(orders-0)".
  virtual bool HoldsRole(std::string_view) const { return false; }
  // Whether it has caught up since its start, e.g. is in sync: a careful operator waits for it.
  virtual bool Healthy() const { return true; }
  virtual void Describe(Describer&) const {}
  // CHECKs whatever holds under every setting. Called after every event of the process.
  virtual void CheckInvariants() const {}
};

// Constructs a node's process; recovery is construction.
class ProcessFactory {
 public:
  virtual ~ProcessFactory() = default;
  virtual std::unique_ptr<Process> Boot(Env& env, Effects& out) const = 0;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_PROCESS_H_
