#include "tests/checker/txn/txn_text.h"

#include <algorithm>
#include <set>

#include "checker/history/edn.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

namespace brokersim::checker {
namespace {

// The non-empty parts between any of `separators`.
std::vector<std::string> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string MicroOpText(std::string_view text, bool registers, bool invocation) {
  const std::string f = text[0] == 'a' ? ":append" : text[0] == 'w' ? ":w" : ":r";
  const char key = text[1];
  const std::string_view digits = text.substr(2);
  std::string value;
  if (text[0] == 'r' && invocation) {
    value = "nil";
  } else if (text[0] == 'r' && !registers) {
    for (char c : digits) value += value.empty() ? std::string(1, c) : std::string(" ") + c;
    value = value.empty() ? "nil" : "[" + value + "]";
  } else {
    value = digits == "_" ? "nil" : std::string(digits);
  }
  return fmt::format("[{} :{} {}]", f, key, value);
}

History Read(const std::string& edn) {
  absl::StatusOr<History> history = ReadEdn(edn);
  EXPECT_TRUE(history.ok()) << history.status() << "\n" << edn;
  return history.ok() ? *std::move(history) : History();
}

}  // namespace

std::string TxnEdn(std::string_view lines, bool registers) {
  std::string edn;
  std::set<std::string> open;
  for (const std::string& line : Split(lines, "\n;")) {
    const std::vector<std::string> words = Split(line, " ");
    if (words.empty()) continue;
    const auto write = [&](std::string_view type) {
      edn += fmt::format("{{:process {} :type :{} :f :txn :value [", words[0], type);
      for (size_t i = 2; i < words.size(); ++i) edn += MicroOpText(words[i], registers, type == "invoke");
      edn += "]}\n";
    };
    if (words[1] == "invoke") {
      open.insert(words[0]);
    } else if (open.erase(words[0]) == 0) {
      write("invoke");
    }
    write(words[1]);
  }
  return edn;
}

History ListHistory(std::string_view lines) { return Read(TxnEdn(lines, false)); }
History RegisterHistory(std::string_view lines) { return Read(TxnEdn(lines, true)); }

std::string Summary(const absl::StatusOr<formats::Verdict>& verdict) {
  if (!verdict.ok()) return verdict.status().ToString();
  if (verdict->result() == formats::Verdict::VALID) return verdict->anomalies_size() == 0 ? "VALID" : "VALID?";
  if (verdict->result() == formats::Verdict::UNKNOWN) {
    const std::string& reason = verdict->unknown_reasons(0);
    return "UNKNOWN: " + reason.substr(0, reason.find(':'));
  }
  std::set<std::string> types;
  for (const formats::Anomaly& anomaly : verdict->anomalies()) types.insert(anomaly.type());
  std::string text;
  for (const std::string& type : types) text += text.empty() ? type : " " + type;
  return text;
}

std::string Lists(std::string_view lines, std::vector<std::string> levels) {
  TxnOptions options;
  options.levels = std::move(levels);
  const History history = ListHistory(lines);
  return Summary(CheckListAppend(history, options, {}));
}

std::string Registers(std::string_view lines, TxnOptions options) {
  const History history = RegisterHistory(lines);
  return Summary(CheckRwRegister(history, options, {}));
}

std::string NotOf(const formats::Verdict& verdict) {
  std::string text;
  for (const std::string& level : verdict.rules_out()) text += text.empty() ? level : " " + level;
  return text;
}

}  // namespace brokersim::checker
