// W1 and W2 in SimGrid. Usage: simgrid w1 ACTORS EVENTS --cfg=... | simgrid w2 PAIRS MESSAGES --cfg=... Prints
// nanoseconds an event (a message). A ball is a message of one byte over a link of its pair, whose latency is constant:
// SimGrid has no random ones, and to sleep for a random time before each message would cost it more.
#include <simgrid/s4u.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace sg4 = simgrid::s4u;

namespace {

long handled = 0;
long wanted = 0;
std::chrono::steady_clock::time_point start;

void Count() {
  if (++handled < wanted) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%.1f\n", took.count() * 1e9 / static_cast<double>(wanted));
  std::fflush(stdout);
  std::_Exit(0);
}

void Timer(int seed) {
  std::mt19937_64 stream(seed);
  while (true) {
    sg4::this_actor::sleep_for(1e-6 * static_cast<double>(1 + (stream() >> 44)));
    Count();
  }
}

void Player(int pair, bool serves) {
  auto* there = sg4::Mailbox::by_name("m" + std::to_string(pair) + (serves ? "b" : "a"));
  auto* here = sg4::Mailbox::by_name("m" + std::to_string(pair) + (serves ? "a" : "b"));
  static long ball = 0;
  if (serves) there->put(&ball, 1);
  while (true) {
    here->get<long>();
    Count();
    there->put(&ball, 1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  sg4::Engine engine(&argc, argv);
  if (argc < 4) return 64;
  const bool timers = std::string(argv[1]) == "w1";
  const int actors = std::atoi(argv[2]);
  wanted = std::atol(argv[3]);
  auto* zone = sg4::create_full_zone("all");
  std::mt19937_64 stream(1);
  for (int i = 0; i < (timers ? 1 : actors); ++i) {
    auto* a = zone->create_host("a" + std::to_string(i), 1e9);
    auto* b = zone->create_host("b" + std::to_string(i), 1e9);
    auto* link = zone->create_link("l" + std::to_string(i), 1e10)->set_latency(1e-7 * (1000 + stream() % 9001))->seal();
    zone->add_route(a->get_netpoint(), b->get_netpoint(), nullptr, nullptr, {sg4::LinkInRoute(link)});
    if (!timers) sg4::Actor::create("pa", a, Player, i, true);
    if (!timers) sg4::Actor::create("pb", b, Player, i, false);
  }
  zone->seal();
  for (int i = 0; timers && i < actors; ++i) sg4::Actor::create("t", sg4::Host::by_name("a0"), Timer, i);
  start = std::chrono::steady_clock::now();
  engine.run();
}
