// What goes wrong, and when.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/fault_fields.h"
#include "scenarios/quantity.h"
#include "scenarios/world_builder.h"
#include "sim/base/suggest.h"
#include "sim/fault/catalogue.h"

namespace brokersim::scenarios {
namespace {

// "NAME(ARGUMENT)": true with both parts.
bool SplitTerm(const std::string& term, std::string* name, std::string* argument) {
  const size_t open = term.find('(');
  if (open == std::string::npos || term.back() != ')') return false;
  *name = term.substr(0, open);
  *argument = term.substr(open + 1, term.size() - open - 2);
  return true;
}

Steps Down(Steps steps, const std::string& field) {
  steps.push_back({field, "", ""});
  return steps;
}

}  // namespace

absl::Status WorldBuilder::BuildFaults() {
  for (const Fault& fault : setup_.fault()) {
    if (fault.off()) continue;
    if (auto status = BuildFault(fault); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildFault(const Fault& fault) {
  const Steps steps = {{"fault", "id", fault.id()}};
  if (fault.id().empty())
    return locator_.Error(steps, "id", "a fault needs an id, by which traces and reports name it");
  sim::Fault built;
  built.id = fault.id();
  for (const sim::Fault& other : world_->faults_) {
    if (other.id == built.id)
      return locator_.Error(steps, "id", fmt::format("there are two faults with the id '{}'", built.id));
  }
  if (auto status = BuildTrigger(fault, steps, &built.trigger); !status.ok()) return status;
  if (auto status = BuildAction(fault, steps, &built.action); !status.ok()) return status;
  if (auto status = CheckClusterChange(steps, built.action); !status.ok()) return status;
  if (!fault.lasts().empty()) {
    sim::Duration lasts;
    if (auto status = Read(steps, "lasts", fault.lasts(), {}, &lasts); !status.ok()) return status;
    built.lasts = lasts;
  }
  if (fault.has_wait()) {
    sim::Distribution wait;
    if (auto status = ReadAbsent(steps, "wait", &fault.wait(), {}, &wait); !status.ok()) return status;
    world_->waits_.emplace_back(world_->faults_.size(), std::move(wait));
  }
  if (fault.may_be_inert()) world_->may_be_inert_.insert(built.id);
  world_->faults_.push_back(std::move(built));
  return absl::OkStatus();
}

// A client told to use another cluster: there must be such a one.
absl::Status WorldBuilder::CheckClusterChange(const Steps& steps, const sim::FaultAction& action) const {
  const auto* change = std::get_if<sim::ConfigChange>(&action);
  if (change == nullptr || change->key != kafka::kBootstrapServers || clusters_.empty()) return absl::OkStatus();
  std::vector<std::string> names;
  for (const KafkaPlan& plan : clusters_) names.push_back(plan.spec->name);
  if (std::find(names.begin(), names.end(), change->value) != names.end()) return absl::OkStatus();
  return locator_.Error(steps, "config_change",
                        fmt::format("bootstrap.servers takes the name of a cluster, not '{}'{}", change->value,
                                    names.size() == 1 ? "; there is only one cluster"
                                                      : "; there are: " + absl::StrJoin(names, ", ")));
}

absl::Status WorldBuilder::BuildTrigger(const Fault& fault, const Steps& steps, sim::Trigger* trigger) const {
  const int given = (fault.at().empty() ? 0 : 1) + (fault.has_when_sent() ? 1 : 0) +
                    (fault.has_when_arrived() ? 1 : 0) + (fault.after_begin_of().empty() ? 0 : 1) +
                    (fault.after_end_of().empty() ? 0 : 1);
  if (given > 1) {
    return locator_.Error(
        steps, "id", "a fault begins at one of at, when_sent, when_arrived, after_begin_of, after_end_of");
  }
  if (auto status = Read(steps, "plus", fault.plus(), {}, &trigger->delay); !status.ok()) return status;
  if (fault.has_when_sent() || fault.has_when_arrived()) {
    trigger->moment =
        fault.has_when_sent() ? sim::Trigger::Moment::kMessageSent : sim::Trigger::Moment::kMessageArrived;
    const MessageMatch& match = fault.has_when_sent() ? fault.when_sent() : fault.when_arrived();
    return ReadMatch(Down(steps, fault.has_when_sent() ? "when_sent" : "when_arrived"), match, &trigger->message);
  }
  const bool begin = !fault.after_begin_of().empty();
  if (begin || !fault.after_end_of().empty()) {
    trigger->moment = begin ? sim::Trigger::Moment::kFaultBegan : sim::Trigger::Moment::kFaultEnded;
    trigger->fault = begin ? fault.after_begin_of() : fault.after_end_of();
    std::vector<std::string> ids;
    for (const Fault& other : setup_.fault()) {
      if (!other.off()) ids.push_back(other.id());
    }
    if (std::find(ids.begin(), ids.end(), trigger->fault) == ids.end()) {
      return locator_.Error(
          steps, begin ? "after_begin_of" : "after_end_of",
          fmt::format("there is no fault '{}'{}", trigger->fault, sim::DidYouMean(trigger->fault, ids)));
    }
    return absl::OkStatus();
  }
  sim::Duration at;
  if (auto status = Read(steps, "at", fault.at(), {}, &at); !status.ok()) return status;
  trigger->at = sim::Time() + at;
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildAction(const Fault& fault, const Steps& steps, sim::FaultAction* action) const {
  const google::protobuf::OneofDescriptor* oneof = Fault::descriptor()->FindOneofByName("action");
  const google::protobuf::FieldDescriptor* field = fault.GetReflection()->GetOneofFieldDescriptor(fault, oneof);
  if (field == nullptr) {
    return locator_.Error(steps, "id",
                          fmt::format("fault '{}' does nothing; add one of the kinds in docs/faults.md, e.g. "
                                      "crash {{ node: \"b1\" }}", fault.id()));
  }
  const std::string& kind = field->name();
  const std::optional<sim::FaultAction> made = sim::MakeFaultAction(kind);
  CHECK(made.has_value(), "the kernel knows no fault {}", kind);
  *action = *made;
  if (sim::InfoOf(*action).instant && !fault.lasts().empty()) {
    return locator_.Error(steps, "lasts", fmt::format("{} takes no lasts: it is done as soon as it begins", kind));
  }
  const Steps at = Down(steps, kind);
  FieldContext context;
  context.error = [&](const std::string& name, const std::string& what, const std::string& text) {
    return locator_.Error(at, name, what, text);
  };
  context.check_term = [&](const std::string& name, const std::string& term) { return CheckTerm(at, name, term); };
  context.check_type = [&](const std::string& name, const std::string& type) { return CheckType(at, name, type); };
  const auto& given = static_cast<const Parameters&>(fault.GetReflection()->GetMessage(fault, field));
  return ReadParameters(given, context, action);
}

absl::Status WorldBuilder::ReadMatch(const Steps& steps, const MessageMatch& match, sim::MessageMatch* result) const {
  result->type = match.type();
  result->contains = match.contains();
  result->nth = match.nth() == 0 ? 1 : match.nth();
  result->count = match.count() == 0 ? 1 : match.count() == -1 ? 0 : match.count();
  if (result->nth < 1) return locator_.Error(steps, "nth", "nth counts from 1");
  if (match.count() < -1) return locator_.Error(steps, "count", "count is -1 (all that follow) or at least 1");
  if (match.type().empty() && match.contains().empty()) {
    return locator_.Error(steps, "type", "which message? give its type, e.g. \"ProduceRequest\"");
  }
  if (!match.type().empty()) {
    if (auto status = CheckType(steps, "type", match.type()); !status.ok()) return status;
  }
  if (auto status = ReadSelector(steps, "from", match.from(), true, &result->from); !status.ok()) return status;
  return ReadSelector(steps, "to", match.to(), true, &result->to);
}

absl::Status WorldBuilder::CheckType(const Steps& steps, const std::string& field, const std::string& type) const {
  std::vector<std::string> types = {"ApplyEffect", "EffectApplied"};
  types.insert(types.end(), vocabulary_.types.begin(), vocabulary_.types.end());
  if (std::find(types.begin(), types.end(), type) != types.end()) return absl::OkStatus();
  return locator_.Error(steps, field,
                        fmt::format("no message is named '{}'{}", type, sim::DidYouMean(type, types)));
}

absl::Status WorldBuilder::ReadSelector(const Steps& steps, const std::string& field,
                                        const google::protobuf::RepeatedPtrField<std::string>& terms,
                                        bool may_be_empty, sim::Selector* selector) const {
  if (terms.empty() && !may_be_empty) {
    return locator_.Error(steps, field,
                          fmt::format("which nodes? give {}, e.g. \"b1\" or \"leader(orders-0)\"", field));
  }
  for (const std::string& term : terms) {
    if (auto status = CheckTerm(steps, field, term); !status.ok()) return status;
    selector->terms.push_back(term);
  }
  return absl::OkStatus();
}

bool WorldBuilder::HasLogRole(const std::string& kind) const {
  const std::vector<std::string>& roles = vocabulary_.log_roles;
  return std::find(roles.begin(), roles.end(), kind) != roles.end();
}

absl::Status WorldBuilder::CheckTerm(const Steps& steps, const std::string& field, const std::string& term) const {
  if (const size_t minus = term.find(" - "); minus != std::string::npos) {
    if (auto status = CheckTerm(steps, field, term.substr(0, minus)); !status.ok()) return status;
    return CheckTerm(steps, field, term.substr(minus + 3));
  }
  if (term == "-") return absl::OkStatus();  // nobody
  std::vector<std::string> known = {"*"};
  if (!clusters_.empty()) known.emplace_back("controller");  // who is it at that moment
  std::string kind;
  std::string argument;
  const bool call = SplitTerm(term, &kind, &argument);
  if (call && kind == "one") return CheckTerm(steps, field, argument);
  if (call && kind == "client") return CheckTerm(steps, field, argument);
  if (call && (kind == "dc" || kind == "role" || kind == "rack")) {
    known.clear();
    for (const World::NodePlan& node : world_->nodes_) {
      const std::string& value =
          kind == "dc" ? node.spec.datacenter : kind == "rack" ? node.spec.rack : node.spec.role;
      known.push_back(fmt::format("{}({})", kind, value));
    }
  } else if (call && HasLogRole(kind)) {
    known.clear();
    for (const std::string& log : vocabulary_.logs) known.push_back(fmt::format("{}({})", kind, log));
  } else if (call && kind == "coordinator" && !clusters_.empty()) {
    return absl::OkStatus();
  } else {
    for (const World::NodePlan& node : world_->nodes_) known.push_back(node.spec.name);
    known.insert(known.end(), vocabulary_.roles.begin(), vocabulary_.roles.end());
  }
  if (std::find(known.begin(), known.end(), term) != known.end()) return absl::OkStatus();
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  // The name before the parenthesis may be what is misspelt.
  std::vector<std::string> terms = known;
  for (const std::string& log : vocabulary_.logs) {
    for (const std::string& role : vocabulary_.log_roles) {
      if (call) terms.push_back(fmt::format("{}({})", role, log));
    }
  }
  const std::string near = sim::DidYouMean(term, terms);
  // Kafka's own topics would be too many.
  std::erase_if(known, [](const std::string& name) { return name.find("(__") != std::string::npos; });
  return locator_.Error(
      steps, field,
      fmt::format("'{}' selects no node{}; there are: {}", term, near, absl::StrJoin(known, ", ")), term);
}

}  // namespace brokersim::scenarios
