// One seed, one run: whatever is recorded, copied, rewound, run in threads or added beside it.
#include <map>
#include <thread>

#include "formats/trace_diff.h"
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

// Three clients that talk to a server with a disk while several faults happen.
void AddBusy(ToyWorld& world) {
  world.link.latency = Distribution::Uniform(Microseconds(100), Ms(3));
  world.link.loss = Ratio{1, 50};
  auto& server = world.Add("server", {.service_time = Microseconds(50)});
  server.OnWord([](Toy& toy, const Received& message, const std::string& text, Env& env, Effects& out) {
    const FileId log = env.Open("log");
    ++toy.number;
    out.Append(log, MakePayload(Word{text}));
    if (message.conn.valid()) out.SendAfter(out.Sync(log), message.conn, MakePayload(Word{"ok " + text}));
  });
  for (const std::string name : {"c1", "c2", "c3"}) {
    auto& client = world.Add(name);
    client.boot = [](Toy& toy, Env&, Effects& out) { toy.Dial(0, out); };
    for (int i = 0; i < 40; ++i) {
      client.At(Ms(5 * i), [i](Toy& toy, Env& env, Effects& out) {
        formats::Operation operation;
        operation.set_f("send");
        const OpId op = out.Invoke(operation);
        operation.set_type(formats::Operation::INFO);
        if (i % 3 == 0) out.Complete(op, operation);
        toy.Say(fmt::format("{}-{}-{}", env.name(), i, env.Random("noise").Below(1'000)), out);
        toy.Throw(0, fmt::format("d{}", i), out);
      });
    }
  }
  world.AddFault("crash", Crash{{{"server"}}}, Ms(40), Ms(10));
  world.AddFault("power", KillPower{{{"server"}}}, Ms(90), Ms(10));
  world.AddFault("cut", Partition{{{{"c1"}}}}, Ms(60), Ms(20));
  world.AddFault("jam", OneWay{{{"c2"}}, {{"server"}}, CutMode::kJam}, Ms(62), Ms(30));
  world.AddFault("pause", Pause{{{"server"}}, false}, Ms(120), Ms(15));
  world.AddFault("drift", Drift{{{"c3"}}, 100'000}, Ms(20), Ms(100));
  world.AddFault("loss", Loss{{}, {}, Ratio{1, 10}}, Ms(130), Ms(30));
}

constexpr Duration kEnd = Seconds(30);

uint64_t HashOf(uint64_t seed) {
  ToyWorld world;
  AddBusy(world);
  Simulation sim = world.BuildAt({.seed = seed});
  sim.Begin({});
  sim.Run(Time() + kEnd);
  return sim.hash();
}

TEST(Recording, AStreamedTraceIsTheSameFile) {
  std::string whole;
  std::string streamed;
  int pieces = 0;
  for (const bool stream : {false, true}) {
    ToyWorld world;
    AddBusy(world);
    Simulation sim = world.BuildAt({.seed = 4, .recording = RecordingLevel::kTrace});
    if (stream) {
      sim.recorder().StreamTrace([&](std::string_view piece) {
        streamed += piece;
        ++pieces;
      });
    }
    sim.Begin({});
    sim.Run(Time() + kEnd);
    sim.Finish();
    const std::string taken = sim.recorder().TakeTrace();
    if (stream) {
      EXPECT_EQ(taken, "");
    } else {
      whole = taken;
    }
  }
  EXPECT_EQ(streamed, whole);
  EXPECT_GT(pieces, 2);
}

TEST(Recording, TheLevelChangesNeitherHashNorHistory) {
  std::map<RecordingLevel, std::pair<uint64_t, std::string>> runs;
  for (const RecordingLevel level : {RecordingLevel::kHash, RecordingLevel::kHistory, RecordingLevel::kTrace}) {
    ToyWorld world;
    AddBusy(world);
    Simulation sim = world.BuildAt({.seed = 3, .recording = level});
    sim.Begin({});
    sim.Run(Time() + kEnd);
    sim.Finish();
    runs[level] = {sim.hash(), sim.recorder().history().SerializeAsString()};
    EXPECT_GT(sim.events(), 1'000u);
  }
  EXPECT_EQ(runs[RecordingLevel::kHash].first, runs[RecordingLevel::kTrace].first);
  EXPECT_EQ(runs[RecordingLevel::kHistory], runs[RecordingLevel::kTrace]);
}

TEST(Recording, TheSameSeedGivesTheSameBytesAndAnotherOthers) {
  std::vector<std::string> bytes;
  for (const uint64_t seed : {1, 1, 2}) {
    ToyWorld world({.seed = seed});
    AddBusy(world);
    world.Run(kEnd);
    EXPECT_TRUE(world.trace().complete);
    EXPECT_EQ(world.trace().hash, world.sim->hash());
    bytes.push_back(world.trace_bytes());
  }
  EXPECT_EQ(bytes[0], bytes[1]);
  EXPECT_NE(bytes[0], bytes[2]);
}

TEST(Recording, CausesComeBeforeAndMessagesComeFromTheirSends) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    ToyWorld world({.seed = seed});
    AddBusy(world);
    world.Run(kEnd);
    const auto& events = world.trace().events;
    for (const formats::TraceEvent& event : events) {
      ASSERT_LT(event.cause, event.id);
      if (event.kind != formats::EventKind::kDeliver && event.kind != formats::EventKind::kDrop) continue;
      ASSERT_GT(event.cause, 0u);
      const formats::TraceEvent& cause = events[event.cause - 1];
      ASSERT_EQ(cause.kind, formats::EventKind::kSend) << event.id;
      ASSERT_EQ(cause.message, event.message);
    }
  }
}

// What happened, but for ids.
std::vector<std::string> Contents(const ToyWorld& world, std::string_view without_node,
                                  std::string_view without_fault) {
  std::vector<std::string> contents;
  for (const formats::TraceEvent& event : world.trace().events) {
    const std::string node(world.trace().NodeName(event.node));
    if ((!without_node.empty() && node == without_node) ||
        (!without_fault.empty() && event.fault == without_fault))
      continue;
    contents.push_back(fmt::format("{} {} {} {} {} {} {}", event.time_ns, node, static_cast<int>(event.kind),
                                   event.type, event.text, event.draws, event.fault));
  }
  return contents;
}

TEST(Independence, AnUnusedNodeChangesNothingElse) {
  ToyWorld plain({.seed = 5});
  AddBusy(plain);
  plain.Run(kEnd);
  ToyWorld more({.seed = 5});
  AddBusy(more);
  more.Add("unused");
  more.Run(kEnd);
  EXPECT_EQ(Contents(plain, "", ""), Contents(more, "unused", ""));
}

TEST(Independence, AFaultThatNeverMatchesChangesNothingElse) {
  ToyWorld plain({.seed = 5});
  AddBusy(plain);
  plain.Run(kEnd);
  ToyWorld more({.seed = 5});
  AddBusy(more);
  more.AddFault("idle", DropIf{{.type = "Nothing", .count = 0}}, Ms(1));
  more.AddFault("idle", Duplicate{{{"c1"}}, {{"c2"}}, Ratio{1, 2}}, Ms(1));
  more.Run(kEnd);
  EXPECT_EQ(Contents(plain, "", ""), Contents(more, "", "idle"));
}

TEST(Value, ACopyRunsToTheSameEndAndAssignmentRewinds) {
  for (const int64_t at : {1, 41, 65, 95, 125, 150}) {
    ToyWorld world;
    AddBusy(world);
    Simulation sim = world.BuildAt({.seed = 4});
    sim.Begin({});
    sim.Run(Time() + Ms(at));
    Simulation copy = sim;
    const uint64_t middle = sim.hash();
    sim.Run(Time() + kEnd);
    const uint64_t end = sim.hash();
    const std::string history = sim.recorder().history().SerializeAsString();
    EXPECT_EQ(copy.hash(), middle);
    sim = copy;
    EXPECT_EQ(sim.hash(), middle);
    sim.Run(Time() + kEnd);
    copy.Run(Time() + kEnd);
    EXPECT_EQ(sim.hash(), end) << at;
    EXPECT_EQ(copy.hash(), end) << at;
    EXPECT_EQ(copy.recorder().history().SerializeAsString(), history);
  }
}

TEST(Value, RunsInThreadsAreTheSameAsAlone) {
  std::vector<uint64_t> alone;
  for (uint64_t seed = 0; seed < 4; ++seed) alone.push_back(HashOf(seed));
  std::vector<uint64_t> together(4);
  std::vector<std::thread> threads;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([seed, &together] { together[seed] = HashOf(seed); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
}

TEST(Ties, ArePermutedByTheSeed) {
  const auto order_of = [](uint64_t seed) {
    ToyWorld world({.seed = seed, .permute_ties = true});
    for (const char* name : {"a", "b", "c", "d"}) {
      world.Add(name).At(Ms(1), [name](Toy& toy, Env&, Effects& out) { toy.Throw(4, name, out); });
    }
    world.Add("z");
    std::string order;
    for (const std::string& line : ToyWorld::Only(world.Run(Ms(10)), {"got"})) order += line.back();
    return order;
  };
  std::map<std::string, int> orders;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const std::string order = order_of(seed);
    EXPECT_EQ(order_of(seed), order);
    ++orders[order];
  }
  EXPECT_GE(orders.size(), 4u);
}

TEST(PlantedNondeterminism, AValueFromOutsideIsFoundAtTheEventThatShowsIt) {
  int outside = 0;  // survives from one simulation to the next, as a static counter would
  const auto run = [&outside](ToyWorld& world) {
    AddBusy(world);
    world.Add("culprit").At(Ms(50), [&outside](Toy& toy, Env&, Effects& out) {
      toy.Throw(0, fmt::format("run {}", ++outside), out);
    });
    world.Run(kEnd);
  };
  ToyWorld first;
  run(first);
  ToyWorld second;
  run(second);
  EXPECT_NE(first.sim->hash(), second.sim->hash());
  const auto difference = formats::FirstDifference(first.trace(), second.trace());
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->a_node, "culprit");
  EXPECT_EQ(difference->a->kind, formats::EventKind::kSend);
  EXPECT_EQ(difference->a->text, "{text=run 1}");
  EXPECT_EQ(difference->b->text, "{text=run 2}");
  EXPECT_NE(formats::Describe(*difference).find("different: text"), std::string::npos);
}

}  // namespace
}  // namespace brokersim::sim
