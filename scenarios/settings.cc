#include "scenarios/settings.h"

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/kafka/config.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;

// What the builder names as the file of a setup that stands in none.
constexpr std::string_view kNowhere = "--set";

// ---- Settings of Kafka

struct Family {
  std::vector<kafka::SettingInfo> settings;
  std::function<absl::Status(std::string_view, std::vector<std::string>*)> apply;
};

// The settings that lines of a message's `config` can have; null if it has no such field.
const Family* FamilyOf(const pb::Message& message) {
  static const auto& brokers = *new Family{kafka::BrokerSettings(), [](std::string_view line, auto* ignored) {
                                             kafka::BrokerConfig config;
                                             return kafka::ApplyBrokerConfig(line, &config, ignored);
                                           }};
  static const auto& producers = *new Family{kafka::ProducerSettings(), [](std::string_view line, auto* ignored) {
                                               kafka::ProducerConfig config;
                                               return kafka::ApplyProducerConfig(line, &config, ignored);
                                             }};
  static const auto& consumers = *new Family{kafka::ConsumerSettings(), [](std::string_view line, auto* ignored) {
                                               kafka::ConsumerConfig config;
                                               return kafka::ApplyConsumerConfig(line, &config, ignored);
                                             }};
  const pb::Descriptor* type = message.GetDescriptor();
  if (type == Kafka::descriptor() || type == Broker::descriptor()) return &brokers;
  if (type == Producer::descriptor()) return &producers;
  return type == Consumer::descriptor() ? &consumers : nullptr;
}

// REQUIRES: FamilyOf(*message) isn't null.
pb::RepeatedPtrField<std::string>* ConfigOf(pb::Message* message) {
  const pb::Descriptor* type = message->GetDescriptor();
  if (type == Kafka::descriptor()) return static_cast<Kafka*>(message)->mutable_config();
  if (type == Broker::descriptor()) return static_cast<Broker*>(message)->mutable_config();
  if (type == Producer::descriptor()) return static_cast<Producer*>(message)->mutable_config();
  return static_cast<Consumer*>(message)->mutable_config();
}

bool Knows(const Family& family, std::string_view name) {
  return std::any_of(family.settings.begin(), family.settings.end(),
                     [&](const kafka::SettingInfo& setting) { return setting.name == name; });
}

// Kafka has such a setting, and the model makes nothing of it.
bool IsIgnored(const Family& family, std::string_view name) {
  std::vector<std::string> ignored;
  return family.apply(fmt::format("{}=0", name), &ignored).ok() && !ignored.empty();
}

void DropLines(std::string_view name, pb::RepeatedPtrField<std::string>* config) {
  const auto is_it = [&](const std::string& line) {
    return absl::StripAsciiWhitespace(absl::string_view(line).substr(0, line.find('='))) ==
           absl::string_view(name.data(), name.size());
  };
  config->erase(std::remove_if(config->begin(), config->end(), is_it), config->end());
}

// ---- Messages

using Visit = std::function<void(pb::Message*)>;

std::optional<std::string> NameOf(const pb::Message& message) {
  for (const char* key : {"id", "name"}) {
    const pb::FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(key);
    if (field == nullptr || field->cpp_type() != pb::FieldDescriptor::CPPTYPE_STRING) continue;
    return message.GetReflection()->GetString(message, field);
  }
  return std::nullopt;
}

void ForEachOf(const pb::FieldDescriptor* field, pb::Message* message, const Visit& visit) {
  const pb::Reflection* reflection = message->GetReflection();
  for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
    visit(reflection->MutableRepeatedMessage(message, field, i));
  }
}

