#include <string>
#include <utility>
#include <vector>

#include "checker/history/proto.h"

namespace brokersim::checker {
namespace {

using formats::Datum;
using formats::Operation;

void ToDatum(const Value& value, Datum* datum) {
  const auto items = [&value](Datum::Items* list) {
    for (const Value& item : value.items()) ToDatum(item, list->add_items());
  };
  switch (value.kind()) {
    case Value::Kind::kNil:
      return;
    case Value::Kind::kBool:
      return datum->set_boolean(value.integer() != 0);
    case Value::Kind::kInt:
      return datum->set_integer(value.integer());
    case Value::Kind::kNumber:
      return datum->set_number(std::string(value.text()));
    case Value::Kind::kString:
      return datum->set_text(std::string(value.text()));
    case Value::Kind::kKeyword:
      return datum->set_keyword(std::string(value.text()));
    case Value::Kind::kSymbol:
      return datum->set_symbol(std::string(value.text()));
    case Value::Kind::kList:
      return items(datum->mutable_list());
    case Value::Kind::kVector:
      return items(datum->mutable_vector());
    case Value::Kind::kSet:
      return items(datum->mutable_set());
    case Value::Kind::kMap:
      datum->mutable_map();
      for (uint32_t i = 0; i < value.entries(); ++i) {
        formats::Entry* const entry = datum->mutable_map()->add_entries();
        ToDatum(value.key(i), entry->mutable_key());
        ToDatum(value.value(i), entry->mutable_value());
      }
  }
}

bool IsString(const Value& value) { return value.kind() == Value::Kind::kString; }

// [offset "value"]
bool IsRecord(const Value& value) {
  return value.is_sequence() && value.items().size() == 2 && value.items()[0].is_int() && IsString(value.items()[1]);
}

// Turns a line of proto.h's shapes into actions. Each function is false where the shape is another.
class Actions {
 public:
  Actions(const History& history, const Op& line, Operation* op) : history_(history), line_(line), op_(*op) {}

  bool Make() {
    const std::string_view f = history_.FName(line_.f);
    const bool known = f == "send"      ? All(&Actions::Send)
                       : f == "poll"    ? All(&Actions::Poll)
                       : f == "commit"  ? All(&Actions::Commit)
                       : f == "process" ? All(&Actions::Process)
                       : f == "assign"  ? Assign()
                                        : false;
    if (!known) return false;
    if (f == "poll" && Extra("read-all").kind() == Value::Kind::kBool) op_.set_f("read-all");
    return true;
  }

  // What of the extras the actions hold.
  static bool Holds(const Value& key) {
    return key.IsWord("group") || key.IsWord("positions") || key.IsWord("keys") || key.IsWord("delays") ||
           key.IsWord("read-all");
  }

 private:
  Value Extra(std::string_view key) const { return history_.ExtraOf(line_, key); }
  std::string Group() const { return std::string(Extra("group").text()); }
  Value At(std::string_view key, size_t i) const {
    const Value all = Extra(key);
    return i < all.items().size() ? all.items()[i] : Value::Nil();
  }

