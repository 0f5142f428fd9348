#include "checker/kafka/events.h"

#include <string_view>

#include "checker/txn/prefetch.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using F = KafkaOp::F;

constexpr std::string_view kNames[] = {"send", "poll", "txn", "assign", "subscribe", "commit"};
constexpr uint8_t kOther = 255;

uint8_t FindF(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<uint8_t>(i);
  }
  return kOther;
}

bool IsListOrVector(const Value& value) {
  return value.kind() == Value::Kind::kVector || value.kind() == Value::Kind::kList;
}

absl::Status Malformed(const Op& line, const Value& value, std::string_view expected) {
  return absl::InvalidArgumentError(
      fmt::format("index {}: {} is not what it should be: {}", line.index, ToText(value), expected));
}

constexpr std::string_view kMicroOps =
    "a vector of [:send key value], [:send key [offset value]], [:poll], [:poll {key [[offset value] ...]}] and "
    "[:commit key offset]";
constexpr std::string_view kPolled = "what a poll returned is {key [[offset value] ...]}, offsets integers or nil";

}  // namespace

absl::StatusOr<Events> Events::Read(const History& history) {
  Events events;
  events.history_ = &history;
  events.at_.assign(history.size(), kNoNode);
  std::vector<uint8_t> f_of(history.fs());
  for (Id f = 0; f < history.fs(); ++f) f_of[f] = FindF(history.FName(f));
  events.ops_.reserve(history.size() / 2);
  events.items_.reserve(history.size());
  for (OpIndex at = 0; at < history.size(); ++at) {
    PrefetchBehind(history, at);
    const Op& op = history.op(at);
    if (!op.client || op.type != OpType::kInvoke || f_of[op.f] == kOther) continue;
    if (events.ops_.size() >= kMaxNodes / 4 || events.items_.size() >= UINT32_MAX / 2) {
      return absl::ResourceExhaustedError("the history has too many operations; check a part of it");
    }
    events.at_[at] = events.size();
    if (op.pair != kNoOp) events.at_[op.pair] = events.size();
    if (absl::Status status = events.Add(at, static_cast<F>(f_of[op.f])); !status.ok()) return status;
  }
  return events;
}

const Op& Events::Line(Node node) const {
  const KafkaOp& op = ops_[node];
  return history_->op(op.completion == kNoOp ? op.invocation : op.completion);
}

absl::Status Events::Add(OpIndex invocation, F f) {
  const Op& begun = history_->op(invocation);
  KafkaOp op;
  op.invocation = invocation;
  op.completion = begun.pair;
  op.outcome = history_->Outcome(begun);
  op.f = f;
  op.first = static_cast<uint32_t>(items_.size());
  ops_.push_back(op);
  // A crash may leave nothing but a reason where the value was.
  const Op* line = &Line(size() - 1);
  const bool usual = f == F::kCommit ? line->value.is_map() : line->value.is_sequence();
  if (!usual && op.outcome != OpType::kOk) line = &begun;
  const Value& value = line->value;
  // A poll that was never answered need not say anything.
  if (value.is_nil() && f == F::kPoll && op.outcome != OpType::kOk) return absl::OkStatus();
  if (f == F::kCommit && value.is_map()) {
    for (uint32_t i = 0; i < value.entries(); ++i) {
      if (absl::Status status = AddCommit(*line, value.key(i), value.value(i)); !status.ok()) return status;
    }
  } else if (f == F::kAssign || f == F::kSubscribe) {
    subscribes_ |= f == F::kSubscribe;
    if (!value.is_sequence()) return Malformed(*line, value, "a vector of keys");
    for (const Value& key : value.items()) Push(Item::Kind::kKey, KeyNumber(key), kNoOffset);
  } else {
    if (!IsListOrVector(value)) return Malformed(*line, value, kMicroOps);
    for (const Value& micro_op : value.items()) {
      if (absl::Status status = AddMicroOp(*line, micro_op); !status.ok()) return status;
    }
  }
  ops_.back().count = static_cast<uint32_t>(items_.size()) - op.first;
  return absl::OkStatus();
}

