#include "checker/delivery/delivery.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checker/delivery/facts.h"
#include "checker/judgement.h"
#include "checker/stable_sort.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using delivery::Delivery;
using delivery::Empty;
using delivery::Facts;
using delivery::Message;
using Guarantee = DeliveryOptions::Guarantee;
using Order = DeliveryOptions::Order;

class Judge {
 public:
  Judge(const History& history, const Facts& facts, const DeliveryOptions& options)
      : history_(history), facts_(facts), options_(options), judgement_("delivery", history) {}

  formats::Verdict Run() {
    FindLastEmpty();
    FindLines();
    for (const Message& message : facts_.messages) JudgeMessage(message);
    if (options_.order != Order::kNone) JudgeOrder();
    JudgeDedup();
    uint64_t redelivered = 0;
    for (const Message& message : facts_.messages) redelivered += message.deliveries.size() > 1 ? 1 : 0;
    judgement_.Measure("messages", static_cast<double>(facts_.messages.size()));
    judgement_.Measure("deliveries", static_cast<double>(facts_.deliveries.size()));
    judgement_.Measure("redelivered", static_cast<double>(redelivered));
    return std::move(judgement_).Finish();
  }

 private:
  const Op& At(OpIndex line) const { return history_.op(line); }
  int64_t TimeOf(OpIndex line) const { return history_.op(line).time; }
  std::string Name(const Message& message) const { return ToText(facts_.values.Get(message.value)); }
  std::string WhoAt(OpIndex line) const { return Who(history_, At(line)); }
  // The deliveries to consumers, not of dead letters.
  std::vector<uint32_t> Received(const Message& message) const {
    std::vector<uint32_t> received;
    for (uint32_t number : message.deliveries) {
      if (!facts_.deliveries[number].dead_letter) received.push_back(number);
    }
    return received;
  }

  // Of each queue the empty answer that was asked for last: what had to be there by then was not.
  void FindLastEmpty() {
    last_empty_.resize(facts_.scopes.size());
    for (const Empty& empty : facts_.empties) {
      Empty& last = last_empty_[empty.queue];
      if (last.invoke == kNoOp || empty.invoke > last.invoke) last = empty;
    }
  }

  // From when on, and after which line, a message may be given to somebody.
  struct Free {
    OpIndex since = 0;
    int64_t at = kNoTime;

    void Wait(const Delivery& delivery) {
      since = std::max(since, delivery.released == kNoOp ? delivery.done : delivery.released);
      if (delivery.released == kNoOp) at = std::max(at, LeaseEnd(delivery, kNoOp));
    }
  };

  // What waits for one another: a queue in order, a group.
  std::optional<std::pair<Id, Id>> LineOf(const Message& message) const {
    if (options_.order == Order::kQueue) return std::pair(message.queue, kNoId);
    const Id scope = options_.order == Order::kKey ? message.key : message.group;
    if (scope == kNoId) return std::nullopt;
    return std::pair(message.queue, scope);
  }

  void FindLines() {
    for (const Delivery& delivery : facts_.deliveries) {
      if (const auto line = LineOf(facts_.messages[delivery.message]); line.has_value()) lines_[*line].Wait(delivery);
    }
  }

  void JudgeMessage(const Message& message) {
    if (message.sent == kNoOp) {
      JudgeUnexpected(message);
      return;
    }
    const std::vector<uint32_t> received = Received(message);
    JudgeLoss(message, received);
    JudgeDuplicates(message, received);
    JudgeLeases(message, received);
    JudgeCounts(message, received);
    JudgeDeadLetters(message, received);
    JudgeDelay(message, received);
  }

  void JudgeUnexpected(const Message& message) {
    if (message.deliveries.empty()) return;
    const Delivery& first = facts_.deliveries[message.deliveries.front()];
    judgement_.Add("unexpected", {message.failed, first.done},
                   fmt::format("{} received {}, {}", WhoAt(first.done), Name(message),
                               message.failed == kNoOp ? "which nobody sent" : "whose send had failed"));
  }

  // How many receives of unknown outcome began before a line: each may have taken any message.
  uint64_t UnknownBefore(OpIndex line) const {
    const auto end = std::lower_bound(facts_.unknown_receives.begin(), facts_.unknown_receives.end(), line);
    return static_cast<uint64_t>(end - facts_.unknown_receives.begin());
  }

  // When the lease ends, by what the broker had said before a line.
  static int64_t LeaseEnd(const Delivery& delivery, OpIndex line) {
    int64_t until = delivery.until;
    for (const auto& [extended, later] : delivery.extensions) {
      if (extended < line) until = later;
    }
    return until;
  }

