// A log: records at offsets that rise.
#include <algorithm>
#include <utility>

#include "checker/linear/models.h"
#include "checker/stable_sort.h"

namespace brokersim::checker {
namespace {

enum LogCall : uint32_t { kAppend, kRead };

// A record in a read's answer.
bool IsRecord(const Value& value) {
  return value.is_sequence() && value.items().size() == 2 && value.items()[0].is_int();
}

struct LogObject : ObjectOf<LogObject> {
  std::vector<std::pair<int64_t, Value>> records;  // offsets rise

  bool Step(const Call& call) override {
    if (call.f == kAppend) {
      if (!call.known) return false;  // settled: nobody ever sees it
      if (!records.empty() && records.back().first >= call.out.integer()) return false;
      records.emplace_back(call.out.integer(), call.in);
      return true;
    }
    if (!call.known) return true;
    auto at = std::lower_bound(records.begin(), records.end(), call.in.integer(),
                               [](const auto& record, int64_t offset) { return record.first < offset; });
    if (call.out.items().empty()) return at == records.end();
    for (const Value& item : call.out.items()) {
      if (at == records.end() || at->first != item.items()[0].integer() || !(at->second == item.items()[1]))
        return false;
      ++at;
    }
    return true;
  }
  void Write(std::vector<Value>* row) const override {
    for (const auto& [offset, value] : records) {
      row->push_back(Value::Int(offset));
      row->push_back(value);
    }
  }
};

class Log final : public Model {
 public:
  std::string_view name() const override { return "log"; }
  std::string_view meaning() const override {
    return "Records at offsets that rise, and may leave some out; a read returns the next ones from an "
           "offset on.";
  }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override { return std::make_unique<LogObject>(); }
  Shortcut shortcut() const override { return Shortcut::kLog; }

  absl::StatusOr<Fate> Read(const Told& told, Call* call) const override {
    if (call->f == kAppend) {
      if (call->known && IsRecord(call->out)) call->out = call->out.items()[0];
      if (call->known && !call->out.is_int())
        return absl::InvalidArgumentError("an append returns its offset");
      return Model::Read(told, call);
    }
    if (call->in.is_nil()) call->in = Value::Int(0);
    if (!call->in.is_int()) return absl::InvalidArgumentError("a read wants the offset to read from");
    if (call->known) {
      bool is_right = call->out.is_sequence() || call->out.is_nil();
      for (const Value& item : call->out.items()) is_right = is_right && IsRecord(item);
      if (!is_right) return absl::InvalidArgumentError("a read returns records, [[offset value] ...]");
    }
    return Model::Read(told, call);
  }

  bool SettlesOpen() const override { return true; }
  // Gives appends without an answer the offsets at which reads saw their values, the first begun the lowest;
  // those that nobody saw go.
  void Settle(std::vector<Operation>* ops) const override {
    ValueInterner values;
    std::vector<std::vector<int64_t>> seen;     // by value: offsets
    std::vector<std::vector<int64_t>> claimed;  // ... that an append was told
    const auto of = [&](const Value& value, std::vector<std::vector<int64_t>>* offsets) {
      const Id id = values.Intern(value);
      if (id >= seen.size()) {
        seen.resize(id + 1);
        claimed.resize(id + 1);
      }
      return &(*offsets)[id];
    };
    bool any_open = false;
    for (const Operation& op : *ops) {
      if (op.call.f == kAppend && op.call.known) of(op.call.in, &claimed)->push_back(op.call.out.integer());
      any_open = any_open || op.open();
      for (const Value& item : op.call.f == kRead ? op.call.out.items() : absl::Span<const Value>()) {
        of(item.items()[1], &seen)->push_back(item.items()[0].integer());
      }
    }
    if (!any_open) return;
    for (Id id = 0; id < values.size(); ++id) {
      std::sort(seen[id].begin(), seen[id].end());
      std::sort(claimed[id].begin(), claimed[id].end());
      std::vector<int64_t> left;
      for (const int64_t offset : seen[id]) {
        if (!left.empty() && left.back() == offset) continue;
        if (!std::binary_search(claimed[id].begin(), claimed[id].end(), offset)) left.push_back(offset);
      }
      seen[id] = std::move(left);
    }
    std::vector<uint32_t> next(values.size(), 0);
    std::erase_if(*ops, [&](Operation& op) {
      if (!op.open()) return false;
      const Id id = values.Find(op.call.in);
      if (op.call.f != kAppend || id == kNoId || next[id] >= seen[id].size()) return true;
      op.call.known = true;
      op.call.out = Value::Int(seen[id][next[id]++]);
      return false;
    });
  }

  // It was a read that told where an append without an answer went. Else a read does without what is left
  // out: offsets may leave some out too.
  void Saw(absl::Span<const Operation> ops, uint32_t at, std::vector<uint32_t>* seen) const override {
    if (ops[at].call.f != kAppend || !ops[at].open()) return;
    for (uint32_t reader = 0; reader < ops.size(); ++reader) {
      if (ops[reader].call.f != kRead || !Shows(ops[reader], ops[at])) continue;
      seen->push_back(reader);
      return;
    }
  }

  bool TellsOfMany(const Call& call) const override { return call.f == kRead && !call.out.items().empty(); }
  bool Unsee(absl::Span<const Operation> gone, Operation* op, Arena* arena) const override {
    std::vector<std::pair<int64_t, Value>> records;
    for (const Operation& one : gone) {
      if (one.call.f == kAppend) records.emplace_back(one.call.out.integer(), one.call.in);
    }
    StableSort(&records, [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Value> items;
    for (const Value& item : op->call.out.items()) {
      const int64_t offset = item.items()[0].integer();
      auto at = std::lower_bound(records.begin(), records.end(), offset,
                                 [](const auto& record, int64_t wanted) { return record.first < wanted; });
      while (at != records.end() && at->first == offset && !(at->second == item.items()[1])) ++at;
      if (at == records.end() || at->first != offset) items.push_back(item);
    }
    op->call.out = arena->Vector(items);
    return !items.empty();  // else it would say that the log ends there
  }

 private:
  static bool Shows(const Operation& read, const Operation& append) {
    for (const Value& item : read.call.out.items()) {
      if (item.items()[0] == append.call.out && item.items()[1] == append.call.in) return true;
    }
    return false;
  }

  std::vector<ModelOp> ops_ = {
      {"append", "adds the record, returns its offset"},
      {"read", "returns [[offset value] ...] from an offset on; [] at the end", true}};
};

}  // namespace

std::unique_ptr<Model> NewLog() { return std::make_unique<Log>(); }

}  // namespace brokersim::checker
