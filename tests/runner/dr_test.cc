// Drills over architectures: known truths, rows that don't depend on how they came about, and reports.
#include "runner/dr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "formats/trace_codec.h"
#include "runner/dr_report.h"
#include "scenarios/settings.h"

namespace brokersim::runner {
namespace {

using testing::HasSubstr;

// Detection of a broker that died is at least this: its last heartbeat may be that old.
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kKafkaDetection = (9 - 2) * kSecond;  // broker.session.timeout.ms - broker.heartbeat.interval.ms
constexpr int64_t kDLedgerDetection = (3 * 2 - 2) * kSecond;  // (maxHeartBeatLeak - 1) * heartBeatTimeIntervalMs
// brokerHeartbeat's timeout of 10 s less one heartbeat of a second (brokerHeartbeatInterval).
constexpr int64_t kRocketMqDetection = (10 - 1) * kSecond;

std::vector<scenarios::ResolvedScenario> Architecture(const std::string& name, const std::string& variant = "",
                                                      const std::vector<std::string>& settings = {}) {
  const auto loaded = scenarios::LoadScenario(name, ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  std::vector<scenarios::ResolvedScenario> chosen;
  for (const scenarios::ResolvedScenario& one : loaded->variants) {
    if (!variant.empty() && one.variant != variant) continue;
    const auto with = scenarios::WithSettings(one, settings);
    EXPECT_TRUE(with.ok()) << with.status();
    chosen.push_back(*with);
  }
  return chosen;
}

std::vector<DrillChoice> Drills(const std::vector<std::string>& names) {
  std::vector<DrillChoice> drills;
  for (const std::string& name : names) {
    const auto drill = scenarios::LoadDrill(name, ".");
    EXPECT_TRUE(drill.ok()) << drill.status();
    drills.push_back({*drill, name});
  }
  return drills;
}

std::vector<DrCell> Cells(const std::vector<scenarios::ResolvedScenario>& architectures,
                          const std::vector<std::string>& drills) {
  auto cells = CellsOf(architectures, Drills(drills));
  EXPECT_TRUE(cells.ok()) << cells.status();
  return *std::move(cells);
}

DrResult RunAll(std::vector<DrCell> cells, uint64_t seeds, DrFile* file = nullptr, uint64_t stop_after = UINT64_MAX,
                uint64_t jobs = 2) {
  DrPlan plan;
  plan.cells = std::move(cells);
  plan.seeds = {1, seeds};
  plan.jobs = jobs;
  auto result =
      RunDr(std::move(plan), file, [&](const SweepProgress& now) { return now.done - now.stored < stop_after; });
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

// When the controller elected somebody anew for a log whose leader was lost, the latest of them; absent: for none.
std::optional<int64_t> LastElectionAfter(int64_t strike_ns, const std::string& trace) {
  const auto decoded = formats::DecodeTrace(trace);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  std::map<std::string, int64_t> first;  // by whose election
  for (const formats::TraceEvent& event : decoded->events) {
    const size_t elected = event.text.find(" elected ");
    const bool note = event.kind == formats::EventKind::kNote && event.time_ns >= strike_ns;
    if (!note || elected == std::string::npos) continue;
    const size_t of = event.text.find(" of ", elected);
    const std::string whose = event.text.substr(of + 4, event.text.find(' ', of + 4) - of - 4);
    // Internal topics and what nobody writes to don't count.
    if (whose.starts_with("orders") || whose == "a") first.try_emplace(whose, event.time_ns);
  }
  std::optional<int64_t> last;
  for (const auto& [whose, at] : first) last = std::max(last.value_or(0), at);
  return last;
}

void ExpectDetectionAndElection(const std::vector<DrCell>& cells, int64_t detection, uint64_t seeds) {
  for (const DrCell& cell : cells) {
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
      const DrillRun run = RunDrill(*cell.laid, seed, sim::RecordingLevel::kTrace);
      const int64_t rto = run.measures[DrMeasure::kRtoWrite].value_or(0);
      const auto elected = LastElectionAfter(run.seen.strike_ns, run.run.trace);
      ASSERT_TRUE(elected.has_value()) << cell.Text() << ", seed " << seed;
      EXPECT_GE(*elected - run.seen.strike_ns, detection) << cell.Text() << ", seed " << seed;
      EXPECT_GT(rto, *elected - run.seen.strike_ns) << cell.Text() << ", seed " << seed;
    }
  }
}

TEST(Truth, RecoveryTakesDetectionAndElectionAtLeast) {
  for (const char* variant : {"near", "far"}) {
    const std::vector<DrCell> cells = Cells(Architecture("dr/kafka_3dc", variant), {"dc_loss"});
    ExpectDetectionAndElection(cells, kKafkaDetection, 40);
  }
  ExpectDetectionAndElection(Cells(Architecture("dr/rocketmq_controller", "defaults"), {"dc_loss"}),
                             kRocketMqDetection, 20);
}

TEST(Truth, ARaftGroupOverThreeSitesLosesNothingWhicheverSiteIsLost) {
  const DrResult result =
      RunAll(Cells(Architecture("dr/rocketmq_dledger", "near"), {"dc_loss", "standby_loss", "third_loss"}), 100);
  ASSERT_EQ(result.rows.size(), 300u);
  for (const DrRow& row : result.rows) {
    const std::string where = result.cells[row.cell].Text() + ", seed " + std::to_string(row.seed);
    EXPECT_EQ(row.measures[DrMeasure::kLostRecords], 0) << where;
    EXPECT_NE(row.measures[DrMeasure::kRtoWrite].value_or(kNever), kNever) << where;
  }
}

// The master is where the primary is: it is preferred.
TEST(Truth, RaftTakesItsSilenceAndAnElectionAtLeast) {
  const DrResult result = RunAll(Cells(Architecture("dr/rocketmq_dledger", "preferred"), {"dc_loss"}), 50);
  for (const DrRow& row : result.rows) {
    EXPECT_GE(row.measures[DrMeasure::kRtoWrite].value_or(0), kDLedgerDetection) << "seed " << row.seed;
  }
}

// Wherever the controllers' majority is, and whatever is demanded of an acknowledgement.
TEST(Truth, TwoSitesCantHaveNoLossAndComeBackByThemselves) {
  for (const char* majority : {"a", "b"}) {
    for (const char* replicas : {"1", "2", "3", "4"}) {
      for (const char* unclean : {"false", "true"}) {
        const std::vector<std::string> settings = {std::string("min.insync.replicas=") + replicas,
                                                   std::string("controller_datacenter=") + majority,
                                                   std::string("unclean.leader.election.enable=") + unclean};
        const DrResult result = RunAll(
            Cells(Architecture("dr/kafka_2dc", "min_isr_2", settings), {"dc_loss", "standby_loss", "creeping_loss"}),
            3);
        const bool fails = std::any_of(result.rows.begin(), result.rows.end(), [](const DrRow& row) {
          return row.measures[DrMeasure::kLostRecords] != 0 || row.measures[DrMeasure::kRtoWrite] == kNever;
        });
        EXPECT_TRUE(fails) << settings[0] << " " << settings[1] << " " << settings[2];
      }
    }
  }
}

// Nobody is elected, and what the lost group had is served all the same; clients go on with the other group once routes
// show that the lost master can't be written to: its heartbeats have been missing for 10 s, looked for every 5 s, and
// polled every 30 s.
TEST(Truth, ClientsGoOnWhereSlavesActForLostMasters) {
  constexpr int64_t kRoutesChanged = (10 + 5 + 30 + 5) * kSecond;
  const DrResult result =
      RunAll(Cells(Architecture("dr/rocketmq_acting_master", "near"), {"dc_loss", "standby_loss"}), 20);
  ASSERT_EQ(result.rows.size(), 40u);
  for (const DrRow& row : result.rows) {
    const std::string where = result.cells[row.cell].Text() + ", seed " + std::to_string(row.seed);
    EXPECT_LT(row.measures[DrMeasure::kLostRecords].value_or(kNever), 10) << where;
    EXPECT_LT(row.measures[DrMeasure::kRtoClients].value_or(kNever), kRoutesChanged) << where;
    EXPECT_EQ(row.measures[DrMeasure::kRtoWrite], kNever) << where;
  }
}

TEST(Truth, AsynchronousReplicasMissWhatWasAcknowledgedSinceTheCut) {
  const DrResult result = RunAll(Cells(Architecture("dr/rocketmq_master_slave"), {"creeping_loss"}), 10);
  for (const DrRow& row : result.rows) {
    const std::string& variant = result.cells[row.cell].variant;
    const int64_t lost = row.measures[DrMeasure::kLostRecords].value_or(kNever);
    if (variant.starts_with("sync")) {
      EXPECT_EQ(lost, 0) << variant << ", seed " << row.seed;
    } else {
      // 25 s of the near producer's records, five a second.
      EXPECT_GT(lost, 75) << variant << ", seed " << row.seed;
      EXPECT_LT(lost, 200) << variant << ", seed " << row.seed;
    }
  }
}

// Records that the primary cluster acknowledged (the last acknowledgements may be on their way when it is struck),
// without a copy that was acknowledged before the strike.
int64_t LagAtTheStrike(const DrillRun& run) {
  std::set<std::string> acknowledged;
  std::set<std::string> copied;
  for (const formats::Operation& operation : run.run.history.operations()) {
    if (operation.type() != formats::Operation::OK) continue;
    for (const formats::Action& action : operation.actions()) {
      if (!action.has_send()) continue;
      const formats::Send& send = action.send();
      if (operation.f() == "mirror") {
        if (operation.time_ns() <= run.seen.strike_ns) copied.insert(send.value());
      } else if (send.log().starts_with("A/")) {
        acknowledged.insert(send.value());
      }
    }
  }
  for (const std::string& value : copied) acknowledged.erase(value);
  return static_cast<int64_t>(acknowledged.size());
}

TEST(Truth, WhatAMirrorLosesIsAtMostItsLagAndGrowsWithIt) {
  std::map<std::string, int64_t> lags;
  std::map<std::string, int64_t> losses;
  for (const char* distance : {"near", "far"}) {
    for (const DrCell& cell :
         Cells(Architecture("dr/kafka_mirror", distance, {"pa.interval=exponential 5ms"}), {"dc_loss"})) {
      for (uint64_t seed = 1; seed <= 10; ++seed) {
        const DrillRun run = RunDrill(*cell.laid, seed, sim::RecordingLevel::kHistory);
        const int64_t lag = LagAtTheStrike(run);
        const int64_t lost = run.measures[DrMeasure::kLostRecords].value_or(kNever);
        EXPECT_LE(lost, lag) << distance << ", seed " << seed;
        lags[distance] += lag;
        losses[distance] += lost;
      }
    }
  }
  EXPECT_GT(lags["far"], 3 * lags["near"]);
  EXPECT_GT(losses["far"], 3 * losses["near"]);
  // What isn't lost was on its way in the surviving site.
  EXPECT_GT(3 * losses["far"], lags["far"]);
}

// The standby's relay replays the outbox, so that it doesn't matter what the lost cluster had published.
TEST(Truth, AnOutboxLosesWhatItsDatabaseLosesUnlessPublishedRowsLeaveIt) {
  const DrResult result = RunAll(Cells(Architecture("dr/kafka_outbox"), {"failover_by_hand"}), 10);
  for (const DrRow& row : result.rows) {
    const std::string& variant = result.cells[row.cell].variant;
    const int64_t lost = row.measures[DrMeasure::kLostRecords].value_or(kNever);
    if (variant == "sync") {
      EXPECT_EQ(lost, 0) << "seed " << row.seed;
    } else if (variant == "removed") {
      EXPECT_GT(lost, 200) << "seed " << row.seed;
    } else {
      // What was on its way to the standby: at most some 35 ms of 20 records a second.
      EXPECT_LE(lost, 5) << variant << ", seed " << row.seed;
    }
    EXPECT_NE(row.measures[DrMeasure::kRtoWrite].value_or(kNever), kNever) << variant << ", seed " << row.seed;
  }
}

TEST(Truth, ADualWriteThatWaitsForBothStopsWithEither) {
  const DrResult result =
      RunAll(Cells(Architecture("dr/kafka_dual_write"), {"dc_loss", "standby_loss", "wan_cut"}), 5);
  for (const DrRow& row : result.rows) {
    const DrCell& cell = result.cells[row.cell];
    const std::string where = cell.Text() + ", seed " + std::to_string(row.seed);
    const bool back = row.measures[DrMeasure::kRtoWrite].value_or(kNever) != kNever;
    if (cell.variant == "both") {
      EXPECT_EQ(row.measures[DrMeasure::kLostRecords], 0) << where;
      EXPECT_EQ(back, cell.drill == "wan_cut") << where;
    }
    EXPECT_TRUE(back || cell.variant != "either") << where;
  }
}

TEST(Truth, SitesThatBothWorkNeedNobodyToComeBack) {
  const DrResult result = RunAll(Cells(Architecture("dr/kafka_active_active"), {"dc_loss", "standby_loss"}), 10);
  for (const DrRow& row : result.rows) {
    EXPECT_LT(row.measures[DrMeasure::kRtoWrite].value_or(kNever), 5 * kSecond) << result.cells[row.cell].Text();
  }
}

TEST(RunDrill, IsTheRunThatRunGives) {
  for (const DrCell& cell : Cells(Architecture("dr/kafka_3dc", "near"), {"wan_cut", "dc_loss"})) {
    const DrillRun run = RunDrill(*cell.laid, 7, sim::RecordingLevel::kHistory);
    EXPECT_EQ(run.run.hash, scenarios::RunScenario(cell.laid->scenario, 7, sim::RecordingLevel::kHash, "").hash);
    EXPECT_EQ(run.measures, RunDrill(*cell.laid, 7, sim::RecordingLevel::kTrace).measures);
  }
}

TEST(RunDr, GoesOnWhereItWasInterrupted) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / "dr_resume.db").string();
  std::filesystem::remove(path);
  const std::vector<DrCell> cells = Cells(Architecture("dr/kafka_3dc", "near"), {"wan_cut", "dc_outage"});
  const DrResult whole = RunAll(cells, 6, nullptr, UINT64_MAX, 1);
  {
    auto file = DrFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_FALSE(RunAll(cells, 6, file->get(), 5).complete);
  }
  auto file = DrFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  const DrResult rest = RunAll(cells, 6, file->get());
  EXPECT_TRUE(rest.complete);
  ASSERT_EQ(rest.rows.size(), whole.rows.size());
  for (size_t i = 0; i < whole.rows.size(); ++i) {
    EXPECT_EQ(rest.rows[i].hash, whole.rows[i].hash);
    EXPECT_EQ(rest.rows[i].measures, whole.rows[i].measures);
  }
  EXPECT_EQ(DrReportText(rest, DrReportsOf(rest)), DrReportText(whole, DrReportsOf(whole)));
}

TEST(RunDr, AFileOfAnotherTextIsRefused) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / "dr_text.db").string();
  std::filesystem::remove(path);
  {
    auto file = DrFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status();
    RunAll(Cells(Architecture("dr/kafka_3dc", "near"), {"wan_cut"}), 1, file->get());
  }
  auto file = DrFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  DrPlan plan;
  plan.cells = Cells(Architecture("dr/kafka_3dc", "near"), {"wan_cut"});
  plan.cells[0].laid->scenario.setup.set_audit_patience("61s");
  plan.seeds = {1, 1};
  const auto result = RunDr(std::move(plan), file->get(), [](const SweepProgress&) { return true; });
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("results of different texts don't mix"));
}

