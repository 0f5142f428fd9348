// A set, a counter, a lock.
#include <algorithm>
#include <utility>

#include "checker/linear/models.h"

namespace brokersim::checker {
namespace {

// ---- set

enum SetCall : uint32_t { kAdd, kRemove, kContains, kReadSet };

struct SetObject : ObjectOf<SetObject> {
  std::shared_ptr<ValueInterner> values = std::make_shared<ValueInterner>();  // of all objects in this search
  std::vector<uint64_t> bits;  // by value; the last word isn't 0
  uint32_t count = 0;

  bool Has(Id id) const { return id / 64 < bits.size() && (bits[id / 64] >> (id % 64) & 1) != 0; }
  void Flip(Id id) {
    if (id / 64 >= bits.size()) bits.resize(id / 64 + 1, 0);
    bits[id / 64] ^= uint64_t{1} << (id % 64);
    while (!bits.empty() && bits.back() == 0) bits.pop_back();
  }
  bool IsExactly(absl::Span<const Value> items) const {
    if (items.size() != count) return false;
    std::vector<uint64_t> met(bits.size(), 0);
    for (const Value& item : items) {
      const Id id = values->Find(item);
      if (id == kNoId || !Has(id) || (met[id / 64] >> (id % 64) & 1) != 0) return false;
      met[id / 64] |= uint64_t{1} << (id % 64);
    }
    return true;
  }
  bool Step(const Call& call) override {
    if (call.f == kReadSet) return !call.known || IsExactly(call.out.items());
    const Id id = values->Intern(call.in);
    if (call.f == kContains) return !call.known || (call.out.integer() != 0) == Has(id);
    if (Has(id) == (call.f == kAdd)) return true;
    Flip(id);
    count += call.f == kAdd ? 1 : -1;
    return true;
  }
  void Write(std::vector<Value>* row) const override {
    for (const uint64_t word : bits) row->push_back(Value::Int(static_cast<int64_t>(word)));
  }
  std::string Text() const override {
    std::string text = "#{";
    for (Id id = 0; id < values->size(); ++id) {
      if (!Has(id)) continue;
      if (text.size() > 2) text += ' ';
      AppendText(values->Get(id), &text);
    }
    return text + "}";
  }
};

class Set final : public Model {
 public:
  std::string_view name() const override { return "linear-set"; }
  std::string_view meaning() const override { return "A set, empty at first, read whole or by element."; }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override { return std::make_unique<SetObject>(); }
  Shortcut shortcut() const override { return Shortcut::kSet; }

  absl::StatusOr<Fate> Read(const Told& told, Call* call) const override {
    if (call->f == kReadSet) {
      call->in = Value::Nil();
      if (call->known && !call->out.is_sequence())
        return absl::InvalidArgumentError("a read returns a set of values");
    } else if (call->f == kContains) {
      if (call->known && call->out.is_sequence() && call->out.items().size() == 2)
        call->out = call->out.items()[1];
      if (call->known && call->out.kind() != Value::Kind::kBool) {
        return absl::InvalidArgumentError("contains returns true or false");
      }
    } else {
      call->known = true;
      call->out = Value::Nil();
    }
    return Model::Read(told, call);
  }

  bool ElementOf(const Call& call, Value* element) const override {
    *element = call.in;
    return call.f != kReadSet;
  }

  // Elements have nothing to do with one another. Where one was only added once, it may go without those that
  // ask for it in vain; else all that was done with it goes together.
  void Saw(absl::Span<const Operation> ops, uint32_t at, std::vector<uint32_t>* seen) const override {
    if (ops[at].call.f == kReadSet) return;
    const auto is_same = [&](uint32_t op) {
      return ops[op].call.f != kReadSet && ops[op].call.in == ops[at].call.in;
    };
    uint32_t adds = 0;
    bool is_removed = false;
    for (uint32_t op = 0; op < ops.size(); ++op) {
      if (!is_same(op)) continue;
      adds += ops[op].call.f == kAdd ? 1 : 0;
      is_removed = is_removed || ops[op].call.f == kRemove;
    }
    const bool is_found = ops[at].call.f == kContains && ops[at].call.out.integer() != 0;
    for (uint32_t op = 0; op < ops.size(); ++op) {
      if (op == at || !is_same(op)) continue;
      if (adds > 1 || is_removed || (is_found && ops[op].call.f == kAdd)) seen->push_back(op);
    }
  }

  bool TellsOfMany(const Call& call) const override { return call.f == kReadSet; }
  bool Unsee(absl::Span<const Operation> gone, Operation* op, Arena* arena) const override {
    ValueInterner elements;
    for (const Operation& one : gone) {
      if (one.call.f == kAdd || one.call.f == kRemove) elements.Intern(one.call.in);
    }
    std::vector<Value> items;
    for (const Value& item : op->call.out.items()) {
      if (elements.Find(item) == kNoId) items.push_back(item);
    }
    op->call.out = arena->Items(op->call.out.kind(), items);
    return true;
  }

