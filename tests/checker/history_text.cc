#include "tests/checker/history_text.h"

#include "checker/check.h"

#include <charconv>
#include <vector>

#include "checker/words.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::History;
using formats::Operation;

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  for (size_t at = 0; at < line.size();) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    if (line[at] == '#') break;
    const size_t end = std::min(line.find(' ', at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

int64_t Number(std::string_view text) {
  int64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    ADD_FAILURE() << "not a number: " << text;
  }
  return number;
}

// Splits at the first `separator`; false if there is none.
bool Split(const std::string& word, char separator, std::string* before, std::string* after) {
  const size_t at = word.find(separator);
  if (at == std::string::npos) return false;
  *before = word.substr(0, at);
  *after = word.substr(at + 1);
  return true;
}

class Parser {
 public:
  void Line(std::string_view line) {
    std::vector<std::string> words = Words(line);
    if (words.empty()) return;
    if (words[0][0] == '@') return SetTime(words[0].substr(1));
    Operation op;
    if (words.size() < 3 || !SetType(words[1], &op)) {
      ADD_FAILURE() << "not an operation: " << line;
      return;
    }
    op.set_process(words[0]);
    op.set_f(words[2]);
    words.erase(words.begin(), words.begin() + 3);
    AddActions(words, &op);
    AddToHistory(std::move(op));
  }

  History Take() { return std::move(history_); }

 private:
  static constexpr int64_t kMillisecond = 1'000'000;

  void SetTime(const std::string& text) {
    std::string ms = text;
    std::string tenth = "0";
    Split(text, '.', &ms, &tenth);
    next_time_ns_ = Number(ms) * kMillisecond + Number(tenth) * kMillisecond / 10;
  }

  static bool SetType(const std::string& word, Operation* op) {
    for (Operation::Type type :
         {Operation::INVOKE, Operation::OK, Operation::FAIL, Operation::INFO}) {
      if (TypeName(type) != word) continue;
      op->set_type(type);
      return true;
    }
    return false;
  }

  void AddActions(const std::vector<std::string>& words, Operation* op) {
    std::vector<std::string> part;
    for (const std::string& word : words) {
      if (word[0] == '!') {
        op->set_error(word.substr(1));
      } else if (word == "|") {
        AddAction(part, op);
        part.clear();
      } else {
        part.push_back(word);
      }
    }
    if (!part.empty()) AddAction(part, op);
  }

  static void AddAction(const std::vector<std::string>& words, Operation* op) {
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (op->f() == "send" || op->f() == "mirror") return AddSends(words[0], rest, op);
    if (op->f() == "poll" || op->f() == "read-all") return AddPoll(words[0], rest, op);
    if (op->f() == "commit") {
      formats::Commit* commit = op->add_actions()->mutable_commit();
      commit->set_group(words[0]);
      commit->set_log(words.at(1));
      commit->set_offset(Number(words.at(2)));
    } else if (op->f() == "process") {
      AddProcess(words, op);
    } else if (op->f() == "assign") {
      formats::Assign* assign = op->add_actions()->mutable_assign();
      assign->set_group(words[0] == "-" ? "" : words[0]);
      for (const std::string& word : rest) {
        std::string log, offset;
        if (!Split(word, '=', &log, &offset)) ADD_FAILURE() << "not a position: " << word;
        formats::Position* position = assign->add_positions();
        position->set_log(log);
        position->set_offset(Number(offset));
      }
    } else {
      ADD_FAILURE() << "no actions are known for " << op->f();
    }
  }

  static void AddSends(const std::string& log, const std::vector<std::string>& words,
                       Operation* op) {
    for (const std::string& word : words) {
      formats::Send* send = op->add_actions()->mutable_send();
      send->set_log(log);
      std::string value = word, offset;
      if (Split(word, '@', &value, &offset)) send->set_offset(Number(offset));
      send->set_value(value);
    }
  }

  static void AddPoll(const std::string& log, const std::vector<std::string>& words,
                      Operation* op) {
    formats::Poll* poll = op->add_actions()->mutable_poll();
    poll->set_log(log);
    for (const std::string& word : words) {
      std::string name, value;
      if (Split(word, ':', &name, &value)) {
        formats::Read* read = poll->add_reads();
        read->set_offset(Number(name));
        read->set_value(value);
        continue;
      }
      if (!Split(word, '=', &name, &value)) ADD_FAILURE() << "not a part of a poll: " << word;
      if (name == "group") poll->set_group(value);
      if (name == "from") poll->set_from(Number(value));
      if (name == "next") poll->set_next(Number(value));
      if (name == "end") poll->set_end(Number(value));
    }
  }

  static void AddProcess(const std::vector<std::string>& words, Operation* op) {
    formats::Process* process = op->add_actions()->mutable_process();
    process->set_group(words[0]);
    process->set_log(words.at(1));
    std::string offset, value;
    if (!Split(words.at(2), ':', &offset, &value)) ADD_FAILURE() << "no record: " << words[2];
    process->set_offset(Number(offset));
    process->set_value(value);
    process->set_applied(words.size() < 4 || words[3] != "again");
  }

  static std::string FirstValue(const Operation& op) {
    return op.actions_size() > 0 && op.actions(0).has_send() ? op.actions(0).send().value() : "";
  }

  void AddToHistory(Operation op) {
    if (op.type() != Operation::INVOKE) {
      int64_t invocation = FindOpen(op);
      if (invocation < 0) {
        Operation invoke = op;
        invoke.set_type(Operation::INVOKE);
        invoke.clear_error();
        for (Action& action : *invoke.mutable_actions()) {
          if (action.has_send()) action.mutable_send()->clear_offset();
          if (action.has_poll()) action.mutable_poll()->clear_reads();
        }
        Append(std::move(invoke));
        invocation = FindOpen(op);
      }
      open_[invocation] = false;
      op.set_invocation(invocation);
    }
    Append(std::move(op));
  }

  // The invocation that an operation completes, or -1.
  int64_t FindOpen(const Operation& op) const {
    for (size_t i = 0; i < open_.size(); ++i) {
      const Operation& begun = history_.operations(static_cast<int>(i));
      if (!open_[i] || begun.process() != op.process() || begun.f() != op.f()) continue;
      if (FirstValue(op).empty() || FirstValue(op) == FirstValue(begun)) return i;
    }
    return -1;
  }

  void Append(Operation op) {
    op.set_index(history_.operations_size());
    op.set_time_ns(next_time_ns_);
    next_time_ns_ += kMillisecond;
    if (op.type() == Operation::INVOKE) op.set_invocation(op.index());
    open_.push_back(op.type() == Operation::INVOKE);
    *history_.add_operations() = std::move(op);
  }

  History history_;
  std::vector<bool> open_;  // by operation
  int64_t next_time_ns_ = kMillisecond;
};

std::string Operations(const formats::Anomaly& anomaly) {
  std::string text;
  for (uint64_t op : anomaly.operations()) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", op);
  }
  return "[" + text + "]";
}

}  // namespace

