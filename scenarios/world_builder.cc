#include "scenarios/world_builder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/quantity.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

// What may still be under way when the audit's patience ends.
constexpr sim::Duration kGrace = sim::Seconds(30);

// Where nodes are that nobody has placed.
constexpr std::string_view kNowhere = "dc1";

constexpr std::string_view kNever = "never";  // of heal_at

}  // namespace

absl::StatusOr<std::shared_ptr<const World>> World::Build(const Setup& setup, const Locator& locator) {
  return WorldBuilder(setup, locator).Build();
}

sim::Simulation World::Simulate(uint64_t seed, sim::RecordingLevel recording) const {
  sim::SimulationSettings settings = settings_;
  settings.seed = seed;
  settings.recording = recording;
  sim::Simulation simulation(settings);
  for (const LinkPlan& link : links_) simulation.SetLink(link.from, link.to, link.spec);
  for (const NodePlan& node : nodes_) simulation.Install(simulation.AddNode(node.spec), node.factory);
  std::vector<sim::Fault> faults = faults_;
  for (const auto& [index, wait] : waits_) {
    sim::Stream stream(seed, fmt::format("wait/{}", faults[index].id));
    faults[index].trigger.delay = faults[index].trigger.delay + wait.Sample(stream);
  }
  for (sim::Fault& fault : faults) simulation.AddFault(std::move(fault));
  for (sim::Fault& fault : DrawnFaults(seed)) simulation.AddFault(std::move(fault));
  if (heal_at_.has_value()) simulation.HealAt(*heal_at_);
  return simulation;
}

std::vector<sim::Fault> World::DrawnFaults(uint64_t seed) const {
  return swarm_.has_value() ? sim::DrawSwarm(*swarm_, seed) : std::vector<sim::Fault>();
}

bool World::MayBeInert(const std::string& fault) const {
  // What was drawn may miss.
  return may_be_inert_.contains(fault) || fault.starts_with("swarm-");
}

absl::StatusOr<std::shared_ptr<const World>> WorldBuilder::Build() {
  world_ = std::make_shared<World>();
  for (absl::Status (WorldBuilder::*part)() :
       {&WorldBuilder::BuildTimes, &WorldBuilder::BuildNetwork, &WorldBuilder::BuildFamily, &WorldBuilder::CheckSites,
        &WorldBuilder::BuildFaults, &WorldBuilder::BuildSwarm, &WorldBuilder::BuildChecks}) {
    if (const absl::Status status = (this->*part)(); !status.ok()) return status;
  }
  std::vector<std::string>& ignored = world_->ignored_settings_;
  std::sort(ignored.begin(), ignored.end());
  ignored.erase(std::unique(ignored.begin(), ignored.end()), ignored.end());
  return std::shared_ptr<const World>(std::move(world_));
}

absl::Status WorldBuilder::Read(const Steps& steps, const std::string& field, const std::string& text,
                                sim::Duration otherwise, sim::Duration* value) const {
  *value = otherwise;
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<sim::Duration> parsed = ParseDuration(text);
  if (!parsed.ok()) return locator_.Error(steps, field, parsed.status().message().data());
  if (*parsed < sim::Duration()) return locator_.Error(steps, field, fmt::format("'{}' must not be negative", text));
  *value = *parsed;
  return absl::OkStatus();
}

absl::Status WorldBuilder::ReadAbsent(const Steps& steps, const std::string& field, const Distribution* text,
                                      sim::Distribution otherwise, sim::Distribution* value) const {
  *value = std::move(otherwise);
  if (text == nullptr) return absl::OkStatus();
  absl::StatusOr<sim::Distribution> parsed = ToDistribution(*text);
  if (!parsed.ok()) return locator_.Error(steps, field, std::string(parsed.status().message()));
  *value = *std::move(parsed);
  return absl::OkStatus();
}

