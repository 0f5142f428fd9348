#include "scenarios/drill.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "scenarios/text_proto.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;

std::string Folder(std::string_view home) {
  return (std::filesystem::path(std::string(home)) / "scenarios/drills").string();
}

absl::Status CheckDrill(const Drill& drill, const std::string& path) {
  const auto error = [&](std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("{}:1:1: {}", path, what));
  };
  const std::string stem = std::filesystem::path(path).stem().string();
  if (drill.name() != stem) {
    return error(fmt::format("the name is '{}', but the file is called {}.textproto", drill.name(), stem));
  }
  if (drill.fault().empty() && drill.operators().empty()) {
    return error("a drill needs a fault, or operators, with which it begins: fault { id: ... }");
  }
  if (drill.audit_at().empty()) return error("a drill needs audit_at: when all logs are read, e.g. \"100s\"");
  return absl::OkStatus();
}

absl::Status NotThere(const std::string& why) { return absl::FailedPreconditionError(why); }

// Puts names of datacenters where the drill says roles: in every text of a selector.
class Roles {
 public:
  explicit Roles(const Setup& setup) {
    for (const Datacenter& site : setup.datacenter()) {
      names_.insert(site.name());
      for (const std::string& role : site.role()) sites_[role] = site.name();
    }
  }

  absl::Status Fill(std::string* term) const {
    constexpr std::string_view kCall = "dc(";
    for (size_t at = term->find(kCall); at != std::string::npos; at = term->find(kCall, at + 1)) {
      const size_t begin = at + kCall.size();
      const size_t end = term->find(')', begin);
      if (end == std::string::npos) return absl::OkStatus();  // the builder complains
      const std::string role = term->substr(begin, end - begin);
      const auto site = sites_.find(role);
      if (site == sites_.end() && names_.contains(role)) continue;
      if (site == sites_.end()) return NotThere(fmt::format("there is no {} site", role));
      term->replace(begin, end - begin, site->second);
    }
    return absl::OkStatus();
  }

  // In all texts of the message, however deep.
  absl::Status FillAll(pb::Message* message) const {
    const pb::Reflection* reflection = message->GetReflection();
    std::vector<const pb::FieldDescriptor*> given;
    reflection->ListFields(*message, &given);
    for (const pb::FieldDescriptor* field : given) {
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
        for (int i = 0; i < count; ++i) {
          pb::Message* nested = field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                                     : reflection->MutableMessage(message, field);
          if (const absl::Status status = FillAll(nested); !status.ok()) return status;
        }
      } else if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING && field->is_repeated()) {
        for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
          std::string term = reflection->GetRepeatedString(*message, field, i);
          if (const absl::Status status = Fill(&term); !status.ok()) return status;
          reflection->SetRepeatedString(message, field, i, term);
        }
      }
    }
    return absl::OkStatus();
  }

 private:
  std::map<std::string, std::string> sites_;  // by role
  std::set<std::string> names_;
};

// Whether a term of the kinds that needs use selects a node.
bool SelectsAny(const World& world, const std::string& term) {
  for (size_t i = 0; i < world.nodes(); ++i) {
    const sim::NodeSpec& node = world.node(i);
    if (term == node.name || term == fmt::format("dc({})", node.datacenter) ||
        term == fmt::format("role({})", node.role)) {
      return true;
    }
  }
  return false;
}

absl::Status CheckNeeds(const ResolvedScenario& architecture, const Drill& drill, const Roles& roles) {
  for (const Unfit& unfit : architecture.setup.unfit()) {
    if (unfit.drill() == drill.name()) return NotThere(unfit.why());
  }
  for (const Need& need : drill.need()) {
    std::string term = need.node();
    if (const absl::Status status = roles.Fill(&term); !status.ok()) {
      return need.otherwise().empty() ? status : NotThere(need.otherwise());
    }
    if (!SelectsAny(*architecture.world, term)) {
      return NotThere(need.otherwise().empty() ? fmt::format("there is no {}", term) : need.otherwise());
    }
  }
  return absl::OkStatus();
}