TEST(SettingsBehind, NameWhatLetTheRecordsGo) {
  const std::vector<DrCell> cells = Cells(Architecture("dr/rocketmq_controller", "defaults"), {"wan_cut"});
  const DrResult result = RunAll(cells, 10);
  const std::vector<DrCellReport> reports = DrReportsOf(result);
  ASSERT_EQ(reports.size(), 1u);
  ASSERT_FALSE(reports[0].lossy.empty());
  const std::vector<SettingBehind> behind = SettingsBehind(result.cells[0], reports[0].lossy);
  const auto all_ack = std::find_if(behind.begin(), behind.end(), [](const SettingBehind& one) {
    return one.line.starts_with("allAckInSyncStateSet") || one.line.starts_with("inSyncReplicas");
  });
  ASSERT_NE(all_ack, behind.end()) << behind.size();
  EXPECT_EQ(all_ack->spared, all_ack->tried);
}

TEST(Reports, HaveAMatrixACommandForEachNumberAndPictures) {
  const DrResult result =
      RunAll(Cells(Architecture("dr/rocketmq_controller", "defaults"), {"wan_cut", "failover_by_hand"}), 5);
  const std::vector<DrCellReport> reports = DrReportsOf(result);
  ASSERT_EQ(reports.size(), 1u);
  const std::vector<DrCellDetail> details = DrDetailsOf(result, reports, 1, [](uint64_t, uint64_t) { return true; });
  const std::string markdown = DrReportMarkdown(result, reports, details);
  for (const char* part : {"| rocketmq_controller (defaults) |", "--drill=wan_cut --seeds=1..5", "zone_cut",
                           "is the master of a", "rpo-records", "it fails over by itself"}) {
    EXPECT_THAT(markdown, HasSubstr(part));
  }
  const std::string html = DrReportHtml(result, reports, details);
  for (const char* part : {"<svg", "believes to own it", "two owners", "share of runs at or below", "n/a"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
  // It needs nothing else.
  for (const char* part : {"<script", "src=", "url(", "@import"}) EXPECT_EQ(html.find(part), std::string::npos) << part;
  EXPECT_EQ(html,
            DrReportHtml(result, reports, DrDetailsOf(result, reports, 2, [](uint64_t, uint64_t) { return true; })));
}

}  // namespace
}  // namespace brokersim::runner
