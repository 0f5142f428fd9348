// Each promise of a queue: kept, broken in the smallest way, and the borders where nothing can be said.
#include "checker/delivery/delivery.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "checker/history/edn.h"

namespace brokersim::checker {
namespace {

using Guarantee = DeliveryOptions::Guarantee;
using Order = DeliveryOptions::Order;

// Lines of {process, type, f, value}; line i is at i * 10 ns.
class Lines {
 public:
  Lines& Add(int process, std::string_view type, std::string_view f, std::string_view value = "nil") {
    edn_ += fmt::format("{{:process {} :type :{} :f :{} :value {} :time {}}}\n", process, type, f, value, time_);
    time_ += 10;
    return *this;
  }
  // Invocation and :ok.
  Lines& Done(int process, std::string_view f, std::string_view asked, std::string_view answer) {
    return Add(process, "invoke", f, asked).Add(process, "ok", f, answer);
  }
  Lines& Send(std::string_view value) { return Done(0, "send", value, value); }
  Lines& Receive(std::string_view answer, int process = 1) { return Done(process, "receive", "nil", answer); }
  Lines& Ack(std::string_view receipt) { return Done(1, "ack", receipt, receipt); }

  std::string Judge(const DeliveryOptions& options = {}) const {
    const absl::StatusOr<History> history = ReadEdn(edn_);
    if (!history.ok()) return std::string(history.status().message());
    const absl::StatusOr<formats::Verdict> verdict = CheckDelivery(*history, options);
    if (!verdict.ok()) return std::string(verdict.status().message());
    std::string text;
    for (const formats::Anomaly& anomaly : verdict->anomalies()) {
      text += (text.empty() ? "" : "; ") + anomaly.type();
      for (uint64_t op : anomaly.operations()) text += " " + std::to_string(op);
    }
    if (!text.empty()) return text;
    return verdict->result() == formats::Verdict::VALID ? "valid" : "unknown";
  }

