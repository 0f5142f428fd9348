// A history's transactions, taken apart: keys are numbers, micro-operations lie one behind the other.
#ifndef BROKERSIM_CHECKER_TXN_TRANSACTIONS_H_
#define BROKERSIM_CHECKER_TXN_TRANSACTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "checker/history/history.h"
#include "checker/txn/graph.h"

namespace brokersim::checker {

// What transactions are made of: reads `[:r key value]`, and writes `[<write> key value]`.
struct MicroOpShape {
  std::string_view write;  // "append" or "w"
  bool lists;              // reads return lists
};

struct MicroOp {
  Value value;  // read or written
  Id key = 0;
  bool write = false;
};

struct Txn {
  OpIndex invocation = kNoOp;
  OpIndex completion = kNoOp;  // kNoOp: it never completed
  uint32_t first = 0;          // into the micro-operations
  uint32_t count = 0;
  OpType outcome = OpType::kInfo;
};

class Transactions {
 public:
  // kInvalidArgument with the line's index, what is wrong with it and the remedy.
  static absl::StatusOr<Transactions> Read(const History& history, const MicroOpShape& shape);

  // Transactions 0..possible()-1 happened or may have, in the order in which they began: a graph's nodes. Those from
  // there on failed.
  Node possible() const { return possible_; }
  Node size() const { return static_cast<Node>(txns_.size()); }
  const Txn& txn(Node node) const { return txns_[node]; }
  bool IsOk(Node node) const { return txns_[node].outcome == OpType::kOk; }
  bool IsFail(Node node) const { return node >= possible_; }
  absl::Span<const MicroOp> Of(Node node) const {
    return absl::MakeConstSpan(micro_ops_).subspan(txns_[node].first, txns_[node].count);
  }
  const std::vector<MicroOp>& micro_ops() const { return micro_ops_; }
  const ValueInterner& keys() const { return keys_; }
  const History& history() const { return *history_; }

  // The line to show for it: its completion, or its invocation if it has none. An `index` as the history gives it.
  uint64_t Index(Node node) const;
  // "T12": a transaction is called by that index.
  std::string Name(Node node) const;
  std::string KeyText(Id key) const { return ToText(keys_.Get(key)); }

  // Tells the graph of sessions and real time.
  void Order(Graph* graph) const;

 private:
  absl::Status Add(OpIndex invocation, const MicroOpShape& shape, Txn* txn);

  const History* history_ = nullptr;
  Node possible_ = 0;
  std::vector<Txn> txns_;
  std::vector<MicroOp> micro_ops_;
  ValueInterner keys_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_TRANSACTIONS_H_
