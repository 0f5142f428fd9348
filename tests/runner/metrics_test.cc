#include "runner/metrics.h"

#include <google/protobuf/text_format.h>

#include <string>

#include "gtest/gtest.h"

namespace brokersim::runner {
namespace {

constexpr int64_t kMs = 1'000'000;

// Builds histories a line at a time; times in ms.
class Recorder {
 public:
  uint64_t Begin(int64_t ms, const std::string& f, const std::string& process, const std::string& actions = "") {
    return Add(ms, f, process, formats::Operation::INVOKE, history_.operations_size(), actions);
  }
  void End(uint64_t invocation, int64_t ms, formats::Operation::Type type, const std::string& actions = "") {
    const formats::Operation begun = history_.operations(static_cast<int>(invocation));
    Add(ms, begun.f(), begun.process(), type, invocation, actions);
  }
  Metrics Measure() const { return MetricsOf(history_); }

 private:
  uint64_t Add(int64_t ms, const std::string& f, const std::string& process, formats::Operation::Type type,
               uint64_t invocation, const std::string& actions) {
    formats::Operation* operation = history_.add_operations();
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(actions, operation));
    operation->set_index(static_cast<uint64_t>(history_.operations_size() - 1));
    operation->set_time_ns(ms * kMs);
    operation->set_f(f);
    operation->set_process(process);
    operation->set_type(type);
    operation->set_invocation(invocation);
    return operation->index();
  }

  formats::History history_;
};

std::string Send(const std::string& value) { return "actions { send { log: 'a-0' value: '" + value + "' } } "; }
std::string Poll(const std::string& group, const std::string& values) {
  std::string text = "actions { poll { log: 'a-0' group: '" + group + "' ";
  for (const char value : values) text += std::string("reads { value: '") + value + "' } ";
  return text + "} } ";
}

TEST(Metrics, SendsAndTheirLatencies) {
  Recorder run;
  const uint64_t a = run.Begin(0, "send", "p1", Send("a"));
  const uint64_t b = run.Begin(10, "send", "p1", Send("b"));
  run.End(a, 30, formats::Operation::OK);
  run.End(b, 15 + 1985, formats::Operation::OK);
  const uint64_t c = run.Begin(2000, "txn", "p2", Send("c") + Send("d"));
  run.End(c, 4000, formats::Operation::FAIL);
  run.Begin(4000, "send", "p1", Send("e"));
  const Metrics metrics = run.Measure();
  EXPECT_EQ(metrics[Metric::kAcknowledged], 2);
  EXPECT_EQ(metrics[Metric::kFailed], 2);
  EXPECT_EQ(metrics[Metric::kUnknown], 1);
  EXPECT_EQ(metrics[Metric::kLatencyP50], 30 * kMs);
  EXPECT_EQ(metrics[Metric::kLatencyP99], 1990 * kMs);
  EXPECT_EQ(metrics[Metric::kLatencyMax], 1990 * kMs);
  EXPECT_EQ(metrics[Metric::kThroughput], 500);  // 2 records in 4 s
  // From 30 to 2000 ms somebody waited, and from 2000 to 4000 ms.
  EXPECT_EQ(metrics[Metric::kLongestOutage], 2000 * kMs);
  EXPECT_EQ(metrics[Metric::kUnavailable], (1970 + 2000) * kMs);
}

TEST(Metrics, WhoeverWaitsForNothingIsNotUnavailable) {
  Recorder run;
  const uint64_t a = run.Begin(0, "send", "p1", Send("a"));
  run.End(a, 5, formats::Operation::OK);
  const uint64_t b = run.Begin(60'000, "send", "p1", Send("b"));
  run.End(b, 60'007, formats::Operation::OK);
  EXPECT_EQ(run.Measure()[Metric::kUnavailable], 0);
  EXPECT_EQ(run.Measure()[Metric::kLongestOutage], 7 * kMs);
}

TEST(Metrics, Deliveries) {
  Recorder run;
  const uint64_t a = run.Begin(0, "send", "p1", Send("a"));
  run.End(a, 5, formats::Operation::OK);
  run.End(run.Begin(8, "poll", "c1"), 9, formats::Operation::OK, Poll("shop", "a"));
  run.End(run.Begin(10, "poll", "c2"), 11, formats::Operation::OK, Poll("shop", "a"));
  run.End(run.Begin(10, "poll", "c3"), 12, formats::Operation::OK, Poll("other", "a"));
  const Metrics metrics = run.Measure();
  EXPECT_EQ(metrics[Metric::kRedelivered], 1);
  EXPECT_EQ(metrics[Metric::kEndToEndP50], 9 * kMs);
  EXPECT_FALSE(metrics[Metric::kEffectsRepeated].has_value());
}

TEST(Metrics, LossesAndDuplicatesAreTheAuditsToSay) {
  Recorder run;
  for (const char* value : {"a", "b", "c"}) {
    run.End(run.Begin(0, "send", "p1", Send(value)), 1, formats::Operation::OK);
  }
  EXPECT_FALSE(run.Measure()[Metric::kLost].has_value());
  const uint64_t audit = run.Begin(10, "read-all", "audit");
  run.End(audit, 11, formats::Operation::OK, Poll("", "aac"));
  EXPECT_EQ(run.Measure()[Metric::kLost], 1);
  EXPECT_EQ(run.Measure()[Metric::kDuplicates], 1);
}

TEST(Metrics, Effects) {
  Recorder run;
  for (int i = 0; i < 3; ++i) {
    run.End(run.Begin(0, "process", "ledger"), 1, formats::Operation::OK,
            "actions { process { group: 'g' log: 'a-0' value: 'a' applied: true } }");
  }
  run.End(run.Begin(0, "process", "ledger"), 1, formats::Operation::OK,
          "actions { process { group: 'g' log: 'a-0' value: 'a' } }");
  EXPECT_EQ(run.Measure()[Metric::kEffectsRepeated], 2);
}

TEST(Metrics, OfNothing) {
  const Metrics metrics = MetricsOf({});
  EXPECT_EQ(metrics[Metric::kAcknowledged], 0);
  EXPECT_FALSE(metrics[Metric::kLatencyP50].has_value());
  EXPECT_FALSE(metrics[Metric::kUnavailable].has_value());
}

TEST(Metrics, Texts) {
  EXPECT_EQ(MetricText(Metric::kAcknowledged, 12), "12");
  EXPECT_EQ(MetricText(Metric::kLatencyP50, 3'456'789), "3.46 ms");
  EXPECT_EQ(MetricText(Metric::kThroughput, 81'234), "81.2/s");
}

}  // namespace
}  // namespace brokersim::runner
