// Registers, alone and by key.
#include <algorithm>

#include "checker/linear/models.h"

namespace brokersim::checker {
namespace {

enum RegisterCall : uint32_t { kRead, kWrite, kCas, kFailedCas };

struct RegisterObject : ObjectOf<RegisterObject> {
  Value value;

  bool Step(const Call& call) override {
    if (call.f == kRead) return !call.known || call.out == value;
    if (call.f == kWrite) {
      value = call.in;
      return true;
    }
    const bool is_from = call.in.items()[0] == value;
    if (call.f == kFailedCas) return !is_from;
    if (is_from) value = call.in.items()[1];
    return is_from;
  }
  void Write(std::vector<Value>* row) const override { row->push_back(value); }
};

// What an operation leaves behind; null: nothing.
const Value* Written(const Operation& op) {
  if (op.call.f == kWrite) return &op.call.in;
  return op.call.f == kCas ? &op.call.in.items()[1] : nullptr;
}

// What it found, if it happened; null: it didn't look.
const Value* Found(const Operation& op) {
  if (op.call.f == kRead) return &op.call.out;
  return op.call.f == kCas ? &op.call.in.items()[0] : nullptr;
}

class Register final : public Model {
 public:
  Register(std::string_view name, std::string_view meaning, std::vector<ModelOp> ops, bool failed_cas_differs,
           bool wants_key)
      : name_(name),
        meaning_(meaning),
        ops_(std::move(ops)),
        failed_cas_differs_(failed_cas_differs),
        wants_key_(wants_key) {}

  std::string_view name() const override { return name_; }
  std::string_view meaning() const override { return meaning_; }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override { return std::make_unique<RegisterObject>(); }
  bool wants_key() const override { return wants_key_; }
  Shortcut shortcut() const override { return Shortcut::kRegister; }

  absl::StatusOr<Fate> Read(const Told& told, Call* call) const override {
    const bool is_pair = told.in.is_sequence() && told.in.items().size() == 2;
    if (call->f == kCas && !is_pair) return absl::InvalidArgumentError("a cas wants [from to]");
    if (call->f == kCas && failed_cas_differs_ && told.outcome == OpType::kFail) {
      *call = {.f = kFailedCas, .known = true, .in = told.in, .out = {}};
      return Fate::kHappened;
    }
    if (call->f != kRead) {
      call->known = true;  // a cas whose outcome is unknown and which didn't apply is as if it had never been
      call->out = Value::Nil();
    } else {
      call->in = Value::Nil();
    }
    return Model::Read(told, call);
  }

  // What no read and no cas ever looks for is all one.
  std::unique_ptr<Object> ForSearch(std::vector<Call>* calls) const override {
    ValueInterner looked_for;
    for (const Call& call : *calls) {
      if (call.f == kRead) looked_for.Intern(call.out);
      if (call.f == kCas || call.f == kFailedCas) looked_for.Intern(call.in.items()[0]);
    }
    const Value other = Value::Text(Value::Kind::kSymbol, "a-value-nobody-looked-for");
    for (Call& call : *calls) {
      if (call.f == kWrite && looked_for.Find(call.in) == kNoId) call.in = other;
    }
    return New();
  }

  // A value is seen of whoever wrote it, unless something else was surely written between.
  void Saw(absl::Span<const Operation> ops, uint32_t at, std::vector<uint32_t>* seen) const override {
    const Value* const found = Found(ops[at]);
    if (found == nullptr) return;
    // Of the writes of something else that ended before: when the last one began. They are by their begin.
    OpIndex last_begin = 0;
    for (uint32_t op = at; op-- > 0 && last_begin == 0;) {
      const Value* const written = ops[op].end > ops[at].begin ? nullptr : Written(ops[op]);
      if (written != nullptr && *written != *found) last_begin = ops[op].begin;
    }
    const size_t before = seen->size();
    uint32_t latest = kNoOp;  // of those that can't be it: the one that ended last
    for (uint32_t writer = 0; writer < ops.size() && ops[writer].begin <= ops[at].end; ++writer) {
      const Value* const written = writer == at ? nullptr : Written(ops[writer]);
      if (written == nullptr || *written != *found) continue;
      if (ops[writer].end >= last_begin) {
        seen->push_back(writer);
      } else if (latest == kNoOp || ops[writer].end > ops[latest].end) {
        latest = writer;
      }
    }
    // A stale value is explained with whoever wrote it, else it would look like one that nobody ever wrote.
    if (seen->size() == before && latest != kNoOp) seen->push_back(latest);
  }

 private:
  std::string_view name_;
  std::string_view meaning_;
  std::vector<ModelOp> ops_;
  bool failed_cas_differs_;
  bool wants_key_;
};

}  // namespace

std::unique_ptr<Model> NewRegister(bool has_cas, bool failed_cas_differs) {
  std::vector<ModelOp> ops = {{"read", "returns what it holds", true}, {"write", "sets it to the value"}};
  if (!has_cas) return std::make_unique<Register>("register", "A register, nil at first.", ops, false, false);
  ops.push_back({"cas", "[from to]: sets it to `to` if it holds `from`"});
  if (!failed_cas_differs) {
    return std::make_unique<Register>("cas-register", "A register with compare-and-set, nil at first.", ops,
                                      false, false);
  }
  ops.push_back({"failed-cas", "(a cas that FAILed) it doesn't hold `from`", true});
  return std::make_unique<Register>(
      "cas-register-strict",
      "A cas-register on which a FAILed cas says that the value differed, as in "
      "Porcupine's etcd logs.",
      ops, true, false);
}

std::unique_ptr<Model> NewKv() {
  return std::make_unique<Register>(
      "kv", "A map; each key is a register, nil at first.",
      std::vector<ModelOp>{{"get", "returns the key's value", true}, {"put", "sets the key's value"}}, false,
      true);
}

}  // namespace brokersim::checker
