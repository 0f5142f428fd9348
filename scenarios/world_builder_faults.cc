// What goes wrong, and when.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/quantity.h"
#include "scenarios/world_builder.h"
#include "sim/base/suggest.h"

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
  if (!fault.lasts().empty()) {
    sim::Duration lasts;
    if (auto status = Read(steps, "lasts", fault.lasts(), {}, &lasts); !status.ok()) return status;
    built.lasts = lasts;
  }
  world_->faults_.push_back(std::move(built));
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildTrigger(const Fault& fault, const Steps& steps, sim::Trigger* trigger) const {
  const int given = (fault.at().empty() ? 0 : 1) + (fault.has_when_sent() ? 1 : 0) +
                    (fault.has_when_arrived() ? 1 : 0) + (fault.after_begin_of().empty() ? 0 : 1) +
                    (fault.after_end_of().empty() ? 0 : 1);
  if (given > 1) {
    return locator_.Error(
        steps, "id", "a fault begins at one of at, when_sent, when_arrived, after_begin_of, after_end_of");
  }
  if (auto status = Read(steps, "delay", fault.delay(), {}, &trigger->delay); !status.ok()) return status;
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
  switch (fault.action_case()) {
    case Fault::kCrash:
    case Fault::kPowerLoss:
    case Fault::kStop:
    case Fault::kStart:
    case Fault::kPause:
    case Fault::kSlowCpu:
    case Fault::kClockOffset:
    case Fault::kClockDrift:
    case Fault::kSlowSync:
      return BuildNodeAction(fault, steps, action);
    case Fault::kPartition:
    case Fault::kOneWay:
    case Fault::kLinkDelay:
    case Fault::kLinkLoss:
    case Fault::kLinkDuplicate:
      return BuildNetworkAction(fault, steps, action);
    case Fault::kHoldMessage:
    case Fault::kDropMessage:
    case Fault::kDelayMessage:
    case Fault::kDuplicateMessage:
    case Fault::kResetOnMessage:
      return BuildMessageAction(fault, steps, action);
    case Fault::ACTION_NOT_SET:
      break;
  }
  std::vector<std::string> kinds;
  const google::protobuf::OneofDescriptor* oneof = Fault::descriptor()->FindOneofByName("action");
  for (int i = 0; i < oneof->field_count(); ++i) kinds.push_back(oneof->field(i)->name());
  return locator_.Error(
      steps, "id",
      fmt::format("fault '{}' does nothing; add one of {}", fault.id(), absl::StrJoin(kinds, ", ")));
}

