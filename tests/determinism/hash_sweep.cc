#include "tests/determinism/hash_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <numeric>
#include <system_error>
#include <thread>
#include <utility>

#include "scenarios/run.h"
#include "sim/random/stream.h"

namespace brokersim {
namespace {

std::string HashLine(const HashJob& job) {
  const scenarios::ResolvedScenario& scenario = *job.scenario;
  const auto result = scenarios::RunScenario(scenario, job.seed, sim::RecordingLevel::kHash, "");
  return fmt::format("{} {} {} {:016x} {:016x} {:016x}", scenario.name, scenario.variant, job.seed, result.hashes.all,
                     result.hashes.wire, result.hashes.state);
}

std::vector<size_t> OrderOf(size_t count, bool shuffled) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  if (!shuffled) return order;
  sim::Stream random(1, "order");
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  return order;
}

}  // namespace

std::vector<std::string> AllScenarios(const std::string& home) {
  std::vector<std::string> mutants;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(home + "/tests/model/kafka/mutants", missing)) {
    mutants.push_back(entry.path().string());
  }
  std::sort(mutants.begin(), mutants.end());
  std::vector<std::string> all = scenarios::ListScenarios(home);
  all.insert(all.end(), mutants.begin(), mutants.end());
  return all;
}

absl::StatusOr<std::vector<scenarios::LoadedScenario>> LoadAll(const std::vector<std::string>& names,
                                                               const std::string& home) {
  std::vector<scenarios::LoadedScenario> all;
  for (const std::string& name : names.empty() ? AllScenarios(home) : names) {
    absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, home);
    if (!loaded.ok()) return loaded.status();
    all.push_back(*std::move(loaded));
  }
  return all;
}

std::vector<HashJob> JobsOf(const std::vector<scenarios::LoadedScenario>& scenarios, uint64_t first, uint64_t count) {
  std::vector<HashJob> jobs;
  for (const scenarios::LoadedScenario& scenario : scenarios) {
    for (const scenarios::ResolvedScenario& variant : scenario.variants) {
      for (uint64_t i = 0; i < count; ++i) jobs.push_back({&variant, first + i});
    }
  }
  return jobs;
}

std::vector<std::string> RunHashes(const std::vector<HashJob>& jobs, const HashSweep& how) {
  const std::vector<size_t> order = OrderOf(jobs.size(), how.shuffled);
  std::vector<std::string> lines(jobs.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < jobs.size(); i = next++) lines[order[i]] = HashLine(jobs[order[i]]);
  };
  if (how.threads <= 1) {
    work();
    return lines;
  }
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < how.threads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return lines;
}

}  // namespace brokersim
