// Settings: a broker's or client's configuration file as a table of members, one line `name=value` at a time.
//
// What the real software knows and the model doesn't use is accepted and listed as ignored; what it doesn't know is
// refused with a suggestion.
#ifndef BROKERSIM_MODEL_BASE_SETTINGS_H_
#define BROKERSIM_MODEL_BASE_SETTINGS_H_

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"

namespace brokersim::model {

// A setting that the model uses.
template <class Config>
struct Setting {
  std::string_view name;
  std::variant<int64_t Config::*, bool Config::*, std::string Config::*> field;
  int64_t least = 0;  // of numbers
  std::string_view meaning;
  int64_t most = INT64_MAX;
  // Of texts: all that are allowed, "earliest latest", if any are named. Of a number: a word that stands for `least`.
  std::string_view words = {};
};

// A setting that decides whether something may be lost, doubled or reordered: what `brokersim explain` knows of it.
struct Safety {
  std::string_view name;
  std::string_view safe;  // value
  std::string_view risk;  // what any other value allows: a sentence without its full stop
};

template <class Config>
struct SettingsTable {
  std::string_view what;  // e.g. "broker"
  std::vector<Setting<Config>> settings;
  // Known to the real software, without effect here.
  std::vector<std::string> not_modelled;
  std::vector<Safety> safety = {};
};

// One row of the documentation.
struct SettingInfo {
  std::string name;
  std::string default_value;
  std::string meaning;
  // As in Safety; empty where there is none.
  std::string safe_value = {};
  std::string risk = {};
};

// What this value of the setting allows; empty if nothing is known, or it is the safe one.
std::string RiskOf(const SettingInfo& setting, std::string_view value);

// "name = value" in its two parts, without space around them. kInvalidArgument: it has no equals sign.
absl::Status SplitLine(std::string_view line, std::string* name, std::string* value);

// Values of single settings. kInvalidArgument says what the setting takes.
struct NumberRange {
  std::string_view name;
  int64_t least = 0;
  int64_t most = INT64_MAX;
  std::string_view word_for_least;
};
absl::Status ReadNumber(const NumberRange& range, const std::string& value, int64_t* number);
absl::Status ReadFlag(std::string_view name, const std::string& value, bool* flag);
absl::Status ReadWord(std::string_view name, std::string_view words, const std::string& value, std::string* word);
absl::Status UnknownSetting(std::string_view what, const std::string& name, const std::vector<std::string>& known);
// "on" and "off" for switches of ours (documented fixes), else "true" and "false".
std::string FlagText(std::string_view name, bool flag);

template <class Config>
absl::Status SetField(const Setting<Config>& setting, const std::string& value, Config* config) {
  if (auto* number = std::get_if<int64_t Config::*>(&setting.field)) {
    return ReadNumber({setting.name, setting.least, setting.most, setting.words}, value, &(config->**number));
  }
  if (auto* flag = std::get_if<bool Config::*>(&setting.field)) return ReadFlag(setting.name, value, &(config->**flag));
  return ReadWord(setting.name, setting.words, value, &(config->*std::get<std::string Config::*>(setting.field)));
}

// Applies one line; a setting without effect on the model is appended to `ignored`. kInvalidArgument names what is
// wrong, and the remedy.
template <class Config>
absl::Status ApplyLine(const SettingsTable<Config>& table, std::string_view line, Config* config,
                       std::vector<std::string>* ignored) {
  std::string name;
  std::string value;
  if (absl::Status status = SplitLine(line, &name, &value); !status.ok()) return status;
  for (const Setting<Config>& setting : table.settings) {
    if (setting.name == name) return SetField(setting, value, config);
  }
  std::vector<std::string> all = table.not_modelled;
  for (const std::string& known : table.not_modelled) {
    if (known != name) continue;
    ignored->push_back(name);
    return absl::OkStatus();
  }
  for (const Setting<Config>& setting : table.settings) all.emplace_back(setting.name);
  return UnknownSetting(table.what, name, all);
}

// The setting's value as a line of configuration would have it.
template <class Config>
std::string ValueText(const Setting<Config>& setting, const Config& config) {
  if (auto* number = std::get_if<int64_t Config::*>(&setting.field)) {
    const int64_t n = config.**number;
    return !setting.words.empty() && n == setting.least ? std::string(setting.words) : fmt::format("{}", n);
  }
  if (auto* flag = std::get_if<bool Config::*>(&setting.field)) return FlagText(setting.name, config.**flag);
  return config.*std::get<std::string Config::*>(setting.field);
}

// The table with its defaults, for the documentation.
template <class Config>
std::vector<SettingInfo> DescribeSettings(const SettingsTable<Config>& table) {
  const Config defaults;
  std::vector<SettingInfo> rows;
  for (const Setting<Config>& setting : table.settings) {
    std::string value = ValueText(setting, defaults);
    if (auto* number = std::get_if<int64_t Config::*>(&setting.field); number && defaults.**number == INT64_MAX) {
      value = "Long.MAX";
    }
    SettingInfo& row = rows.emplace_back(SettingInfo{std::string(setting.name), value, std::string(setting.meaning)});
    for (const Safety& safety : table.safety) {
      if (safety.name != setting.name) continue;
      row.safe_value = std::string(safety.safe);
      row.risk = std::string(safety.risk);
    }
  }
  return rows;
}

}  // namespace brokersim::model

#endif  // BROKERSIM_MODEL_BASE_SETTINGS_H_
