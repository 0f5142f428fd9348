#include "runner/sweep.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "absl/strings/str_split.h"
#include "scenarios/settings.h"

namespace brokersim::runner {
namespace {

// The seed whose run hash tells whether two programs behave alike.
constexpr uint64_t kCanarySeed = 0;

Arm ArmFor(const scenarios::ResolvedScenario& scenario) {
  Arm arm;
  arm.variant = scenario.variant;
  arm.settings = scenario.settings;
  google::protobuf::TextFormat::PrintToString(scenario.setup, &arm.setup);
  arm.canary = scenarios::RunScenario(scenario, kCanarySeed, sim::RecordingLevel::kHash, Version()).hash;
  return arm;
}

SweepHead HeadOf(const scenarios::ResolvedScenario& scenario) {
  return {scenario.name, scenario.reference.empty() ? scenario.name : scenario.reference};
}

void SortRows(std::vector<RunRow>* rows) {
  std::stable_sort(rows->begin(), rows->end(),
                   [](const RunRow& a, const RunRow& b) { return a.arm != b.arm ? a.arm < b.arm : a.seed < b.seed; });
}

class Sweep {
 public:
  Sweep(const SweepPlan& plan, SweepFile* file, const SweepHooks& hooks) : plan_(plan), file_(file), hooks_(hooks) {
    result_.head = HeadOf(plan.arms.front());
    for (const scenarios::ResolvedScenario& arm : plan.arms) result_.arms.push_back(ArmFor(arm));
  }

  absl::StatusOr<SweepResult> Run() {
    if (const absl::Status status = ReadFile(); !status.ok()) return status;
    if (const absl::Status status = LeaveAgain(); !status.ok()) return status;
    FindWork();
    progress_.of = work_.size() + result_.rows.size();
    progress_.stored = progress_.done = result_.rows.size();
    for (const RunRow& row : result_.rows) progress_.failures += IsFailure(row.code) ? 1 : 0;
    absl::Status error;
    const auto seen = [&](absl::StatusOr<RunRow> row) {
      if (!row.ok()) error = row.status();
      if (!row.ok()) return false;
      ++progress_.done;
      progress_.failures += IsFailure(row->code) ? 1 : 0;
      result_.rows.push_back(*std::move(row));
      return hooks_.progress(progress_);
    };
    Parallel<absl::StatusOr<RunRow>>::Run(
        work_.size(), plan_.jobs, [this](uint64_t index) { return RunOne(index); }, seen);
    if (!error.ok()) return error;
    result_.complete = progress_.done == progress_.of;
    SortRows(&result_.rows);
    return std::move(result_);
  }

 private:
  struct Work {
    uint32_t arm = 0;
    uint64_t seed = 0;
  };

  bool IsOurs(uint64_t seed) const {
    return seed >= plan_.seeds.first && seed <= plan_.seeds.last &&
           (seed - plan_.seeds.first) % plan_.shard.count == plan_.shard.index;
  }

  absl::Status ReadFile() {
    if (file_ == nullptr) return absl::OkStatus();
    for (const Arm& arm : result_.arms) {
      const absl::StatusOr<uint32_t> number = file_->AddArm(arm);
      if (!number.ok()) return number.status();
      numbers_.push_back(*number);
    }
    return file_->ForEachRow([&](RunRow row) {
      const auto arm = std::find(numbers_.begin(), numbers_.end(), row.arm);
      if (arm == numbers_.end() || !IsOurs(row.seed)) return;
      row.arm = static_cast<uint32_t>(arm - numbers_.begin());
      result_.rows.push_back(std::move(row));
    });
  }

