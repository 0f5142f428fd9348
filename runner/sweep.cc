#include "runner/sweep.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace brokersim::runner {
namespace {

// How far a worker may run ahead of what was handed over, so that memory stays bounded.
constexpr uint64_t kAhead = 64;

struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t next = 0;     // to be run
  uint64_t handed = 0;   // to be handed over
  uint64_t last = 0;
  bool stop = false;
  std::map<uint64_t, Outcome> done;
};

void Work(const scenarios::ResolvedScenario& scenario, Shared* shared) {
  while (true) {
    uint64_t seed = 0;
    {
      std::unique_lock<std::mutex> lock(shared->mutex);
      shared->changed.wait(lock, [&] { return shared->stop || shared->next < shared->handed + kAhead || shared->next > shared->last; });
      if (shared->stop || shared->next > shared->last) return;
      seed = shared->next++;
    }
    Outcome outcome = RunAndCheck(scenario, seed, sim::RecordingLevel::kHistory);
    const std::lock_guard<std::mutex> lock(shared->mutex);
    shared->done.emplace(seed, std::move(outcome));
    shared->changed.notify_all();
  }
}

}  // namespace

void Sweep(const scenarios::ResolvedScenario& scenario, uint64_t first, uint64_t last,
           const std::function<bool(const Outcome&)>& seen) {
  Shared shared;
  shared.next = first;
  shared.handed = first;
  shared.last = last;
  const uint64_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> workers;
  for (uint64_t i = 0; i < std::min(cores, last - first + 1); ++i) workers.emplace_back(Work, std::cref(scenario), &shared);
  for (uint64_t seed = first; seed <= last; ++seed) {
    Outcome outcome;
    {
      std::unique_lock<std::mutex> lock(shared.mutex);
      shared.changed.wait(lock, [&] { return shared.done.contains(seed); });
      outcome = std::move(shared.done.at(seed));
      shared.done.erase(seed);
      shared.handed = seed + 1;
      shared.changed.notify_all();
    }
    if (seen(outcome)) continue;
    break;
  }
  {
    const std::lock_guard<std::mutex> lock(shared.mutex);
    shared.stop = true;
    shared.changed.notify_all();
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace brokersim::runner