absl::Status WorldBuilder::ReadProbability(const Steps& steps, const std::string& field,
                                           const std::string& text, sim::Ratio* value) const {
  *value = sim::Ratio::Never();
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<sim::Ratio> parsed = ParseProbability(text);
  if (!parsed.ok()) return locator_.Error(steps, field, std::string(parsed.status().message()));
  *value = *parsed;
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildTimes() {
  if (setup_.audit_at().empty()) {
    return locator_.Error({}, "audit_at",
                          "the setup needs audit_at: when all logs are read and the run ends, e.g. \"60s\"");
  }
  sim::Duration audit;
  sim::Duration heal;
  if (auto status = Read({}, "audit_at", setup_.audit_at(), {}, &audit); !status.ok()) return status;
  const sim::Duration ten = sim::Seconds(10);
  const bool never = setup_.heal_at() == kNever;
  const std::string heal_text = never ? "" : setup_.heal_at();
  if (auto status = Read({}, "heal_at", heal_text, audit > ten ? audit - ten : sim::Duration(), &heal); !status.ok()) {
    return status;
  }
  if (auto status = Read({}, "audit_patience", setup_.audit_patience(), sim::Seconds(60), &audit_patience_);
      !status.ok())
    return status;
  if (!never && heal > audit) return locator_.Error({}, "heal_at", "heal_at must not be later than audit_at");
  audit_at_ = sim::Time() + audit;
  if (!never) world_->heal_at_ = sim::Time() + heal;
  world_->time_limit_ = audit_at_ + audit_patience_ + kGrace;
  world_->settings_.permute_ties = setup_.permute_ties();
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildNetwork() {
  const Network& network = setup_.network();
  const Steps steps = {{"network", "", ""}};
  sim::SimulationSettings& settings = world_->settings_;
  if (auto status = Read(steps, "connection_timeout", network.connection_timeout(),
                         settings.connection_timeout, &settings.connection_timeout);
      !status.ok())
    return status;
  if (auto status = Read(steps, "connect_timeout", network.connect_timeout(), settings.connect_timeout,
                         &settings.connect_timeout);
      !status.ok())
    return status;
  for (const Link& link : network.link()) {
    const Steps at = {{"network", "", ""}, {"link", "from", link.from()}};
    World::LinkPlan plan;
    plan.from = link.from();
    plan.to = link.to();
    if (auto status = ReadAbsent(at, "latency", link.has_latency() ? &link.latency() : nullptr,
                                 plan.spec.latency, &plan.spec.latency);
        !status.ok())
      return status;
    if (auto status = ReadProbability(at, "loss", link.loss(), &plan.spec.loss); !status.ok()) return status;
    if (auto status = ReadProbability(at, "duplicate", link.duplicate(), &plan.spec.duplicate); !status.ok())
      return status;
    if (link.bandwidth() < 0) return locator_.Error(at, "bandwidth", "bandwidth must not be negative; 0 is unlimited");
    plan.spec.bandwidth = link.bandwidth();
    world_->links_.push_back(std::move(plan));
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildFamily() {
  if (setup_.has_kafka() && setup_.has_rocketmq()) {
    return locator_.Error({}, "rocketmq", "a setup has either kafka or rocketmq, not both");
  }
  return setup_.has_rocketmq() ? BuildRocketMq() : BuildKafka();
}

absl::Status WorldBuilder::AddNode(const Steps& steps, World::NodePlan plan) {
  if (plan.spec.name.empty()) return locator_.Error(steps, "name", "a name is needed");
  for (const World::NodePlan& other : world_->nodes_) {
    if (other.spec.name == plan.spec.name) {
      return locator_.Error(steps, "name", fmt::format("there is a node named '{}' already", plan.spec.name));
    }
  }
  world_->nodes_.push_back(std::move(plan));
  return absl::OkStatus();
}

World::NodePlan WorldBuilder::PlanNode(std::string name, std::string role, const std::string& datacenter) {
  World::NodePlan plan;
  plan.spec.name = std::move(name);
  plan.spec.role = std::move(role);
  plan.spec.datacenter = datacenter.empty() ? std::string(kNowhere) : datacenter;
  return plan;
}

sim::NodeId WorldBuilder::AddAppNode(std::string name, const std::string& datacenter,
                                     std::shared_ptr<const sim::ProcessFactory> factory) {
  World::NodePlan plan = PlanNode(name, name, datacenter);
  plan.factory = std::move(factory);
  const sim::NodeId node = next_node();
  world_->nodes_.push_back(std::move(plan));
  return node;
}

// Where sites are declared, everything that can be placed is in one of them, and brokers in one of its racks.
absl::Status WorldBuilder::CheckSites() {
  if (!setup_.topology().empty()) {
    return locator_.Error({}, "topology", "a topology is chosen in the file of the scenario, not by a setting");
  }
  if (setup_.datacenter().empty()) return absl::OkStatus();
  std::vector<std::string> names;
  std::set<std::string> roles;
  for (const Datacenter& site : setup_.datacenter()) {
    const Steps at = {{"datacenter", "name", site.name()}};
    if (site.name().empty()) return locator_.Error(at, "name", "a datacenter needs a name");
    names.push_back(site.name());
    for (const std::string& role : site.role()) {
      if (!roles.insert(role).second) {
        return locator_.Error(at, "role", fmt::format("two datacenters have the role '{}'; drills need one", role),
                              role);
      }
    }
  }
  for (const World::NodePlan& plan : world_->nodes_) {
    const sim::NodeSpec& node = plan.spec;
    if (node.role == "audit" || ((node.role == "ledger" || node.role == "database") && node.datacenter == kNowhere)) {
      continue;  // they watch from outside
    }
    const auto site = std::find(names.begin(), names.end(), node.datacenter);
    if (site == names.end()) {
      return locator_.Error({}, "datacenter",
                            fmt::format("{} is in datacenter '{}'{}; there are: {}", node.name, node.datacenter,
                                        sim::DidYouMean(node.datacenter, names), absl::StrJoin(names, ", ")));
    }
    const auto& racks = setup_.datacenter(static_cast<int>(site - names.begin())).rack();
    if (node.role != "broker" || racks.empty() || node.rack.empty()) continue;
    if (std::find(racks.begin(), racks.end(), node.rack) == racks.end()) {
      return locator_.Error({}, "datacenter",
                            fmt::format("{} is in rack '{}', which datacenter {} hasn't; its racks are: {}", node.name,
                                        node.rack, node.datacenter, absl::StrJoin(racks, ", ")));
    }
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildChecks() {
  // Whether the names are known is the checker's to say; the runner asks it.
  for (const std::string& check : setup_.check()) {
    world_->checks_.push_back(check);
    world_->check_places_.emplace_back(locator_.Error({}, "check", "", check).message());
  }
  for (const Model& model : setup_.model()) {
    const Steps at = {{"model", "name", model.name()}};
    ModelPlan plan;
    plan.name = model.name();
    plan.place = std::string(locator_.Error(at, "name", "", model.name()).message());
    for (const std::string& option : model.option()) {
      plan.options.push_back(option);
      plan.option_places.emplace_back(locator_.Error(at, "option", "", option).message());
    }
    world_->models_.push_back(std::move(plan));
  }
  return absl::OkStatus();
}

}  // namespace brokersim::scenarios