// Every element that has a name.
void ForEachNamed(Setup* setup, const Visit& visit) {
  for (pb::Message* parent : {static_cast<pb::Message*>(setup), static_cast<pb::Message*>(setup->mutable_kafka())}) {
    for (int i = 0; i < parent->GetDescriptor()->field_count(); ++i) {
      const pb::FieldDescriptor* field = parent->GetDescriptor()->field(i);
      if (!field->is_repeated() || field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      ForEachOf(field, parent, [&](pb::Message* element) {
        if (NameOf(*element).has_value()) visit(element);
      });
    }
  }
}

// ---- Values

absl::Status WantsNumber(std::string_view value) {
  return absl::InvalidArgumentError(fmt::format("takes a whole number, not '{}'", value));
}

absl::Status SetDistribution(const std::string& value, Distribution* distribution) {
  const std::vector<std::string> words = absl::StrSplit(value, ' ', absl::SkipEmpty());
  distribution->Clear();
  if (words.size() == 1) {
    distribution->set_constant(value);
  } else if (words.size() == 3 && words[0] == "uniform") {
    distribution->mutable_uniform()->set_low(words[1]);
    distribution->mutable_uniform()->set_high(words[2]);
  } else if (words.size() == 2 && words[0] == "exponential") {
    distribution->mutable_exponential()->set_mean(words[1]);
  } else {
    return absl::InvalidArgumentError(
        fmt::format("takes \"20ms\", \"uniform 1ms 5ms\" or \"exponential 20ms\", not '{}'", value));
  }
  return absl::OkStatus();
}

absl::Status SetSingle(const pb::FieldDescriptor* field, const std::string& value, pb::Message* message) {
  const pb::Reflection* reflection = message->GetReflection();
  const auto set_number = [&](auto number, auto setter) {
    if (!absl::SimpleAtoi(value, &number)) return WantsNumber(value);
    (reflection->*setter)(message, field, number);
    return absl::OkStatus();
  };
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32: return set_number(int32_t{0}, &pb::Reflection::SetInt32);
    case pb::FieldDescriptor::CPPTYPE_INT64: return set_number(int64_t{0}, &pb::Reflection::SetInt64);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      if (value != "true" && value != "false") {
        return absl::InvalidArgumentError(fmt::format("takes true or false, not '{}'", value));
      }
      reflection->SetBool(message, field, value == "true");
      return absl::OkStatus();
    case pb::FieldDescriptor::CPPTYPE_ENUM: {
      const pb::EnumValueDescriptor* number = field->enum_type()->FindValueByName(value);
      if (number == nullptr) {
        std::vector<std::string> names;
        for (int i = 0; i < field->enum_type()->value_count(); ++i) names.push_back(field->enum_type()->value(i)->name());
        return absl::InvalidArgumentError(fmt::format("takes {}, not '{}'", absl::StrJoin(names, ", "), value));
      }
      reflection->SetEnum(message, field, number);
      return absl::OkStatus();
    }
    case pb::FieldDescriptor::CPPTYPE_STRING: reflection->SetString(message, field, value); return absl::OkStatus();
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      if (field->message_type() == Distribution::descriptor()) {
        return SetDistribution(value, static_cast<Distribution*>(reflection->MutableMessage(message, field)));
      }
      break;
    case pb::FieldDescriptor::CPPTYPE_UINT32:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT: break;
  }
  return absl::InvalidArgumentError("has fields of its own; name one of them behind a dot");
}

absl::Status SetValue(const pb::FieldDescriptor* field, const std::string& value, pb::Message* message) {
  if (!field->is_repeated()) return SetSingle(field, value, message);
  if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_STRING) {
    return absl::InvalidArgumentError("is a list; name a field of its elements behind a dot");
  }
  message->GetReflection()->ClearField(message, field);
  if (!value.empty()) message->GetReflection()->AddString(message, field, value);
  return absl::OkStatus();
}

// ---- Keys

// Changes one setup by one line. Each of the ways to read a key gives nothing if the key is not one of them.
class Setter {
 public:
  Setter(Setup* setup, std::string key, std::string value)
      : setup_(setup), key_(std::move(key)), value_(std::move(value)) {}

  absl::Status Apply() {
    std::optional<absl::Status> done = SetEverywhere();
    if (!done.has_value()) done = SetElement();
    if (!done.has_value()) done = SetField(key_, setup_);
    if (!done.has_value()) done = SetField(key_, setup_->mutable_kafka());
    return done.has_value() ? *done : Unknown();
  }

 private:
  // A setting of Kafka without a node's name.
  std::optional<absl::Status> SetEverywhere() {
    std::vector<pb::Message*> owners = {setup_->mutable_kafka()};
    for (Producer& producer : *setup_->mutable_kafka()->mutable_producer()) owners.push_back(&producer);
    for (Consumer& consumer : *setup_->mutable_kafka()->mutable_consumer()) owners.push_back(&consumer);
    std::optional<absl::Status> result;
    for (pb::Message* owner : owners) {
      const std::optional<absl::Status> status = SetConfig(key_, owner);
      // What one owner takes, others may refuse: a mutant belongs to one family.
      if (status.has_value() && (!result.has_value() || !result->ok())) result = status;
    }
    if (result.has_value() && result->ok()) {
      for (Broker& broker : *setup_->mutable_kafka()->mutable_broker()) DropLines(key_, broker.mutable_config());
    }
    return result;
  }

  std::optional<absl::Status> SetConfig(const std::string& name, pb::Message* owner) {
    const Family* family = FamilyOf(*owner);
    if (family == nullptr) return std::nullopt;
    if (!Knows(*family, name)) {
      if (!IsIgnored(*family, name)) return std::nullopt;
      return absl::InvalidArgumentError("a setting of Kafka that has no effect on the model");
    }
    const std::string line = fmt::format("{}={}", name, value_);
    std::vector<std::string> ignored;
    if (const absl::Status status = family->apply(line, &ignored); !status.ok()) return status;
    DropLines(name, ConfigOf(owner));
    *ConfigOf(owner)->Add() = line;
    return absl::OkStatus();
  }

  std::optional<absl::Status> SetElement() {
    std::optional<absl::Status> result;
    ForEachNamed(setup_, [&](pb::Message* element) {
      const std::string prefix = *NameOf(*element) + ".";
      if (!result.has_value() && key_.starts_with(prefix)) result = SetWithin(key_.substr(prefix.size()), element);
    });
    return result;
  }

