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
#include "model/base/settings.h"
#include "model/kafka/config.h"
#include "model/kafka/mirror/config.h"
#include "model/rocketmq/config.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;

// What the builder names as the file of a setup that stands in none.
constexpr std::string_view kNowhere = "--set";

// ---- Settings of configuration files

// A field that holds lines of a configuration file, and what those can be.
struct ConfigField {
  const pb::FieldDescriptor* field = nullptr;
  std::vector<model::SettingInfo> settings;
  std::function<absl::Status(std::string_view, std::vector<std::string>*)> apply;
};

template <class Message, class Config>
ConfigField Lines(const char* field, std::vector<model::SettingInfo> settings,
                  absl::Status (*apply)(std::string_view, Config*, std::vector<std::string>*)) {
  return {Message::descriptor()->FindFieldByName(field), std::move(settings),
          [apply](std::string_view line, std::vector<std::string>* ignored) {
            Config config;
            return apply(line, &config, ignored);
          }};
}

const std::vector<ConfigField>& AllConfigFields() {
  static const auto& all = *new std::vector<ConfigField>{
      Lines<Kafka>("config", kafka::BrokerSettings(), kafka::ApplyBrokerConfig),
      Lines<Broker>("config", kafka::BrokerSettings(), kafka::ApplyBrokerConfig),
      Lines<Producer>("config", kafka::ProducerSettings(), kafka::ApplyProducerConfig),
      Lines<Consumer>("config", kafka::ConsumerSettings(), kafka::ApplyConsumerConfig),
      Lines<MirrorMaker>("config", kafka::MirrorSettings(), kafka::ApplyMirrorConfig),
      Lines<RocketMq>("config", rocketmq::BrokerSettings(), rocketmq::ApplyBrokerConfig),
      Lines<RocketMq>("namesrv_config", rocketmq::NamesrvSettings(), rocketmq::ApplyNamesrvConfig),
      Lines<RocketMq::Group>("config", rocketmq::BrokerSettings(), rocketmq::ApplyBrokerConfig),
      Lines<RocketMq::Producer>("config", rocketmq::ProducerSettings(), rocketmq::ApplyProducerConfig),
      Lines<RocketMq::Consumer>("config", rocketmq::ConsumerSettings(), rocketmq::ApplyConsumerConfig),
  };
  return all;
}

std::vector<const ConfigField*> ConfigFieldsOf(const pb::Message& message) {
  std::vector<const ConfigField*> fields;
  for (const ConfigField& config : AllConfigFields()) {
    if (config.field->containing_type() == message.GetDescriptor()) fields.push_back(&config);
  }
  return fields;
}

bool Knows(const ConfigField& config, std::string_view name) {
  return std::any_of(config.settings.begin(), config.settings.end(),
                     [&](const model::SettingInfo& setting) { return setting.name == name; });
}

// The real software has such a setting, and the model makes nothing of it.
bool IsIgnored(const ConfigField& config, std::string_view name) {
  std::vector<std::string> ignored;
  return config.apply(fmt::format("{}=0", name), &ignored).ok() && !ignored.empty();
}

// Takes out the lines of that name, and appends `line` unless it is empty.
void ReplaceLine(const pb::FieldDescriptor* field, const std::string& name, const std::string& line,
                 pb::Message* message) {
  const pb::Reflection* reflection = message->GetReflection();
  std::vector<std::string> kept;
  for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
    const std::string old = reflection->GetRepeatedString(*message, field, i);
    if (absl::StripAsciiWhitespace(old.substr(0, old.find('='))) != name) kept.push_back(old);
  }
  if (!line.empty()) kept.push_back(line);
  reflection->ClearField(message, field);
  for (const std::string& each : kept) reflection->AddString(message, field, each);
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

// What the scenario simulates.
pb::Message* SystemOf(Setup* setup) {
  if (setup->has_rocketmq()) return setup->mutable_rocketmq();
  return setup->mutable_kafka();
}

