// Each guarantee kept and broken, in as few operations as show it.
#include "checker/session/session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "checker/history/edn.h"

namespace brokersim::checker {
namespace {

// Steps such as "0 w x 1" and "1 r x nil": a process, what, a key, a value; one after the other, 10 ms each. "0 w? x 1"
// has no outcome, "0 w! x 1" failed.
History Steps(const std::string& text) {
  std::string edn;
  int64_t time = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(';', at), text.size());
    std::string step = text.substr(at, end - at);
    while (step.starts_with(' ')) step.erase(0, 1);
    at = end + 1;
    const size_t process = step.find(' ');
    const size_t what = step.find(' ', process + 1);
    const std::string verb = step.substr(process + 1, what - process - 1);
    const std::string rest = step.substr(what + 1);
    const std::string f = verb[0] == 'w' ? "write" : "read";
    const std::string asked = verb[0] == 'w' ? rest : rest.substr(0, rest.find(' ')) + " nil";
    const std::string type = verb.ends_with('?') ? "info" : verb.ends_with('!') ? "fail" : "ok";
    for (const auto& [kind, value] : {std::pair<std::string, std::string>("invoke", asked), {type, rest}}) {
      edn += fmt::format("{{:process {} :type :{} :f :{} :value [:{}] :time {}}}\n", step.substr(0, process), kind, f,
                         value, time);
      time += 5'000'000;
    }
  }
  absl::StatusOr<History> history = ReadEdn(edn);
  EXPECT_TRUE(history.ok()) << history.status() << edn;
  return *std::move(history);
}

std::string Summary(const absl::StatusOr<formats::Verdict>& verdict) {
  if (!verdict.ok()) return std::string(verdict.status().message());
  std::string text;
  for (const formats::Anomaly& anomaly : verdict->anomalies()) {
    text += (text.empty() ? "" : "; ") + anomaly.type();
    for (uint64_t op : anomaly.operations()) text += " " + std::to_string(op);
  }
  if (!text.empty()) return text;
  return verdict->result() == formats::Verdict::VALID ? "valid" : "unknown";
}

std::string Session(const std::string& steps, SessionOptions options = {}) {
  return Summary(CheckSession(Steps(steps), options));
}
std::string Causal(const std::string& steps) { return Summary(CheckCausal(Steps(steps))); }
std::string Sequential(const std::string& steps, Limits limits = {}) {
  return Summary(CheckSequentialConsistency(Steps(steps), limits));
}

TEST(Session, MonotonicReads) {
  EXPECT_EQ(Session("0 w x 1; 0 w x 2; 1 r x 1; 1 r x 2"), "valid");
  EXPECT_EQ(Session("0 w x 1; 2 w x 2; 1 r x 2; 1 r x 1; 1 r x 2"), "monotonic-reads 5 7 9");
  EXPECT_EQ(Session("0 w x 1; 1 r x 1; 1 r x nil"), "monotonic-reads 1 3 5");
  // Each process for itself.
  EXPECT_EQ(Session("0 w x 1; 1 r x 1; 2 r x nil"), "valid");
}

TEST(Session, ReadYourWrites) {
  EXPECT_EQ(Session("0 w x 1; 0 r x nil"), "read-your-writes 1 3");
  EXPECT_EQ(Session("0 w x 1; 1 r x nil"), "valid");
  EXPECT_EQ(Session("0 w? x 1; 0 r x nil"), "valid");
  EXPECT_EQ(Session("0 w x 1; 1 w x 2; 0 r x 2"), "valid");
}

TEST(Session, MonotonicWritesAndWritesFollowReads) {
  // 2 sees process 0's writes in the wrong order: only both guarantees together are impossible.
  EXPECT_EQ(Session("0 w x 1; 0 w x 2; 1 r x 2; 1 r x 1"), "session-order 1 3 5 7");
  EXPECT_EQ(Session("0 w x 1; 1 r x 1; 1 w x 2; 2 r x 2; 2 r x 1"), "session-order 3 5 7 9");
}

