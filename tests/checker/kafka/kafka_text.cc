#include "tests/checker/kafka/kafka_text.h"

#include <algorithm>
#include <set>
#include <vector>

#include "checker/history/edn.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

namespace brokersim::checker {
namespace {

// The non-empty parts between any of `separators`, which count only outside of brackets.
std::vector<std::string> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (depth == 0 && separators.find(c) != separators.npos) {
      if (!parts.back().empty()) parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.back().empty()) parts.pop_back();
  return parts;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
std::string Datum(std::string_view text) { return IsDigit(text[0]) ? std::string(text) : fmt::format(":{}", text); }

std::string MicroOp(std::string_view word, bool invocation) {
  const size_t bracket = word.find('[');
  if (bracket != word.npos) {
    if (invocation) return "[:poll]";
    std::string pairs;
    for (const std::string& pair : Split(word.substr(bracket + 1, word.size() - bracket - 2), " ")) {
      size_t end = 0;
      while (end < pair.size() && IsDigit(pair[end])) ++end;
      // "12": value 12 at offset 12.
      const std::string value = end == pair.size() ? pair : pair.substr(pair[end] == '_' ? end + 1 : end);
      pairs += fmt::format("[{} {}]", end == 0 ? "nil" : pair.substr(0, end), Datum(value));
    }
    return fmt::format("[:poll {{{} [{}]}}]", Datum(word.substr(0, bracket)), pairs);
  }
  const size_t equals = word.find('=');
  const size_t at = word.find('@');
  const std::string key = Datum(word.substr(0, equals));
  const std::string value = Datum(word.substr(equals + 1, at == word.npos ? at : at - equals - 1));
  if (invocation || at == word.npos) return fmt::format("[:send {} {}]", key, value);
  return fmt::format("[:send {} [{} {}]]", key, word.substr(at + 1), value);
}

std::string LineText(const std::vector<std::string>& words, const std::string& type, const std::string& more,
                     int time) {
  const std::set<std::string> kFs = {"assign", "subscribe", "commit", "txn", "poll", "send"};
  size_t at = 2;
  bool sends = false;
  bool polls = words.size() == 2;
  for (size_t i = at; i < words.size(); ++i) {
    sends |= words[i].find('=') != std::string::npos;
    polls |= words[i].find('[') != std::string::npos;
  }
  std::string f = sends && polls ? "txn" : sends ? "send" : "poll";
  if (words.size() > 2 && kFs.count(words[2])) {
    f = words[2];
    ++at;
  }
  std::string value;
  for (; at < words.size(); ++at) {
    if (f == "commit") {
      const size_t equals = words[at].find('=');
      value += fmt::format("{} {} ", Datum(words[at].substr(0, equals)), words[at].substr(equals + 1));
    } else if (f == "assign" || f == "subscribe") {
      value += Datum(words[at]) + " ";
    } else {
      value += MicroOp(words[at], type == "invoke");
    }
  }
  value = f == "commit" ? "{" + value + "}" : "[" + value + "]";
  return fmt::format("{{:process {} :type :{} :f :{} :time {} :value {} {}}}\n", words[0], type, f, time * 1000000,
                     value, type == "invoke" ? "" : more);
}

}  // namespace

std::string KafkaEdn(std::string_view lines) {
  std::string edn;
  std::set<std::string> open;
  int time = 0;
  for (const std::string& line : Split(lines, "\n;")) {
    const size_t bar = std::min(line.find('|'), line.size());
    const std::vector<std::string> words = Split(line.substr(0, bar), " ");
    if (words.empty()) continue;
    const std::string more = bar == line.size() ? "" : line.substr(bar + 1);
    if (words[1] == "invoke") {
      open.insert(words[0]);
    } else if (open.erase(words[0]) == 0) {
      edn += LineText(words, "invoke", more, time++);
    }
    edn += LineText(words, words[1], more, time++);
  }
  return edn;
}

History KafkaHistory(std::string_view lines) {
  const std::string edn = KafkaEdn(lines);
  absl::StatusOr<History> history = ReadEdn(edn);
  EXPECT_TRUE(history.ok()) << history.status() << "\n" << edn;
  return history.ok() ? *std::move(history) : History();
}

std::string KafkaSummary(const absl::StatusOr<formats::Verdict>& verdict) {
  if (!verdict.ok()) return verdict.status().ToString();
  if (verdict->result() == formats::Verdict::VALID) return verdict->anomalies_size() == 0 ? "VALID" : "VALID?";
  if (verdict->result() == formats::Verdict::UNKNOWN) return "UNKNOWN";
  std::set<std::string> types;
  for (const formats::Anomaly& anomaly : verdict->anomalies()) types.insert(anomaly.type());
  std::string text;
  for (const std::string& type : types) text += text.empty() ? type : " " + type;
  return text;
}

std::string Kafka(std::string_view lines, const KafkaOptions& options) {
  const History history = KafkaHistory(lines);
  return KafkaSummary(CheckKafka(history, options, {}));
}

std::string Explain(std::string_view lines, std::string_view type, const KafkaOptions& options) {
  const History history = KafkaHistory(lines);
  std::string text;
  const formats::Verdict verdict = CheckKafka(history, options, {}).value();
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    if (anomaly.type() == type) text += anomaly.explanation() + "\n";
  }
  return text;
}

double MetricOf(const formats::Verdict& verdict, std::string_view name) {
  for (const formats::Metric& metric : verdict.metrics()) {
    if (metric.name() == name) return metric.value();
  }
  return -1;
}

}  // namespace brokersim::checker
