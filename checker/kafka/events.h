// A history of logs, taken apart: keys and records are numbers, what operations did lies one behind the other.
#ifndef BROKERSIM_CHECKER_KAFKA_EVENTS_H_
#define BROKERSIM_CHECKER_KAFKA_EVENTS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "checker/history/history.h"
#include "checker/kafka/record_table.h"
#include "checker/txn/graph.h"

namespace brokersim::checker {

inline constexpr int64_t kNoOffset = INT64_MIN;

// Something that an operation did.
struct Item {
  enum class Kind : uint8_t {
    kSend,     // of a record
    kPoll,     // of a record
    kNothing,  // a poll of a key that returned no record
    kCommit,   // of a key's offset
    kKey,      // assigned or subscribed
  };
  static constexpr uint32_t kManyKeys = (1 << 24) - 1;

  int64_t offset = kNoOffset;
  uint32_t id = 0;  // the record's number, or the key's
  Kind kind : 8 = Kind::kSend;
  uint32_t key : 24 = 0;  // the record's; kManyKeys: that number or a higher one
};
static_assert(sizeof(Item) == 16);

struct KafkaOp {
  enum class F : uint8_t { kSend, kPoll, kTxn, kAssign, kSubscribe, kCommit };
  OpIndex invocation = kNoOp;
  OpIndex completion = kNoOp;  // kNoOp: it never completed
  uint32_t first = 0;          // into the items
  uint32_t count = 0;
  OpType outcome = OpType::kInfo;
  F f = F::kSend;
};

class Events {
 public:
  // kInvalidArgument with the line's index, what is wrong with it and the remedy.
  static absl::StatusOr<Events> Read(const History& history);

  // Operations are numbered in the order in which they began: a graph's nodes.
  Node size() const { return static_cast<Node>(ops_.size()); }
  const KafkaOp& op(Node node) const { return ops_[node]; }
  bool IsOk(Node node) const { return ops_[node].outcome == OpType::kOk; }
  bool IsFail(Node node) const { return ops_[node].outcome == OpType::kFail; }
  absl::Span<const Item> Of(Node node) const {
    return absl::MakeConstSpan(items_).subspan(ops_[node].first, ops_[node].count);
  }
  // The operation whose invocation or completion a line is; kNoNode if it is none of ours.
  Node At(OpIndex line) const { return at_[line]; }
  Id Process(Node node) const { return history_->op(ops_[node].invocation).process; }
  // The line that completed it, or its invocation if none did.
  const Op& Line(Node node) const;

  Id keys() const { return keys_.size(); }
  Id records() const { return records_.size(); }
  Id KeyOf(Id record) const { return records_.Key(record); }
  // Of a send or a poll of a record: without looking at the record.
  Id KeyOf(const Item& item) const { return item.key < Item::kManyKeys ? item.key : records_.Key(item.id); }
  Id FindKey(const Value& key) const { return keys_.Find(key); }
  const Value& ValueOf(Id record) const { return records_.Get(record); }
  std::string KeyText(Id key) const { return ToText(keys_.Get(key)); }
  std::string RecordText(Id record) const { return ToText(records_.Get(record)); }
  const History& history() const { return *history_; }
  bool subscribes() const { return subscribes_; }
  bool commits() const { return commits_; }

 private:
  static constexpr size_t kReaders = 8;
  struct KnownKey {
    Value key;
    Id number = kNoId;
  };
  // Of a key.
  struct Ends {
    Id sent = kNoId;                  // the last record
    std::array<Id, kReaders> polled;  // ... of some processes
  };

  absl::Status Add(OpIndex invocation, KafkaOp::F f);
  absl::Status AddMicroOp(const Op& line, const Value& micro_op);
  absl::Status AddPoll(const Op& line, const Value& polled);
  absl::Status AddCommit(const Op& line, const Value& key, const Value& offset);
  Id KeyNumber(const Value& key);
  Ends& EndsOf(Id key);
  // The number of a record that was sent, or that a poll returned after `before` (kNoId: nobody knows after which).
  Id Sent(Id key, const Value& value);
  Id Polled(Id key, const Value& value, Id before);
  void Push(Item::Kind kind, uint32_t id, int64_t offset) { items_.push_back({offset, id, kind, 0}); }
  void PushRecord(Item::Kind kind, uint32_t id, Id key, int64_t offset) {
    items_.push_back({offset, id, kind, std::min(key, Item::kManyKeys)});
  }

  const History* history_ = nullptr;
  std::vector<KafkaOp> ops_;
  std::vector<Item> items_;
  std::vector<Node> at_;
  ValueInterner keys_;
  RecordTable records_;
  // Guesses, checked before they are believed, because asking a table for every record that is read costs most:
  std::vector<Id> follower_;  // by record: which one comes behind it in its log
  std::vector<Ends> ends_;    // by key
  std::array<KnownKey, 64> known_keys_;
  bool subscribes_ = false;
  bool commits_ = false;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_KAFKA_EVENTS_H_
