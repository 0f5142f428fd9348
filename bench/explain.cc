// Whether `brokersim explain` names the true cause of planted bugs, and how long that takes.
//
//   bazel-4 build -c opt //bench:explain && bazel-bin/bench/explain [MUTANT...]
//
// The runs are those of bench/shrink.cc: a mutant planted in a run of at least 10,000 events with at least 20 faults.
// The true cause is the line `mutant=NAME`: one candidate among all settings that aren't the default or aren't safe,
// and all faults. One core; seconds are the CPU's, so that other work on the machine doesn't count.
#include "runner/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "bench/planted.h"
#include "model/kafka/mutants.h"

namespace brokersim::bench {
namespace {

struct Row {
  int rank = 0;  // of the true cause; 0: it isn't among the causes
  double seconds = 0;
  uint64_t runs = 0;
  size_t deciding = 0;  // messages and timers
  int story = 0;
};

int RankOf(std::string_view mutant, const runner::Explanation& explanation) {
  const std::string line = fmt::format("mutant={}", mutant);
  int rank = 0;
  for (const runner::Cause& cause : explanation.search.causes) {
    ++rank;
    if (cause.what.line == line) return rank;
  }
  return 0;
}

void Print(std::string_view mutant, const PlantedRun& planted, const runner::Explanation& explanation,
           const Row& row) {
  const runner::CauseSearch& search = explanation.search;
  fmt::print("{:<32} {:<9} {:>4} {:<20} {:>4} {:>6} {:>6} {:>6} {:>2}/{:<2} {:>5} {:>5} {:>6} {:>6.2f}  {}\n", mutant,
             planted.place, planted.seed, planted.anomaly, explanation.anomaly.story_size() + 1, search.candidates,
             search.causes.size(), search.unconfirmed.size(), search.shown, search.courses,
             sim::ToText(search.at - sim::Time()), row.runs, row.deciding, row.seconds,
             row.rank == 0 ? "-" : std::to_string(row.rank));
  std::fflush(stdout);
}

void Summary(const std::vector<Row>& rows, const std::vector<std::string>& missing) {
  std::vector<double> seconds;
  int64_t first = 0;
  int64_t among = 0;
  int64_t deciding = 0;
  int most = 0;
  for (const Row& row : rows) {
    seconds.push_back(row.seconds);
    first += row.rank == 1 ? 1 : 0;
    among += row.rank >= 1 && row.rank <= 3 ? 1 : 0;
    deciding += row.deciding > 0 ? 1 : 0;
    most = std::max(most, row.story + 1);
  }
  std::sort(seconds.begin(), seconds.end());
  const auto share = [&](int64_t n) { return rows.empty() ? 0.0 : 100.0 * static_cast<double>(n) / rows.size(); };
  fmt::print("\n{} planted bugs; no such run within {} seeds: {}\n", rows.size(), kSeedsSearched,
             missing.empty() ? "none" : std::to_string(missing.size()));
  for (const std::string& name : missing) fmt::print("  {}\n", name);
  fmt::print("true cause first              {:>6.1f}%\n", share(first));
  fmt::print("true cause among the first 3  {:>6.1f}%   goal 90%\n", share(among));
  fmt::print("a message or timer decides    {:>6.1f}%\n", share(deciding));
  fmt::print("longest story                 {:>6}    goal 15\n", most);
  if (seconds.empty()) return;
  fmt::print("median seconds                {:>6.2f}, longest {:.2f}\n", seconds[seconds.size() / 2], seconds.back());
}

int Main(const std::vector<std::string>& wanted) {
  fmt::print("{:<32} {:<9} {:>4} {:<20} {:>4} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>6} {:>6}  {}\n", "mutant",
             "scenario", "seed", "anomaly", "told", "tried", "causes", "unsure", "shown", "from", "runs", "decide", "s",
             "rank");
  std::vector<Row> rows;
  std::vector<std::string> missing;
  for (size_t i = 0; i < kafka::AllMutants().size(); ++i) {
    const kafka::MutantInfo& mutant = kafka::AllMutants()[i];
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), mutant.name) == wanted.end()) continue;
    const std::optional<PlantedRun> planted = FindPlanted(i);
    if (!planted.has_value()) {
      missing.emplace_back(mutant.name);
      continue;
    }
    runner::ExplainOptions options;
    options.anomaly = planted->anomaly;
    const std::clock_t start = std::clock();
    const absl::StatusOr<runner::Explanation> explanation = runner::Explain(planted->scenario, planted->seed, options);
    if (!explanation.ok()) {
      fmt::print(stderr, "{}: {}\n", mutant.name, std::string(explanation.status().message()));
      return 70;
    }
    Row row;
    row.seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    row.rank = RankOf(mutant.name, *explanation);
    row.runs = explanation->search.runs + explanation->decisions.runs;
    row.deciding = runner::DecidingShown(*explanation);
    row.story = explanation->anomaly.story_size();
    Print(mutant.name, *planted, *explanation, row);
    rows.push_back(row);
  }
  Summary(rows, missing);
  return 0;
}

}  // namespace
}  // namespace brokersim::bench

int main(int argc, char** argv) { return brokersim::bench::Main({argv + 1, argv + argc}); }
