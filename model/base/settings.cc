#include "model/base/settings.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/base/suggest.h"

namespace brokersim::model {
namespace {

// Sums of times stay far from overflow.
constexpr int64_t kLongestMs = 365LL * 24 * 60 * 60 * 1000;

bool IsSwitch(std::string_view name) {
  return name.starts_with("KIP-") || name.starts_with("KAFKA-") || name.starts_with("ISSUE-");
}

// "0, 1 or 2".
std::string Choices(std::vector<std::string> all) {
  const std::string last = all.back();
  all.pop_back();
  return all.empty() ? last : fmt::format("{} or {}", absl::StrJoin(all, ", "), last);
}

// A few numbers are named one by one.
std::string NumbersText(const NumberRange& range) {
  std::vector<std::string> all;
  const int64_t first = range.word_for_least.empty() ? range.least : range.least + 1;
  for (int64_t n = first; n <= range.most; ++n) all.push_back(fmt::format("{}", n));
  if (!range.word_for_least.empty()) all.emplace_back(range.word_for_least);
  return Choices(std::move(all));
}

}  // namespace

absl::Status SplitLine(std::string_view line, std::string* name, std::string* value) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return absl::InvalidArgumentError(fmt::format("'{}' isn't of the form name=value", line));
  }
  const auto trim = [](std::string_view text) {
    while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
    while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
    return std::string(text);
  };
  *name = trim(line.substr(0, equals));
  *value = trim(line.substr(equals + 1));
  return absl::OkStatus();
}

absl::Status ReadNumber(const NumberRange& range, const std::string& value, int64_t* number) {
  const bool few = range.most < range.least + 10;
  int64_t read = 0;
  if (!range.word_for_least.empty() && value == range.word_for_least) {
    read = range.least;
  } else if (!absl::SimpleAtoi(value, &read) && !few) {
    return absl::InvalidArgumentError(fmt::format("{} takes a whole number, not '{}'", range.name, value));
  } else if (few && (fmt::format("{}", read) != value || read < range.least || read > range.most)) {
    return absl::InvalidArgumentError(fmt::format("{} takes {}, not '{}'", range.name, NumbersText(range), value));
  }
  if (read < range.least || read > range.most) {
    return absl::InvalidArgumentError(fmt::format("{} must be at {} {}, not {}", range.name,
                                                  read < range.least ? "least" : "most",
                                                  read < range.least ? range.least : range.most, value));
  }
  if (range.name.ends_with(".ms") && read > kLongestMs) {
    return absl::InvalidArgumentError(
        fmt::format("{} must be at most {} (a year), not {}", range.name, kLongestMs, value));
  }
  *number = read;
  return absl::OkStatus();
}

absl::Status ReadFlag(std::string_view name, const std::string& value, bool* flag) {
  const std::string lower = absl::AsciiStrToLower(value);
  if (lower != "true" && lower != "false" && lower != "on" && lower != "off") {
    return absl::InvalidArgumentError(fmt::format("{} takes true or false, not '{}'", name, value));
  }
  *flag = lower == "true" || lower == "on";
  return absl::OkStatus();
}

absl::Status ReadWord(std::string_view name, std::string_view words, const std::string& value, std::string* word) {
  const std::vector<std::string> all = absl::StrSplit(std::string(words), ' ', absl::SkipEmpty());
  if (!all.empty() && std::find(all.begin(), all.end(), value) == all.end()) {
    return absl::InvalidArgumentError(fmt::format("{} takes {}, not '{}'", name, Choices(all), value));
  }
  *word = value;
  return absl::OkStatus();
}

absl::Status UnknownSetting(std::string_view what, const std::string& name, const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(
      fmt::format("no {} setting is named '{}'{}", what, name, sim::DidYouMean(name, known)));
}

std::string FlagText(std::string_view name, bool flag) {
  if (IsSwitch(name)) return flag ? "on" : "off";
  return flag ? "true" : "false";
}

std::string RiskOf(const SettingInfo& setting, std::string_view value) {
  return value == setting.safe_value ? "" : setting.risk;
}

}  // namespace brokersim::model
