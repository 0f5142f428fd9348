// Runs of drills: what is looked at while they run, cells, and the loop over all of them.
#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "runner/dr.h"
#include "runner/parallel.h"
#include "scenarios/setting_changes.h"
#include "scenarios/settings.h"

namespace brokersim::runner {
namespace {

// How often owners are looked at.
constexpr sim::Duration kLook = sim::Milliseconds(100);
// The seed whose run hash tells whether two programs behave alike.
constexpr uint64_t kCanarySeed = 0;
// As many lossy runs are tried again with other settings.
constexpr size_t kRunsToSpare = 10;

class Observer {
 public:
  explicit Observer(const scenarios::World& world) : world_(world) {
    for (size_t i = 0; i < world.nodes(); ++i) {
      if (world.node(i).role == "broker") brokers_.push_back(sim::NodeId{static_cast<uint32_t>(i)});
    }
    since_.resize(world.owned().size() * brokers_.size());
    alive_.resize(world.nodes());
  }

  void Look(const sim::Simulation& simulation) {
    const int64_t now = (simulation.now() - sim::Time()).nanos();
    bool calm = true;
    for (size_t owned = 0; owned < world_.owned().size(); ++owned) {
      size_t owners = 0;
      for (size_t i = 0; i < brokers_.size(); ++i) {
        const sim::Process* process = simulation.process(brokers_[i]);
        const bool owns = process != nullptr && process->HoldsRole(world_.owned()[owned].role);
        owners += owns ? 1 : 0;
        Note(owned, i, owns, now);
      }
      calm = calm && owners == 1;
    }
    for (const sim::NodeId broker : brokers_) {
      const sim::Process* process = simulation.process(broker);
      calm = calm && process != nullptr && process->Healthy();
    }
    for (size_t i = 0; i < alive_.size(); ++i) {
      const bool alive = simulation.process(sim::NodeId{static_cast<uint32_t>(i)}) != nullptr;
      if (alive_[i] && !alive) seen_.deaths[world_.node(i).name].push_back(now);
      alive_[i] = alive;
    }
    if (calm && !calm_since_.has_value()) calm_since_ = now;
    if (!calm) calm_since_.reset();
  }

  DrillSeen Finish(const sim::Simulation& simulation, const scenarios::RunResult& run,
                   const scenarios::LaidOver& laid) {
    const int64_t end = (run.end - sim::Time()).nanos();
    for (size_t owned = 0; owned < world_.owned().size(); ++owned) {
      for (size_t i = 0; i < brokers_.size(); ++i) Note(owned, i, false, end);
    }
    for (const scenarios::Owned& owned : world_.owned()) seen_.owned.push_back({owned.role, owned.logs});
    std::stable_sort(seen_.beliefs.begin(), seen_.beliefs.end(), [](const Belief& a, const Belief& b) {
      return std::tie(a.owned, a.node, a.from_ns) < std::tie(b.owned, b.node, b.from_ns);
    });
    FindTimes(run, laid);
    for (size_t i = 0; i < world_.nodes(); ++i) {
      const std::string& role = world_.node(i).role;
      if (role != "producer" && role != "consumer") continue;
      if (simulation.process(sim::NodeId{static_cast<uint32_t>(i)}) != nullptr) {
        seen_.survivors.insert(world_.node(i).name);
      }
    }
    return std::move(seen_);
  }

 private:
  void Note(size_t owned, size_t broker, bool owns, int64_t now) {
    std::optional<int64_t>& since = since_[owned * brokers_.size() + broker];
    if (owns && !since.has_value()) since = now;
    if (owns || !since.has_value()) return;
    if (now > *since) seen_.beliefs.push_back({owned, world_.node(brokers_[broker].value).name, *since, now});
    since.reset();
  }

  // When it began, when the last fault was over, and from when on all was well.
  void FindTimes(const scenarios::RunResult& run, const scenarios::LaidOver& laid) {
    int64_t healed = 0;
    bool all_over = true;
    for (const sim::FaultReport& fault : run.faults) {
      if (!fault.fired) continue;
      const int64_t began = (fault.began - sim::Time()).nanos();
      if (fault.id == laid.strike) seen_.strike_ns = began;
      if (std::find(laid.faults.begin(), laid.faults.end(), fault.id) == laid.faults.end()) continue;
      all_over = all_over && fault.ended.has_value();
      healed = std::max(healed, fault.ended.has_value() ? (*fault.ended - sim::Time()).nanos() : began);
    }
    // Where operators only moved work, there is nothing to recover from.
    if (!all_over || laid.faults.empty()) return;
    seen_.healed_ns = healed;
    if (calm_since_.has_value()) seen_.converged_ns = std::max(healed, *calm_since_);
  }

