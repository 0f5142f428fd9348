#include "checker/linear/operations.h"

#include <string>
#include <utility>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

bool IsPair(const Value& value) {
  return (value.kind() == Value::Kind::kVector || value.kind() == Value::Kind::kList) &&
         value.items().size() == 2;
}

class Reader {
 public:
  Reader(const Model& model, const History& history, bool by_element)
      : model_(model), history_(history), by_element_(by_element) {}

  absl::StatusOr<Operations> Run() {
    FindOps();
    if (absl::Status found = FindKeys(); !found.ok()) return found;
    operations_.lines = history_.size();
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& line = history_.op(at);
      if (line.type != OpType::kInvoke || !line.client) continue;
      if (absl::Status added = Add(at, line); !added.ok()) return added;
    }
    if (by_element_) SplitAll();
    operations_.count = 0;
    for (Part& part : operations_.parts) {
      model_.Settle(&part.ops);
      operations_.count += part.ops.size();
    }
    return std::move(operations_);
  }

 private:
  void FindOps() {
    f_.assign(history_.fs(), kNoId);
    for (Id f = 0; f < history_.fs(); ++f) {
      for (Id op = 0; op < model_.ops().size(); ++op) {
        if (model_.ops()[op].name == history_.FName(f)) f_[f] = op;
      }
    }
  }

  absl::Status Error(const Op& line, const std::string& what) const {
    return absl::InvalidArgumentError(fmt::format("operation {} (:{} {}): {}", line.index,
                                                  std::string(history_.FName(line.f)), ToText(line.value),
                                                  what));
  }

  // Where keys are: in the extras, in pairs, or nowhere.
  absl::Status FindKeys() {
    bool all_pairs = true;
    bool any = false;
    const Op* without = nullptr;
    for (const Op& line : history_.ops()) {
      if (!line.client || line.type != OpType::kInvoke) continue;
      any = true;
      if (line.extra_count > 0 && !history_.ExtraOf(line, "key").is_nil()) {
        keys_in_extras_ = true;
      } else {
        without = &line;
      }
      // The pair of an independent cas holds the pair of values.
      const bool is_cas = history_.FName(line.f) == "cas";
      all_pairs = all_pairs && IsPair(line.value) && (!is_cas || IsPair(line.value.items()[1]));
    }
    if (keys_in_extras_ && without != nullptr) {
      return Error(*without, "no :key, but other operations have one. Remedy: name a key in each");
    }
    keys_in_pairs_ = any && !keys_in_extras_ && all_pairs;
    if (any && model_.wants_key() && !keys_in_extras_ && !keys_in_pairs_) {
      for (const Op& line : history_.ops()) {
        if (!line.client || line.type != OpType::kInvoke || IsPair(line.value)) continue;
        return Error(line,
                     fmt::format("{} wants a key. Remedy: the value as [key value] ([key nil] to read), or "
                                 ":key beside :value",
                                 std::string(model_.name())));
      }
    }
    return absl::OkStatus();
  }

  std::string Names() const {
    std::string names;
    for (const ModelOp& op : model_.ops()) names += (names.empty() ? "" : ", ") + std::string(op.name);
    return names;
  }

  absl::Status Add(OpIndex at, const Op& line) {
    Operation op = {.call = {}, .begin = at, .process = line.process};
    op.call.f = f_[line.f];
    if (op.call.f == kNoId) {
      return Error(line, fmt::format("{} knows no such operation. Remedy: {}, or another model",
                                     std::string(model_.name()), Names()));
    }
    Told told = {.outcome = history_.Outcome(line), .in = line.value, .key_is_in = keys_in_pairs_};
    Value key;
    if (keys_in_extras_) key = history_.ExtraOf(line, "key");
    if (keys_in_pairs_) {
      key = line.value.items()[0];
      told.in = line.value.items()[1];
    }
    if (line.pair != kNoOp) {
      const Op& completion = history_.op(line.pair);
      told.out = completion.value;
      if (completion.extra_count > 0) told.error = history_.ExtraOf(completion, "error");
      if (keys_in_pairs_ && IsPair(told.out)) {
        told.out = told.out.items()[1];
      } else if (keys_in_pairs_ && told.outcome == OpType::kOk) {
        return Error(completion,
                     "the invocation's value is [key value], this one isn't. Remedy: the same key in both");
      }
    }
    op.call.in = told.in;
    op.call.known = told.outcome == OpType::kOk;
    if (op.call.known) op.call.out = told.out;
    const absl::StatusOr<Fate> fate = model_.Read(told, &op.call);
    if (!fate.ok()) {
      return Error(line.pair != kNoOp ? history_.op(line.pair) : line, std::string(fate.status().message()));
    }
    op.pure = op.call.f < model_.ops().size() && model_.ops()[op.call.f].pure;
    if (*fate == Fate::kNever || (*fate == Fate::kMaybe && op.pure)) return absl::OkStatus();
    if (*fate == Fate::kHappened && line.pair != kNoOp) op.end = line.pair;
    PartOf(key)->ops.push_back(op);
    return absl::OkStatus();
  }

  Part* PartOf(const Value& key) {
    const bool has_key = keys_in_extras_ || keys_in_pairs_;
    const Id id = has_key ? keys_.Intern(key) : 0;
    if (id == operations_.parts.size()) operations_.parts.push_back({.key = key, .has_key = has_key});
    return &operations_.parts[id];
  }

  void SplitAll() {
    std::vector<Part> parts;
    for (Part& part : operations_.parts) Split(std::move(part), &parts);
    operations_.parts = std::move(parts);
  }

  void Split(Part&& part, std::vector<Part>* parts) const {
    ValueInterner elements;
    std::vector<Id> of;
    for (const Operation& op : part.ops) {
      Value element;
      if (!model_.ElementOf(op.call, &element)) {
        parts->push_back(std::move(part));
        return;
      }
      of.push_back(elements.Intern(element));
    }
    const size_t first = parts->size();
    for (Id id = 0; id < elements.size(); ++id) {
      parts->push_back(
          {.key = part.key, .has_key = part.has_key, .has_element = true, .element = elements.Get(id)});
    }
    for (size_t i = 0; i < of.size(); ++i) (*parts)[first + of[i]].ops.push_back(part.ops[i]);
  }

  const Model& model_;
  const History& history_;
  const bool by_element_;
  std::vector<Id> f_;  // by the history's number of a name
  bool keys_in_extras_ = false;
  bool keys_in_pairs_ = false;
  ValueInterner keys_;
  Operations operations_;
};

}  // namespace

absl::StatusOr<Operations> ReadOperations(const Model& model, const History& history, bool by_element) {
  return Reader(model, history, by_element).Run();
}

}  // namespace brokersim::checker
