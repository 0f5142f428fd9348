// W1 and W2 on ns-3's event core. Usage: ns3 w1 ACTORS EVENTS SCHEDULER | ns3 w2 PAIRS MESSAGES SCHEDULER, where
// SCHEDULER is Map, PriorityQueue or Calendar. Prints nanoseconds an event (a message).
#include <ns3/core-module.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

std::vector<std::mt19937_64> streams;
uint64_t handled = 0;
uint64_t wanted = 0;

void Count() {
  if (++handled == wanted) ns3::Simulator::Stop();
}
uint64_t Below(uint32_t stream, uint64_t bound) { return (streams[stream]() >> 32) * bound >> 32; }

void Fire(uint32_t actor) {
  Count();
  ns3::Simulator::Schedule(ns3::NanoSeconds(1 + Below(actor, 1 << 20)), &Fire, actor);
}

void Receive(uint32_t player, uint64_t strokes) {
  Count();
  const auto latency = ns3::NanoSeconds(100'000 + Below(player, 900'001));
  ns3::Simulator::ScheduleWithContext(player ^ 1, latency, &Receive, player ^ 1, strokes + 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  const bool timers = std::string(argv[1]) == "w1";
  const uint32_t actors = static_cast<uint32_t>(std::atoi(argv[2])) * (timers ? 1 : 2);
  wanted = std::strtoull(argv[3], nullptr, 10);
  ns3::Simulator::SetScheduler(ns3::ObjectFactory(std::string("ns3::") + argv[4] + "Scheduler"));
  for (uint32_t i = 0; i < actors; ++i) {
    streams.emplace_back(i);
    const auto first = ns3::NanoSeconds(1 + Below(i, 1 << 20));
    if (timers) ns3::Simulator::Schedule(first, &Fire, i);
    if (!timers && i % 2 == 0) ns3::Simulator::ScheduleWithContext(i, first, &Receive, i, uint64_t{1});
  }
  const auto start = std::chrono::steady_clock::now();
  ns3::Simulator::Run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%.1f\n", took.count() * 1e9 / static_cast<double>(wanted));
  ns3::Simulator::Destroy();
}