History ParseHistory(std::string_view text) {
  Parser parser;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    parser.Line(text.substr(at, end - at));
    at = end + 1;
  }
  History history = parser.Take();
  history.set_schema_version(1);
  return history;
}

std::string PrintVerdict(const formats::Verdict& verdict) {
  std::string text = formats::Verdict::Result_Name(verdict.result());
  text += "\nchecks:";
  for (const std::string& check : verdict.checks()) text += " " + check;
  const formats::Counts& counts = verdict.counts();
  text += fmt::format(
      "\ncounts: operations {}, sends {} ok {} failed {} unknown, read {}, commits {}, "
      "processed {}\n",
      counts.operations(), counts.sends_acknowledged(), counts.sends_failed(),
      counts.sends_unknown(), counts.records_read(), counts.commits(), counts.records_processed());
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    text += fmt::format("\n{} {} {}", anomaly.type(), anomaly.code(), Operations(anomaly));
    for (const formats::RecordId& record : anomaly.records()) {
      text += fmt::format(" {}@{}={}", record.log(), record.offset(), record.value());
    }
    text += fmt::format("\n  {}\n", anomaly.explanation());
    for (const formats::StoryLine& line : anomaly.story()) {
      text += fmt::format("    {:>6} {:>10} {:<4} {}\n", line.event(), Ms(line.time_ns()),
                          line.node(), line.text());
    }
  }
  if (verdict.unknown_reasons_size() > 0) text += "\n";
  for (const std::string& reason : verdict.unknown_reasons()) text += "undecided: " + reason + "\n";
  return text;
}

std::string Summary(const formats::Verdict& verdict) {
  std::string text;
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    text += (text.empty() ? "" : " ") + anomaly.type() + Operations(anomaly);
  }
  return text;
}

std::string Judge(std::string_view check, std::string_view text) {
  std::vector<std::string> checks;
  if (!check.empty()) checks.emplace_back(check);
  const formats::Verdict verdict = Check(ParseHistory(text), checks);
  if (verdict.result() == formats::Verdict::INVALID) return Summary(verdict);
  return formats::Verdict::Result_Name(verdict.result());
}

}  // namespace brokersim::checker
