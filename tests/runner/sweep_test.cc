// Sweeps: the same rows and the same report whatever the number of cores, machines and interruptions.
#include "runner/sweep.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runner/cause.h"
#include "runner/sweep_report.h"
#include "scenarios/settings.h"

namespace brokersim::runner {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<scenarios::ResolvedScenario> Arms(const std::vector<std::string>& settings = {}) {
  absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario("kafka/acks_one", ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  absl::StatusOr<std::vector<scenarios::ResolvedScenario>> arms = ArmsOf(loaded->variants, settings);
  EXPECT_TRUE(arms.ok()) << arms.status();
  return *arms;
}

SweepHooks Quiet() {
  SweepHooks hooks;
  hooks.progress = [](const SweepProgress&) { return true; };
  return hooks;
}

// Seeds 1 to 12 of both variants of kafka/acks_one.
SweepPlan Plan() { return {.arms = Arms(), .seeds = {1, 12}, .shard = {}, .jobs = 2}; }

// What tells two results apart: every row, in every format that has them.
std::string All(const SweepResult& result) {
  return Render(result, ReportFormat::kCsv) + Render(result, ReportFormat::kJson) + Render(result, ReportFormat::kText);
}

std::string Swept(const SweepPlan& plan, SweepFile* file = nullptr) {
  const absl::StatusOr<SweepResult> result = RunSweep(plan, file, Quiet());
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->complete);
  return All(*result);
}

class Files : public testing::Test {
 protected:
  Files() : folder_(testing::TempDir() + "/sweep-XXXXXX") { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~Files() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::unique_ptr<SweepFile> Open(const std::string& name) const {
    absl::StatusOr<std::unique_ptr<SweepFile>> file = SweepFile::Open(Path(name), {"kafka/acks_one", "kafka/acks_one"});
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  std::string folder_;
};

TEST(Sweeps, DoNotDependOnTheNumberOfJobs) {
  SweepPlan plan = Plan();
  const std::string two = Swept(plan);
  plan.jobs = 1;
  EXPECT_EQ(Swept(plan), two);
  plan.jobs = 7;
  EXPECT_EQ(Swept(plan), two);
}

// A sweep that left nothing is asked again, for what it found.
TEST_F(Files, WhatFailedAndHasNothingLeftOfItIsRunAgain) {
  const std::unique_ptr<SweepFile> file = Open("sweep.db");
  const std::string all = Swept(Plan(), file.get());
  std::mutex mutex;
  std::set<std::pair<std::string, uint64_t>> left;
  SweepHooks hooks = Quiet();
  hooks.failed = [&](const scenarios::ResolvedScenario& scenario, const Outcome& outcome) {
    EXPECT_FALSE(outcome.run.trace.empty());
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(left.emplace(scenario.variant, outcome.seed).second);
    return absl::OkStatus();
  };
  hooks.left = [&](const scenarios::ResolvedScenario& scenario, uint64_t seed) {
    return left.contains({scenario.variant, seed});
  };
  const absl::StatusOr<SweepResult> again = RunSweep(Plan(), file.get(), hooks);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(All(*again), all);
  std::set<std::pair<std::string, uint64_t>> failed;
  for (const RunRow& row : again->rows) {
    if (IsFailure(row.code)) failed.emplace(again->arms[row.arm].variant, row.seed);
  }
  EXPECT_GT(failed.size(), 3u);
  EXPECT_EQ(left, failed);
  EXPECT_TRUE(RunSweep(Plan(), file.get(), hooks).ok());
}

TEST_F(Files, HoldEverything) {
  const std::string whole = Swept(Plan());
  EXPECT_EQ(Swept(Plan(), Open("a.db").get()), whole);
  const absl::StatusOr<SweepResult> read = ReadSweeps({Path("a.db")});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(All(*read), whole);
  // Closed, it is one file.
  EXPECT_FALSE(std::filesystem::exists(Path("a.db-wal")));
}

TEST_F(Files, AnInterruptedSweepGoesOn) {
  const std::string whole = Swept(Plan());
  SweepHooks hooks = Quiet();
  hooks.progress = [](const SweepProgress& now) { return now.done < 5; };
  const absl::StatusOr<SweepResult> part = RunSweep(Plan(), Open("a.db").get(), hooks);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_FALSE(part->complete);
  EXPECT_LT(part->rows.size(), 24u);

  uint64_t stored = 0;
  uint64_t heard = 0;
  hooks.progress = [&](const SweepProgress& now) {
    stored = now.stored;
    EXPECT_EQ(now.of, 24u);
    ++heard;
    return true;
  };
  const absl::StatusOr<SweepResult> rest = RunSweep(Plan(), Open("a.db").get(), hooks);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(All(*rest), whole);
  // Nothing was run twice, and what was under way at the end was kept, too.
  EXPECT_GE(stored, part->rows.size());
  EXPECT_EQ(stored + heard, 24u);
  EXPECT_EQ(Swept(Plan(), Open("a.db").get()), whole);
}

TEST_F(Files, OfShardsAreTogetherOneSweep) {
  std::vector<std::string> paths;
  for (uint64_t i = 0; i < 3; ++i) {
    SweepPlan plan = Plan();
    plan.shard = {i, 3, ""};
    paths.push_back(Path("shard" + std::to_string(i)));
    Swept(plan, Open("shard" + std::to_string(i)).get());
  }
  const absl::StatusOr<SweepResult> merged = ReadSweeps({paths[2], paths[0], paths[1], paths[0]});
  ASSERT_TRUE(merged.ok()) << merged.status();
  const std::string whole = Swept(Plan());
  EXPECT_EQ(All(*merged), whole);
  ASSERT_TRUE(WriteSweep(*merged, Path("all.db")).ok());
  EXPECT_EQ(All(*ReadSweeps({Path("all.db")})), whole);
  EXPECT_FALSE(WriteSweep(*merged, Path("all.db")).ok());
}

TEST_F(Files, GrowBySeedsAndArms) {
  SweepPlan plan = Plan();
  plan.arms.pop_back();
  plan.seeds = {5, 6};
  Swept(plan, Open("a.db").get());
  // What was asked for is reported, not all that is there.
  EXPECT_EQ(Swept(Plan(), Open("a.db").get()), Swept(Plan()));
  plan.seeds = {3, 4};
  EXPECT_EQ(Swept(plan, Open("a.db").get()), Swept(plan));
}

TEST_F(Files, OfDifferentTextsDontMix) {
  Swept(Plan(), Open("a.db").get());
  SweepPlan other = Plan();
  other.arms = Arms();
  for (scenarios::ResolvedScenario& arm : other.arms) {
    arm = *scenarios::WithSettings(arm, {"p1.records=20"});
    arm.settings.clear();  // as if the file had been edited
  }
  const absl::Status status = RunSweep(other, Open("a.db").get(), Quiet()).status();
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("holds runs of another text of kafka/acks_one (buggy): `records: 400` there, `records: 20` "
                      "here; results of different texts don't mix")));
  Swept(other, Open("b.db").get());
  EXPECT_THAT(std::string(ReadSweeps({Path("a.db"), Path("b.db")}).status().message()), HasSubstr("another text"));
}

TEST_F(Files, OfDifferentBehaviourDontMix) {
  Swept(Plan(), Open("a.db").get());
  std::unique_ptr<SweepFile> file = Open("b.db");
  Arm arm = Open("a.db")->arms().front();
  ++arm.canary;
  ASSERT_TRUE(file->AddArm(arm).ok());
  EXPECT_THAT(std::string(RunSweep(Plan(), file.get(), Quiet()).status().message()),
              HasSubstr("behaves differently: under seed 0, kafka/acks_one (buggy) has the run hash "));
}

TEST_F(Files, WhatIsNoneOfOurs) {
  EXPECT_EQ(ReadSweeps({Path("none")}).status().message(), "there is no file " + Path("none"));
  std::FILE* text = std::fopen(Path("text").c_str(), "w");
  std::fputs(std::string(5000, 'x').c_str(), text);
  std::fclose(text);
  EXPECT_THAT(std::string(ReadSweeps({Path("text")}).status().message()),
              HasSubstr("is no file of a sweep, or damaged"));
  EXPECT_FALSE(SweepFile::Open(Path("text"), {"a", "a"}).ok());
  std::fclose(std::fopen(Path("empty").c_str(), "w"));
  EXPECT_THAT(std::string(ReadSweeps({Path("empty")}).status().message()),
              HasSubstr("is no file of `brokersim sweep`"));
  Swept(Plan(), Open("a.db").get());
  EXPECT_THAT(std::string(SweepFile::Open(Path("a.db"), {"kafka/calm", ""}).status().message()),
              HasSubstr("holds runs of kafka/acks_one, not of kafka/calm"));
  EXPECT_FALSE(SweepFile::Open(Path("no/such/folder"), {"a", "a"}).ok());
}

TEST(Report, GroupsFailuresAndNamesTheSmallestRun) {
  SweepResult result;
  result.head = {"kafka/x", "kafka/x"};
  result.arms = {Arm{"buggy", {"acks=1"}, "", 0}, Arm{"fixed", {}, "", 0}};
  const auto add = [&](uint32_t arm, uint64_t seed, uint64_t events, std::vector<Finding> findings) {
    RunRow& row = result.rows.emplace_back();
    row.arm = arm;
    row.seed = seed;
    row.events = events;
    row.code = findings.empty() ? kHeld : kViolation;
    row.findings = std::move(findings);
  };
  add(0, 1, 900, {{"lost-write", 3, "after a crash"}});
  add(0, 2, 500, {{"lost-write", 1, "after a crash"}, {"duplicate", 1, "after a reset"}});
  add(0, 3, 500, {{"lost-write", 1, "after a crash"}});
  add(0, 4, 100, {{"lost-write", 1, "removed"}});
  for (uint64_t seed = 1; seed <= 4; ++seed) add(1, seed, 100, {});
  EXPECT_EQ(Render(result, ReportFormat::kText), R"(scenario  kafka/x
runs      8, seeds 1..4

buggy, acks=1  4 of 4 runs fail: 100 % (47.3 % to 100 %)
fixed          0 of 4 runs fail: a rate above 52.7 % is ruled out

buggy, acks=1: lost-write in 4 of 4 runs, 100 % (47.3 % to 100 %)
       3  after a crash
          ./brokersim run kafka/x --variant=buggy --set=acks=1 --seed=2
       1  removed
          ./brokersim run kafka/x --variant=buggy --set=acks=1 --seed=4

buggy, acks=1: duplicate in 1 of 4 runs, 25.0 % (0.631 % to 80.6 %)
       1  after a reset
          ./brokersim run kafka/x --variant=buggy --set=acks=1 --seed=2
)");
}

TEST(Report, QuotesWhatItsFormatsNeedQuoted) {
  SweepResult result;
  result.head = {"x", "x"};
  result.arms = {Arm{"a<b", {"k=1,2"}, "", 0}};
  RunRow& row = result.rows.emplace_back();
  row.code = kViolation;
  row.findings = {{"odd|type", 1, "say \"<&>\", then\nmore"}};
  EXPECT_THAT(Render(result, ReportFormat::kCsv), HasSubstr("\n0,a<b,\"k=1,2\",valid,1,odd|type,"
                                                            "\"say \"\"<&>\"\", then\nmore\","));
  EXPECT_THAT(Render(result, ReportFormat::kJunit),
              AllOf(HasSubstr("<failure message=\"odd|type: say &quot;&lt;&amp;&gt;&quot;, then&#10;more\" "
                              "type=\"odd|type\">"),
                    HasSubstr("<testsuite name=\"x (a&lt;b, k=1,2)\" tests=\"1\" failures=\"1\" errors=\"0\" "
                              "skipped=\"0\">")));
  EXPECT_THAT(Render(result, ReportFormat::kMarkdown), HasSubstr("| odd\\|type | 1 | say \"<&>\", then more | `"));
}

TEST(Report, Percents) {
  EXPECT_EQ(Percent(0), "0 %");
  EXPECT_EQ(Percent(1), "100 %");
  EXPECT_EQ(Percent(0.5), "50.0 %");
  EXPECT_EQ(Percent(0.0299), "2.99 %");
  EXPECT_EQ(Percent(0.0000299), "0.00299 %");
}

TEST(Cause, HasNoParticulars) {
  EXPECT_EQ(WithoutParticulars("broker 2 elected leader of orders-0 in epoch 12, out of the ISR: an unclean election"),
            "broker # elected leader of # in epoch #, out of the ISR: an unclean election");
  EXPECT_EQ(WithoutParticulars("b2 may lead it (ISR [2 3 1]) at 20.5 ms. More."), "# may lead it (ISR [#]) at #");
  EXPECT_EQ(WithoutParticulars("p1 was told at 1.5 ms that \"a. b\" is stored."), "# was told at # that # is stored");
}

TEST(Shard, AsItIsWritten) {
  EXPECT_EQ(ParseShard("1/4")->index, 0u);
  EXPECT_EQ(ParseShard("4/4")->index, 3u);
  for (const char* wrong : {"", "1", "0/4", "5/4", "1/0", "a/b", "1/4/2", "-1/4"})
    EXPECT_FALSE(ParseShard(wrong).ok()) << wrong;
}

absl::StatusOr<std::optional<Shard>> ShardIn(const std::map<std::string, std::string>& environment) {
  return ShardOfEnvironment([&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

TEST(Shard, AsSchedulersSay) {
  EXPECT_FALSE(ShardIn({})->has_value());
  const auto expect = [](const std::map<std::string, std::string>& environment, uint64_t index, uint64_t count) {
    const auto shard = ShardIn(environment);
    ASSERT_TRUE(shard.ok()) << shard.status();
    EXPECT_EQ((*shard)->index, index);
    EXPECT_EQ((*shard)->count, count);
  };
  expect({{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_MIN", "1"}, {"SLURM_ARRAY_TASK_MAX", "8"}}, 2, 8);
  expect({{"SLURM_ARRAY_TASK_ID", "14"},
          {"SLURM_ARRAY_TASK_MIN", "10"},
          {"SLURM_ARRAY_TASK_MAX", "19"},
          {"SLURM_ARRAY_TASK_STEP", "4"}},
         1, 3);
  expect({{"JOB_COMPLETION_INDEX", "0"}, {"BROKERSIM_SHARD_COUNT", "5"}}, 0, 5);
  expect({{"TEST_SHARD_INDEX", "1"}, {"TEST_TOTAL_SHARDS", "2"}}, 1, 2);
}

TEST(Shard, HalfOfItIsAnError) {
  EXPECT_THAT(std::string(ShardIn({{"JOB_COMPLETION_INDEX", "0"}}).status().message()),
              HasSubstr("set BROKERSIM_SHARD_COUNT, or say --shard=1/1"));
  EXPECT_FALSE(ShardIn({{"JOB_COMPLETION_INDEX", "5"}, {"BROKERSIM_SHARD_COUNT", "5"}}).ok());
  EXPECT_FALSE(ShardIn({{"TEST_TOTAL_SHARDS", "x"}, {"TEST_SHARD_INDEX", "1"}}).ok());
  EXPECT_FALSE(ShardIn({{"SLURM_ARRAY_TASK_ID", "6"},
                        {"SLURM_ARRAY_TASK_MIN", "1"},
                        {"SLURM_ARRAY_TASK_MAX", "7"},
                        {"SLURM_ARRAY_TASK_STEP", "2"}})
                   .ok());
}

TEST(Parallel, HandsOverInOrderAndStops) {
  for (const uint64_t jobs : {1, 2, 5}) {
    std::vector<uint64_t> seen;
    Parallel<uint64_t>::Run(
        100, jobs,
        [](uint64_t i) {
          if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
          return i * i;
        },
        [&](uint64_t square) {
          seen.push_back(square);
          return seen.size() < 60;
        });
    ASSERT_EQ(seen.size(), 60u);
    for (uint64_t i = 0; i < 60; ++i) EXPECT_EQ(seen[i], i * i);
  }
  Parallel<int>::Run(
      0, 3, [](uint64_t) { return 1; }, [](int) { return true; });
}

}  // namespace
}  // namespace brokersim::runner
