#include "scenarios/setting_changes.h"

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "model/kafka/config.h"
#include "model/kafka/mirror/config.h"
#include "model/rocketmq/config.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;
using model::SettingInfo;

// Where lines of settings are: in a family's message itself, in the members of one of its repeated fields, or in both.
struct Place {
  std::string_view family;   // field of Setup, which may be a repeated one
  std::string_view common;   // whose the family's own lines are; empty: there are none
  std::string_view lines;    // their field
  std::string_view members;  // the repeated field; empty: there are none
  std::vector<SettingInfo> (*settings)();
  std::string (*risk)(const SettingInfo& setting, std::string_view value);
};

constexpr Place kPlaces[] = {
    {"kafka", "brokers", "config", "broker", kafka::BrokerSettings, kafka::RiskOf},
    {"kafka", "", "", "producer", kafka::ProducerSettings, kafka::RiskOf},
    {"kafka", "", "", "consumer", kafka::ConsumerSettings, kafka::RiskOf},
    {"kafka", "", "", "outbox_relay", kafka::ProducerSettings, kafka::RiskOf},
    {"kafka", "", "", "transformer", kafka::ConsumerSettings, kafka::RiskOf},
    {"cluster", "brokers", "config", "broker", kafka::BrokerSettings, kafka::RiskOf},
    {"cluster", "", "", "producer", kafka::ProducerSettings, kafka::RiskOf},
    {"cluster", "", "", "consumer", kafka::ConsumerSettings, kafka::RiskOf},
    {"cluster", "", "", "outbox_relay", kafka::ProducerSettings, kafka::RiskOf},
    {"cluster", "", "", "transformer", kafka::ConsumerSettings, kafka::RiskOf},
    {"mirror_maker", "MirrorMaker", "config", "", kafka::MirrorSettings, model::RiskOf},
    {"rocketmq", "brokers", "config", "group", rocketmq::BrokerSettings, model::RiskOf},
    {"rocketmq", "name servers", "namesrv_config", "", rocketmq::NamesrvSettings, model::RiskOf},
    {"rocketmq", "", "", "producer", rocketmq::ProducerSettings, model::RiskOf},
    {"rocketmq", "", "", "consumer", rocketmq::ConsumerSettings, model::RiskOf},
};

const pb::FieldDescriptor* FieldOf(const pb::Message& message, std::string_view name) {
  return message.GetDescriptor()->FindFieldByName(std::string(name));
}

// Someone who has lines of settings.
struct Holder {
  std::string name;
  pb::Message* message;
  const pb::FieldDescriptor* config;
  bool common = false;  // its lines count for the members, too

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (int i = 0; i < message->GetReflection()->FieldSize(*message, config); ++i) {
      lines.push_back(message->GetReflection()->GetRepeatedString(*message, config, i));
    }
    return lines;
  }
  void SetLines(const std::vector<std::string>& lines) const {
    message->GetReflection()->ClearField(message, config);
    for (const std::string& line : lines) message->GetReflection()->AddString(message, config, line);
  }
};

void AddHolders(const Place& place, pb::Message* message, std::vector<Holder>* holders) {
  if (!place.common.empty()) {
    holders->push_back({std::string(place.common), message, FieldOf(*message, place.lines), true});
  }
  if (place.members.empty()) return;
  const pb::FieldDescriptor* members = FieldOf(*message, place.members);
  for (int i = 0; i < message->GetReflection()->FieldSize(*message, members); ++i) {
    pb::Message* member = message->GetReflection()->MutableRepeatedMessage(message, members, i);
    holders->push_back({member->GetReflection()->GetString(*member, FieldOf(*member, "name")), member,
                        FieldOf(*member, "config")});
  }
}

// The common one before its members.
std::vector<Holder> HoldersIn(const Place& place, Setup* setup) {
  std::vector<Holder> holders;
  const pb::Reflection* reflection = setup->GetReflection();
  const pb::FieldDescriptor* family = FieldOf(*setup, place.family);
  if (family->is_repeated()) {
    for (int i = 0; i < reflection->FieldSize(*setup, family); ++i) {
      AddHolders(place, reflection->MutableRepeatedMessage(setup, family, i), &holders);
    }
  } else if (reflection->HasField(*setup, family)) {
    AddHolders(place, reflection->MutableMessage(setup, family), &holders);
  }
  return holders;
}

