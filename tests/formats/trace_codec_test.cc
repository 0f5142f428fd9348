#include "formats/trace_codec.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace brokersim::formats {
namespace {

using ::testing::HasSubstr;

TraceHeader Header() {
  TraceHeader header;
  header.set_build("test");
  header.set_scenario("test/codec");
  header.set_variant("v");
  header.set_seed(18'446'744'073'709'551'615u);
  header.set_scenario_text("name: \"codec\"\n");
  for (const char* name : {"b1", "b2", "p1"}) {
    TraceNode* node = header.add_nodes();
    node->set_name(name);
    node->set_role("broker");
    node->set_datacenter("dc1");
    node->set_rack("r1");
  }
  return header;
}

// An event in which every field has a value that depends on the id.
TraceEvent Event(uint64_t id) {
  TraceEvent event;
  event.id = id;
  event.time_ns = static_cast<int64_t>(id) * 1'000'003;
  event.kind = static_cast<EventKind>(id % kEventKindCount);
  event.node = static_cast<uint32_t>(id % 4);
  event.peer = static_cast<uint32_t>((id + 1) % 4);
  event.cause = id / 2;
  event.message = id * 7;
  event.operation = id % 5;
  event.draws = static_cast<uint32_t>(id % 3);
  event.type = "type" + std::to_string(id % 11);
  event.text = "text " + std::to_string(id);
  event.fault = id % 13 == 0 ? "F1" : "";
  if (id % 3 == 0) event.changes.push_back({"orders-0.log_end", std::to_string(id), "x"});
  if (id % 6 == 0) event.changes.push_back({"orders-0.role", "", "leader"});
  if (id % 4 == 0) {
    const auto verb = static_cast<RecordVerb>(id / 4 % kRecordVerbCount);
    event.records.push_back({verb, "orders-0", static_cast<int64_t>(id) - 5, "v\xC3\xA4lue"});
    event.records.push_back({RecordVerb::kLost, "orders-1", -1, ""});
  }
  return event;
}

std::string Encode(uint64_t events) {
  std::string bytes;
  TraceWriter writer(Header(), &bytes);
  for (uint64_t id = 1; id <= events; ++id) writer.Add(Event(id), id * 31);
  writer.Finish(events * 31, static_cast<int64_t>(events) * 1'000'004);
  return bytes;
}

class RoundTripTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RoundTripTest, GivesEveryFieldBack) {
  const uint64_t count = GetParam();
  const absl::StatusOr<DecodedTrace> trace = DecodeTrace(Encode(count));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_TRUE(trace->complete);
  EXPECT_EQ(trace->hash, count * 31);
  EXPECT_EQ(trace->end_ns, static_cast<int64_t>(count) * 1'000'004);
  EXPECT_EQ(trace->header.schema_version(), kTraceSchemaVersion);
  EXPECT_EQ(trace->header.scenario_text(), Header().scenario_text());
  EXPECT_EQ(trace->header.seed(), Header().seed());
  EXPECT_EQ(trace->header.nodes_size(), 3);
  EXPECT_EQ(trace->chunk_digests.size(), (count + 1023) / 1024);
  ASSERT_EQ(trace->events.size(), count);
  for (uint64_t id = 1; id <= count; ++id) {
    ASSERT_EQ(trace->events[id - 1], Event(id)) << "event " << id;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, RoundTripTest, ::testing::Values(0, 1, 2, 1023, 1024, 1025, 3000));

TEST(TraceCodecTest, EqualRunsGiveEqualBytes) {
  EXPECT_EQ(Encode(1'500), Encode(1'500));
  EXPECT_NE(Encode(1'500), Encode(1'501));
}

TEST(TraceCodecTest, TheSinkMayBeClearedOnTheWay) {
  std::string sink;
  std::string file;
  TraceWriter writer(Header(), &sink);
  for (uint64_t id = 1; id <= 3'000; ++id) {
    writer.Add(Event(id), id * 31);
    file += sink;
    sink.clear();
  }
  writer.Finish(3'000 * 31, int64_t{3'000} * 1'000'004);
  EXPECT_EQ(file + sink, Encode(3'000));
}

TEST(TraceCodecTest, NodesHaveNames) {
  const DecodedTrace trace = DecodeTrace(Encode(1)).value();
  EXPECT_EQ(trace.NodeName(0), "");
  EXPECT_EQ(trace.NodeName(1), "b1");
  EXPECT_EQ(trace.NodeName(3), "p1");
  EXPECT_EQ(trace.NodeName(4), "");
}

TEST(TraceCodecTest, EveryKindAndVerbHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i < kEventKindCount; ++i) names.insert(EventKindName(static_cast<EventKind>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kEventKindCount));
  names.clear();
  for (int i = 0; i < kRecordVerbCount; ++i) {
    names.insert(RecordVerbName(static_cast<RecordVerb>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kRecordVerbCount));
  EXPECT_EQ(EventKindName(static_cast<EventKind>(kEventKindCount)), "?");
  EXPECT_EQ(RecordVerbName(static_cast<RecordVerb>(kRecordVerbCount)), "?");
}

// Whatever is decoded: an error says that data is lost, and a trace can be walked through.
void ExpectSane(const absl::StatusOr<DecodedTrace>& trace, const std::string& how) {
  if (!trace.ok()) {
    EXPECT_EQ(trace.status().code(), absl::StatusCode::kDataLoss) << how;
    return;
  }
  for (uint64_t id = 1; id <= trace->events.size(); ++id) {
    const TraceEvent& event = trace->events[id - 1];
    ASSERT_EQ(event.id, id) << how;
    ASSERT_LT(event.cause, id) << how;
    ASSERT_LE(event.node, static_cast<uint32_t>(trace->header.nodes_size())) << how;
    ASSERT_LE(event.peer, static_cast<uint32_t>(trace->header.nodes_size())) << how;
  }
}

TEST(DamageTest, CutOffAnywhere) {
  const std::string bytes = Encode(1'030);  // two chunks
  for (size_t size = 0; size < bytes.size();
       size += size < 200 || size + 400 > bytes.size() ? 1 : 41) {
    const absl::StatusOr<DecodedTrace> trace = DecodeTrace(bytes.substr(0, size));
    ExpectSane(trace, "cut to " + std::to_string(size) + " bytes");
    if (trace.ok()) {
      EXPECT_FALSE(trace->complete) << size;
      EXPECT_EQ(trace->events.size() % 1024, trace->events.size() < 1'030 ? 0u : 1'030 % 1024);
    }
  }
}

TEST(DamageTest, EveryByteCutOffOfASmallTrace) {
  const std::string bytes = Encode(20);
  for (size_t size = 0; size < bytes.size(); ++size) {
    ExpectSane(DecodeTrace(bytes.substr(0, size)), "cut to " + std::to_string(size) + " bytes");
  }
}

TEST(DamageTest, EveryBitFlipped) {
  const std::string bytes = Encode(40);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      ExpectSane(DecodeTrace(damaged),
                 "bit " + std::to_string(bit) + " of byte " + std::to_string(at));
    }
  }
}

TEST(DamageTest, OtherFilesAreRefused) {
  EXPECT_EQ(DecodeTrace("").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeTrace("{\"operations\": []}").status().code(), absl::StatusCode::kDataLoss);
}

TEST(DamageTest, ANewerSchemaIsRefused) {
  Trace stored;
  stored.mutable_header()->set_schema_version(kTraceSchemaVersion + 1);
  const absl::Status status = DecodeTrace(stored.SerializeAsString()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("schema version 2"));
}

// A trace of one event whose chunk was then changed.
absl::Status DecodeChanged(void (*change)(TraceChunk*)) {
  Trace stored;
  EXPECT_TRUE(stored.ParseFromString(Encode(12)));
  change(stored.mutable_chunks(0));
  return DecodeTrace(stored.SerializeAsString()).status();
}

TEST(DamageTest, BrokenColumnsAndIndices) {
  const auto expect_loss = [](void (*change)(TraceChunk*), const char* what) {
    const absl::Status status = DecodeChanged(change);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << what;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
  };
  expect_loss([](TraceChunk* c) { c->add_node(1); }, "differ in length");
  expect_loss([](TraceChunk* c) { c->set_first_id(2); }, "not consecutive");
  expect_loss([](TraceChunk* c) { c->set_kind(3, kEventKindCount); }, "unknown kind");
  expect_loss([](TraceChunk* c) { c->set_node(3, 4); }, "unknown node");
  expect_loss([](TraceChunk* c) { c->set_cause_delta(3, 4); }, "before the first event");
  expect_loss([](TraceChunk* c) { c->set_text(3, 1'000); }, "not in the table");
  expect_loss([](TraceChunk* c) { c->mutable_changes(0)->set_event(12); }, "out of range");
  expect_loss([](TraceChunk* c) { c->mutable_records(0)->set_verb(kRecordVerbCount); },
              "out of range");
}

}  // namespace
}  // namespace brokersim::formats
