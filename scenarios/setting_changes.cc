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

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;
using kafka::SettingInfo;

// Where lines of settings are: in a family's message itself or in the members of one of its repeated fields.
struct Place {
  std::string_view family;    // field of Setup
  std::string_view common;    // whose the family's own lines are; empty: there are none
  std::string_view members;   // its repeated field
  std::vector<SettingInfo> (*settings)();
};

constexpr Place kPlaces[] = {
    {"kafka", "brokers", "broker", kafka::BrokerSettings},
    {"kafka", "", "producer", kafka::ProducerSettings},
    {"kafka", "", "consumer", kafka::ConsumerSettings},
};

const pb::FieldDescriptor* FieldOf(const pb::Message& message, std::string_view name) {
  return message.GetDescriptor()->FindFieldByName(std::string(name));
}

// Someone who has lines of settings.
struct Holder {
  std::string name;
  pb::Message* message;

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    const pb::FieldDescriptor* config = FieldOf(*message, "config");
    for (int i = 0; i < message->GetReflection()->FieldSize(*message, config); ++i) {
      lines.push_back(message->GetReflection()->GetRepeatedString(*message, config, i));
    }
    return lines;
  }
  void SetLines(const std::vector<std::string>& lines) const {
    const pb::FieldDescriptor* config = FieldOf(*message, "config");
    message->GetReflection()->ClearField(message, config);
    for (const std::string& line : lines) message->GetReflection()->AddString(message, config, line);
  }
};

// The common one first.
std::vector<Holder> HoldersIn(const Place& place, Setup* setup) {
  std::vector<Holder> holders;
  const pb::FieldDescriptor* family = FieldOf(*setup, place.family);
  if (!setup->GetReflection()->HasField(*setup, family)) return holders;
  pb::Message* message = setup->GetReflection()->MutableMessage(setup, family);
  if (!place.common.empty()) holders.push_back({std::string(place.common), message});
  const pb::FieldDescriptor* members = FieldOf(*message, place.members);
  for (int i = 0; i < message->GetReflection()->FieldSize(*message, members); ++i) {
    pb::Message* member = message->GetReflection()->MutableRepeatedMessage(message, members, i);
    holders.push_back({member->GetReflection()->GetString(*member, FieldOf(*member, "name")), member});
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
    const bool says = place.common.empty() || &holder == &holders.front();
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
  change.risk = kafka::RiskOf(setting, value);
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

void AddCommits(const Setup& setup, std::vector<SettingChange>* changes) {
  SettingChange change;
  change.setup = setup;
  std::vector<std::string> whose;
  for (Consumer& consumer : *change.setup.mutable_kafka()->mutable_consumer()) {
    if (consumer.commit() != Consumer::BEFORE_PROCESSING) continue;
    consumer.set_commit(Consumer::AFTER_PROCESSING);
    whose.push_back(consumer.name());
  }
  if (whose.empty()) return;
  change.line = "commit=BEFORE_PROCESSING";
  change.whose = absl::StrJoin(whose, " ");
  change.instead = "AFTER_PROCESSING";
  change.given = true;
  change.risk = "a record counts as done before anybody has processed it";
  changes->push_back(std::move(change));
}

void AddEffects(const Setup& setup, std::vector<SettingChange>* changes) {
  SettingChange change;
  change.setup = setup;
  std::vector<std::string> whose;
  for (Consumer& consumer : *change.setup.mutable_kafka()->mutable_consumer()) {
    if (!consumer.effects() || consumer.idempotent_effects()) continue;
    consumer.set_idempotent_effects(true);
    whose.push_back(consumer.name());
  }
  if (whose.empty()) return;
  change.line = "idempotent_effects=false";
  change.whose = absl::StrJoin(whose, " ");
  change.instead = "true";
  change.risk = "a record that is processed again takes effect again";
  changes->push_back(std::move(change));
}

void AddFactors(const Setup& setup, std::vector<SettingChange>* changes) {
  constexpr int32_t kSafe = 3;
  for (int i = 0; i < setup.kafka().topic_size(); ++i) {
    const Topic& topic = setup.kafka().topic(i);
    if (topic.replication_factor() == 0 || topic.replication_factor() >= kSafe || topic.assignment_size() > 0) continue;
    SettingChange change;
    change.line = fmt::format("replication_factor={}", topic.replication_factor());
    change.whose = topic.name();
    change.instead = fmt::format("{}", kSafe);
    change.given = true;
    change.risk = "a record has fewer copies than may be lost";
    change.setup = setup;
    change.setup.mutable_kafka()->mutable_topic(i)->set_replication_factor(kSafe);
    changes->push_back(std::move(change));
  }
}

}  // namespace

std::vector<SettingChange> SettingChanges(const Setup& setup) {
  std::vector<SettingChange> changes;
  for (const Place& place : kPlaces) AddPlace(place, setup, &changes);
  if (!setup.has_kafka()) return changes;
  AddCommits(setup, &changes);
  AddEffects(setup, &changes);
  AddFactors(setup, &changes);
  return changes;
}

}  // namespace brokersim::scenarios
