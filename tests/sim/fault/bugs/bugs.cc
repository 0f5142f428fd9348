#include "tests/sim/fault/bugs/bugs.h"

#include <algorithm>
#include <utility>

#include "sim/fault/catalogue.h"

namespace brokersim::sim::bugs {

namespace {

constexpr Duration kTick = Milliseconds(10);

class BotFactory final : public ProcessFactory {
 public:
  explicit BotFactory(const Program* program) : program_(program) {}
  std::unique_ptr<Process> Boot(Env& env, Effects& out) const override {
    auto bot = std::make_unique<Bot>(program_);
    bot->Start(env, out);
    return bot;
  }

 private:
  const Program* program_;
};

}  // namespace

void Bot::Start(Env& env, Effects& out) {
  if (program_->boot != nullptr) program_->boot(*this, env, out);
  if (program_->tick != nullptr) out.SetTimer({0, 0}, kTick);
}

void Bot::OnMessage(const Received& message, Env& env, Effects& out) {
  conn = message.conn;
  if (program_->hear != nullptr) program_->hear(*this, message.from, *message.payload.As<Num>(), env, out);
}

void Bot::OnTimer(Timer which, Env& env, Effects& out) {
  timer = which.kind;
  if (which.kind != 0) return program_->other(*this, env, out);
  out.SetTimer({0, 0}, kTick);
  program_->tick(*this, env, out);
}

void Bot::OnSynced(SyncTicket, Env& env, Effects& out) {
  if (program_->synced != nullptr) program_->synced(*this, env, out);
}

void Bot::OnDisconnected(ConnId, Env& env, Effects& out) {
  if (program_->lost != nullptr) program_->lost(*this, env, out);
}

void Bot::OnStop(Env& env, Effects& out) {
  if (program_->stop == nullptr) return out.Exit();
  program_->stop(*this, env, out);
}

void Bot::OnDiskError(const DiskError& error, Env& env, Effects& out) {
  if (program_->error != nullptr) program_->error(*this, error, env, out);
}

bool Bot::OnOperation(const Operation& operation, Env& env, Effects& out) {
  return program_->asked != nullptr && program_->asked(*this, operation, env, out);
}

SwarmPlan PlanFor(std::vector<std::string> nodes) {
  SwarmPlan plan;
  plan.nodes = std::move(nodes);
  plan.zones = {"dc(z)"};
  plan.roles = {"lead"};
  plan.voters = {"z"};
  plan.control = {"z"};
  plan.clients = {"z"};
  plan.types = {"Num"};
  plan.points = {"point"};
  plan.partitions = {"p-0"};
  plan.settings = {{"key", "value"}};
  plan.begin = Time() + Milliseconds(50);
  plan.end = Time() + Milliseconds(600);
  return plan;
}

bool Shows(const Bug& bug, const std::vector<std::string>& kinds, uint64_t seed) {
  SwarmPlan plan = bug.plan;
  plan.kinds = kinds;
  Simulation sim({.seed = seed, .recording = RecordingLevel::kHash});
  const LinkSpec link{.latency = Distribution::Constant(Milliseconds(1))};
  for (const BotNode& from : bug.nodes) {
    for (const BotNode& to : bug.nodes) sim.SetLink(from.datacenter, to.datacenter, link);
  }
  for (const BotNode& bot : bug.nodes) {
    const NodeId id = sim.AddNode({.name = std::string(bot.name),
                                   .datacenter = std::string(bot.datacenter),
                                   .service_time = bot.service_time,
                                   .sync_latency = Distribution::Constant(Milliseconds(1))});
    sim.Install(id, std::make_shared<BotFactory>(&bot.program));
  }
  for (Fault& fault : DrawSwarm(plan, seed)) sim.AddFault(std::move(fault));
  sim.Begin({});
  return sim.Run(Time() + bug.until) == RunEnd::kFinished;
}

const std::vector<Bug>& AllBugs() {
  static const std::vector<Bug> bugs = [] {
    std::vector<Bug> all;
    for (auto* group : {&DiskAndClockBugs, &ProcessBugs, &NetworkBugs, &OperatorBugs}) {
      for (Bug& bug : (*group)()) all.push_back(std::move(bug));
    }
    return all;
  }();
  return bugs;
}

}  // namespace brokersim::sim::bugs