  // A later send with the same id may have been dropped as a duplicate of an earlier one.
  bool MayBeDeduplicated(const Message& message) const { return message.dedup != kNoId; }

  void JudgeLoss(const Message& message, const std::vector<uint32_t>& received) {
    if (options_.guarantee == Guarantee::kAtMostOnce || message.acked == kNoOp || MayBeDeduplicated(message)) return;
    bool settled = message.deliveries.size() > received.size();  // a dead letter: accounted for
    Free free = {message.acked, message.delay > 0 ? TimeOf(message.acked) + message.delay : kNoTime};
    // While one message of a line is somebody's, the others wait, and an empty answer is right.
    if (const auto line = LineOf(message); line.has_value()) {
      free.since = std::max(free.since, lines_[*line].since);
      free.at = std::max(free.at, lines_[*line].at);
    }
    for (uint32_t number : received) {
      const Delivery& delivery = facts_.deliveries[number];
      settled = settled || delivery.acked != kNoOp || delivery.ack_unknown;
      free.Wait(delivery);
      // Without a lease and without an answer it is the consumer's: received is received.
      if (delivery.released == kNoOp && delivery.until == kNoTime) settled = true;
    }
    if (settled) return;
    const Empty& empty = last_empty_[message.queue];
    const bool asked = empty.invoke != kNoOp && empty.invoke > free.since &&
                       (free.at == kNoTime || TimeOf(empty.invoke) > free.at);
    if (!asked || UnknownBefore(empty.done) > 0) {
      judgement_.Undecided(fmt::format("{} was sent and {}; {}", Name(message),
                                       received.empty() ? "never received" : "not acknowledged after its last delivery",
                                       asked ? "a receive of unknown outcome may have taken it"
                                             : "no later receive found the queue empty"));
      return;
    }
    const bool never = received.empty() && message.delay > 0;
    judgement_.Add(never ? "never-delivered" : "lost",
                   {message.sent, message.acked, received.empty() ? kNoOp : facts_.deliveries[received.back()].done,
                    empty.done},
                   fmt::format("{} sent {} and was told so, but {} the queue was empty", WhoAt(message.acked),
                               Name(message),
                               received.empty() ? "nobody ever received it, and"
                                                : "its last delivery was not acknowledged, it never came again, and"));
  }

  // At most once: any delivery after the first. Exactly once: one that was asked for after another had been
  // acknowledged, or that is the second to be.
  void JudgeDuplicates(const Message& message, const std::vector<uint32_t>& received) {
    if (options_.guarantee == Guarantee::kAtLeastOnce || received.size() <= message.sends) return;
    const Delivery* acked = nullptr;
    for (size_t i = 0; i < received.size(); ++i) {
      const Delivery& again = facts_.deliveries[received[i]];
      const bool at_most_once = options_.guarantee == Guarantee::kAtMostOnce && i > 0;
      const Delivery* const before = acked != nullptr ? acked
                                     : at_most_once   ? &facts_.deliveries[received[i - 1]]
                                                      : nullptr;
      if (before != nullptr && (at_most_once || before->acked < again.invoke || again.acked != kNoOp)) {
        judgement_.Add("duplicate", {before->done, before->acked, again.done, again.acked},
                       fmt::format("{} received {}{}, and {} received it again", WhoAt(before->done), Name(message),
                                   before->acked == kNoOp ? "" : " and acknowledged it", WhoAt(again.done)));
      }
      if (again.acked != kNoOp && (acked == nullptr || again.acked < acked->acked)) acked = &again;
    }
  }

  // Both leases certainly ran when the later of the two answers arrived.
  void JudgeLeases(const Message& message, const std::vector<uint32_t>& received) {
    std::vector<const Delivery*> owners;  // that may still be, the last one last
    for (const uint32_t number : received) {
      const Delivery& second = facts_.deliveries[number];
      const int64_t moment = TimeOf(second.done);
      if (moment == kNoTime) continue;
      std::erase_if(owners, [&](const Delivery* owner) {
        return owner->released < second.done || LeaseEnd(*owner, kNoOp) <= moment;
      });
      const auto owns = [&](const Delivery* owner) { return LeaseEnd(*owner, second.done) > moment; };
      const auto first = std::find_if(owners.rbegin(), owners.rend(), owns);
      const bool has_lease = second.until == kNoTime || second.until > moment;
      if (first != owners.rend() && has_lease) {
        judgement_.Add("double-ownership", {(*first)->done, second.done},
                       fmt::format("{} owned {} until {}, yet {} received it at {}", WhoAt((*first)->done),
                                   Name(message), Ms(LeaseEnd(**first, second.done)), WhoAt(second.done), Ms(moment)));
      }
      if (second.until != kNoTime || !second.extensions.empty()) owners.push_back(&second);
    }
  }

