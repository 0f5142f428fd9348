// Leave-one-out: for each kind of fault a small planted bug that only this kind reveals, or one that is declared alike.
//
// A bug is a predicate in the code of a tiny program ("bot"); a run that shows it is a hit. Which nodes may be hit by
// whom is the plan's: ordinary kinds draw from `nodes`, whole zones from `zones`, and so on.
#ifndef BROKERSIM_TESTS_SIM_FAULT_BUGS_BUGS_H_
#define BROKERSIM_TESTS_SIM_FAULT_BUGS_BUGS_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/fault/swarm.h"
#include "sim/kernel/simulation.h"

namespace brokersim::sim::bugs {

struct Num {
  static constexpr std::string_view kName = "Num";
  int64_t n = 0;
  int64_t x = 0;
  template <class V>
  void Fields(V& v) const {
    v("n", n);
    v("x", x);
  }
};

class Bot;
using Act = void (*)(Bot&, Env&, Effects&);

// What a bot does. It ticks every 10 ms of its own clock.
struct Program {
  Act boot = nullptr;
  Act tick = nullptr;
  Act other = nullptr;  // timers that the program sets itself; which one is in `timer`
  Act stop = nullptr;   // by default: exits
  Act synced = nullptr;
  Act lost = nullptr;   // a connection
  std::string_view role = {};
  void (*hear)(Bot&, NodeId, const Num&, Env&, Effects&) = nullptr;
  void (*error)(Bot&, const DiskError&, Env&, Effects&) = nullptr;  // by default: ignored
  bool (*asked)(Bot&, const Operation&, Env&, Effects&) = nullptr;
};

class Bot final : public Process {
 public:
  explicit Bot(const Program* program) : program_(program) {}

  // Memory. What each place holds is the program's business.
  std::array<int64_t, 8> v = {};
  std::vector<int64_t> list;
  uint32_t timer = 0;
  ConnId conn;  // where the last message came from

  // The planted bug shows.
  static void Misbehave(Effects& out) {
    out.Note("bug", "");
    out.FinishSimulation();
  }
  void Start(Env& env, Effects& out);

  std::unique_ptr<Process> Clone() const override { return std::make_unique<Bot>(*this); }
  void OnMessage(const Received& message, Env& env, Effects& out) override;
  void OnTimer(Timer timer, Env& env, Effects& out) override;
  void OnSynced(SyncTicket ticket, Env& env, Effects& out) override;
  void OnDisconnected(ConnId id, Env& env, Effects& out) override;
  bool HoldsRole(std::string_view role) const override { return !program_->role.empty() && role == program_->role; }
  void OnStop(Env& env, Effects& out) override;
  void OnDiskError(const DiskError& error, Env& env, Effects& out) override;
  bool OnOperation(const Operation& operation, Env& env, Effects& out) override;
  std::string_view TimerName(Timer timer) const override { return timer.kind == 0 ? "tick" : "other"; }

 private:
  const Program* program_;
};

struct BotNode {
  std::string_view name;
  std::string_view datacenter;
  Program program;
  Duration service_time = {};
};

struct Bug {
  std::string_view kind;
  std::string_view text;                 // one line
  std::vector<std::string_view> alike;   // kinds that reveal it too
  std::string_view why;                  // ... and why, in one line
  std::vector<std::string_view> helpers; // what an alike kind needs beside it; they don't reveal it by themselves
  std::vector<BotNode> nodes;
  SwarmPlan plan;                        // without kinds
  Duration until = Seconds(2);
};

// In the order of the kinds.
const std::vector<Bug>& AllBugs();

std::vector<Bug> DiskAndClockBugs();
std::vector<Bug> ProcessBugs();
std::vector<Bug> NetworkBugs();
std::vector<Bug> OperatorBugs();

// Ordinary kinds hit "z" alone, and so do those of zones, clients and voters, until a bug says otherwise.
SwarmPlan PlanFor(std::vector<std::string> nodes);

// Whether the run with this seed shows the bug when these kinds may be drawn.
bool Shows(const Bug& bug, const std::vector<std::string>& kinds, uint64_t seed);

}  // namespace brokersim::sim::bugs

#endif  // BROKERSIM_TESTS_SIM_FAULT_BUGS_BUGS_H_