 private:
  std::vector<ModelOp> ops_ = {{"add", "puts the value in"},
                               {"remove", "takes the value out"},
                               {"contains", "whether the value is in", true},
                               {"read", "returns all values", true}};
};

// ---- counter

enum CounterCall : uint32_t { kAddTo, kReadCounter };

struct CounterObject : ObjectOf<CounterObject> {
  int64_t value = 0;

  bool Step(const Call& call) override {
    if (call.f == kReadCounter) return !call.known || call.out.integer() == value;
    return !__builtin_add_overflow(value, call.in.integer(), &value);
  }
  void Write(std::vector<Value>* row) const override { row->push_back(Value::Int(value)); }
};

class Counter final : public Model {
 public:
  std::string_view name() const override { return "linear-counter"; }
  std::string_view meaning() const override { return "A number, 0 at first, that is added to."; }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override { return std::make_unique<CounterObject>(); }

  absl::StatusOr<Fate> Read(const Told& told, Call* call) const override {
    if (call->f == kReadCounter) {
      call->in = Value::Nil();
      if (call->known && !call->out.is_int()) return absl::InvalidArgumentError("a read returns an integer");
    } else {
      if (!call->in.is_int()) return absl::InvalidArgumentError("an add wants an integer");
      call->known = true;
      call->out = Value::Nil();
    }
    return Model::Read(told, call);
  }

  // A read saw every add that had begun.
  void Saw(absl::Span<const Operation> ops, uint32_t at, std::vector<uint32_t>* seen) const override {
    if (ops[at].call.f != kReadCounter) return;
    for (uint32_t op = 0; op < ops.size(); ++op) {
      if (ops[op].call.f == kAddTo && ops[op].begin < ops[at].end) seen->push_back(op);
    }
  }
  Seeing seeing() const override { return Seeing::kSameAmongFewer; }

 private:
  std::vector<ModelOp> ops_ = {{"add", "adds the integer"}, {"read", "returns the sum", true}};
};

// ---- lock

enum MutexCall : uint32_t { kAcquire, kRelease };

struct MutexObject : ObjectOf<MutexObject> {
  bool held = false;

  bool Step(const Call& call) override {
    if (held == (call.f == kAcquire)) return false;
    held = !held;
    return true;
  }
  void Write(std::vector<Value>* row) const override { row->push_back(Value::Bool(held)); }
  std::string Text() const override { return held ? "held" : "free"; }
};

class Mutex final : public Model {
 public:
  std::string_view name() const override { return "mutex"; }
  std::string_view meaning() const override { return "A lock, free at first, held by one at a time."; }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override { return std::make_unique<MutexObject>(); }

  absl::StatusOr<Fate> Read(const Told& told, Call* call) const override {
    // One without an answer that didn't get the lock is as if it had never been.
    *call = {.f = call->f, .known = true, .in = {}, .out = {}};
    return Model::Read(told, call);
  }

  // Each release belongs to the acquire of the same process before it, and both say nothing about the others.
  // Once a process releases what it didn't acquire, or acquires twice, anything may have been there for
  // anything.
  void Saw(absl::Span<const Operation> ops, uint32_t at, std::vector<uint32_t>* seen) const override {
    constexpr uint32_t kNobody = UINT32_MAX;
    std::vector<uint32_t> holds;  // by process: its acquire
    for (uint32_t op = 0; op < ops.size(); ++op) {
      const Id process = ops[op].process;
      if (process >= holds.size()) holds.resize(process + 1, kNobody);
      const uint32_t held = std::exchange(holds[process], Holds(ops[op]) ? op : kNobody);
      const bool is_strange = (ops[op].call.f == kAcquire) != (held == kNobody);
      if (is_strange && ops[op].begin < ops[at].end) return SawAll(ops, at, seen);
      if (ops[op].call.f == kAcquire) continue;
      if (op == at && held != kNobody) seen->push_back(held);
      if (held == at) seen->push_back(op);
    }
  }

 private:
  static bool Holds(const Operation& op) { return op.call.f == kAcquire && !op.open(); }
  static void SawAll(absl::Span<const Operation> ops, uint32_t at, std::vector<uint32_t>* seen) {
    for (uint32_t op = 0; op < ops.size(); ++op) {
      if (op != at && ops[op].begin < ops[at].end) seen->push_back(op);
    }
  }

  std::vector<ModelOp> ops_ = {{"acquire", "gets the lock"}, {"release", "lets it go"}};
};

}  // namespace

std::unique_ptr<Model> NewSet() { return std::make_unique<Set>(); }
std::unique_ptr<Model> NewCounter() { return std::make_unique<Counter>(); }
std::unique_ptr<Model> NewMutex() { return std::make_unique<Mutex>(); }

}  // namespace brokersim::checker