  void JudgeCounts(const Message& message, const std::vector<uint32_t>& received) {
    for (size_t i = 0; i < received.size(); ++i) {
      const Delivery& delivery = facts_.deliveries[received[i]];
      if (delivery.count < 0) continue;
      uint64_t before = 0;   // certainly
      uint64_t at_most = 0;  // ... and perhaps
      for (uint32_t other : received) {
        if (facts_.deliveries[other].done < delivery.invoke) ++before;
        if (facts_.deliveries[other].invoke < delivery.done) ++at_most;
      }
      at_most += UnknownBefore(delivery.done);
      const auto count = static_cast<uint64_t>(delivery.count);
      if (count > before && count <= at_most) continue;
      judgement_.Add("redelivery-count", {delivery.done},
                     fmt::format("{} received {} as delivery number {}, but it is at least number {} and at most {}",
                                 WhoAt(delivery.done), Name(message), count, before + 1, at_most));
    }
  }

  void JudgeDeadLetters(const Message& message, const std::vector<uint32_t>& received) {
    if (options_.max_receives.has_value() && received.size() > *options_.max_receives * uint64_t{message.sends}) {
      const Delivery& last = facts_.deliveries[received.back()];
      judgement_.Add("over-limit", {last.done},
                     fmt::format("{} was received {} times, but after {} it is a dead letter", Name(message),
                                 received.size(), *options_.max_receives));
    }
    for (uint32_t number : message.deliveries) {
      const Delivery& dead = facts_.deliveries[number];
      if (!dead.dead_letter) continue;
      uint64_t times = UnknownBefore(dead.done);
      OpIndex acked = kNoOp;
      for (uint32_t other : received) {
        times += facts_.deliveries[other].invoke < dead.done ? 1 : 0;
        if (facts_.deliveries[other].acked < dead.invoke) acked = facts_.deliveries[other].acked;
      }
      if (acked != kNoOp && message.sends == 1) {
        judgement_.Add("dead-after-ack", {acked, dead.done},
                       fmt::format("{} was acknowledged, yet it is among the dead letters", Name(message)));
      } else if (options_.max_receives.has_value() && times < *options_.max_receives) {
        judgement_.Add("early-dead-letter", {dead.done},
                       fmt::format("{} is a dead letter after {}, but {} are allowed", Name(message),
                                   Count(times, "delivery"), *options_.max_receives));
      }
    }
  }

  void JudgeDelay(const Message& message, const std::vector<uint32_t>& received) {
    if (message.delay <= 0 || received.empty() || TimeOf(message.sent) == kNoTime) return;
    const Delivery& first = facts_.deliveries[received.front()];
    if (TimeOf(first.done) < TimeOf(message.sent) + message.delay) {
      judgement_.Add("early-delivered", {message.sent, first.done},
                     fmt::format("{} was received at {}, but not due before {}", Name(message), Ms(TimeOf(first.done)),
                                 Ms(TimeOf(message.sent) + message.delay)));
    }
    if (!options_.lateness.has_value() || message.acked == kNoOp) return;
    const int64_t latest = TimeOf(message.acked) + message.delay + *options_.lateness;
    if (TimeOf(first.done) > latest && SomebodyWaited(message, latest, first)) {
      judgement_.Add("late-delivered", {message.acked, first.done},
                     fmt::format("{} was first received at {}, {} after the latest moment promised", Name(message),
                                 Ms(TimeOf(first.done)), Ms(TimeOf(first.done) - latest)));
    }
  }

  // A broker is late only if somebody asked in time: who got it in the end, or who was told that there was nothing.
  bool SomebodyWaited(const Message& message, int64_t latest, const Delivery& first) const {
    if (TimeOf(first.invoke) <= latest) return true;
    return std::any_of(facts_.empties.begin(), facts_.empties.end(), [&](const Empty& empty) {
      return empty.queue == message.queue && TimeOf(empty.invoke) > latest && empty.done < first.done;
    });
  }

  Id ScopeOf(const Message& message) const {
    if (options_.order == Order::kQueue) return message.queue;
    return options_.order == Order::kGroup ? message.group : message.key;
  }

