#include "checker/effects/pairs.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "checker/judgement.h"

namespace brokersim::checker::effects {
namespace {

class Reader {
 public:
  Reader(const History& history, Pairs* pairs) : history_(history), pairs_(*pairs) {}

  absl::Status Read() {
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& op = history_.op(at);
      if (!op.client) continue;
      const std::string_view f = history_.FName(op.f);
      absl::Status status;
      if (f == "send" || f == "transaction") Send(at, op);
      if (f == "process") status = Process(at, op);
      if (f == "assign" && (op.type == OpType::kOk || op.pair == kNoOp)) Assign(op);
      if (f == "commit" && op.type == OpType::kOk) Commit(at, op);
      if (f == "drained" && op.type == OpType::kOk) Drained(op);
      if (f == "read-outputs" && op.type == OpType::kOk) status = ReadOutputs(at, op);
      if (f == "poll" && op.type == OpType::kInvoke) NoteAudit(op);
      if (!status.ok()) return status;
    }
    ReadAudits();
    return absl::OkStatus();
  }

 private:
  Id Intern(const Value& value) {
    const Id id = pairs_.values.Intern(value);
    if (id == pairs_.inputs.size()) pairs_.inputs.emplace_back();
    return id;
  }

  Id Group(const Op& op) { return pairs_.groups.Intern(history_.ExtraOf(op, "group")); }

  // [OFFSET V] or V.
  void Place(const Value& what, const Value& log, Id* input) {
    const bool record = what.is_sequence() && what.items().size() == 2;
    *input = Intern(record ? what.items()[1] : what);
    Input& entry = pairs_.inputs[*input];
    if (!log.is_nil() && entry.log == kNoId) entry.log = pairs_.logs.Intern(log);
    if (record && what.items()[0].is_int() && entry.offset < 0) entry.offset = what.items()[0].integer();
  }

  void Send(OpIndex at, const Op& op) {
    const bool parts = op.value.is_sequence() && !op.value.items().empty() && op.value.items()[0].is_sequence();
    if (!parts) {
      const Value& what = op.type == OpType::kInvoke || !op.value.is_nil() ? op.value : history_.op(op.pair).value;
      Sent(at, op, what, Value::Nil());
      return;
    }
    for (const Value& part : op.value.items()) {
      if (part.items().size() == 3) Sent(at, op, part.items()[2], part.items()[1]);
    }
  }

  void Sent(OpIndex at, const Op& op, const Value& what, const Value& log) {
    Id id = 0;
    Place(what, log, &id);
    Input& input = pairs_.inputs[id];
    if (op.type == OpType::kFail) input.failed = at;
    if (op.type == OpType::kInvoke && history_.Outcome(op) != OpType::kFail && input.sent == kNoOp) input.sent = at;
    if (op.type == OpType::kOk && input.acked == kNoOp) input.acked = at;
  }

  absl::Status Process(OpIndex at, const Op& op) {
    if (op.type != OpType::kInvoke) return absl::OkStatus();
    const Op& said = op.pair == kNoOp ? op : history_.op(op.pair);
    const Op& told = said.value.is_nil() ? op : said;
    if (told.value.is_map()) return ProcessMap(at, op, told.value);
    if (!told.value.is_sequence()) {
      return BadLine(history_, told, ":process takes {:group G :input V :outputs [O ...]} or [[:process LOG [OFFSET V] "
                                     "APPLIED [O ...]]]");
    }
    for (const Value& part : told.value.items()) {
      const absl::Span<const Value> fields = part.items();
      if (fields.size() < 4 || fields.size() > 5 || !fields[0].IsWord("process")) {
        return BadLine(history_, told, "its parts are [:process LOG [OFFSET V] APPLIED] or [... APPLIED [O ...]]");
      }
      if (fields[3] == Value::Bool(false)) continue;
      Effect effect = NewEffect(at, op, Group(told));
      Place(fields[2], fields[1], &effect.input);
      if (fields.size() == 5) AddOutputs(fields[4], &effect);
      Add(std::move(effect), op.process);
    }
    return absl::OkStatus();
  }

  absl::Status ProcessMap(OpIndex at, const Op& op, const Value& map) {
    if (map.Get("applied") == Value::Bool(false)) return absl::OkStatus();
    Effect effect = NewEffect(at, op, pairs_.groups.Intern(map.Get("group")));
    Place(map.Get("input"), map.Get("log"), &effect.input);
    AddOutputs(map.Get("outputs"), &effect);
    Add(std::move(effect), op.process);
    return absl::OkStatus();
  }

