// RocketMQ's protocols as a reader can follow them: each testdata/NAME.textproto is a small scenario, and NAME.txt
// beside it what happened: decisions, faults, what clients did, and the commands that the protocol is about.
//
// To rewrite the outputs after an intended change, and then read the difference before committing it:
//   BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/model/rocketmq:protocol_golden_test
// (the variable holds the root of the source tree; the test fails while it is set).
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "formats/trace_codec.h"
#include "gtest/gtest.h"
#include "scenarios/loader.h"
#include "scenarios/run.h"

namespace brokersim {
namespace {

using formats::EventKind;

constexpr char kFolder[] = "tests/model/rocketmq/testdata";

// Commands that would drown the others.
bool IsRoutine(const formats::TraceEvent& event) {
  for (const char* type : {"REGISTER_BROKER", "REGISTER_BROKER_RESPONSE", "GET_ROUTEINFO_BY_TOPIC",
                           "GET_ROUTEINFO_BY_TOPIC_RESPONSE", "HEART_BEAT", "PULL_MESSAGE", "PULL_MESSAGE_RESPONSE",
                           "GET_CONSUMER_LIST_BY_GROUP", "GET_CONSUMER_LIST_BY_GROUP_RESPONSE", "OFFSET_RESPONSE",
                           "QUERY_CONSUMER_OFFSET", "GET_MAX_OFFSET", "SelectAll", "AllRows", "ApplyEffect",
                           "EffectApplied", "poll", "assign", "registered", "RaftHeartbeat", "RaftHeartbeatReply",
                           "BROKER_HEARTBEAT", "GET_BROKER_MEMBER_GROUP", "GET_BROKER_MEMBER_GROUP_RESPONSE"}) {
    if (event.type == type) return true;
  }
  // Heartbeats of the HA connection; DLedger's word of what is committed.
  return event.type == "HA_REPORT_OFFSET" || event.text.ends_with("messages=[]") ||
         event.text.starts_with("type=COMMIT");
}

bool IsShown(const formats::TraceEvent& event) {
  const auto is_one_of = [&event](std::initializer_list<EventKind> kinds) {
    return std::find(kinds.begin(), kinds.end(), event.kind) != kinds.end();
  };
  if (is_one_of({EventKind::kFaultOn, EventKind::kFaultOff, EventKind::kCrash, EventKind::kPowerLoss})) return true;
  return is_one_of({EventKind::kSend, EventKind::kDrop, EventKind::kHold, EventKind::kNote, EventKind::kInvoke,
                    EventKind::kComplete}) &&
         !IsRoutine(event);
}

std::string Line(const formats::DecodedTrace& trace, const formats::TraceEvent& event) {
  std::string what(formats::EventKindName(event.kind));
  if (event.kind == EventKind::kSend) what = "->" + std::string(trace.NodeName(event.peer));
  return fmt::format("{:>12.3f} ms  {:<8} {:<10} {}{}{}\n", static_cast<double>(event.time_ns) / 1e6,
                     trace.NodeName(event.node), what, event.type, event.type.empty() ? "" : "  ", event.text);
}

std::string Outcome(const std::string& path) {
  const auto loaded = scenarios::LoadScenario(path, ".");
  if (!loaded.ok()) return std::string(loaded.status().message());
  const auto result = scenarios::RunScenario(loaded->variants.front(), 1, sim::RecordingLevel::kTrace, "test");
  const auto trace = formats::DecodeTrace(result.trace);
  if (!trace.ok()) return std::string(trace.status().message());
  std::string text;
  for (const formats::TraceEvent& event : trace->events) {
    if (IsShown(event)) text += Line(*trace, event);
  }
  return text + result.internal_error;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".textproto") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ProtocolGolden : public testing::TestWithParam<std::string> {};

TEST_P(ProtocolGolden, GivesTheSameOutcome) {
  const std::string base = std::string(kFolder) + "/" + GetParam();
  const std::string actual = Outcome(base + ".textproto");
  if (const char* root = std::getenv("BROKERSIM_REWRITE_GOLDENS"); root != nullptr) {
    std::ofstream(std::string(root) + "/" + base + ".txt", std::ios::binary) << actual;
    ADD_FAILURE() << "rewrote " << base << ".txt; run again without BROKERSIM_REWRITE_GOLDENS";
    return;
  }
  std::ifstream file(base + ".txt", std::ios::binary);
  ASSERT_TRUE(file.good()) << "can't read " << base << ".txt";
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(expected.str(), actual) << "differs; if that is intended, see the top of this file";
}

INSTANTIATE_TEST_SUITE_P(Protocols, ProtocolGolden, testing::ValuesIn(Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace brokersim