  struct Ordered {
    OpIndex sent = 0;
    OpIndex acked = 0;
    OpIndex asked = 0;     // of the first delivery
    OpIndex received = 0;
    Id message = 0;
    Id scope = 0;
    Id queue = 0;
  };

  // B overtakes A if A's send was acknowledged before B's began, and B was received before A was even asked for.
  void JudgeOrder() {
    std::vector<Ordered> all;
    for (const Message& message : facts_.messages) {
      const std::vector<uint32_t> received = Received(message);
      if (message.sent == kNoOp || message.sends != 1 || received.empty() || ScopeOf(message) == kNoId) continue;
      if (message.delay > 0) continue;
      const Delivery& first = facts_.deliveries[received.front()];
      all.push_back({message.sent, message.acked, first.invoke, first.done, message.value, ScopeOf(message),
                     message.queue});
    }
    StableSort(&all, [](const Ordered& a, const Ordered& b) {
      if (a.queue != b.queue) return a.queue < b.queue;
      return a.scope != b.scope ? a.scope < b.scope : a.sent < b.sent;
    });
    for (size_t from = 0; from < all.size();) {
      size_t to = from;
      while (to < all.size() && all[to].scope == all[from].scope && all[to].queue == all[from].queue) ++to;
      JudgeScope(absl::MakeConstSpan(all).subspan(from, to - from));
      from = to;
    }
  }

  void JudgeScope(absl::Span<const Ordered> by_send) {
    std::vector<Ordered> by_ack(by_send.begin(), by_send.end());
    StableSort(&by_ack, [](const Ordered& a, const Ordered& b) { return a.acked < b.acked; });
    size_t next = 0;
    const Ordered* latest = nullptr;  // of those acknowledged by now, the one that was asked for last
    for (const Ordered& later : by_send) {
      for (; next < by_ack.size() && by_ack[next].acked < later.sent; ++next) {
        if (latest == nullptr || by_ack[next].asked > latest->asked) latest = &by_ack[next];
      }
      if (latest == nullptr || latest->asked < later.received) continue;
      const Message& a = facts_.messages[latest->message];
      const Message& b = facts_.messages[later.message];
      if (UnknownBefore(later.received) > 0) {
        judgement_.Undecided(
            fmt::format("{} came before {}, which was sent earlier, unless a receive of unknown outcome "
                        "had taken that one first",
                        Name(b), Name(a)));
        continue;
      }
      judgement_.Add("reordered", {latest->acked, later.sent, later.received, latest->received},
                     fmt::format("{} was sent before {}, but {} received {} first", Name(a), Name(b),
                                 WhoAt(later.received), Name(b)));
    }
  }

  // Of those with one id that were delivered, sent one after the other: no other pair lies closer together.
  void JudgeDedup() {
    std::vector<std::vector<const Message*>> by_id(facts_.scopes.size());
    for (const Message& message : facts_.messages) {
      const bool counts = message.dedup != kNoId && message.acked != kNoOp && !message.deliveries.empty();
      if (counts && TimeOf(message.sent) != kNoTime) by_id[message.dedup].push_back(&message);
    }
    for (std::vector<const Message*>& messages : by_id) {
      StableSort(&messages, [](const Message* a, const Message* b) {
        return a->queue != b->queue ? a->queue < b->queue : a->sent < b->sent;
      });
      for (size_t i = 1; i < messages.size(); ++i) {
        const Message& first = *messages[i - 1];
        const Message& second = *messages[i];
        if (first.queue != second.queue || TimeOf(second.acked) - TimeOf(first.sent) >= options_.dedup_window) continue;
        judgement_.Add("dedup-missed", {first.sent, second.sent, facts_.deliveries[first.deliveries.front()].done,
                                        facts_.deliveries[second.deliveries.front()].done},
                       fmt::format("{} and {} were sent with one deduplication id within the window, and both were "
                                   "delivered", Name(first), Name(second)));
      }
    }
  }

  const History& history_;
  const Facts& facts_;
  const DeliveryOptions& options_;
  Judgement judgement_;
  std::vector<Empty> last_empty_;  // by queue
  std::map<std::pair<Id, Id>, Free> lines_;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckDelivery(const History& history, const DeliveryOptions& options) {
  Facts facts;
  if (absl::Status status = delivery::TakeApart(history, &facts); !status.ok()) return status;
  return Judge(history, facts, options).Run();
}

}  // namespace brokersim::checker
