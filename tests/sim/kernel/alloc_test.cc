// A run that records nothing allocates nothing for an event, once its queues and tables have grown.
#include <cstdlib>
#include <new>

#include "bench/actors.h"
#include "gtest/gtest.h"

namespace {

// What the test counts: calls of the global operator new, which every container ends at.
uint64_t allocations = 0;

void* Allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  // aligned_alloc wants a multiple of the alignment.
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace brokersim::sim {
namespace {

constexpr SimulationSettings kSettings = {.seed = 3, .recording = RecordingLevel::kHash};

struct Cost {
  uint64_t allocations = 0;
  uint64_t events = 0;
};

// Of the second part of a run.
Cost SteadyState(Simulation sim, Duration warm_up, Duration end) {
  sim.Run(Time() + warm_up);
  const Cost before = {allocations, sim.events()};
  sim.Run(Time() + end);
  return {allocations - before.allocations, sim.events() - before.events};
}

TEST(Allocations, NoneForTimers) {
  const Cost cost = SteadyState(bench::TimerWorld(100, 1'000'000'000, kSettings), Milliseconds(100), Milliseconds(500));
  EXPECT_GT(cost.events, 100'000u);
  EXPECT_EQ(cost.allocations, 0u);
}

TEST(Allocations, NoneForDatagrams) {
  const Cost cost = SteadyState(bench::BallWorld(50, 50, 1'000'000'000, kSettings), Milliseconds(100), Seconds(1));
  EXPECT_GT(cost.events, 100'000u);
  EXPECT_EQ(cost.allocations, 0u);
}

TEST(Allocations, NoneOnConnections) {
  const Cost cost =
      SteadyState(bench::ConnectedBallWorld(50, 1'000'000'000, kSettings), Milliseconds(100), Seconds(1));
  EXPECT_GT(cost.events, 100'000u);
  EXPECT_EQ(cost.allocations, 0u);
}

// The counter does count.
TEST(Allocations, AreCounted) {
  const uint64_t before = allocations;
  const Simulation sim = bench::TimerWorld(3, 100, kSettings);
  EXPECT_GT(allocations, before);
}

}  // namespace
}  // namespace brokersim::sim
