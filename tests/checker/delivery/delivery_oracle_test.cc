// Random histories of queues against each promise written as plainly as possible.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "checker/delivery/delivery.h"
#include "checker/history/edn.h"
#include "tests/checker/random_lines.h"

namespace brokersim::checker {
namespace {

using Guarantee = DeliveryOptions::Guarantee;
using Order = DeliveryOptions::Order;

// A delivery as lines tell of it; kNoOp: never.
struct Given {
  OpIndex asked = 0;
  OpIndex at = 0;
  bool dead = false;
  int64_t until = kNoTime;
  int64_t count = -1;
  OpIndex released = kNoOp;
  OpIndex acked = kNoOp;
  bool ack_unknown = false;
};

struct Message {
  int64_t value = 0;
  OpIndex sent = kNoOp;
  OpIndex acked = kNoOp;
  uint32_t sends = 0;
  int64_t group = -1;
  int64_t dedup = -1;
  int64_t delay = 0;
  std::vector<Given> given = {};     // as they were answered
  std::vector<Given> received = {};  // without dead letters
};

class Naive {
 public:
  Naive(const History& history, const DeliveryOptions& options) : history_(history), options_(options) {
    for (int64_t value = 0; value < 6; ++value) messages_.push_back(Read(value));
  }

  std::set<std::string> Run() {
    for (const Message& message : messages_) {
      if (message.sent == kNoOp) {
        if (!message.given.empty()) types_.insert("unexpected");
        continue;
      }
      Loss(message);
      Duplicates(message);
      Leases(message);
      Counts(message);
      DeadLetters(message);
      Delays(message);
    }
    Pairs();
    return types_;
  }

 private:
  int64_t Time(OpIndex line) const { return history_.op(line).time; }
  bool Is(const Op& op, std::string_view f, OpType type) const { return history_.FName(op.f) == f && op.type == type; }
  static int64_t Number(const Value& map, std::string_view name, int64_t otherwise) {
    const Value value = map.Get(name);
    return value.is_int() ? value.integer() : otherwise;
  }

  Message Read(int64_t value) const {
    Message message = {.value = value};
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& op = history_.op(at);
      const bool about = op.value.is_map() && op.value.Get("value") == Value::Int(value);
      if (about && Is(op, "send", OpType::kInvoke) && history_.Outcome(op) != OpType::kFail) {
        ++message.sends;
        if (message.sent == kNoOp) {
          message.sent = at;
          message.group = Number(op.value, "group", -1);
          message.dedup = Number(op.value, "dedup", -1);
          message.delay = Number(op.value, "delay", 0);
        }
      }
      if (about && Is(op, "send", OpType::kOk)) message.acked = std::min(message.acked, at);
      const bool dead = Is(op, "dead-letter", OpType::kOk);
      if (!about || (!dead && !Is(op, "receive", OpType::kOk))) continue;
      message.given.push_back(ReadGiven(op, at, dead));
      if (!dead) message.received.push_back(message.given.back());
    }
    return message;
  }

  Given ReadGiven(const Op& op, OpIndex at, bool dead) const {
    Given given = {.asked = op.pair,
                   .at = at,
                   .dead = dead,
                   .until = Number(op.value, "until", kNoTime),
                   .count = Number(op.value, "count", -1)};
    for (OpIndex line = 0; line < history_.size(); ++line) {
      const Op& back = history_.op(line);
      const bool ack = history_.FName(back.f) == "ack";
      if ((!ack && history_.FName(back.f) != "nack") || back.type != OpType::kInvoke) continue;
      if (back.value != op.value.Get("receipt")) continue;
      const OpType outcome = history_.Outcome(back);
      if (outcome != OpType::kFail) given.released = std::min(given.released, line);
      if (ack && outcome == OpType::kOk) given.acked = std::min(given.acked, back.pair);
      given.ack_unknown = given.ack_unknown || (ack && outcome == OpType::kInfo);
    }
    return given;
  }

  // Receives that may have taken anything, begun before that line.
  uint64_t Unknown(OpIndex before) const {
    uint64_t unknown = 0;
    for (OpIndex at = 0; at < before; ++at) {
      const Op& op = history_.op(at);
      unknown += Is(op, "receive", OpType::kInvoke) && history_.Outcome(op) == OpType::kInfo ? 1 : 0;
    }
    return unknown;
  }

  // Lines of answers that there was nothing.
  std::vector<OpIndex> Empties() const {
    std::vector<OpIndex> empties;
    for (OpIndex at = 0; at < history_.size(); ++at) {
      if (Is(history_.op(at), "receive", OpType::kOk) && history_.op(at).value.is_nil()) empties.push_back(at);
    }
    return empties;
  }

