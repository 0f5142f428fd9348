#include "formats/operation_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "absl/strings/escaping.h"

namespace brokersim::formats {
namespace {

// Writes "name: value" and "name { ... }" with blanks between; fields that have proto3's default are left out.
class Printer {
 public:
  explicit Printer(std::string* text) : text_(*text) {}

  void Text(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    Name(name, ": \"");
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
      return c >= ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
    });
    if (plain) {
      text_ += value;
    } else {
      text_ += absl::CEscape(value);
    }
    text_ += '"';
  }
  template <class T>
  void Number(std::string_view name, T value, bool always = false) {
    if (value == 0 && !always) return;
    Name(name, ": ");
    char digits[24];
    text_.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
  }
  void Word(std::string_view name, std::string_view word) {
    Name(name, ": ");
    text_ += word;
  }
  template <class Fields>
  void Message(std::string_view name, const Fields& fields) {
    Name(name, " {");
    fields();
    text_ += " }";
  }

 private:
  void Name(std::string_view name, std::string_view then) {
    if (!text_.empty()) text_ += ' ';
    text_ += name;
    text_ += then;
  }

  std::string& text_;
};

void Print(const Send& send, Printer& out) {
  out.Text("log", send.log());
  out.Text("key", send.key());
  out.Text("value", send.value());
  out.Number("offset", send.offset(), send.has_offset());
  out.Number("delay_ns", send.delay_ns());
}

void Print(const Poll& poll, Printer& out) {
  out.Text("log", poll.log());
  for (const Read& read : poll.reads()) {
    out.Message("reads", [&] {
      out.Number("offset", read.offset());
      out.Text("key", read.key());
      out.Text("value", read.value());
    });
  }
  out.Number("from", poll.from());
  out.Number("next", poll.next());
  out.Number("end", poll.end(), poll.has_end());
  out.Text("group", poll.group());
}

void Print(const Commit& commit, Printer& out) {
  out.Text("group", commit.group());
  out.Text("log", commit.log());
  out.Number("offset", commit.offset());
}

void Print(const Process& process, Printer& out) {
  out.Text("group", process.group());
  out.Text("log", process.log());
  out.Number("offset", process.offset());
  out.Text("value", process.value());
  if (process.applied()) out.Word("applied", "true");
  for (const std::string& output : process.outputs()) out.Text("outputs", output);
}

void Print(const Assign& assign, Printer& out) {
  out.Text("group", assign.group());
  for (const Position& position : assign.positions()) {
    out.Message("positions", [&] {
      out.Text("log", position.log());
      out.Number("offset", position.offset());
    });
  }
}

void Print(const Action& action, Printer& out) {
  switch (action.kind_case()) {
    case Action::kSend: return out.Message("send", [&] { Print(action.send(), out); });
    case Action::kPoll: return out.Message("poll", [&] { Print(action.poll(), out); });
    case Action::kCommit: return out.Message("commit", [&] { Print(action.commit(), out); });
    case Action::kProcess: return out.Message("process", [&] { Print(action.process(), out); });
    case Action::kAssign: return out.Message("assign", [&] { Print(action.assign(), out); });
    case Action::KIND_NOT_SET: return;
  }
}

}  // namespace

std::string ShortText(const Operation& operation) {
  // Nothing that happens often has any of these.
  if (operation.has_value() || operation.extras_size() > 0) return operation.ShortDebugString();
  std::string text;
  Printer out(&text);
  out.Number("index", operation.index());
  out.Number("time_ns", operation.time_ns(), operation.has_time_ns());
  if (operation.type() != Operation::TYPE_UNSPECIFIED) out.Word("type", Operation::Type_Name(operation.type()));
  out.Text("process", operation.process());
  out.Text("f", operation.f());
  out.Number("invocation", operation.invocation());
  for (const Action& action : operation.actions()) {
    out.Message("actions", [&] { Print(action, out); });
  }
  out.Text("error", operation.error());
  out.Number("event", operation.event());
  return text;
}

}  // namespace brokersim::formats