  // What the file has may have been run without anything being left of it.
  absl::Status LeaveAgain() {
    std::vector<const RunRow*> missing;
    for (const RunRow& row : result_.rows) {
      const bool wanted = hooks_.failed && hooks_.left && IsFailure(row.code);
      if (wanted && !hooks_.left(plan_.arms[row.arm], row.seed)) missing.push_back(&row);
    }
    absl::Status error;
    const auto leave = [&](uint64_t index) {
      const scenarios::ResolvedScenario& scenario = plan_.arms[missing[index]->arm];
      return hooks_.failed(scenario, RunAndCheck(scenario, missing[index]->seed, sim::RecordingLevel::kTrace));
    };
    Parallel<absl::Status>::Run(missing.size(), plan_.jobs, leave, [&](absl::Status status) {
      error.Update(status);
      return error.ok();
    });
    return error;
  }

  // Seed by seed: whoever stops early has all arms of most seeds.
  void FindWork() {
    std::set<std::pair<uint64_t, uint32_t>> stored;
    for (const RunRow& row : result_.rows) stored.emplace(row.seed, row.arm);
    for (uint64_t offset = plan_.shard.index; offset < plan_.seeds.count(); offset += plan_.shard.count) {
      const uint64_t seed = plan_.seeds.first + offset;
      for (uint32_t arm = 0; arm < plan_.arms.size(); ++arm) {
        if (!stored.contains({seed, arm})) work_.push_back({arm, seed});
      }
    }
  }

  absl::StatusOr<RunRow> RunOne(uint64_t index) const {
    const Work& work = work_[index];
    const scenarios::ResolvedScenario& scenario = plan_.arms[work.arm];
    const Outcome outcome = RunAndCheck(scenario, work.seed, sim::RecordingLevel::kHistory);
    RunRow row = RowOf(outcome, work.arm);
    if (plan_.causes && IsFailure(row.code)) {
      const Outcome traced = RunAndCheck(scenario, work.seed, sim::RecordingLevel::kTrace);
      row.findings = RowOf(traced, work.arm).findings;
      if (traced.run.hash != outcome.run.hash) {
        row.code = kNondeterminism;
        row.findings = {
            {std::string(kNondeterminismType), 1, "the same seed gave another run hash when it was run again"}};
      }
      if (hooks_.failed) {
        if (const absl::Status status = hooks_.failed(scenario, traced); !status.ok()) return status;
      }
    }
    if (file_ == nullptr) return row;
    RunRow stored = row;
    stored.arm = numbers_[row.arm];
    if (const absl::Status status = file_->Insert(stored); !status.ok()) return status;
    return row;
  }

  const SweepPlan& plan_;
  SweepFile* file_;
  const SweepHooks& hooks_;
  SweepResult result_;
  std::vector<uint32_t> numbers_;  // of the arms in the file
  std::vector<Work> work_;
  SweepProgress progress_;
};

// The settings with one value each, in all combinations; the last key varies fastest.
std::vector<std::vector<std::string>> Combinations(const std::vector<std::string>& settings) {
  std::vector<std::vector<std::string>> all = {{}};
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      for (std::vector<std::string>& lines : all) lines.push_back(setting);
      continue;
    }
    std::vector<std::vector<std::string>> more;
    for (const std::vector<std::string>& lines : all) {
      for (const auto& value : absl::StrSplit(setting.substr(equals + 1), ',')) {
        more.push_back(lines);
        more.back().push_back(setting.substr(0, equals + 1) + std::string(value));
      }
    }
    all = std::move(more);
  }
  return all;
}

// Run hashes by arm and seed.
using Hashes = std::map<std::pair<uint32_t, uint64_t>, uint64_t>;

// The numbers that a file's arms have in the result, which gets those that it doesn't have yet.
absl::StatusOr<std::vector<uint32_t>> MergeArms(const SweepFile& file, SweepResult* result) {
  std::vector<uint32_t> numbers;
  for (const Arm& arm : file.arms()) {
    const auto known = std::find_if(result->arms.begin(), result->arms.end(), [&](const Arm& other) {
      return other.variant == arm.variant && other.settings == arm.settings;
    });
    numbers.push_back(static_cast<uint32_t>(known - result->arms.begin()));
    if (known == result->arms.end()) {
      result->arms.push_back(arm);
      continue;
    }
    const absl::Status status = SameArm(*known, arm, result->head.scenario, file.path());
    if (!status.ok()) return status;
  }
  return numbers;
}

