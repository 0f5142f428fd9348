#include "checker/txn/transactions.h"

#include "checker/txn/prefetch.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

bool IsListOrVector(const Value& value) {
  return value.kind() == Value::Kind::kVector || value.kind() == Value::Kind::kList;
}

// The line that says what the transaction did: its completion, unless a crash left nothing there but a reason.
OpIndex Told(const History& history, OpIndex invocation) {
  const OpIndex completion = history.op(invocation).pair;
  if (completion == kNoOp) return invocation;
  const bool certain = history.op(completion).type == OpType::kOk;
  return certain || IsListOrVector(history.op(completion).value) ? completion : invocation;
}

std::string Expected(const MicroOpShape& shape) {
  return fmt::format("a transaction is a vector of [:r key {}] and [:{} key value]", shape.lists ? "list" : "value",
                     shape.write);
}

absl::Status Malformed(const Op& line, const MicroOpShape& shape, const std::string& what) {
  return absl::InvalidArgumentError(fmt::format("index {}: {}; {}", line.index, what, Expected(shape)));
}

}  // namespace

absl::StatusOr<Transactions> Transactions::Read(const History& history, const MicroOpShape& shape) {
  Transactions all;
  all.history_ = &history;
  const auto begins = [&](const Op& op) { return op.client && op.type == OpType::kInvoke; };
  size_t failed = 0;
  for (const Op& op : history.ops()) {
    if (!begins(op)) continue;
    const bool fails = history.Outcome(op) == OpType::kFail;
    failed += fails;
    all.possible_ += !fails;
  }
  if (all.possible_ + failed >= kMaxNodes / 4) {
    return absl::ResourceExhaustedError("the history has more than 134 million transactions; check a part of it");
  }
  all.txns_.resize(all.possible_ + failed);
  all.micro_ops_.reserve(2 * all.txns_.size());
  Node next_possible = 0;
  Node next_failed = all.possible_;
  for (OpIndex at = 0; at < history.size(); ++at) {
    PrefetchBehind(history, at);
    const Op& op = history.op(at);
    if (!begins(op)) continue;
    Txn& txn = all.txns_[history.Outcome(op) == OpType::kFail ? next_failed++ : next_possible++];
    if (absl::Status status = all.Add(at, shape, &txn); !status.ok()) return status;
  }
  return all;
}

absl::Status Transactions::Add(OpIndex invocation, const MicroOpShape& shape, Txn* txn) {
  const Op& begun = history_->op(invocation);
  txn->invocation = invocation;
  txn->completion = begun.pair;
  txn->outcome = history_->Outcome(begun);
  txn->first = static_cast<uint32_t>(micro_ops_.size());
  const Op& told = history_->op(Told(*history_, invocation));
  if (!IsListOrVector(told.value)) {
    return Malformed(told, shape, fmt::format("{} is no transaction", ToText(told.value)));
  }
  for (const Value& micro_op : told.value.items()) {
    const absl::Span<const Value> parts = micro_op.items();
    if (!IsListOrVector(micro_op) || parts.size() < 2 || parts.size() > 3) {
      return Malformed(told, shape, fmt::format("{} is no micro-operation", ToText(micro_op)));
    }
    const bool write = parts[0].IsWord(shape.write);
    if (!write && !parts[0].IsWord("r")) {
      return Malformed(told, shape, fmt::format("{} is neither a read nor a write", ToText(micro_op)));
    }
    if (write && parts.size() < 3) {
      return Malformed(told, shape, fmt::format("{} writes no value", ToText(micro_op)));
    }
    MicroOp op;
    op.write = write;
    op.key = keys_.Intern(parts[1]);
    if (parts.size() == 3) op.value = parts[2];
    if (!write && shape.lists && !op.value.is_nil() && !IsListOrVector(op.value)) {
      return Malformed(told, shape, fmt::format("{} reads something else than a list", ToText(micro_op)));
    }
    micro_ops_.push_back(op);
  }
  txn->count = static_cast<uint32_t>(micro_ops_.size()) - txn->first;
  if (micro_ops_.size() >= UINT32_MAX / 2) {
    return absl::ResourceExhaustedError("the history has more than 2 billion micro-operations; check a part of it");
  }
  return absl::OkStatus();
}

uint64_t Transactions::Index(Node node) const {
  const Txn& txn = txns_[node];
  return history_->op(txn.completion == kNoOp ? txn.invocation : txn.completion).index;
}

std::string Transactions::Name(Node node) const { return fmt::format("T{}", Index(node)); }

void Transactions::Order(Graph* graph) const {
  std::vector<Node> after(possible_, possible_);
  std::vector<uint32_t> process(possible_, kNoNode);
  // Completions in the order of the history: walk the lines, and number the transactions as they begin.
  std::vector<Node> node_of(history_->size(), kNoNode);
  for (Node node = 0; node < possible_; ++node) {
    node_of[txns_[node].invocation] = node;
    if (IsOk(node)) node_of[txns_[node].completion] = node;
  }
  Node begun = 0;
  for (OpIndex at = 0; at < history_->size(); ++at) {
    const Node node = node_of[at];
    if (node == kNoNode) continue;
    const Op& op = history_->op(at);
    if (op.type == OpType::kInvoke) {
      ++begun;
      process[node] = op.process;
    } else {
      after[node] = begun;
    }
  }
  graph->SetRealtime(std::move(after));
  // Process nil: the file knows no processes, so it tells of no sessions.
  std::vector<bool> unknown(history_->processes());
  for (Id p = 0; p < history_->processes(); ++p) unknown[p] = history_->ProcessName(p) == "nil";
  for (uint32_t& p : process) {
    if (unknown[p]) p = kNoNode;
  }
  graph->SetProcesses(process, history_->processes());
}

}  // namespace brokersim::checker
