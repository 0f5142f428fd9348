// W1 and W2 in SystemC, with method processes. Usage: systemc w1 ACTORS EVENTS | systemc w2 PAIRS MESSAGES. Prints
// nanoseconds an event (a message). A player tells its peer by a timed event of the peer's.
#include <systemc>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

uint64_t handled = 0;
uint64_t wanted = 0;

struct Actor : sc_core::sc_module {
  SC_HAS_PROCESS(Actor);
  Actor(sc_core::sc_module_name name, uint64_t seed, uint64_t least, uint64_t span, bool starts)
      : sc_core::sc_module(name), stream(seed), least(least), span(span) {
    SC_METHOD(Handle);
    sensitive << event;
    dont_initialize();
    if (starts) Send(&event);
  }
  void Send(sc_core::sc_event* to) {
    const uint64_t delay = least + ((stream() >> 32) * span >> 32);
    to->notify(sc_core::sc_time::from_value(delay));
  }
  void Handle() {
    if (++handled == wanted) sc_core::sc_stop();
    ++strokes;
    Send(&peer->event);
  }
  sc_core::sc_event event;
  Actor* peer = this;
  std::mt19937_64 stream;
  uint64_t least;
  uint64_t span;
  uint64_t strokes = 0;
};

}  // namespace

int sc_main(int argc, char** argv) {
  if (argc != 4) return 64;
  const bool timers = std::string(argv[1]) == "w1";
  const int actors = std::atoi(argv[2]) * (timers ? 1 : 2);
  wanted = std::strtoull(argv[3], nullptr, 10);
  std::vector<std::unique_ptr<Actor>> all;
  for (int i = 0; i < actors; ++i) {
    const std::string name = "a" + std::to_string(i);
    all.push_back(timers ? std::make_unique<Actor>(name.c_str(), i, 1, 1 << 20, true)
                         : std::make_unique<Actor>(name.c_str(), i, 100'000, 900'001, i % 2 == 0));
  }
  for (int i = 0; !timers && i < actors; ++i) all[i]->peer = all[i ^ 1].get();
  const auto start = std::chrono::steady_clock::now();
  sc_core::sc_start();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%.1f\n", took.count() * 1e9 / static_cast<double>(wanted));
  return 0;
}