// A run may be in several files, if it is the same there.
absl::Status MergeFile(SweepFile* file, Hashes* hashes, SweepResult* result) {
  const absl::StatusOr<std::vector<uint32_t>> numbers = MergeArms(*file, result);
  if (!numbers.ok()) return numbers.status();
  absl::Status differs;
  const absl::Status status = file->ForEachRow([&](RunRow row) {
    row.arm = (*numbers)[row.arm];
    const auto [there, is_new] = hashes->try_emplace({row.arm, row.seed}, row.hash);
    if (is_new) return result->rows.push_back(std::move(row));
    if (there->second == row.hash) return;
    differs = absl::InvalidArgumentError(fmt::format("{}: {} under seed {} has the run hash {}, another file {}",
                                                     file->path(), result->arms[row.arm].Text(), row.seed,
                                                     HashText(row.hash), HashText(there->second)));
  });
  return status.ok() ? differs : status;
}

}  // namespace

absl::StatusOr<std::vector<scenarios::ResolvedScenario>> ArmsOf(
    const std::vector<scenarios::ResolvedScenario>& variants, const std::vector<std::string>& settings) {
  std::vector<scenarios::ResolvedScenario> arms;
  for (const scenarios::ResolvedScenario& variant : variants) {
    for (const std::vector<std::string>& lines : Combinations(settings)) {
      absl::StatusOr<scenarios::ResolvedScenario> arm = scenarios::WithSettings(variant, lines);
      if (!arm.ok()) return arm.status();
      const auto same = [&](const scenarios::ResolvedScenario& other) {
        return other.variant == arm->variant && other.settings == arm->settings;
      };
      if (std::any_of(arms.begin(), arms.end(), same)) {
        return absl::InvalidArgumentError(fmt::format("{} is named twice", scenarios::VariantText(*arm)));
      }
      arms.push_back(*std::move(arm));
    }
  }
  return arms;
}

absl::StatusOr<std::unique_ptr<SweepFile>> OpenFileFor(const SweepPlan& plan, const std::string& path) {
  if (path.empty()) return std::unique_ptr<SweepFile>();
  return SweepFile::Open(path, {plan.arms.front().name, plan.arms.front().reference});
}

absl::StatusOr<SweepResult> RunSweep(const SweepPlan& plan, SweepFile* file, const SweepHooks& hooks) {
  return Sweep(plan, file, hooks).Run();
}

absl::StatusOr<SweepResult> ReadSweeps(const std::vector<std::string>& paths) {
  SweepResult result;
  result.complete = true;
  Hashes hashes;
  for (const std::string& path : paths) {
    absl::StatusOr<std::unique_ptr<SweepFile>> file = SweepFile::Read(path);
    if (!file.ok()) return file.status();
    if (result.head.scenario.empty()) result.head = (*file)->head();
    if ((*file)->head().scenario != result.head.scenario) {
      return absl::InvalidArgumentError(fmt::format("{} holds runs of {}, {} of {}; only results of one scenario merge",
                                                    path, (*file)->head().scenario, paths.front(),
                                                    result.head.scenario));
    }
    if (const absl::Status status = MergeFile(file->get(), &hashes, &result); !status.ok()) return status;
  }
  SortRows(&result.rows);
  return result;
}

absl::Status WriteSweep(const SweepResult& result, const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    return absl::InvalidArgumentError(fmt::format("{} exists; name a new file", path));
  }
  absl::StatusOr<std::unique_ptr<SweepFile>> file = SweepFile::Open(path, result.head);
  if (!file.ok()) return file.status();
  for (const Arm& arm : result.arms) {
    if (const absl::StatusOr<uint32_t> number = (*file)->AddArm(arm); !number.ok()) return number.status();
  }
  for (const RunRow& row : result.rows) {
    if (const absl::Status status = (*file)->Insert(row); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace brokersim::runner