  // One waits for the other: groups wait whether or not their order is judged.
  bool InOneLine(const Message& a, const Message& b) const {
    return options_.order == Order::kQueue || (a.group >= 0 && a.group == b.group);
  }

  // Nobody had it, nobody will, and yet whoever asked last was told that there was nothing.
  void Loss(const Message& message) {
    if (options_.guarantee == Guarantee::kAtMostOnce || message.acked == kNoOp || message.dedup >= 0) return;
    if (message.given.size() > message.received.size()) return;  // dead letters are accounted for
    OpIndex since = message.acked;
    int64_t free_at = message.delay > 0 ? Time(message.acked) + message.delay : kNoTime;
    const auto wait = [&](const Given& given) {
      since = std::max(since, given.released == kNoOp ? given.at : given.released);
      if (given.released == kNoOp) free_at = std::max(free_at, given.until);
    };
    for (const Given& given : message.received) {
      if (given.acked != kNoOp || given.ack_unknown) return;
      if (given.released == kNoOp && given.until == kNoTime) return;  // its consumer has it for ever
      wait(given);
    }
    for (const Message& other : messages_) {
      if (!InOneLine(message, other)) continue;
      for (const Given& given : other.given) wait(given);
    }
    OpIndex last = kNoOp;
    for (const OpIndex empty : Empties()) {
      if (last == kNoOp || history_.op(empty).pair > history_.op(last).pair) last = empty;
    }
    if (last == kNoOp || Unknown(last) > 0) return;
    const OpIndex asked = history_.op(last).pair;
    if (asked <= since || (free_at != kNoTime && Time(asked) <= free_at)) return;
    types_.insert(message.received.empty() && message.delay > 0 ? "never-delivered" : "lost");
  }

  void Duplicates(const Message& message) {
    if (options_.guarantee == Guarantee::kAtLeastOnce || message.received.size() <= message.sends) return;
    for (const Given& again : message.received) {
      for (const Given& before : message.received) {
        if (&before == &again) break;
        const bool both = before.acked != kNoOp && again.acked != kNoOp;
        const bool after = before.acked < again.asked;
        if (options_.guarantee == Guarantee::kAtMostOnce || both || after) types_.insert("duplicate");
      }
    }
  }

  // When somebody was given it, an earlier one still had it by a lease that nobody gave back, and so has he.
  void Leases(const Message& message) {
    for (const Given& second : message.received) {
      for (const Given& first : message.received) {
        if (&first == &second) break;
        const int64_t moment = Time(second.at);
        const bool runs = first.until != kNoTime && first.until > moment && first.released > second.at;
        if (runs && (second.until == kNoTime || second.until > moment)) types_.insert("double-ownership");
      }
    }
  }

  void Counts(const Message& message) {
    for (const Given& one : message.received) {
      if (one.count < 0) continue;
      int64_t before = 0;
      auto at_most = static_cast<int64_t>(Unknown(one.at));
      for (const Given& other : message.received) {
        before += other.at < one.asked ? 1 : 0;
        at_most += other.asked < one.at ? 1 : 0;
      }
      if (one.count <= before || one.count > at_most) types_.insert("redelivery-count");
    }
  }

  void DeadLetters(const Message& message) {
    const uint32_t most = options_.max_receives.value_or(UINT32_MAX);
    if (message.received.size() > uint64_t{most} * message.sends) types_.insert("over-limit");
    for (const Given& dead : message.given) {
      if (!dead.dead) continue;
      uint64_t times = Unknown(dead.at);
      bool acked = false;
      for (const Given& one : message.received) {
        times += one.asked < dead.at ? 1 : 0;
        acked = acked || one.acked < dead.asked;
      }
      if (acked && message.sends == 1) {
        types_.insert("dead-after-ack");
      } else if (options_.max_receives.has_value() && times < most) {
        types_.insert("early-dead-letter");
      }
    }
  }

  void Delays(const Message& message) {
    if (message.delay <= 0 || message.received.empty()) return;
    const Given& first = message.received.front();
    if (Time(first.at) < Time(message.sent) + message.delay) types_.insert("early-delivered");
    if (!options_.lateness.has_value() || message.acked == kNoOp) return;
    const int64_t latest = Time(message.acked) + message.delay + *options_.lateness;
    if (Time(first.at) <= latest) return;
    bool waited = Time(first.asked) <= latest;
    for (const OpIndex empty : Empties()) {
      waited = waited || (Time(history_.op(empty).pair) > latest && empty < first.at);
    }
    if (waited) types_.insert("late-delivered");
  }

  void Pairs() {
    for (const Message& a : messages_) {
      for (const Message& b : messages_) {
        if (&a == &b || a.sent == kNoOp || b.sent == kNoOp) continue;
        if (!a.received.empty() && !b.received.empty()) Overtakes(a, b);
        const bool both = !a.given.empty() && !b.given.empty() && a.acked != kNoOp && b.acked != kNoOp;
        if (!both || a.dedup < 0 || a.dedup != b.dedup || a.sent > b.sent) continue;
        if (Time(b.acked) - Time(a.sent) < options_.dedup_window) types_.insert("dedup-missed");
      }
    }
  }

