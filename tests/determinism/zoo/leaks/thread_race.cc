// Threads come in any order.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(thread_race) {
  std::atomic<int64_t> order = 0;
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < 8; ++i) {
    threads.emplace_back([&order, i] {
      for (volatile int64_t spin = 0; spin < 200;) spin = spin + 1;
      int64_t seen = order;
      while (!order.compare_exchange_weak(seen, seen * 8 + i)) continue;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return order;
}