std::pair<std::string, std::string> Split(const std::string& line) {
  const size_t at = std::min(line.find('='), line.size());
  std::pair<std::string, std::string> parts(line.substr(0, at), line.substr(std::min(at + 1, line.size())));
  absl::StripAsciiWhitespace(&parts.first);
  absl::StripAsciiWhitespace(&parts.second);
  return parts;
}

// What the holder's own lines say last; empty: nothing.
std::string ValueOf(const Holder& holder, std::string_view setting) {
  std::string value;
  for (const std::string& line : holder.lines()) {
    auto [name, said] = Split(line);
    if (name == setting) value = std::move(said);
  }
  return value;
}

// Every holder has that value; empty: the default.
Setup WithValue(const Place& place, const Setup& setup, std::string_view setting, std::string_view value) {
  Setup changed = setup;
  const std::vector<Holder> holders = HoldersIn(place, &changed);
  for (const Holder& holder : holders) {
    std::vector<std::string> lines = holder.lines();
    std::erase_if(lines, [&](const std::string& line) { return Split(line).first == setting; });
    // The common line is everybody's.
    const bool says = place.common.empty() || holder.common;
    if (!value.empty() && says) lines.push_back(fmt::format("{}={}", setting, value));
    holder.SetLines(lines);
  }
  return changed;
}

// As it is now: the values that aren't `otherwise`, each once, and whose they are.
struct Use {
  std::vector<std::string> values;
  std::vector<std::string> whose;
};

Use UseOf(const std::vector<Holder>& holders, const SettingInfo& setting, std::string_view otherwise) {
  Use use;
  for (const Holder& holder : holders) {
    const std::string value = ValueOf(holder, setting.name);
    if (value.empty() || value == otherwise) continue;
    if (std::find(use.values.begin(), use.values.end(), value) == use.values.end()) use.values.push_back(value);
    use.whose.push_back(holder.name);
  }
  return use;
}

bool SaysSafe(const std::vector<Holder>& holders, const SettingInfo& setting) {
  return std::any_of(holders.begin(), holders.end(),
                     [&](const Holder& holder) { return ValueOf(holder, setting.name) == setting.safe_value; });
}

void AddSetting(const Place& place, const Setup& setup, const std::vector<Holder>& holders, const SettingInfo& setting,
                std::vector<SettingChange>* changes) {
  if (setting.default_value.empty()) return;
  SettingChange change;
  const Use given = UseOf(holders, setting, setting.default_value);
  change.given = !given.values.empty();
  const std::string value = change.given ? given.values.front() : setting.default_value;
  change.line = fmt::format("{}={}", setting.name, change.given ? absl::StrJoin(given.values, ",") : value);
  change.whose = absl::StrJoin(given.whose, " ");
  change.risk = place.risk(setting, value);
  if (change.given) {
    change.instead = setting.default_value;
    change.setup = WithValue(place, setup, setting.name, "");
    changes->push_back(change);
  }
  const bool safe = setting.safe_value.empty() || setting.safe_value == value;
  if (safe || (change.given && setting.safe_value == setting.default_value)) return;
  // Somebody has it at the safe value already, so it is no default that nobody thought of.
  if (!change.given && SaysSafe(holders, setting)) return;
  if (!change.given) {
    std::vector<std::string> all;
    for (const Holder& holder : holders) all.push_back(holder.name);
    change.whose = place.common.empty() ? absl::StrJoin(all, " ") : std::string(place.common);
  }
  change.instead = setting.safe_value;
  change.setup = WithValue(place, setup, setting.name, setting.safe_value);
  changes->push_back(std::move(change));
}

