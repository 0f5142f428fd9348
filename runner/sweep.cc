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
  // Counted from the first seed, so that the last one there is has a successor.
  uint64_t first = 0;
  uint64_t next = 0;    // to be run
  uint64_t handed = 0;  // to be handed over
  uint64_t count = 0;
  bool stop = false;
  std::map<uint64_t, Outcome> done;
};

void Work(const scenarios::ResolvedScenario& scenario, Shared* shared) {
  while (true) {
    uint64_t index = 0;
    {
      std::unique_lock<std::mutex> lock(shared->mutex);
      shared->changed.wait(lock, [&] {
        return shared->stop || shared->next < shared->handed + kAhead || shared->next >= shared->count;
      });
      if (shared->stop || shared->next >= shared->count) return;
      index = shared->next++;
    }
    Outcome outcome = RunAndCheck(scenario, shared->first + index, sim::RecordingLevel::kHistory);
    const std::lock_guard<std::mutex> lock(shared->mutex);
    shared->done.emplace(index, std::move(outcome));
    shared->changed.notify_all();
  }
}

}  // namespace

void Sweep(const scenarios::ResolvedScenario& scenario, uint64_t first, uint64_t last,
           const std::function<bool(const Outcome&)>& seen) {
  Shared shared;
  shared.first = first;
  shared.count = std::max(last - first + 1, last - first);
  const uint64_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> workers;
  for (uint64_t i = 0; i < std::min(cores, shared.count); ++i) workers.emplace_back(Work, std::cref(scenario), &shared);
  for (uint64_t index = 0; index < shared.count; ++index) {
    Outcome outcome;
    {
      std::unique_lock<std::mutex> lock(shared.mutex);
      shared.changed.wait(lock, [&] { return shared.done.contains(index); });
      outcome = std::move(shared.done.at(index));
      shared.done.erase(index);
      shared.handed = index + 1;
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