  const scenarios::World& world_;
  std::vector<sim::NodeId> brokers_;
  std::vector<std::optional<int64_t>> since_;  // by owned and broker: from when on it believes
  std::vector<bool> alive_;                    // by node
  std::optional<int64_t> calm_since_;          // all brokers healthy, one owner each, without a break
  DrillSeen seen_;
};

std::string SetupText(const scenarios::Setup& setup) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(setup, &text);
  return text;
}

class DrSweep {
 public:
  DrSweep(DrPlan plan, DrFile* file, const std::function<bool(const SweepProgress&)>& progress)
      : plan_(std::move(plan)), file_(file), progress_(progress) {}

  absl::StatusOr<DrResult> Run() {
    if (const absl::Status status = ReadFile(); !status.ok()) return status;
    FindWork();
    SweepProgress now;
    now.of = work_.size() + rows_.size();
    now.stored = now.done = rows_.size();
    absl::Status error;
    const auto seen = [&](absl::StatusOr<DrRow> row) {
      if (!row.ok()) error = row.status();
      if (!row.ok()) return false;
      ++now.done;
      now.failures += row->internal_error.empty() ? 0 : 1;
      rows_.push_back(*std::move(row));
      return progress_(now);
    };
    Parallel<absl::StatusOr<DrRow>>::Run(
        work_.size(), plan_.jobs, [this](uint64_t index) { return RunOne(work_[index]); }, seen);
    if (!error.ok()) return error;
    DrResult result;
    result.complete = now.done == now.of;
    std::stable_sort(rows_.begin(), rows_.end(), [](const DrRow& a, const DrRow& b) {
      return a.cell != b.cell ? a.cell < b.cell : a.seed < b.seed;
    });
    result.rows = std::move(rows_);
    result.seeds = plan_.seeds;
    result.cells = std::move(plan_.cells);
    return result;
  }

 private:
  absl::Status ReadFile() {
    if (file_ == nullptr) return absl::OkStatus();
    std::map<uint32_t, uint32_t> cells;  // ours by the file's
    for (uint32_t i = 0; i < plan_.cells.size(); ++i) {
      const DrCell& cell = plan_.cells[i];
      numbers_.push_back(0);
      if (!cell.laid.has_value()) continue;
      const scenarios::ResolvedScenario& scenario = cell.laid->scenario;
      const uint64_t canary = scenarios::RunScenario(scenario, kCanarySeed, sim::RecordingLevel::kHash, Version()).hash;
      const absl::StatusOr<uint32_t> number = file_->AddCell(cell, SetupText(scenario.setup), canary);
      if (!number.ok()) return number.status();
      numbers_.back() = *number;
      cells[*number] = i;
    }
    return file_->ForEachRow([&](DrRow row) {
      const auto cell = cells.find(row.cell);
      if (cell == cells.end() || row.seed < plan_.seeds.first || row.seed > plan_.seeds.last) return;
      row.cell = cell->second;
      rows_.push_back(std::move(row));
    });
  }

  // Seed by seed: whoever stops early has all cells of most seeds.
  void FindWork() {
    std::set<std::pair<uint64_t, uint32_t>> stored;
    for (const DrRow& row : rows_) stored.emplace(row.seed, row.cell);
    for (uint64_t offset = 0; offset < plan_.seeds.count(); ++offset) {
      for (uint32_t cell = 0; cell < plan_.cells.size(); ++cell) {
        const uint64_t seed = plan_.seeds.first + offset;
        if (plan_.cells[cell].laid.has_value() && !stored.contains({seed, cell})) work_.emplace_back(seed, cell);
      }
    }
  }

  absl::StatusOr<DrRow> RunOne(const std::pair<uint64_t, uint32_t>& work) const {
    const auto& [seed, cell] = work;
    DrillRun run = RunDrill(*plan_.cells[cell].laid, seed, sim::RecordingLevel::kHistory);
    DrRow row{cell, seed, run.run.hash, run.run.events, run.run.internal_error, run.measures};
    if (file_ == nullptr) return row;
    DrRow stored = row;
    stored.cell = numbers_[cell];
    if (const absl::Status status = file_->Insert(stored); !status.ok()) return status;
    return row;
  }

  DrPlan plan_;
  DrFile* file_;
  const std::function<bool(const SweepProgress&)>& progress_;
  std::vector<uint32_t> numbers_;  // of the cells in the file
  std::vector<std::pair<uint64_t, uint32_t>> work_;
  std::vector<DrRow> rows_;
};

bool LosesNothing(const DrMeasures& measures) { return measures[DrMeasure::kLostRecords] == 0; }

std::string CommandFor(const scenarios::ResolvedScenario& architecture, const std::string& drill) {
  std::string command =
      fmt::format("./brokersim dr --architecture={}:{}", architecture.reference, architecture.variant);
  for (const std::string& line : architecture.settings) command += " --set=" + line;
  return command + " --drill=" + drill;
}

}  // namespace

