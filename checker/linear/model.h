// What a client sees of an object, written as if there were only one client: the whole of a model of
// linearizability.
//
// A model of one's own takes a few lines: an object that does one call after the other, and the names of the
// calls.
//
//   struct Stack : ObjectOf<Stack> {
//     std::vector<Value> items;
//     bool Step(const Call& call) override {
//       if (call.f == 0) {                            // push
//         items.push_back(call.in);
//         return true;
//       }
//       const Value top = items.empty() ? Value::Nil() : items.back();  // pop; of an empty stack: nil
//       if (!items.empty()) items.pop_back();
//       return !call.known || call.out == top;
//     }
//     void Write(std::vector<Value>* row) const override { row->assign(items.begin(), items.end()); }
//   };
//   const ModelOf<Stack> stack("stack", "Last in, first out.", {{.name = "push"}, {.name = "pop"}});
//   absl::StatusOr<formats::Verdict> verdict = CheckLinearizable(stack, history, {});
//
// (tests/checker/linear/own_model_test.cc is this example.)
#ifndef BROKERSIM_CHECKER_LINEAR_MODEL_H_
#define BROKERSIM_CHECKER_LINEAR_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "checker/history/history.h"
#include "checker/history/value.h"

namespace brokersim::checker {

// One operation of a history, as a model sees it.
struct Call {
  uint32_t f = 0;     // place of its name in Model::ops()
  bool known = true;  // false: the client was never told how it ended; `out` is nil
  Value in = {};      // what the client gave
  Value out = {};     // what it was told

  friend bool operator==(const Call& a, const Call& b) {
    return a.f == b.f && a.known == b.known && a.in == b.in && a.out == b.out;
  }
};

// The object in one of its states.
class Object {
 public:
  virtual ~Object() = default;
  // Does the call, if it can end here as the client was told; one with an unknown end can end anyhow. False:
  // it can't, and this object is of no further use. Depends on nothing but the state and the call.
  virtual bool Step(const Call& call) = 0;
  // The state, as a row of values: two objects are in the same state if and only if their rows are equal. The
  // values may point into this object. `row` is empty before.
  virtual void Write(std::vector<Value>* row) const = 0;
  // For people. By default the row.
  virtual std::string Text() const;

  // ObjectOf implements these.
  virtual std::unique_ptr<Object> Clone() const = 0;
  virtual void Assign(const Object& other) = 0;  // REQUIRES: of the same class
};

template <typename Derived>
class ObjectOf : public Object {
 public:
  std::unique_ptr<Object> Clone() const final {
    return std::make_unique<Derived>(static_cast<const Derived&>(*this));
  }
  void Assign(const Object& other) final {
    static_cast<Derived&>(*this) = static_cast<const Derived&>(other);
  }
};

// A name that a model takes in a history's `:f`.
struct ModelOp {
  std::string_view name;
  std::string_view meaning = {};
  // It never changes any state. Saves much searching; a claim, which the tests of a model should check.
  bool pure = false;
};

// How an operation ended, for Model::Read.
struct Told {
  OpType outcome = OpType::kInfo;  // kOk, kFail or kInfo
  Value in = {};                   // the invocation's value
  Value out = {};                  // the completion's; nil if there is none
  Value error = {};                // what the completion held under `:error`
  bool key_is_in = false;          // the key was found, and taken off `in` and `out`
};

enum class Fate : uint8_t {
  kHappened,  // Call::known
  kMaybe,     // it may have happened, or may yet
  kNever,
};

// A call at its place in time.
struct Operation {
  Call call = {};
  OpIndex begin = 0;    // the invocation's line: it took effect after this one,
  OpIndex end = kNoOp;  // and before this one; kNoOp: at any later time, or never
  Id process = 0;
  bool pure = false;

  bool open() const { return end == kNoOp; }
};

// Algorithms of near-linear time. Each is taken where the history fulfils what it requires, else the search.
enum class Shortcut : uint8_t {
  kNone,
  kRegister,  // reads and writes of unique values
  kAppends,   // strings that only grow, of unique pieces
  kBag,       // unique values in and out, in any order
  kFifo,      // ... first in, first out
  kSet,       // a set that only grows
  kLog,       // appends that are told their offset
};

class Model {
 public:
  virtual ~Model() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view meaning() const = 0;
  virtual absl::Span<const ModelOp> ops() const = 0;
  virtual std::unique_ptr<Object> New() const = 0;

  // Makes a call of what a client was told. `call` comes as by default: OK happened, FAIL never, INFO maybe;
  // `in` and `out` are the values told. Where an answer says nothing (of a write), a model had better set
  // `known` and leave `out` nil: then the search sees that all such calls are the same. kInvalidArgument: a
  // value of the wrong shape, with what would be right.
  virtual absl::StatusOr<Fate> Read(const Told& told, Call* call) const;
  // Whether every operation must name a key.
  virtual bool wants_key() const { return false; }
  // The element that the call is about, and nothing else; false: it is about more. Where all calls of an
  // object are about one element each, and calls about different elements never touch one another, each is
  // judged for itself.
  virtual bool ElementOf(const Call& call, Value* element) const;
  virtual Shortcut shortcut() const { return Shortcut::kNone; }
  // A model over which the search is the same but sees fewer states: calls may be replaced by others as long
  // as the search ends the same, place by place. The object returned is the new one.
  virtual std::unique_ptr<Object> ForSearch(std::vector<Call>* calls) const;
  // Settles what only all operations of an object together tell, e.g. where an append ended up whose client
  // was never told. May leave out open operations that nobody can ever notice. `ops` by their begin.
  virtual void Settle(std::vector<Operation>* ops) const;
  // Whether open operations that Settle leaves have surely happened.
  virtual bool SettlesOpen() const { return false; }
  // For explanations: adds the operations that this one saw, or may have seen. Who leaves out an operation
  // must leave out all that saw it too, else a history without any fault would look as if it had one. By
  // default operations with equal values (the one returned, else the one given; not nil) saw one another.
  virtual void Saw(absl::Span<const Operation> ops, uint32_t op, std::vector<uint32_t>* seen) const;
  // What is known of Saw, which saves asking: among fewer operations it may be another; it is the same; it is as by
  // default.
  enum class Seeing : uint8_t { kAnyhow, kSameAmongFewer, kEqualValues };
  virtual Seeing seeing() const { return Seeing::kAnyhow; }
  // The value by which Saw compares by default.
  static const Value& ValueOf(const Call& call) { return call.out.is_nil() ? call.in : call.out; }
  // Whether the answer tells of many operations at once (a whole set): then it isn't left out with each of
  // them, but Unsee takes the traces of those in `gone` off it. What is made for it belongs to the arena.
  // False: nothing is left that it tells.
  virtual bool TellsOfMany(const Call& call) const;
  virtual bool Unsee(absl::Span<const Operation> gone, Operation* op, Arena* arena) const;
};

template <typename ObjectType>
class ModelOf final : public Model {
 public:
  ModelOf(std::string_view name, std::string_view meaning, std::vector<ModelOp> ops)
      : name_(name), meaning_(meaning), ops_(std::move(ops)) {}
  std::string_view name() const override { return name_; }
  std::string_view meaning() const override { return meaning_; }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override { return std::make_unique<ObjectType>(); }

 private:
  std::string_view name_;
  std::string_view meaning_;
  std::vector<ModelOp> ops_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_MODEL_H_