absl::Status Events::AddMicroOp(const Op& line, const Value& micro_op) {
  const absl::Span<const Value> parts = micro_op.items();
  if (!IsListOrVector(micro_op) || parts.empty()) return Malformed(line, micro_op, kMicroOps);
  if (parts[0].IsWord("poll") && parts.size() <= 2) {
    return parts.size() == 1 || parts[1].is_nil() ? absl::OkStatus() : AddPoll(line, parts[1]);
  }
  if (parts.size() != 3) return Malformed(line, micro_op, kMicroOps);
  if (parts[0].IsWord("commit")) return AddCommit(line, parts[1], parts[2]);
  if (!parts[0].IsWord("send")) return Malformed(line, micro_op, kMicroOps);
  const Value* value = &parts[2];
  int64_t offset = kNoOffset;
  if (IsListOrVector(*value)) {
    const absl::Span<const Value> pair = value->items();
    if (pair.size() != 2 || (!pair[0].is_int() && !pair[0].is_nil())) return Malformed(line, micro_op, kMicroOps);
    if (pair[0].is_int()) offset = pair[0].integer();
    value = &pair[1];
  }
  const Id key = KeyNumber(parts[1]);
  PushRecord(Item::Kind::kSend, Sent(key, *value), key, offset);
  return absl::OkStatus();
}

Id Events::KeyNumber(const Value& key) {
  const std::string_view text = key.text();
  const uint64_t guess = key.is_int() ? static_cast<uint64_t>(key.integer())
                         : text.empty() ? 0
                                        : text.size() + 8 * static_cast<unsigned char>(text.back());
  KnownKey& known = known_keys_[guess % known_keys_.size()];
  if (known.number == kNoId || !(known.key == key)) known = {key, keys_.Intern(key)};
  return known.number;
}

Id Events::Sent(Id key, const Value& value) {
  const Id record = records_.Intern(key, value);
  if (record < follower_.size()) return record;
  follower_.push_back(kNoId);
  Id& last = EndsOf(key).sent;
  if (last != kNoId) follower_[last] = record;
  last = record;
  return record;
}

Id Events::Polled(Id key, const Value& value, Id before) {
  const Id guess = before == kNoId ? kNoId : follower_[before];
  if (guess != kNoId && SameValue(records_.Get(guess), value)) return guess;
  const Id record = records_.Intern(key, value);
  if (record == follower_.size()) follower_.push_back(kNoId);
  if (before != kNoId) follower_[before] = record;
  return record;
}

Events::Ends& Events::EndsOf(Id key) {
  while (ends_.size() <= key) ends_.emplace_back().polled.fill(kNoId);
  return ends_[key];
}

absl::Status Events::AddPoll(const Op& line, const Value& polled) {
  if (!polled.is_map()) return Malformed(line, polled, kPolled);
  for (uint32_t i = 0; i < polled.entries(); ++i) {
    const Id key = KeyNumber(polled.key(i));
    const Value& pairs = polled.value(i);
    if (!pairs.is_sequence() && !pairs.is_nil()) return Malformed(line, polled, kPolled);
    if (pairs.items().empty()) Push(Item::Kind::kNothing, key, kNoOffset);
    Id& before = EndsOf(key).polled[line.process % kReaders];
    for (const Value& pair : pairs.items()) {
      const absl::Span<const Value> parts = pair.items();
      if (!IsListOrVector(pair) || parts.size() != 2 || (!parts[0].is_int() && !parts[0].is_nil())) {
        return Malformed(line, pair, kPolled);
      }
      before = Polled(key, parts[1], before);
      PushRecord(Item::Kind::kPoll, before, key, parts[0].is_int() ? parts[0].integer() : kNoOffset);
    }
  }
  return absl::OkStatus();
}

absl::Status Events::AddCommit(const Op& line, const Value& key, const Value& offset) {
  if (!offset.is_int()) return Malformed(line, offset, "a commit's offset is an integer");
  commits_ = true;
  Push(Item::Kind::kCommit, KeyNumber(key), offset.integer());
  return absl::OkStatus();
}

}  // namespace brokersim::checker