  // A was there before B, and yet B was received before anybody asked for what became A.
  void Overtakes(const Message& a, const Message& b) {
    if (options_.order == Order::kNone || !InOneLine(a, b) || a.sends != 1 || b.sends != 1 || a.delay > 0 ||
        b.delay > 0)
      return;
    if (a.acked == kNoOp || a.acked >= b.sent || b.received.front().at >= a.received.front().asked) return;
    if (Unknown(b.received.front().at) == 0) types_.insert("reordered");
  }

  const History& history_;
  const DeliveryOptions& options_;
  std::vector<Message> messages_;
  std::set<std::string> types_;
};

// Six messages at most, what belongs to each drawn once; receipts are given back only by who was told of them.
class Clients {
 public:
  explicit Clients(Draws* draws) : draws_(*draws) {
    for (int value = 0; value < 6; ++value) {
      std::string send = fmt::format("{{:value {}", value);
      if (draws_.Below(3) != 0) send += fmt::format(" :group {}", draws_.Below(2));
      if (draws_.Below(3) == 0) send += fmt::format(" :delay {}", 20 + draws_.Below(40));
      if (draws_.Below(4) == 0) send += " :dedup 0";
      sends_.push_back(send + "}");
    }
  }

  Asked Next() {
    const uint64_t what = draws_.Below(16);
    if (what < 5) {
      const std::string& send = sends_[draws_.Below(10) == 0 ? draws_.Below(6) : sent_++ % 6];
      return {"send", send, send};
    }
    if (what < 12 || told_.empty()) {
      const std::string f = what == 11 ? "dead-letter" : "receive";
      if (draws_.Below(5) == 0) return {f, "nil", "nil"};
      std::string given = fmt::format("{{:value {} :receipt {}", draws_.Below(3), 100 + receipts_++);
      if (draws_.Below(2) == 0) given += fmt::format(" :until {}", 40 + draws_.Below(200));
      if (draws_.Below(3) == 0) given += fmt::format(" :count {}", 1 + draws_.Below(3));
      return {f, "nil", given + "}"};
    }
    return {what < 15 ? "ack" : "nack", told_[draws_.Below(told_.size())], "nil"};
  }

  void Told(const Asked& asked) {
    const size_t at = asked.answer.find(":receipt ");
    if (at != std::string::npos) told_.push_back(asked.answer.substr(at + 9, 3));
  }

 private:
  Draws& draws_;
  std::vector<std::string> sends_;
  std::vector<std::string> told_;
  uint64_t sent_ = 0;
  uint64_t receipts_ = 0;
};

DeliveryOptions OptionsOf(uint64_t seed) {
  constexpr Guarantee kGuarantees[] = {Guarantee::kAtMostOnce, Guarantee::kAtLeastOnce, Guarantee::kExactlyOnce};
  constexpr Order kOrders[] = {Order::kNone, Order::kQueue, Order::kGroup};
  DeliveryOptions options = {.guarantee = kGuarantees[seed % 3], .order = kOrders[seed / 3 % 3], .dedup_window = 80};
  if (seed / 9 % 2 == 0) options.max_receives = 1 + seed / 18 % 2;
  if (seed / 36 % 2 == 0) options.lateness = 30;
  return options;
}

TEST(DeliveryOracle, EachPromiseIsAsItIsDefined) {
  int invalid = 0;
  std::set<std::string> all;
  for (int seed = 0; seed < kHistories; ++seed) {
    Draws draws(static_cast<uint64_t>(seed));
    Clients clients(&draws);
    const std::string edn = RandomHistory(
        &draws, 14, [&] { return clients.Next(); }, [&](const Asked& asked) { clients.Told(asked); });
    const absl::StatusOr<History> history = ReadEdn(edn);
    ASSERT_TRUE(history.ok()) << history.status() << edn;
    const DeliveryOptions options = OptionsOf(static_cast<uint64_t>(seed));
    const absl::StatusOr<formats::Verdict> verdict = CheckDelivery(*history, options);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    const std::set<std::string> expected = Naive(*history, options).Run();
    ASSERT_EQ(Types(*verdict), expected) << "seed " << seed << "\n" << edn << verdict->ShortDebugString();
    invalid += expected.empty() ? 0 : 1;
    all.insert(expected.begin(), expected.end());
  }
  EXPECT_GT(invalid, kHistories / 10);
  EXPECT_LT(invalid, kHistories * 9 / 10);
  EXPECT_EQ(all.size(), 13u);
}

}  // namespace
}  // namespace brokersim::checker
