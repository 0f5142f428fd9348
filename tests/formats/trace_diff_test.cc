// The first event in which two traces differ, and how it is told.
#include "formats/trace_diff.h"

#include "gtest/gtest.h"

namespace brokersim::formats {
namespace {

DecodedTrace Make(int events, int changed = 0) {
  DecodedTrace trace;
  trace.header.add_nodes()->set_name("b1");
  trace.header.add_nodes()->set_name("b2");
  uint64_t digest = 1;
  for (int i = 1; i <= events; ++i) {
    TraceEvent event;
    event.id = static_cast<uint64_t>(i);
    event.time_ns = i * 10;
    event.kind = EventKind::kSend;
    event.node = 1;
    event.peer = 2;
    event.type = "Fetch";
    event.text = i == changed ? "{offset=8}" : "{offset=7}";
    digest = digest * 31 + (i == changed ? 2 : 1);
    trace.events.push_back(event);
    if (i % 1024 == 0 || i == events) trace.chunk_digests.push_back(digest);
  }
  return trace;
}

TEST(FirstDifference, NoneBetweenEqualTraces) {
  EXPECT_FALSE(FirstDifference(Make(0), Make(0)).has_value());
  EXPECT_FALSE(FirstDifference(Make(3'000), Make(3'000)).has_value());
}

TEST(FirstDifference, IsFoundInEveryChunkAndAtItsEdges) {
  for (const int id : {1, 2, 1'023, 1'024, 1'025, 2'048, 2'049, 3'000}) {
    const auto difference = FirstDifference(Make(3'000), Make(3'000, id));
    ASSERT_TRUE(difference.has_value()) << id;
    EXPECT_EQ(difference->id, static_cast<uint64_t>(id));
    EXPECT_EQ(difference->columns, std::vector<std::string>{"text"});
  }
}

TEST(FirstDifference, EventsUpToAnEqualDigestAreNotLookedAt) {
  DecodedTrace odd = Make(3'000);
  odd.events[5].text = "unseen";
  EXPECT_FALSE(FirstDifference(Make(3'000), odd).has_value());
}

TEST(FirstDifference, OneTraceMayEndBeforeTheOther) {
  for (const int events : {0, 10, 1'024, 2'000}) {
    const auto difference = FirstDifference(Make(events), Make(3'000));
    ASSERT_TRUE(difference.has_value());
    EXPECT_EQ(difference->id, static_cast<uint64_t>(events) + 1);
    EXPECT_FALSE(difference->a.has_value());
    EXPECT_TRUE(difference->b.has_value());
  }
}

TEST(Describe, NamesBothSidesAndTheColumns) {
  EXPECT_EQ(Describe(*FirstDifference(Make(3), Make(3, 2))),
            "the first difference is at event 2\n"
            "  a: 20 ns  b1  send (b2)  Fetch  {offset=7}\n"
            "  b: 20 ns  b1  send (b2)  Fetch  {offset=8}\n"
            "  different: text\n");
  EXPECT_EQ(Describe(*FirstDifference(Make(1), Make(2))),
            "the first difference is at event 2\n"
            "  a: has ended\n"
            "  b: 20 ns  b1  send (b2)  Fetch  {offset=7}\n");
}

}  // namespace
}  // namespace brokersim::formats
