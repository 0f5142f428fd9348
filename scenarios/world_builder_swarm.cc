// Faults that are drawn: which kinds, on whom, about what.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/world_builder.h"
#include "sim/base/suggest.h"
#include "sim/fault/catalogue.h"

namespace brokersim::scenarios {
namespace {

constexpr int64_t kDefaultFaults = 8;

// Tolerable, and in need of nothing that a scenario has to say: no settings, partitions or crash points.
constexpr std::string_view kDefaultKinds[] = {"delay",
                                              "tail",
                                              "loss",
                                              "partition",
                                              "one_way",
                                              "isolate",
                                              "flap",
                                              "clog",
                                              "hold_if",
                                              "drop_if",
                                              "reset",
                                              "reset_if",
                                              "response_lost",
                                              "swizzle",
                                              "refuse",
                                              "power_loss",
                                              "torn_write",
                                              "io_error",
                                              "disk_full",
                                              "slow_disk",
                                              "io_stall",
                                              "offset",
                                              "drift",
                                              "step",
                                              "clock_freeze",
                                              "crash",
                                              "kill_power",
                                              "stop",
                                              "restart",
                                              "crash_loop",
                                              "pause",
                                              "gc",
                                              "zombie",
                                              "slow_cpu",
                                              "stuck",
                                              "ties",
                                              "timer_late",
                                              "zone_power",
                                              "zone_cut",
                                              "wan",
                                              "majority_dc_lost",
                                              "control_cut",
                                              "data_cut",
                                              "rolling_restart",
                                              "late_fencing",
                                              "rebalance_storm"};

}  // namespace

absl::Status WorldBuilder::BuildSwarm() {
  if (!setup_.has_swarm()) return absl::OkStatus();
  const Swarm& swarm = setup_.swarm();
  const Steps steps = {{"swarm", "", ""}};
  std::vector<std::string> known;
  for (const sim::KindText& kind : sim::AllFaultKinds()) known.emplace_back(kind.info->name);
  const auto check = [&](const std::string& field, const std::string& kind) -> absl::Status {
    if (std::find(known.begin(), known.end(), kind) != known.end()) return absl::OkStatus();
    return locator_.Error(steps, field, fmt::format("there is no fault '{}'{}", kind, sim::DidYouMean(kind, known)),
                          kind);
  };
  sim::SwarmPlan plan;
  for (const std::string& kind : swarm.kind()) {
    if (auto status = check("kind", kind); !status.ok()) return status;
    plan.kinds.push_back(kind);
  }
  if (plan.kinds.empty()) plan.kinds.assign(std::begin(kDefaultKinds), std::end(kDefaultKinds));
  for (const std::string& kind : swarm.without()) {
    if (auto status = check("without", kind); !status.ok()) return status;
    std::erase(plan.kinds, kind);
  }
  for (const std::string& term : swarm.node()) {
    if (auto status = CheckTerm(steps, "node", term); !status.ok()) return status;
    plan.nodes.push_back(term);
  }
  for (const std::string& type : swarm.type()) {
    if (auto status = CheckType(steps, "type", type); !status.ok()) return status;
    plan.types.push_back(type);
  }
  plan.points.assign(swarm.point().begin(), swarm.point().end());
  FillSwarm(&plan);
  sim::Duration begin;
  sim::Duration end;
  const sim::Duration heal = world_->heal_at_.value_or(audit_at_) - sim::Time();
  if (auto status = Read(steps, "begin", swarm.begin(), {}, &begin); !status.ok()) return status;
  if (auto status = Read(steps, "end", swarm.end(), heal, &end); !status.ok()) return status;
  if (end > heal) return locator_.Error(steps, "end", "faults must end by heal_at");
  if (begin >= end) return locator_.Error(steps, "begin", "begin must be before end");
  plan.begin = sim::Time() + begin;
  plan.end = sim::Time() + end;
  if (swarm.faults() < 0) return locator_.Error(steps, "faults", "faults must not be negative");
  plan.faults = swarm.faults() == 0 ? kDefaultFaults : swarm.faults();
  world_->swarm_ = std::move(plan);
  return absl::OkStatus();
}

// What the scenario doesn't say: from the world.
void WorldBuilder::FillSwarm(sim::SwarmPlan* plan) const {
  std::vector<std::string> datacenters;
  const bool brokers_too = plan->nodes.empty();
  for (const World::NodePlan& node : world_->nodes_) {
    const std::string& role = node.spec.role;
    if (brokers_too && (role == "broker" || role == "controller" || role == "zookeeper" || role == "nameserver")) {
      plan->nodes.push_back(node.spec.name);
    }
    if (node.spec.role == "consumer") plan->clients.push_back(node.spec.name);
    const std::string zone = fmt::format("dc({})", node.spec.datacenter);
    if (std::find(datacenters.begin(), datacenters.end(), zone) == datacenters.end()) datacenters.push_back(zone);
  }
  if (datacenters.size() > 1) {
    plan->zones = datacenters;
  } else {
    std::erase(plan->kinds, "wan");  // there is none
  }
  const bool zookeeper = !clusters_.empty() && clusters_[0].spec->zookeeper;
  plan->control = {clusters_.empty() ? "role(nameserver)" : zookeeper ? "role(zookeeper)" : "role(controller)"};
  plan->voters = {"role(broker)"};
  plan->partitions = vocabulary_.swarm_logs;
  for (const std::string& role : vocabulary_.swarm_roles) {
    plan->roles.push_back(role);
    if (brokers_too) plan->nodes.push_back(role);
  }
  if (plan->types.empty()) plan->types = vocabulary_.swarm_types;
}

}  // namespace brokersim::scenarios