absl::Status WorldBuilder::BuildNodeAction(const Fault& fault, const Steps& steps, sim::FaultAction* action) const {
  sim::Selector nodes;
  const auto select = [&](const std::string& kind, const google::protobuf::RepeatedPtrField<std::string>& terms) {
    return ReadSelector(Down(steps, kind), "node", terms, /*may_be_empty=*/false, &nodes);
  };
  if (fault.has_crash()) {
    if (auto status = select("crash", fault.crash().node()); !status.ok()) return status;
    *action = sim::Crash{nodes};
  } else if (fault.has_power_loss()) {
    if (auto status = select("power_loss", fault.power_loss().node()); !status.ok()) return status;
    const auto unsynced = fault.power_loss().unsynced();
    *action = sim::PowerLoss{nodes, unsynced == PowerLoss::LOST   ? sim::UnsyncedFate::kLost
                                    : unsynced == PowerLoss::KEPT ? sim::UnsyncedFate::kKept
                                                                  : sim::UnsyncedFate::kDrawn};
  } else if (fault.has_stop()) {
    if (auto status = select("stop", fault.stop().node()); !status.ok()) return status;
    *action = sim::Stop{nodes};
  } else if (fault.has_start()) {
    if (auto status = select("start", fault.start().node()); !status.ok()) return status;
    *action = sim::Start{nodes};
  } else if (fault.has_pause()) {
    if (auto status = select("pause", fault.pause().node()); !status.ok()) return status;
    *action = sim::Pause{nodes, !fault.pause().clock_frozen()};
  } else if (fault.has_slow_cpu()) {
    if (auto status = select("slow_cpu", fault.slow_cpu().node()); !status.ok()) return status;
    if (fault.slow_cpu().factor() < 1 || fault.slow_cpu().factor() > 1'000'000) {
      return locator_.Error(Down(steps, "slow_cpu"), "factor", "factor must lie between 1 and 1000000");
    }
    *action = sim::SlowCpu{nodes, fault.slow_cpu().factor()};
  } else if (fault.has_clock_offset()) {
    if (auto status = select("clock_offset", fault.clock_offset().node()); !status.ok()) return status;
    const absl::StatusOr<sim::Duration> offset = ParseDuration(fault.clock_offset().offset());
    if (!offset.ok())
      return locator_.Error(Down(steps, "clock_offset"), "offset", std::string(offset.status().message()));
    *action = sim::ClockOffset{nodes, *offset};
  } else if (fault.has_clock_drift()) {
    if (auto status = select("clock_drift", fault.clock_drift().node()); !status.ok()) return status;
    if (fault.clock_drift().ppm() < -500000 || fault.clock_drift().ppm() > 500000) {
      return locator_.Error(Down(steps, "clock_drift"), "ppm", "ppm must lie between -500000 and 500000");
    }
    *action = sim::ClockDrift{nodes, fault.clock_drift().ppm()};
  } else {
    if (auto status = select("slow_sync", fault.slow_sync().node()); !status.ok()) return status;
    sim::Distribution extra;
    if (!fault.slow_sync().has_extra())
      return locator_.Error(Down(steps, "slow_sync"), "extra",
                            "slow_sync needs extra { ... }: the time added");
    if (auto status = ReadAbsent(Down(steps, "slow_sync"), "extra", &fault.slow_sync().extra(), {}, &extra);
        !status.ok())
      return status;
    *action = sim::SlowSync{nodes, std::move(extra)};
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildNetworkAction(const Fault& fault, const Steps& steps, sim::FaultAction* action) const {
  const auto mode = [](CutMode m) { return m == JAM ? sim::CutMode::kJam : sim::CutMode::kCut; };
  if (fault.has_partition()) {
    sim::Partition partition;
    partition.mode = mode(fault.partition().mode());
    if (fault.partition().group().empty()) {
      return locator_.Error(Down(steps, "partition"), "group",
                            "a partition needs a group { node: ... }; all other nodes form one more");
    }
    for (const Nodes& group : fault.partition().group()) {
      if (auto status = ReadSelector(Down(steps, "partition"), "group", group.node(), false,
                                     &partition.groups.emplace_back());
          !status.ok())
        return status;
    }
    *action = std::move(partition);
    return absl::OkStatus();
  }
  sim::Selector from;
  sim::Selector to;
  const auto ends = [&](const std::string& kind, const auto& message, bool may_be_empty) -> absl::Status {
    if (auto status = ReadSelector(Down(steps, kind), "from", message.from(), may_be_empty, &from);
        !status.ok())
      return status;
    return ReadSelector(Down(steps, kind), "to", message.to(), may_be_empty, &to);
  };
  if (fault.has_one_way()) {
    if (auto status = ends("one_way", fault.one_way(), false); !status.ok()) return status;
    *action = sim::OneWay{from, to, mode(fault.one_way().mode())};
  } else if (fault.has_link_delay()) {
    if (auto status = ends("link_delay", fault.link_delay(), true); !status.ok()) return status;
    sim::Distribution extra;
    if (!fault.link_delay().has_extra())
      return locator_.Error(Down(steps, "link_delay"), "extra",
                            "link_delay needs extra { ... }: the time added");
    if (auto status = ReadAbsent(Down(steps, "link_delay"), "extra", &fault.link_delay().extra(), {}, &extra);
        !status.ok())
      return status;
    *action = sim::LinkDelay{from, to, std::move(extra)};
  } else {
    const bool loss = fault.has_link_loss();
    const std::string kind = loss ? "link_loss" : "link_duplicate";
    const LinkChance& chance = loss ? fault.link_loss() : fault.link_duplicate();
    sim::Ratio probability;
    if (auto status = ends(kind, chance, true); !status.ok()) return status;
    if (chance.probability().empty())
      return locator_.Error(Down(steps, kind), "probability", kind + " needs a probability, e.g. \"1%\"");
    if (auto status = ReadProbability(Down(steps, kind), "probability", chance.probability(), &probability);
        !status.ok())
      return status;
    if (loss) {
      *action = sim::LinkLoss{from, to, probability};
    } else {
      *action = sim::LinkDuplicate{from, to, probability};
    }
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildMessageAction(const Fault& fault, const Steps& steps, sim::FaultAction* action) const {
  sim::MessageMatch match;
  if (fault.has_delay_message()) {
    const Steps at = Down(steps, "delay_message");
    sim::Distribution extra;
    if (auto status = ReadMatch(Down(at, "match"), fault.delay_message().match(), &match); !status.ok()) return status;
    if (!fault.delay_message().has_extra())
      return locator_.Error(at, "extra", "delay_message needs extra { ... }: the time added");
    if (auto status = ReadAbsent(at, "extra", &fault.delay_message().extra(), {}, &extra); !status.ok()) return status;
    *action = sim::DelayMessage{std::move(match), std::move(extra)};
    return absl::OkStatus();
  }
  const auto read = [&](const std::string& kind, const MessageMatch& text) {
    return ReadMatch(Down(steps, kind), text, &match);
  };
  if (fault.has_hold_message()) {
    if (auto status = read("hold_message", fault.hold_message()); !status.ok()) return status;
    *action = sim::HoldMessage{std::move(match)};
  } else if (fault.has_drop_message()) {
    if (auto status = read("drop_message", fault.drop_message()); !status.ok()) return status;
    *action = sim::DropMessage{std::move(match)};
  } else if (fault.has_duplicate_message()) {
    if (auto status = read("duplicate_message", fault.duplicate_message()); !status.ok()) return status;
    *action = sim::DuplicateMessage{std::move(match)};
  } else {
    if (auto status = read("reset_on_message", fault.reset_on_message()); !status.ok()) return status;
    *action = sim::ResetOnMessage{std::move(match)};
  }
  return absl::OkStatus();
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
  std::vector<std::string> types;
  bool known = match.type().empty();
  [&]<class... T>(std::variant<T...>*) {
    (types.emplace_back(T::kName), ...);
  }(static_cast<kafka::Body*>(nullptr));
  types.insert(types.end(), {"ApplyEffect", "EffectApplied"});
  for (const std::string& type : types) known = known || type == match.type();
  if (!known)
    return locator_.Error(
        steps, "type",
        fmt::format("no message is named '{}'{}", match.type(), sim::DidYouMean(match.type(), types)));
  if (auto status = ReadSelector(steps, "from", match.from(), true, &result->from); !status.ok()) return status;
  return ReadSelector(steps, "to", match.to(), true, &result->to);
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

absl::Status WorldBuilder::CheckTerm(const Steps& steps, const std::string& field, const std::string& term) const {
  std::vector<std::string> known = {"*", "controller"};
  std::string kind;
  std::string argument;
  const bool call = SplitTerm(term, &kind, &argument);
  if (call && (kind == "dc" || kind == "role")) {
    known.clear();
    for (const World::NodePlan& node : world_->nodes_) {
      const std::string& value = kind == "dc" ? node.spec.datacenter : node.spec.role;
      known.push_back(fmt::format("{}({})", kind, value));
    }
  } else if (call && (kind == "leader" || kind == "follower")) {
    known.clear();
    for (const kafka::TopicSpec& topic : cluster_->topics) {
      for (size_t i = 0; i < topic.assignment.size(); ++i)
        known.push_back(fmt::format("{}({}-{})", kind, topic.name, i));
    }
  } else if (call && kind == "coordinator") {
    return absl::OkStatus();
  } else {
    for (const World::NodePlan& node : world_->nodes_) known.push_back(node.spec.name);
  }
  if (std::find(known.begin(), known.end(), term) != known.end()) return absl::OkStatus();
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  // The name before the parenthesis may be what is misspelt.
  std::vector<std::string> terms = known;
  for (const kafka::TopicSpec& topic : cluster_->topics) {
    for (size_t i = 0; call && i < topic.assignment.size(); ++i) {
      for (const char* role : {"leader", "follower"}) terms.push_back(fmt::format("{}({}-{})", role, topic.name, i));
    }
  }
  const std::string near = sim::DidYouMean(term, terms);
  // The logs of Kafka's own topics are too many to be named.
  std::erase_if(known, [](const std::string& name) { return name.find("(__") != std::string::npos; });
  return locator_.Error(
      steps, field,
      fmt::format("'{}' selects no node{}; there are: {}", term, near, absl::StrJoin(known, ", ")), term);
}

}  // namespace brokersim::scenarios