  bool All(bool (Actions::*part)(absl::Span<const Value>, size_t)) {
    const absl::Span<const Value> parts = line_.value.items();
    if (!line_.value.is_sequence() || (parts.empty() && line_.type != OpType::kOk)) return false;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].is_sequence() || !(this->*part)(parts[i].items(), i)) return false;
    }
    return true;
  }

  bool Send(absl::Span<const Value> part, size_t i) {
    if (part.size() != 3 || !part[0].IsWord("send") || !IsString(part[1])) return false;
    formats::Send* const send = op_.add_actions()->mutable_send();
    send->set_log(std::string(part[1].text()));
    send->set_key(std::string(At("keys", i).text()));
    if (const Value delay = At("delays", i); delay.is_int()) send->set_delay_ns(delay.integer());
    Value what = part[2];
    if (what.is_sequence() && what.items().size() == 2) {
      if (what.items()[0].is_int()) send->set_offset(what.items()[0].integer());
      what = what.items()[1];
    }
    send->set_value(std::string(what.text()));
    return IsString(what);
  }

  bool Poll(absl::Span<const Value> part, size_t i) {
    const Value position = At("positions", i);
    if (part.size() != 2 || !part[0].IsWord("poll") || !part[1].is_map() || part[1].entries() != 1 ||
        !IsString(part[1].key(0)) || position.items().size() != 3) {
      return false;
    }
    formats::Poll* const poll = op_.add_actions()->mutable_poll();
    poll->set_log(std::string(part[1].key(0).text()));
    poll->set_group(Group());
    poll->set_from(position.items()[0].integer());
    poll->set_next(position.items()[1].integer());
    if (position.items()[2].is_int()) poll->set_end(position.items()[2].integer());
    for (const Value& record : part[1].value(0).items()) {
      if (!IsRecord(record)) return false;
      formats::Read* const read = poll->add_reads();
      read->set_offset(record.items()[0].integer());
      read->set_value(std::string(record.items()[1].text()));
    }
    return true;
  }

  bool Commit(absl::Span<const Value> part, size_t) {
    if (part.size() != 3 || !part[0].IsWord("commit") || !IsString(part[1]) || !part[2].is_int()) return false;
    formats::Commit* const commit = op_.add_actions()->mutable_commit();
    commit->set_group(Group());
    commit->set_log(std::string(part[1].text()));
    commit->set_offset(part[2].integer());
    return true;
  }

  bool Process(absl::Span<const Value> part, size_t) {
    const bool outputs = part.size() == 5 && part[4].is_sequence();
    if ((part.size() != 4 && !outputs) || !part[0].IsWord("process")) return false;
    if (!IsString(part[1]) || !IsRecord(part[2])) return false;
    formats::Process* const process = op_.add_actions()->mutable_process();
    process->set_group(Group());
    process->set_log(std::string(part[1].text()));
    process->set_offset(part[2].items()[0].integer());
    process->set_value(std::string(part[2].items()[1].text()));
    process->set_applied(part[3].integer() != 0);
    for (size_t i = 0; outputs && i < part[4].items().size(); ++i) {
      if (!IsString(part[4].items()[i])) return false;
      process->add_outputs(std::string(part[4].items()[i].text()));
    }
    return part[3].kind() == Value::Kind::kBool;
  }

  bool Assign() {
    const absl::Span<const Value> logs = line_.value.items();
    const Value offsets = Extra("positions");
    if (!line_.value.is_sequence() || offsets.items().size() != logs.size()) return false;
    formats::Assign* const assign = op_.add_actions()->mutable_assign();
    assign->set_group(Group());
    for (size_t i = 0; i < logs.size(); ++i) {
      if (!IsString(logs[i])) return false;
      formats::Position* const position = assign->add_positions();
      position->set_log(std::string(logs[i].text()));
      position->set_offset(offsets.items()[i].integer());
    }
    return true;
  }

  const History& history_;
  const Op& line_;
  Operation& op_;
};

Operation::Type TypeOf(OpType type) {
  switch (type) {
    case OpType::kInvoke:
      return Operation::INVOKE;
    case OpType::kOk:
      return Operation::OK;
    case OpType::kFail:
      return Operation::FAIL;
    case OpType::kInfo:
      return Operation::INFO;
  }
  return Operation::TYPE_UNSPECIFIED;
}

void AddLine(const History& history, const Op& line, Operation* op) {
  op->set_index(line.index);
  if (line.time != kNoTime) op->set_time_ns(line.time);
  op->set_type(TypeOf(line.type));
  if (!history.Process(line.process).is_nil()) op->set_process(history.ProcessName(line.process));
  op->set_f(std::string(history.FName(line.f)));
  const bool completes = line.type != OpType::kInvoke && line.pair != kNoOp;
  op->set_invocation(completes ? history.op(line.pair).index : line.index);
  const bool actions = Actions(history, line, op).Make();
  if (!actions) {
    op->clear_actions();
    if (!line.value.is_nil()) ToDatum(line.value, op->mutable_value());
  }
  for (const Extra& extra : history.ExtrasOf(line)) {
    if (extra.key.IsWord("error") && IsString(extra.value)) {
      op->set_error(std::string(extra.value.text()));
    } else if (!actions || !Actions::Holds(extra.key)) {
      formats::Entry* const entry = op->add_extras();
      ToDatum(extra.key, entry->mutable_key());
      ToDatum(extra.value, entry->mutable_value());
    }
  }
}

}  // namespace

formats::History ToProto(const History& history) {
  formats::History out;
  out.set_schema_version(1);
  for (const Op& line : history.ops()) {
    if (!history.MadeUp(line)) AddLine(history, line, out.add_operations());
  }
  return out;
}

}  // namespace brokersim::checker