  // `key` is a setting or a field of the message.
  std::optional<absl::Status> SetWithin(const std::string& key, pb::Message* message) {
    std::optional<absl::Status> done = SetConfig(key, message);
    return done.has_value() ? done : SetField(key, message);
  }

  std::optional<absl::Status> SetField(const std::string& key, pb::Message* message) {
    const size_t dot = key.find('.');
    const pb::FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(key.substr(0, dot));
    if (field == nullptr) return std::nullopt;
    if (dot == std::string::npos) return SetValue(field, value_, message);
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return std::nullopt;
    const std::string rest = key.substr(dot + 1);
    if (!field->is_repeated()) {
      const bool other = field->containing_oneof() != nullptr && !message->GetReflection()->HasField(*message, field);
      // To make a partition of a crash would be another scenario.
      if (other) return absl::InvalidArgumentError(fmt::format("the scenario has no {} there", field->name()));
      return SetWithin(rest, message->GetReflection()->MutableMessage(message, field));
    }
    std::optional<absl::Status> result;
    ForEachOf(field, message, [&](pb::Message* element) {
      if (!result.has_value() || result->ok()) result = SetWithin(rest, element);
    });
    if (message->GetReflection()->FieldSize(*message, field) == 0) {
      return absl::InvalidArgumentError(fmt::format("the scenario has no {}", field->name()));
    }
    return result;
  }

  absl::Status Unknown() const {
    const std::vector<std::string> known = KnownKeys();
    std::vector<std::string> elements;
    ForEachNamed(setup_, [&](pb::Message* element) { elements.push_back(*NameOf(*element)); });
    return absl::InvalidArgumentError(fmt::format(
        "there is neither such a setting nor such a field{}; keys are settings (docs/kafka_settings.md), fields "
        "(docs/scenario.md) such as heal_at, and both behind a name: {}",
        sim::DidYouMean(key_, known), absl::StrJoin(elements, ", ")));
  }

  static void AddKeys(const std::string& prefix, const pb::Message& message, std::vector<std::string>* keys) {
    const pb::Descriptor* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const pb::FieldDescriptor* field = type->field(i);
      if (field->containing_oneof() != nullptr && !message.GetReflection()->HasField(message, field)) continue;
      keys->push_back(prefix + field->name());
      const bool group = !field->is_repeated() && field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
      if (group && message.GetReflection()->HasField(message, field) && field->message_type() != Kafka::descriptor()) {
        AddKeys(prefix + field->name() + ".", message.GetReflection()->GetMessage(message, field), keys);
      }
    }
    const Family* family = FamilyOf(message);
    if (family == nullptr) return;
    for (const kafka::SettingInfo& setting : family->settings) keys->push_back(prefix + setting.name);
  }

  std::vector<std::string> KnownKeys() const {
    std::vector<std::string> keys;
    AddKeys("", setup_->kafka(), &keys);
    AddKeys("", *setup_, &keys);
    for (const Family* clients : {FamilyOf(Producer()), FamilyOf(Consumer())}) {
      for (const kafka::SettingInfo& setting : clients->settings) keys.push_back(setting.name);
    }
    ForEachNamed(setup_, [&](pb::Message* element) { AddKeys(*NameOf(*element) + ".", *element, &keys); });
    return keys;
  }

  Setup* setup_;
  std::string key_;
  std::string value_;
};

absl::Status AtLine(const std::string& line, std::string_view what) {
  const std::string nowhere = fmt::format("{}:1:1: ", kNowhere);
  if (what.starts_with(nowhere)) what.remove_prefix(nowhere.size());
  return absl::InvalidArgumentError(fmt::format("{}: {}", line, what));
}

}  // namespace

absl::StatusOr<ResolvedScenario> WithSettings(const ResolvedScenario& scenario, const std::vector<std::string>& lines) {
  ResolvedScenario changed = scenario;
  for (const std::string& line : lines) {
    const size_t equals = line.find('=');
    if (equals == 0 || equals == std::string::npos) return AtLine(line, "isn't of the form KEY=VALUE");
    Setter setter(&changed.setup, line.substr(0, equals), line.substr(equals + 1));
    if (const absl::Status status = setter.Apply(); !status.ok()) return AtLine(line, std::string(status.message()));
    changed.settings.push_back(line);
  }
  if (lines.empty()) return changed;
  const Place place(kNowhere, &changed.setup, nullptr, 0);
  absl::StatusOr<std::shared_ptr<const World>> world = World::Build(changed.setup, Locator(place, place));
  if (!world.ok()) return AtLine(absl::StrJoin(lines, " "), std::string(world.status().message()));
  changed.world = *std::move(world);
  return changed;
}

std::string VariantText(const ResolvedScenario& scenario) {
  std::string text = scenario.variant;
  for (const std::string& line : scenario.settings) text += ", " + line;
  return text;
}

}  // namespace brokersim::scenarios