DrillRun RunDrill(const scenarios::LaidOver& laid, uint64_t seed, sim::RecordingLevel recording) {
  scenarios::BegunRun run(laid.scenario, seed, recording, Version());
  Observer observer(*laid.scenario.world);
  for (sim::Time at = sim::Time() + kLook; !run.over() && at < laid.scenario.world->time_limit(); at = at + kLook) {
    run.RunTo(at);
    if (!run.over()) observer.Look(run.simulation());
  }
  DrillRun result;
  result.run = run.Finish();
  result.seen = observer.Finish(run.simulation(), result.run, laid);
  result.measures = MeasureDrill(result.run.history, result.seen);
  return result;
}

absl::StatusOr<std::vector<DrCell>> CellsOf(const std::vector<scenarios::ResolvedScenario>& architectures,
                                            const std::vector<DrillChoice>& drills) {
  std::vector<DrCell> cells;
  for (const scenarios::ResolvedScenario& architecture : architectures) {
    for (const DrillChoice& choice : drills) {
      DrCell cell{architecture.name,
                  scenarios::VariantText(architecture),
                  CommandFor(architecture, choice.reference),
                  choice.drill.name(),
                  choice.drill.title(),
                  std::nullopt,
                  ""};
      absl::StatusOr<scenarios::LaidOver> laid = scenarios::LayOver(architecture, choice.drill);
      if (laid.ok()) {
        cell.laid = *std::move(laid);
      } else if (laid.status().code() == absl::StatusCode::kFailedPrecondition) {
        cell.why_not = std::string(laid.status().message());
      } else {
        return laid.status();
      }
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

absl::StatusOr<DrResult> RunDr(DrPlan plan, DrFile* file, const std::function<bool(const SweepProgress&)>& progress) {
  return DrSweep(std::move(plan), file, progress).Run();
}

namespace {

// min.insync.replicas that reaches over two sites, wherever the replicas are: no default, and no risk that is known of
// without sites.
void AddSecondSite(const scenarios::ResolvedScenario& scenario, std::vector<scenarios::SettingChange>* changes) {
  constexpr std::string_view kKey = "min.insync.replicas=";
  if (!scenario.setup.has_kafka()) return;
  std::map<std::string, int> brokers;  // by site
  int most = 0;
  for (size_t i = 0; i < scenario.world->nodes(); ++i) {
    const sim::NodeSpec& node = scenario.world->node(i);
    if (node.role == "broker") most = std::max(most, ++brokers[node.datacenter]);
  }
  std::string now = std::string(kKey) + "1";
  for (const std::string& line : scenario.setup.kafka().config()) {
    if (line.starts_with(kKey)) now = line;
  }
  const std::string over = fmt::format("{}{}", kKey, most + 1);
  const auto changed = scenarios::WithSettings(scenario, {over});
  if (now == over || !changed.ok()) return;
  changes->push_back({now, "brokers", std::to_string(most + 1), true,
                      "replicas of one site are enough to acknowledge a record", changed->setup});
}

}  // namespace

std::vector<SettingBehind> SettingsBehind(const DrCell& cell, const std::vector<uint64_t>& seeds) {
  const std::vector<uint64_t> lossy(seeds.begin(), seeds.begin() + std::min(seeds.size(), kRunsToSpare));
  std::vector<SettingBehind> behind;
  std::vector<scenarios::SettingChange> changes = scenarios::SettingChanges(cell.laid->scenario.setup);
  AddSecondSite(cell.laid->scenario, &changes);
  for (scenarios::SettingChange& change : changes) {
    scenarios::Scenario changed;
    changed.set_name(cell.drill);
    *changed.mutable_setup() = std::move(change.setup);
    changed.add_variant()->set_name(cell.variant);
    std::string text;
    google::protobuf::TextFormat::PrintToString(changed, &text);
    const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::ParseScenario(text, cell.drill + ".textproto");
    if (!loaded.ok()) continue;
    const scenarios::LaidOver laid{loaded->variants.front(), cell.laid->strike, cell.laid->faults};
    SettingBehind one{change.line, change.whose, change.instead, change.risk, change.given};
    std::vector<int64_t> times;
    for (const uint64_t seed : lossy) {
      const DrillRun run = RunDrill(laid, seed, sim::RecordingLevel::kHistory);
      ++one.tried;
      one.spared += LosesNothing(run.measures) ? 1 : 0;
      times.push_back(run.measures[DrMeasure::kRtoWrite].value_or(kNever));
      // What spares hardly any at first isn't tried on all.
      if (one.tried - one.spared > lossy.size() / 10) break;
    }
    if (one.tried < lossy.size() || one.spared * 10 < one.tried * 9) continue;
    std::sort(times.begin(), times.end());
    one.rto = times[(times.size() - 1) / 2];
    behind.push_back(std::move(one));
  }
  std::stable_sort(behind.begin(), behind.end(), [](const SettingBehind& a, const SettingBehind& b) {
    return std::make_tuple(a.risk.empty(), !a.given) < std::make_tuple(b.risk.empty(), !b.given);
  });
  return behind;
}

}  // namespace brokersim::runner