absl::Status AddOperators(const Operators& operators, const Roles& roles, Setup* setup) {
  const auto runbook = std::find_if(setup->runbook().begin(), setup->runbook().end(),
                                    [&](const Runbook& one) { return one.name() == operators.runbook(); });
  if (runbook == setup->runbook().end() || runbook->step().empty()) {
    if (operators.optional()) return absl::OkStatus();
    return NotThere(fmt::format("there is no runbook '{}'", operators.runbook()));
  }
  std::string before;
  for (int i = 0; i < runbook->step_size(); ++i) {
    Fault& step = *setup->add_fault();
    step = runbook->step(i);
    if (step.id().empty()) step.set_id(fmt::format("{}-{}", operators.runbook(), i + 1));
    if (!before.empty()) {
      step.set_after_begin_of(before);
    } else {
      step.set_after_begin_of(operators.after_begin_of());
      step.set_after_end_of(operators.after_end_of());
      step.set_at(operators.at());
      if (operators.has_wait()) *step.mutable_wait() = operators.wait();
    }
    // What there is to do depends on what the faults have left.
    step.set_may_be_inert(true);
    before = step.id();
    if (const absl::Status status = roles.FillAll(&step); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void StopLoad(const std::string& at, Setup* setup) {
  if (at.empty()) return;
  for (Producer& producer : *setup->mutable_kafka()->mutable_producer()) {
    if (producer.records() == 0) producer.set_stop(at);
  }
}

void StopRocketMqLoad(const std::string& at, Setup* setup) {
  if (at.empty()) return;
  for (RocketMq::Producer& producer : *setup->mutable_rocketmq()->mutable_producer()) {
    if (producer.messages() == 0) producer.set_stop(at);
  }
}

std::string NameOf(const ResolvedScenario& architecture, const Drill& drill) {
  std::string name = architecture.name.substr(architecture.name.rfind('/') + 1) + "-" + architecture.variant;
  for (const std::string& line : architecture.settings) name += "-" + line;
  name += "-" + drill.name();
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-') c = '_';
  }
  return name;
}

}  // namespace

absl::StatusOr<Drill> LoadDrill(const std::string& name, std::string_view home) {
  const absl::StatusOr<std::string> path = FindTextProto("drill", name, Folder(home), "");
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> text = ReadTextFile(*path);
  if (!text.ok()) return text.status();
  Drill drill;
  if (const absl::Status status = ParseTextProto(*text, *path, &drill, nullptr); !status.ok()) return status;
  if (const absl::Status status = CheckDrill(drill, *path); !status.ok()) return status;
  return drill;
}

std::vector<std::string> ListDrills(std::string_view home) { return ListTextProtos(Folder(home)); }

absl::StatusOr<LaidOver> LayOver(const ResolvedScenario& architecture, const Drill& drill) {
  const Roles roles(architecture.setup);
  if (const absl::Status status = CheckNeeds(architecture, drill, roles); !status.ok()) return status;
  Scenario scenario;
  scenario.set_name(NameOf(architecture, drill));
  scenario.set_title(fmt::format("{} ({}): {}", architecture.name, architecture.variant, drill.title()));
  Setup& setup = *scenario.mutable_setup();
  setup = architecture.setup;
  LaidOver laid;
  for (Fault fault : drill.fault()) {
    const absl::Status status = roles.FillAll(&fault);
    if (!status.ok() && fault.may_be_inert()) continue;
    if (!status.ok()) return status;
    laid.faults.push_back(fault.id());
    *setup.add_fault() = std::move(fault);
  }
  for (const Operators& operators : drill.operators()) {
    if (const absl::Status status = AddOperators(operators, roles, &setup); !status.ok()) return status;
  }
  if (setup.fault_size() == architecture.setup.fault_size()) return NotThere("none of its sites is there");
  laid.strike = setup.fault(architecture.setup.fault_size()).id();
  setup.clear_runbook();
  setup.clear_unfit();
  setup.set_heal_at(drill.heal_at());
  setup.set_audit_at(drill.audit_at());
  setup.set_audit_patience(drill.audit_patience());
  if (setup.has_kafka()) StopLoad(drill.load_until(), &setup);
  if (setup.has_rocketmq()) StopRocketMqLoad(drill.load_until(), &setup);
  scenario.add_variant()->set_name(architecture.variant);
  std::string text;
  pb::TextFormat::PrintToString(scenario, &text);
  absl::StatusOr<LoadedScenario> loaded = ParseScenario(text, scenario.name() + ".textproto");
  if (!loaded.ok()) {
    return absl::InvalidArgumentError(fmt::format("drill {} over {} ({}) makes no scenario: {}", drill.name(),
                                                  architecture.name, architecture.variant,
                                                  std::string(loaded.status().message())));
  }
  laid.scenario = std::move(loaded->variants.front());
  return laid;
}

}  // namespace brokersim::scenarios