  void AddOutputs(const Value& outputs, Effect* effect) {
    for (const Value& output : outputs.items()) {
      effect->outputs.push_back(Intern(output));
      named_.insert(effect->outputs.back());
    }
  }

  Effect NewEffect(OpIndex at, const Op& op, Id group) const {
    Effect effect;
    effect.group = group;
    effect.invoke = at;
    effect.done = op.pair;
    effect.outcome = history_.Outcome(op);
    return effect;
  }

  void Add(Effect effect, Id process) {
    const Id log = pairs_.inputs[effect.input].log;
    const auto owner = owner_.find({effect.group, log});
    // Who never owned it is no zombie: a ledger that writes down what others do.
    effect.zombie = owner != owner_.end() && owner->second != process && owned_.contains({effect.group, log, process});
    pairs_.effects.push_back(std::move(effect));
  }

  void Assign(const Op& op) {
    for (const Value& log : op.value.items()) {
      const Id id = pairs_.logs.Intern(log);
      owner_[{Group(op), id}] = op.process;
      owned_.emplace(Group(op), id, op.process);
    }
  }

  void Commit(OpIndex at, const Op& op) {
    for (const Value& part : op.value.items()) {
      const absl::Span<const Value> fields = part.items();
      if (fields.size() != 3 || !fields[2].is_int()) continue;
      pairs_.done.push_back({Group(op), pairs_.logs.Intern(fields[1]), fields[2].integer(), at});
    }
  }

  void Drained(const Op& op) {
    const Value& said = op.value.is_nil() ? history_.op(op.pair).value : op.value;
    pairs_.done.push_back({pairs_.groups.Intern(said.is_map() ? said.Get("group") : said), kNoId, 0, op.pair});
  }

  absl::Status ReadOutputs(OpIndex at, const Op& op) {
    if (!op.value.is_sequence())
      return BadLine(history_, op, ":read-outputs gives [O ...] or [{:group G :output O} ...]");
    pairs_.outputs = {op.pair, at, {}};
    for (const Value& output : op.value.items()) {
      const bool map = output.is_map() && !output.Get("output").is_nil();
      pairs_.outputs.all.emplace_back(map ? pairs_.groups.Intern(output.Get("group")) : kNoId,
                                      Intern(map ? output.Get("output") : output));
    }
    return absl::OkStatus();
  }

  void NoteAudit(const Op& op) {
    if (history_.ExtraOf(op, "read-all") != Value::Bool(true)) return;
    if (history_.Outcome(op) == OpType::kOk) {
      audits_.push_back(op.pair);
    } else {
      misses_audit_ = true;
    }
  }

  // What is visible of outputs that are records: all that was read of the logs that hold any. If some log wasn't read
  // to its end nobody knows.
  void ReadAudits() {
    if (named_.empty() || audits_.empty() || misses_audit_ || pairs_.outputs.done != kNoOp) return;
    std::map<Id, std::vector<Id>> values;  // by log
    std::set<Id> logs;
    Outputs& outputs = pairs_.outputs;
    for (const OpIndex at : audits_) {
      const Op& op = history_.op(at);
      for (const Value& part : op.value.items()) {
        if (part.items().size() != 2 || !part.items()[1].is_map()) continue;
        const absl::Span<const Value> entries = part.items()[1].items();
        for (size_t i = 0; i + 1 < entries.size(); i += 2) {
          const Id log = pairs_.logs.Intern(entries[i]);
          for (const Value& record : entries[i + 1].items()) {
            if (record.items().size() != 2) continue;
            values[log].push_back(Intern(record.items()[1]));
            if (named_.contains(values[log].back())) logs.insert(log);
          }
        }
      }
      outputs.invoke = outputs.done == kNoOp ? op.pair : std::min(outputs.invoke, op.pair);
      outputs.done = at;
    }
    for (const Id log : logs) {
      for (const Id value : values[log]) outputs.all.emplace_back(kNoId, value);
    }
  }

  const History& history_;
  Pairs& pairs_;
  std::set<Id> named_;           // outputs of effects
  std::vector<OpIndex> audits_;  // where those that read all were answered
  bool misses_audit_ = false;
  std::map<std::pair<Id, Id>, Id> owner_;      // by group and log: the process
  std::set<std::tuple<Id, Id, Id>> owned_;     // groups, logs, and processes that own or owned them
};

}  // namespace

absl::Status TakeApart(const History& history, Pairs* pairs) { return Reader(history, pairs).Read(); }

}  // namespace brokersim::checker::effects