 private:
  std::string edn_;
  int time_ = 0;
};

TEST(Delivery, WhatIsSentComes) {
  EXPECT_EQ(Lines().Send("1").Receive("1").Ack("1").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Receive("[1]").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Receive("nil").Judge(), "lost 0 1 3");
  EXPECT_EQ(Lines().Send("1").Receive("[]").Judge(), "lost 0 1 3");
  EXPECT_EQ(Lines().Send("1").Receive("nil").Judge({.guarantee = Guarantee::kAtMostOnce}), "valid");
  // Nobody asked.
  EXPECT_EQ(Lines().Send("1").Judge(), "unknown");
  // Asked before it was acknowledged.
  EXPECT_EQ(Lines().Add(1, "invoke", "receive").Send("1").Add(1, "ok", "receive", "nil").Judge(), "unknown");
  // A receive of unknown outcome may have taken it.
  EXPECT_EQ(Lines().Send("1").Add(2, "invoke", "receive").Receive("nil").Judge(), "unknown");
  // An unknown send need not have happened, a failed one must not have.
  EXPECT_EQ(Lines().Add(0, "invoke", "send", "1").Add(0, "info", "send", "1").Receive("nil").Judge(), "valid");
  EXPECT_EQ(Lines().Add(0, "invoke", "send", "1").Add(0, "fail", "send", "1").Receive("1").Judge(), "unexpected 1 3");
  EXPECT_EQ(Lines().Receive("1").Judge(), "unexpected 1");
  // Another queue's emptiness says nothing.
  EXPECT_EQ(Lines().Send("{:value 1 :queue :a}").Done(1, "receive", "{:queue :b}", "nil").Judge(), "unknown");
  EXPECT_EQ(Lines().Send("{:value 1 :queue :a}").Done(1, "receive", "{:queue :a}", "nil").Judge(), "lost 0 1 3");
}

TEST(Delivery, AnUnacknowledgedDeliveryComesAgain) {
  const std::string leased = "{:value 1 :receipt :r :until 45}";
  EXPECT_EQ(Lines().Send("1").Receive(leased).Receive("nil").Judge(), "unknown");  // at 40: still leased
  EXPECT_EQ(Lines().Send("1").Receive(leased).Receive("nil").Receive("nil").Judge(), "lost 0 1 3 7");
  EXPECT_EQ(Lines().Send("1").Receive(leased).Ack(":r").Receive("nil").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Receive(leased).Done(1, "nack", ":r", "nil").Receive("nil").Judge(), "lost 0 1 3 7");
  EXPECT_EQ(
      Lines().Send("1").Receive(leased).Add(1, "invoke", "ack", ":r").Add(1, "info", "ack").Receive("nil", 2).Judge(),
      "valid");
  EXPECT_EQ(Lines().Ack(":r").Judge(),
            "index 0 (process 1, :invoke :ack): it gives back a receipt that no delivery had");
}

TEST(Delivery, Duplicates) {
  const Lines twice = Lines().Send("1").Receive("{:value 1 :receipt :a}").Receive("{:value 1 :receipt :b}");
  EXPECT_EQ(twice.Judge(), "valid");
  EXPECT_EQ(twice.Judge({.guarantee = Guarantee::kAtMostOnce}), "duplicate 3 5");
  EXPECT_EQ(twice.Judge({.guarantee = Guarantee::kExactlyOnce}), "valid");
  EXPECT_EQ(Lines(twice).Ack(":a").Ack(":b").Judge({.guarantee = Guarantee::kExactlyOnce}), "duplicate 3 5 7 9");
  EXPECT_EQ(Lines().Send("1").Receive("1").Ack("1").Receive("1").Judge({.guarantee = Guarantee::kExactlyOnce}),
            "duplicate 3 5 7");
  // Sent twice, received twice.
  EXPECT_EQ(Lines().Send("1").Send("1").Receive("1").Receive("1").Judge({.guarantee = Guarantee::kAtMostOnce}),
            "valid");
}

TEST(Delivery, Leases) {
  const Lines first = Lines().Send("1").Receive("{:value 1 :receipt :a :until 60}");
  EXPECT_EQ(Lines(first).Receive("{:value 1 :receipt :b :until 90}", 2).Judge(), "double-ownership 3 5");
  EXPECT_EQ(Lines(first).Done(1, "nack", ":a", "nil").Receive("{:value 1 :receipt :b :until 90}", 2).Judge(),
            "unknown");
  EXPECT_EQ(Lines().Send("1").Receive("{:value 1 :receipt :a :until 50}").Receive("{:value 1 :until 90}", 2).Judge(),
            "unknown");
  EXPECT_EQ(Lines()
                .Send("1")
                .Receive("{:value 1 :receipt :a :until 50}")
                .Done(1, "extend", "{:receipt :a :until 200}", "nil")
                .Receive("{:value 1 :until 190}", 2)
                .Judge(),
            "double-ownership 3 7");
  // Extended only after somebody else had it.
  EXPECT_EQ(Lines()
                .Send("1")
                .Receive("{:value 1 :receipt :a :until 50}")
                .Receive("{:value 1 :until 90}", 2)
                .Done(1, "extend", "{:receipt :a :until 200}", "nil")
                .Judge(),
            "unknown");
}

TEST(Delivery, CountsAndDeadLetters) {
  EXPECT_EQ(Lines().Send("1").Receive("{:value 1 :count 1}").Receive("{:value 1 :count 2}").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Receive("{:value 1 :count 1}").Receive("{:value 1 :count 1}").Judge(),
            "redelivery-count 5");
  EXPECT_EQ(Lines().Send("1").Receive("{:value 1 :count 2}").Judge(), "redelivery-count 3");
  EXPECT_EQ(Lines().Add(2, "invoke", "receive").Send("1").Receive("{:value 1 :count 2}").Judge(), "valid");

  const DeliveryOptions two = {.max_receives = 2};
  const Lines received = Lines().Send("1").Receive("1").Receive("1");
  EXPECT_EQ(Lines(received).Done(3, "dead-letter", "nil", "1").Judge(two), "valid");
  EXPECT_EQ(Lines(received).Receive("1").Judge(two), "over-limit 7");
  EXPECT_EQ(Lines().Send("1").Receive("1").Done(3, "dead-letter", "nil", "1").Judge(two), "early-dead-letter 5");
  EXPECT_EQ(Lines(received).Ack("1").Done(3, "dead-letter", "nil", "1").Judge(two), "dead-after-ack 7 9");
  // A dead letter is accounted for.
  EXPECT_EQ(Lines().Send("1").Done(3, "dead-letter", "nil", "1").Receive("nil").Judge(), "valid");
}

TEST(Delivery, DelayedMessages) {
  EXPECT_EQ(Lines().Send("{:value 1 :delay 25}").Receive("1").Judge(), "valid");
  EXPECT_EQ(Lines().Send("{:value 1 :delay 35}").Receive("1").Judge(), "early-delivered 0 3");
  EXPECT_EQ(Lines().Send("{:value 1 :delay 25}").Receive("nil").Judge(), "unknown");
  EXPECT_EQ(Lines().Send("{:value 1 :delay 25}").Receive("nil").Receive("nil").Judge(), "never-delivered 0 1 5");
  const Lines late = Lines().Send("{:value 1 :delay 5}").Receive("nil").Receive("nil").Receive("1");
  EXPECT_EQ(late.Judge({.lateness = 10}), "late-delivered 1 7");
  EXPECT_EQ(late.Judge({.lateness = 100}), "valid");
  // Nobody asked in time.
  EXPECT_EQ(Lines().Send("{:value 1 :delay 5}").Send("2").Receive("2").Receive("1").Judge({.lateness = 10}), "valid");
}

TEST(Delivery, OrderInAQueueAGroupAndAKey) {
  const auto overtaken = [](const std::string& a, const std::string& b, Order order) {
    return Lines().Send(a).Send(b).Receive("2").Receive("1").Judge({.order = order});
  };
  EXPECT_EQ(overtaken("1", "2", Order::kQueue), "reordered 1 2 5 7");
  EXPECT_EQ(overtaken("1", "2", Order::kNone), "valid");
  EXPECT_EQ(overtaken("{:value 1 :group :g}", "{:value 2 :group :g}", Order::kGroup), "reordered 1 2 5 7");
  EXPECT_EQ(overtaken("{:value 1 :group :g}", "{:value 2 :group :h}", Order::kGroup), "valid");
  EXPECT_EQ(overtaken("{:value 1 :key 5}", "{:value 2 :key 5}", Order::kKey), "reordered 1 2 5 7");
  EXPECT_EQ(overtaken("{:value 1 :queue :q}", "{:value 2 :queue :r}", Order::kQueue), "valid");
  // Sent or received at the same time.
  EXPECT_EQ(Lines()
                .Add(0, "invoke", "send", "1")
                .Done(5, "send", "2", "2")
                .Add(0, "ok", "send", "1")
                .Receive("2")
                .Receive("1")
                .Judge({.order = Order::kQueue}),
            "valid");
  EXPECT_EQ(Lines()
                .Send("1")
                .Send("2")
                .Add(2, "invoke", "receive")
                .Receive("2")
                .Add(2, "ok", "receive", "1")
                .Judge({.order = Order::kQueue}),
            "valid");
  EXPECT_EQ(
      Lines().Send("1").Send("2").Add(2, "invoke", "receive").Receive("2").Receive("1").Judge({.order = Order::kQueue}),
      "unknown");
}

TEST(Delivery, Deduplication) {
  const Lines both = Lines().Send("{:value 1 :dedup :d}").Send("{:value 2 :dedup :d}").Receive("1").Receive("2");
  EXPECT_EQ(both.Judge(), "dedup-missed 0 2 5 7");
  EXPECT_EQ(both.Judge({.dedup_window = 20}), "valid");
  EXPECT_EQ(Lines().Send("{:value 1 :dedup :d}").Send("{:value 2 :dedup :d}").Receive("1").Receive("nil").Judge(),
            "valid");
}

}  // namespace
}  // namespace brokersim::checker