void AddPlace(const Place& place, const Setup& setup, std::vector<SettingChange>* changes) {
  Setup copy = setup;
  const std::vector<Holder> holders = HoldersIn(place, &copy);
  if (holders.empty()) return;
  for (const SettingInfo& setting : place.settings()) AddSetting(place, setup, holders, setting, changes);
}

// ---- What is a field of its own

// Names of the elements that `make_safe` has changed.
template <class Elements, class F>
std::vector<std::string> Each(Elements* elements, F make_safe) {
  std::vector<std::string> names;
  for (auto& element : *elements) {
    if (make_safe(&element)) names.push_back(element.name());
  }
  return names;
}

constexpr auto kMakeIdempotent = [](auto* consumer) {
  const bool unsafe = consumer->effects() && !consumer->idempotent_effects();
  if (unsafe) consumer->set_idempotent_effects(true);
  return unsafe;
};

constexpr int32_t kSafeFactor = 3;

struct Field {
  std::string_view line;
  std::string_view instead;
  bool given;
  std::string_view risk;
  // Makes a setup safe; returns whose it was, empty if it was safe before.
  std::vector<std::string> (*make_safe)(Setup* setup);
};

constexpr Field kFields[] = {
    {"commit=BEFORE_PROCESSING", "AFTER_PROCESSING", true, "a record counts as done before anybody has processed it",
     [](Setup* setup) {
       return Each(setup->mutable_kafka()->mutable_consumer(), [](Consumer* consumer) {
         const bool unsafe = consumer->commit() == Consumer::BEFORE_PROCESSING;
         if (unsafe) consumer->set_commit(Consumer::AFTER_PROCESSING);
         return unsafe;
       });
     }},
    {"replication_factor<3", "3", true, "a record has fewer copies than may be lost",
     [](Setup* setup) {
       return Each(setup->mutable_kafka()->mutable_topic(), [](Topic* topic) {
         const int32_t factor = topic->replication_factor();
         const bool unsafe = factor > 0 && factor < kSafeFactor && topic->assignment_size() == 0;
         if (unsafe) topic->set_replication_factor(kSafeFactor);
         return unsafe;
       });
     }},
    {"any_status_is_success=true", "false", true, "a send counts as done whatever the broker says of it",
     [](Setup* setup) {
       return Each(setup->mutable_rocketmq()->mutable_producer(), [](RocketMq::Producer* producer) {
         const bool unsafe = producer->any_status_is_success();
         producer->clear_any_status_is_success();
         return unsafe;
       });
     }},
    {"absent_row=ROLLBACK", "UNKNOW_WHILE_RUNNING", true,
     "a check rolls back what its local transaction is still deciding",
     [](Setup* setup) {
       return Each(setup->mutable_rocketmq()->mutable_producer(), [](RocketMq::Producer* producer) {
         const bool unsafe = producer->transaction().absent_row() == RocketMq::Transaction::ROLLBACK;
         if (unsafe) producer->mutable_transaction()->clear_absent_row();
         return unsafe;
       });
     }},
    {"idempotent_effects=false", "true", false, "a record that is processed again takes effect again",
     [](Setup* setup) {
       return setup->has_rocketmq() ? Each(setup->mutable_rocketmq()->mutable_consumer(), kMakeIdempotent)
                                    : Each(setup->mutable_kafka()->mutable_consumer(), kMakeIdempotent);
     }},
};

void AddField(const Setup& setup, const Field& field, std::vector<SettingChange>* changes) {
  SettingChange change;
  change.setup = setup;
  const std::vector<std::string> whose = field.make_safe(&change.setup);
  if (whose.empty()) return;
  change.line = std::string(field.line);
  change.whose = absl::StrJoin(whose, " ");
  change.instead = std::string(field.instead);
  change.given = field.given;
  change.risk = std::string(field.risk);
  changes->push_back(std::move(change));
}

}  // namespace

std::vector<SettingChange> SettingChanges(const Setup& setup) {
  std::vector<SettingChange> changes;
  for (const Place& place : kPlaces) AddPlace(place, setup, &changes);
  for (const Field& field : kFields) AddField(setup, field, &changes);
  return changes;
}

}  // namespace brokersim::scenarios
