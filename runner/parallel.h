// Many independent pieces of work on several threads, their results in order. The results don't depend on how many.
#ifndef BROKERSIM_RUNNER_PARALLEL_H_
#define BROKERSIM_RUNNER_PARALLEL_H_

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace brokersim::runner {

// As many as the machine has.
inline uint64_t Cores() { return std::max(1u, std::thread::hardware_concurrency()); }

template <class Result>
class Parallel {
 public:
  using Work = std::function<Result(uint64_t index)>;  // called on any thread
  using Seen = std::function<bool(Result result)>;     // returns whether to go on

  // Calls work(0) to work(count - 1) on `jobs` threads, and `seen` with the results, in that order, on the calling
  // thread. If `seen` says no, what has begun is finished, and what wasn't handed over by then is dropped.
  static void Run(uint64_t count, uint64_t jobs, const Work& work, const Seen& seen) {
    if (jobs <= 1) {
      for (uint64_t index = 0; index < count && seen(work(index)); ++index) {
      }
      return;
    }
    Parallel shared(count, work);
    std::vector<std::thread> workers;
    for (uint64_t i = 0; i < std::min(jobs, count); ++i) workers.emplace_back([&shared] { shared.WorkOn(); });
    for (uint64_t index = 0; index < count; ++index) {
      if (!seen(shared.Take(index))) break;
    }
    shared.Stop();
    for (std::thread& worker : workers) worker.join();
  }

 private:
  // How far work may run ahead of one slow piece, so that memory stays bounded.
  static constexpr uint64_t kAhead = 1024;

  Parallel(uint64_t count, const Work& work) : count_(count), work_(work) {}

  void WorkOn() {
    while (true) {
      uint64_t index = 0;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        room_.wait(lock, [&] { return stop_ || next_ < taken_ + kAhead || next_ >= count_; });
        if (stop_ || next_ >= count_) return;
        index = next_++;
      }
      Result result = work_(index);
      const std::lock_guard<std::mutex> lock(mutex_);
      done_.emplace(index, std::move(result));
      if (index == taken_) first_done_.notify_one();
    }
  }

  Result Take(uint64_t index) {
    std::unique_lock<std::mutex> lock(mutex_);
    first_done_.wait(lock, [&] { return done_.contains(index); });
    Result result = std::move(done_.extract(index).mapped());
    taken_ = index + 1;
    room_.notify_all();
    return result;
  }

  void Stop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    room_.notify_all();
  }

  const uint64_t count_;
  const Work& work_;
  std::mutex mutex_;
  std::condition_variable first_done_;  // what is handed over next
  std::condition_variable room_;
  uint64_t next_ = 0;   // to be begun
  uint64_t taken_ = 0;  // to be handed over
  bool stop_ = false;
  std::map<uint64_t, Result> done_;
};

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_PARALLEL_H_
