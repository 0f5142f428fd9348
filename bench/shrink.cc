// How small `brokersim shrink` makes runs of planted bugs, and how long that takes.
//
//   bazel-4 build -c opt //bench:shrink && bazel-bin/bench/shrink [MUTANT...]
//
// Each mutant (docs/mutants.md) is planted in `storm`, or else in the scenario in which its test catches it, with many
// drawn faults; the first seed is taken whose run has at least 10,000 events and 20 faults and shows an anomaly that
// the run without the mutant doesn't show. Shrinking has succeeded if the result is 1-minimal and still needs the
// mutant: every line of settings that is left was tried, so a mutant's line that is left is what the anomaly comes
// from. One core.
#include "runner/shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "bench/planted.h"
#include "sim/base/check.h"

namespace brokersim::bench {
namespace {

struct Row {
  runner::ShrunkRun run;
  double seconds = 0;
  bool caused = false;  // by the mutant, still
  bool Succeeded() const { return caused && run.search.end == runner::ShrinkResult::End::kMinimal; }
};

bool NeedsMutant(const scenarios::Setup& setup, std::string_view mutant) {
  const std::string line = fmt::format("mutant={}", mutant);
  const auto has = [&](const auto& lines) { return std::find(lines.begin(), lines.end(), line) != lines.end(); };
  const auto any = [&](const auto& clients) {
    return std::any_of(clients.begin(), clients.end(), [&](const auto& one) { return has(one.config()); });
  };
  return has(setup.kafka().config()) || any(setup.kafka().producer()) || any(setup.kafka().consumer());
}

template <class T>
T Median(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? T() : values[values.size() / 2];
}

void Print(std::string_view mutant, std::string_view scenario, uint64_t seed, const Row& row) {
  const runner::ShrunkRun& run = row.run;
  fmt::print("{:<32} {:<9} {:>4} {:<20} {:>3} -> {:<2} {:>4} -> {:<3} {:>7} -> {:<6} {:>5} {:>6.2f}  {}\n", mutant,
             scenario, seed, run.anomaly, run.before.faults, run.after.faults, run.before.operations,
             run.after.operations, run.before.events, run.after.events, run.search.runs, row.seconds,
             row.Succeeded() ? "yes"
             : row.caused    ? "no: not minimal"
                             : "no: other cause");
  std::fflush(stdout);
}

// `failed`: how many more there are that could not be made small.
void Summary(const std::vector<Row>& rows, const std::vector<std::string>& missing, int64_t failed) {
  std::vector<int64_t> faults;
  std::vector<int64_t> operations;
  std::vector<double> seconds;
  std::vector<double> events;
  int64_t succeeded = 0;
  for (const Row& row : rows) {
    faults.push_back(row.run.after.faults);
    operations.push_back(row.run.after.operations);
    seconds.push_back(row.seconds);
    events.push_back(100.0 * static_cast<double>(row.run.after.events) / static_cast<double>(row.run.before.events));
    succeeded += row.Succeeded() ? 1 : 0;
  }
  const auto all = static_cast<int64_t>(rows.size()) + failed;
  fmt::print("\n{} planted bugs; no such run within {} seeds: {}\n", all, kSeedsSearched,
             missing.empty() ? "none" : std::to_string(missing.size()));
  for (const std::string& name : missing) fmt::print("  {}\n", name);
  fmt::print("median faults left             {:>6}   goal 3\n", Median(faults));
  fmt::print("median client operations left  {:>6}   goal 5\n", Median(operations));
  fmt::print("median events left             {:>5.1f}%   goal 1%\n", Median(events));
  fmt::print("median seconds                 {:>6.2f}   goal 10\n", Median(seconds));
  fmt::print("succeeded                      {:>5.1f}%   goal 95%\n",
             all == 0 ? 0.0 : 100.0 * static_cast<double>(succeeded) / static_cast<double>(all));
}

int Main(const std::vector<std::string>& wanted) {
  fmt::print("{:<32} {:<9} {:>4} {:<20} {:<9} {:<11} {:<17} {:>5} {:>6}  {}\n", "mutant", "scenario", "seed", "anomaly",
             "faults", "operations", "events", "runs", "s", "success");
  std::vector<Row> rows;
  std::vector<std::string> missing;
  int64_t failed = 0;
  for (size_t i = 0; i < kafka::AllMutants().size(); ++i) {
    const kafka::MutantInfo& mutant = kafka::AllMutants()[i];
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), mutant.name) == wanted.end()) continue;
    const std::optional<PlantedRun> planted = FindPlanted(i);
    if (!planted.has_value()) {
      missing.emplace_back(mutant.name);
      continue;
    }
    const auto start = std::chrono::steady_clock::now();
    absl::StatusOr<runner::ShrunkRun> run = absl::UnknownError("");
    try {
      run = runner::ShrinkRun(planted->scenario, planted->seed, planted->anomaly, "shrunk", {});
    } catch (const sim::CheckFailure&) {
      // Of the control: a fault without an effect is left, because all draws move without it.
      fmt::print("{:<32} {:<9} {:>4} {:<20} no: something without an effect is left\n", mutant.name, planted->place,
                 planted->seed, planted->anomaly);
      ++failed;
      continue;
    }
    if (!run.ok()) {
      fmt::print(stderr, "{}: {}\n", mutant.name, std::string(run.status().message()));
      return 70;
    }
    Row row{*std::move(run)};
    row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    row.caused = NeedsMutant(row.run.scenario.setup(), mutant.name);
    Print(mutant.name, planted->place, planted->seed, row);
    rows.push_back(std::move(row));
  }
  Summary(rows, missing, failed);
  return 0;
}

}  // namespace
}  // namespace brokersim::bench

int main(int argc, char** argv) { return brokersim::bench::Main({argv + 1, argv + argc}); }