// Every element that has a name.
void ForEachNamed(Setup* setup, const Visit& visit) {
  for (pb::Message* parent : {static_cast<pb::Message*>(setup), SystemOf(setup)}) {
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
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return set_number(int32_t{0}, &pb::Reflection::SetInt32);
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return set_number(int64_t{0}, &pb::Reflection::SetInt64);
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
        for (int i = 0; i < field->enum_type()->value_count(); ++i)
          names.push_back(field->enum_type()->value(i)->name());
        return absl::InvalidArgumentError(fmt::format("takes {}, not '{}'", absl::StrJoin(names, ", "), value));
      }
      reflection->SetEnum(message, field, number);
      return absl::OkStatus();
    }
    case pb::FieldDescriptor::CPPTYPE_STRING:
      reflection->SetString(message, field, value);
      return absl::OkStatus();
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      if (field->message_type() == Distribution::descriptor()) {
        return SetDistribution(value, static_cast<Distribution*>(reflection->MutableMessage(message, field)));
      }
      break;
    case pb::FieldDescriptor::CPPTYPE_UINT32:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      break;
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
    if (!done.has_value()) done = SetField(key_, SystemOf(setup_));
    return done.has_value() ? *done : Unknown();
  }

 private:
  // A setting without a node's name.
  std::optional<absl::Status> SetEverywhere() {
    std::optional<absl::Status> result;
    // What one takes, others may refuse: a mutant belongs to brokers or to clients.
    const auto set = [&](pb::Message* owner) {
      const std::optional<absl::Status> status = SetConfig(key_, owner);
      if (status.has_value() && (!result.has_value() || !result->ok())) result = status;
    };
    set(SystemOf(setup_));
    ForEachNamed(setup_, [&](pb::Message* element) {
      if (!IsBroker(*element)) set(element);
    });
    if (!result.has_value() || !result->ok()) return result;
    // All brokers have it alike.
    ForEachNamed(setup_, [&](pb::Message* element) {
      if (IsBroker(*element)) ReplaceLine(ConfigFieldsOf(*element).front()->field, key_, "", element);
    });
    return result;
  }

  // Its lines are laid over those of the system.
  static bool IsBroker(const pb::Message& element) {
    return element.GetDescriptor() == Broker::descriptor() || element.GetDescriptor() == RocketMq::Group::descriptor();
  }

  std::optional<absl::Status> SetConfig(const std::string& name, pb::Message* owner) {
    for (const ConfigField* config : ConfigFieldsOf(*owner)) {
      if (!Knows(*config, name)) {
        if (!IsIgnored(*config, name)) continue;
        return absl::InvalidArgumentError("a known setting that has no effect on the model");
      }
      const std::string line = fmt::format("{}={}", name, value_);
      std::vector<std::string> ignored;
      if (const absl::Status status = config->apply(line, &ignored); !status.ok()) return status;
      ReplaceLine(config->field, name, line, owner);
      return absl::OkStatus();
    }
    return std::nullopt;
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
        "there is neither such a setting nor such a field{}; keys are settings (docs/*_settings.md), fields "
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
      if (group && message.GetReflection()->HasField(message, field) && !IsSystem(field)) {
        AddKeys(prefix + field->name() + ".", message.GetReflection()->GetMessage(message, field), keys);
      }
    }
    for (const ConfigField* config : ConfigFieldsOf(message)) {
      for (const model::SettingInfo& setting : config->settings) keys->push_back(prefix + setting.name);
    }
  }

  static bool IsSystem(const pb::FieldDescriptor* field) {
    return field->message_type() == Kafka::descriptor() || field->message_type() == RocketMq::descriptor();
  }

  std::vector<std::string> KnownKeys() const {
    std::vector<std::string> keys;
    AddKeys("", *SystemOf(setup_), &keys);
    AddKeys("", *setup_, &keys);
    ForEachNamed(setup_, [&](pb::Message* element) {
      AddKeys(*NameOf(*element) + ".", *element, &keys);
      // Settings of clients do without a name.
      for (const ConfigField* config : ConfigFieldsOf(*element)) {
        for (const model::SettingInfo& setting : config->settings) keys.push_back(setting.name);
      }
    });
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
