#include "checker/linear/model.h"

namespace brokersim::checker {

std::string Object::Text() const {
  std::vector<Value> row;
  Write(&row);
  if (row.size() == 1) return ToText(row.front());
  std::string text = "[";
  for (const Value& value : row) {
    if (text.size() > 1) text += ' ';
    AppendText(value, &text);
  }
  return text + "]";
}

absl::StatusOr<Fate> Model::Read(const Told& told, Call* call) const {
  (void)call;
  if (told.outcome == OpType::kOk) return Fate::kHappened;
  return told.outcome == OpType::kFail ? Fate::kNever : Fate::kMaybe;
}

bool Model::ElementOf(const Call& call, Value* element) const {
  (void)call;
  (void)element;
  return false;
}

std::unique_ptr<Object> Model::ForSearch(std::vector<Call>* calls) const {
  (void)calls;
  return New();
}

void Model::Settle(std::vector<Operation>* ops) const { (void)ops; }

void Model::Saw(absl::Span<const Operation> ops, uint32_t op, std::vector<uint32_t>* seen) const {
  const Value& value = ValueOf(ops[op].call);
  for (uint32_t other = 0; other < ops.size(); ++other) {
    if (other != op && !value.is_nil() && ValueOf(ops[other].call) == value) seen->push_back(other);
  }
}

bool Model::TellsOfMany(const Call& call) const {
  (void)call;
  return false;
}

bool Model::Unsee(absl::Span<const Operation> gone, Operation* op, Arena* arena) const {
  (void)gone;
  (void)op;
  (void)arena;
  return true;
}

}  // namespace brokersim::checker
