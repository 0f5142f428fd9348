#include "scenarios/schedule.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "scenarios/fault_fields.h"
#include "sim/fault/catalogue.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;

// Replaces each selector that meant something by the names of whom it meant.
class Names {
 public:
  Names(Parameters* to, const sim::FaultReport& report) : to_(*to), report_(report) {}

  void operator()(std::string_view name, const sim::Selector& value, std::string_view) {
    const pb::FieldDescriptor* field = to_.GetDescriptor()->FindFieldByName(std::string(name));
    const std::vector<std::string>& meant = report_.meant[next_++];
    if (value.any() || meant.empty()) return;
    to_.GetReflection()->ClearField(&to_, field);
    for (const std::string& node : meant) to_.GetReflection()->AddString(&to_, field, node);
  }
  void operator()(std::string_view, const std::vector<sim::Selector>& groups, std::string_view) {
    for (int i = 0; i < static_cast<int>(groups.size()); ++i) {
      const std::vector<std::string>& meant = report_.meant[next_++];
      if (meant.empty()) continue;
      to_.mutable_group(i)->clear_node();
      for (const std::string& node : meant) to_.mutable_group(i)->add_node(node);
    }
  }
  template <class T>
  void operator()(std::string_view, const T&, std::string_view) {}

 private:
  Parameters& to_;
  const sim::FaultReport& report_;
  size_t next_ = 0;
};

void NameNodes(const sim::FaultReport& report, Fault* fault) {
  if (!report.fired) return;
  const std::optional<sim::FaultAction> action = sim::MakeFaultAction(report.kind);
  if (sim::InfoOf(*action).follows_role) return;
  const pb::FieldDescriptor* field = Fault::descriptor()->FindFieldByName(std::string(report.kind));
  auto* parameters = static_cast<Parameters*>(fault->GetReflection()->MutableMessage(fault, field));
  // The kind's own fields with what the scenario gave; selectors count in their order.
  sim::FaultAction given = *action;
  FieldContext context;
  context.error = [](const std::string&, const std::string& what, const std::string&) {
    return absl::InvalidArgumentError(what);
  };
  context.check_term = [](const std::string&, const std::string&) { return absl::OkStatus(); };
  context.check_type = [](const std::string&, const std::string&) { return absl::OkStatus(); };
  const absl::Status status = ReadParameters(*parameters, context, &given);
  CHECK(status.ok(), "{}", std::string(status.message()));
  Names names(parameters, report);
  std::visit([&](const auto& kind) { std::decay_t<decltype(kind)>::Fields(kind, names); }, given);
}

}  // namespace

Scenario ScheduleOf(const ResolvedScenario& scenario, uint64_t seed, const RunResult& run) {
  Scenario schedule;
  schedule.set_name(scenario.name.substr(scenario.name.rfind('/') + 1));
  schedule.set_title(fmt::format("{} ({}), seed {}, written out", scenario.name, scenario.variant, seed));
  Setup& setup = *schedule.mutable_setup();
  setup = scenario.setup;
  setup.clear_swarm();
  for (const sim::Fault& drawn : scenario.world->DrawnFaults(seed)) {
    Fault& fault = *setup.add_fault();
    fault = ToScenario(drawn);
    fault.set_may_be_inert(true);
  }
  for (Fault& fault : *setup.mutable_fault()) {
    const auto report = std::find_if(run.faults.begin(), run.faults.end(),
                                     [&](const sim::FaultReport& one) { return one.id == fault.id(); });
    if (report != run.faults.end()) NameNodes(*report, &fault);
  }
  Variant& variant = *schedule.add_variant();
  variant.set_name(scenario.variant);
  variant.set_summary("as it was run");
  *variant.mutable_expect() = scenario.expect;
  return schedule;
}

std::string ScheduleText(const ResolvedScenario& scenario, uint64_t seed, const RunResult& run,
                         const std::string& name) {
  Scenario schedule = ScheduleOf(scenario, seed, run);
  schedule.set_name(name);
  std::string text;
  pb::TextFormat::PrintToString(schedule, &text);
  return fmt::format("# {} ({}), seed {}, with all that was drawn written out. Run hash {:016x}:\n"
                     "#   ./brokersim run {}.textproto --seed={}\n{}",
                     scenario.name, scenario.variant, seed, run.hash, name, seed, text);
}

}  // namespace brokersim::scenarios