TEST(Session, WhatNobodyWrote) {
  EXPECT_EQ(Session("1 r x 5"), "unexpected-read 1");
  EXPECT_EQ(Session("0 w! x 5; 1 r x 5"), "aborted-read 3");
  EXPECT_EQ(Session("0 w x 5; 1 w x 5; 0 r x 5"), "unknown");
}

TEST(Session, BoundedStaleness) {
  // Acknowledged at 15 ms, read from 30 ms on.
  const std::string steps = "0 w x 1; 0 w x 2; 1 r x 2; 2 r x 1";
  EXPECT_EQ(Session(steps), "valid");
  EXPECT_EQ(Session(steps, {.max_staleness = 15'000'000}), "valid");
  EXPECT_EQ(Session(steps, {.max_staleness = 14'999'999}), "stale-read 1 3 7");
  EXPECT_EQ(Session("0 w x 1; 2 r x nil", {.max_staleness = 0}), "stale-read 1 3");
  const absl::StatusOr<formats::Verdict> verdict = CheckSession(Steps(steps), {});
  EXPECT_EQ(verdict->metrics(0).value(), 15.0);
}

TEST(Causal, BadPatterns) {
  EXPECT_EQ(Causal("0 w x 1; 1 r x 1; 1 w x 2; 2 r x 1; 2 r x 2"), "valid");
  // Concurrent writes may be seen in any order.
  EXPECT_EQ(Causal("0 w x 1; 1 w x 2; 2 r x 1; 2 r x 2; 3 r x 2; 3 r x 1"), "valid");
  EXPECT_EQ(Causal("0 w x 1; 1 r x 1; 1 w y 2; 2 r y 2; 2 r x nil"), "write-before-initial-read 0 9");
  EXPECT_EQ(Causal("0 w x 1; 1 r x 1; 1 w x 2; 2 r x 2; 2 r x 1"), "overwritten-read 0 4 9");
  EXPECT_EQ(Causal("0 r x 1; 0 w y 1; 1 r y 1; 1 w x 1"), "cyclic-causality 1 6");
  EXPECT_EQ(Causal("0 r x 1"), "unexpected-read 1");
}

TEST(SequentialConsistency, OneOrderForAll) {
  EXPECT_EQ(Sequential("0 w x 1; 1 r x nil; 1 r x 1"), "valid");
  // Two readers see two concurrent writes in two orders: causal, but not sequential.
  EXPECT_EQ(Sequential("0 w x 1; 1 w x 2; 2 r x 1; 2 r x 2; 3 r x 2; 3 r x 1").substr(0, 14), "non-sequential");
  // Store buffers: neither sees the other's write.
  EXPECT_EQ(Sequential("0 w x 1; 1 w y 1; 0 r y nil; 1 r x nil").substr(0, 14), "non-sequential");
  EXPECT_EQ(Sequential("0 w x 1; 0 r y nil; 1 w y 1; 1 r x nil").substr(0, 14), "non-sequential");
  EXPECT_EQ(Sequential("0 w x 1; 0 r y nil; 1 w y 1; 1 r x 1"), "valid");
  // A write of unknown outcome happens late or never.
  EXPECT_EQ(Sequential("0 w? x 1; 0 r x nil; 1 r x 1"), "valid");
  EXPECT_EQ(Sequential("0 w x 1; 0 w x 2; 1 r x 2", {.steps = 1}), "unknown");
}

TEST(SequentialConsistency, AValidVerdictCarriesItsOrder) {
  const absl::StatusOr<formats::Verdict> verdict = CheckSequentialConsistency(Steps("1 r x nil; 0 w x 1; 1 r x 1"), {});
  ASSERT_TRUE(verdict.ok());
  ASSERT_EQ(verdict->order_size(), 3);
  EXPECT_EQ(verdict->order(0), 0u);
  EXPECT_EQ(verdict->order(1), 2u);
  EXPECT_EQ(verdict->order(2), 4u);
}

}  // namespace
}  // namespace brokersim::checker
