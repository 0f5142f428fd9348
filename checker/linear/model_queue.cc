// Queues: a bag, and first in first out.
#include <deque>

#include "checker/linear/models.h"

namespace brokersim::checker {
namespace {

enum QueueCall : uint32_t { kEnqueue, kDequeue };

struct FifoObject : ObjectOf<FifoObject> {
  std::deque<Value> items;

  bool Step(const Call& call) override {
    if (call.f == kEnqueue) {
      items.push_back(call.in);
      return true;
    }
    if (items.empty()) return !call.known || call.out.is_nil();
    const Value first = items.front();
    items.pop_front();
    return !call.known || call.out == first;
  }
  void Write(std::vector<Value>* row) const override { row->assign(items.begin(), items.end()); }
};

// A dequeue without an answer takes anything, and may do so as late as it likes: so it is only done just
// before a dequeue finds nothing, until nothing is left.
struct BagObject : ObjectOf<BagObject> {
  std::shared_ptr<ValueInterner> values = std::make_shared<ValueInterner>();  // of all objects in this search
  std::vector<uint32_t> counts;  // by value; the last one isn't 0
  uint32_t total = 0;
  uint32_t taken = 0;  // of `total`, by those without an answer

  bool Step(const Call& call) override {
    if (call.f == kDequeue && !call.known) return ++taken <= total;
    if (call.f == kDequeue && call.out.is_nil()) {
      const bool is_empty = taken == total;
      counts.clear();
      total = taken = 0;
      return is_empty;
    }
    if (taken > 0) return false;
    if (call.f == kEnqueue) {
      const Id id = values->Intern(call.in);
      if (id >= counts.size()) counts.resize(id + 1, 0);
      ++counts[id];
      ++total;
      return true;
    }
    const Id id = values->Find(call.out);
    if (id >= counts.size() || counts[id] == 0) return false;
    --counts[id];
    --total;
    while (!counts.empty() && counts.back() == 0) counts.pop_back();
    return true;
  }
  void Write(std::vector<Value>* row) const override {
    row->push_back(Value::Int(taken));
    for (uint32_t id = 0; id < counts.size(); ++id) {
      if (counts[id] == 0) continue;
      row->push_back(values->Get(id));
      row->push_back(Value::Int(counts[id]));
    }
  }
  std::string Text() const override {
    std::string text = "{";
    for (uint32_t id = 0; id < counts.size(); ++id) {
      for (uint32_t i = 0; i < counts[id]; ++i) {
        if (text.size() > 1) text += ' ';
        AppendText(values->Get(id), &text);
      }
    }
    return text + "}";
  }
};

class Queue final : public Model {
 public:
  explicit Queue(bool is_fifo) : is_fifo_(is_fifo) {}

  std::string_view name() const override { return is_fifo_ ? "fifo-queue" : "queue"; }
  std::string_view meaning() const override {
    return is_fifo_ ? "A queue: first in, first out." : "A queue without an order: each item comes out once.";
  }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override {
    if (is_fifo_) return std::make_unique<FifoObject>();
    return std::make_unique<BagObject>();
  }
  Shortcut shortcut() const override { return is_fifo_ ? Shortcut::kFifo : Shortcut::kBag; }

  absl::StatusOr<Fate> Read(const Told& told, Call* call) const override {
    if (call->f == kEnqueue) {
      if (told.in.is_nil())
        return absl::InvalidArgumentError("nil can't be enqueued: it stands for an empty queue");
      call->known = true;
      call->out = Value::Nil();
      return Model::Read(told, call);
    }
    call->in = Value::Nil();
    if (call->out.IsWord("empty")) call->out = Value::Nil();
    const bool says_empty = told.out.IsWord("empty") || told.error.IsWord("empty");
    if (told.outcome == OpType::kFail && says_empty) {
      call->known = true;
      call->out = Value::Nil();
      return Fate::kHappened;
    }
    return Model::Read(told, call);
  }
  Seeing seeing() const override { return Seeing::kEqualValues; }

 private:
  bool is_fifo_;
  std::vector<ModelOp> ops_ = {{"enqueue", "puts the value in"},
                               {"dequeue", "takes a value out; nil or :empty if there is none"}};
};

}  // namespace

std::unique_ptr<Model> NewQueue(bool is_fifo) { return std::make_unique<Queue>(is_fifo); }

}  // namespace brokersim::checker
