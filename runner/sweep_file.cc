#include "runner/sweep_file.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_split.h"
#include "runner/sqlite.h"

namespace brokersim::runner {
namespace {

constexpr int kFormat = 1;
// In the file's header: "bsim", so that it is known for ours.
constexpr int kApplicationId = 0x6273696d;

std::string MetricColumns(std::string_view after) {
  std::string columns;
  for (int i = 0; i < kMetricCount; ++i) {
    columns += fmt::format("{}{}, ", InfoOf(static_cast<Metric>(i)).column, after);
  }
  return columns;
}

std::string Schema() {
  return fmt::format(
      "CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE arm (id INTEGER PRIMARY KEY, variant TEXT NOT NULL, settings TEXT NOT NULL, setup TEXT NOT NULL,"
      " canary TEXT NOT NULL, UNIQUE (variant, settings));"
      "CREATE TABLE run (arm INTEGER NOT NULL REFERENCES arm (id), seed INTEGER NOT NULL, verdict TEXT NOT NULL,"
      " exit_code INTEGER NOT NULL, findings TEXT NOT NULL, hash TEXT NOT NULL, events INTEGER NOT NULL,"
      " end_ns INTEGER NOT NULL, {}schedule TEXT NOT NULL, PRIMARY KEY (arm, seed)) WITHOUT ROWID;"
      "PRAGMA application_id = {}; PRAGMA user_version = {};",
      MetricColumns(" INTEGER"), kApplicationId, kFormat);
}

constexpr int kFirstMetric = 8;  // columns of `run` before the metrics

uint64_t HashFrom(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 16); }

formats::Verdict::Result ResultFrom(const std::string& name) {
  for (const auto result : {formats::Verdict::VALID, formats::Verdict::INVALID}) {
    if (ResultName(result) == name) return result;
  }
  return formats::Verdict::UNKNOWN;
}

// Where two texts part, as a line of each.
std::string FirstDifference(const std::string& here, const std::string& given) {
  const std::vector<std::string> a = absl::StrSplit(here, '\n');
  const std::vector<std::string> b = absl::StrSplit(given, '\n');
  size_t line = 0;
  while (line < a.size() && line < b.size() && a[line] == b[line]) ++line;
  const auto at = [line](const std::vector<std::string>& lines) {
    return line < lines.size() ? std::string(absl::StripAsciiWhitespace(lines[line])) : std::string("nothing");
  };
  return fmt::format("`{}` there, `{}` here", at(a), at(b));
}

absl::StatusOr<RunRow> RowFrom(const Statement& at) {
  RunRow row;
  row.arm = static_cast<uint32_t>(at.Int(0));
  row.seed = static_cast<uint64_t>(at.Int(1));
  row.verdict = ResultFrom(at.Text(2));
  row.code = static_cast<ExitCode>(at.Int(3));
  absl::StatusOr<std::vector<Finding>> findings = ParseFindings(at.Text(4));
  if (!findings.ok()) return findings.status();
  row.findings = *std::move(findings);
  row.hash = HashFrom(at.Text(5));
  row.events = static_cast<uint64_t>(at.Int(6));
  row.end_ns = at.Int(7);
  for (int i = 0; i < kMetricCount; ++i) {
    if (!at.IsNull(kFirstMetric + i)) row.metrics[static_cast<Metric>(i)] = at.Int(kFirstMetric + i);
  }
  absl::StatusOr<std::vector<sim::FaultReport>> faults = ParseFaults(at.Text(kFirstMetric + kMetricCount));
  if (!faults.ok()) return faults.status();
  row.faults = *std::move(faults);
  return row;
}

}  // namespace

std::string Arm::Text() const {
  std::string text = variant;
  for (const std::string& line : settings) text += ", " + line;
  return text;
}

absl::Status SameArm(const Arm& there, const Arm& here, const std::string& scenario, const std::string& path) {
  if (there.setup != here.setup) {
    return absl::InvalidArgumentError(
        fmt::format("{} holds runs of another text of {} ({}): {}; results of different texts don't mix", path,
                    scenario, here.Text(), FirstDifference(there.setup, here.setup)));
  }
  if (there.canary != here.canary) {
    return absl::InvalidArgumentError(fmt::format(
        "{} was made by a brokersim that behaves differently: under seed 0, {} ({}) has the run hash {} there, "
        "{} here; results of both don't mix",
        path, scenario, here.Text(), HashText(there.canary), HashText(here.canary)));
  }
  return absl::OkStatus();
}

SweepFile::~SweepFile() {
  sqlite3_finalize(insert_);
  sqlite3_close(db_);
}

absl::Status SweepFile::Error(std::string_view doing) const { return SqliteError(db_, path_, doing, "a sweep"); }

absl::Status SweepFile::Execute(const std::string& sql) {
  return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus() : Error("write");
}

absl::StatusOr<std::unique_ptr<SweepFile>> SweepFile::Connect(const std::string& path, int flags) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  std::unique_ptr<SweepFile> file(new SweepFile(path, db));
  if (code != SQLITE_OK) return file->Error("open");
  return file;
}

absl::StatusOr<std::unique_ptr<SweepFile>> SweepFile::Open(const std::string& path, const SweepHead& head) {
  absl::StatusOr<std::unique_ptr<SweepFile>> file = Connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!file.ok()) return file;
  SweepFile& it = **file;
  if (const absl::Status status = it.Execute(std::string(kOneWriter)); !status.ok()) return status;
  Statement empty(it.db_, "SELECT count(*) FROM sqlite_schema");
  if (!empty.Step()) return it.Error("read");
  if (empty.Int(0) == 0) {
    if (const absl::Status status = it.Create(head); !status.ok()) return status;
  }
  if (const absl::Status status = it.Execute("COMMIT"); !status.ok()) return status;
  if (const absl::Status status = it.Load(); !status.ok()) return status;
  if (it.head_.scenario != head.scenario) {
    return absl::InvalidArgumentError(fmt::format("{} holds runs of {}, not of {}; a file holds one scenario", path,
                                                  it.head_.scenario, head.scenario));
  }
  return file;
}

absl::StatusOr<std::unique_ptr<SweepFile>> SweepFile::Read(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    return absl::NotFoundError(fmt::format("there is no file {}", path));
  // Not read-only: what a process that died has left in the write-ahead log belongs to the file.
  absl::StatusOr<std::unique_ptr<SweepFile>> file = Connect(path, SQLITE_OPEN_READWRITE);
  if (!file.ok()) return file;
  if (const absl::Status status = (*file)->Load(); !status.ok()) return status;
  return file;
}

absl::Status SweepFile::Create(const SweepHead& head) {
  if (const absl::Status status = Execute(Schema()); !status.ok()) return status;
  Statement insert(db_, "INSERT INTO sweep VALUES (?, ?)");
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"scenario", head.scenario},
                                   {"reference", head.reference},
                                   {"brokersim", std::string(Version())}}) {
    sqlite3_reset(insert.get());
    Bind(insert.get(), 1, key);
    Bind(insert.get(), 2, value);
    if (insert.Step() || !insert.done()) return Error("write");
  }
  return absl::OkStatus();
}

absl::Status SweepFile::Load() {
  if (const absl::Status status = LoadHead(); !status.ok()) return status;
  return LoadArms();
}

absl::Status SweepFile::LoadHead() {
  Statement id(db_, "PRAGMA application_id");
  if (!id.Step()) return Error("read");
  if (id.Int(0) != kApplicationId) {
    return absl::InvalidArgumentError(fmt::format("{} is no file of `brokersim sweep`", path_));
  }
  Statement version(db_, "PRAGMA user_version");
  if (!version.Step()) return Error("read");
  if (version.Int(0) > kFormat) {
    return absl::InvalidArgumentError(fmt::format(
        "{} has format {}, newer than this brokersim's {}; use a newer brokersim", path_, version.Int(0), kFormat));
  }
  Statement rows(db_, "SELECT key, value FROM sweep");
  while (rows.Step()) {
    if (rows.Text(0) == "scenario") head_.scenario = rows.Text(1);
    if (rows.Text(0) == "reference") head_.reference = rows.Text(1);
  }
  return rows.done() ? absl::OkStatus() : Error("read");
}

absl::Status SweepFile::LoadArms() {
  Statement rows(db_, "SELECT variant, settings, setup, canary FROM arm ORDER BY id");
  while (rows.Step()) {
    Arm arm{rows.Text(0), {}, rows.Text(2), HashFrom(rows.Text(3))};
    const nlohmann::json settings = nlohmann::json::parse(rows.Text(1), nullptr, false);
    for (const auto& line : settings) {
      if (line.is_string()) arm.settings.push_back(line.get<std::string>());
    }
    arms_.push_back(std::move(arm));
  }
  return rows.done() ? absl::OkStatus() : Error("read");
}

absl::StatusOr<uint32_t> SweepFile::AddArm(const Arm& arm) {
  for (size_t i = 0; i < arms_.size(); ++i) {
    const Arm& here = arms_[i];
    if (here.variant != arm.variant || here.settings != arm.settings) continue;
    if (const absl::Status status = SameArm(here, arm, head_.scenario, path_); !status.ok()) return status;
    return static_cast<uint32_t>(i);
  }
  Statement insert(db_, "INSERT INTO arm VALUES (?, ?, ?, ?, ?)");
  if (!insert.ok()) return Error("write");
  Bind(insert.get(), 1, static_cast<int64_t>(arms_.size()));
  Bind(insert.get(), 2, arm.variant);
  Bind(insert.get(), 3, nlohmann::json(arm.settings).dump());
  Bind(insert.get(), 4, arm.setup);
  Bind(insert.get(), 5, HashText(arm.canary));
  if (insert.Step() || !insert.done()) return Error("write");
  arms_.push_back(arm);
  return static_cast<uint32_t>(arms_.size() - 1);
}

absl::Status SweepFile::ForEachRow(const std::function<void(RunRow)>& each) {
  // Seeds beyond 2^63 are negative in a table.
  Statement rows(db_, fmt::format("SELECT arm, seed, verdict, exit_code, findings, hash, events, end_ns, {}schedule "
                                  "FROM run ORDER BY arm, seed < 0, seed",
                                  MetricColumns("")));
  while (rows.Step()) {
    absl::StatusOr<RunRow> row = RowFrom(rows);
    if (!row.ok() || row->arm >= arms_.size()) {
      return absl::InvalidArgumentError(fmt::format("{} is damaged: the row of seed {}", path_, rows.Int(1)));
    }
    each(*std::move(row));
  }
  return rows.done() ? absl::OkStatus() : Error("read");
}

absl::Status SweepFile::Insert(const RunRow& row) {
  const std::string findings = FindingsJson(row.findings);
  const std::string faults = FaultsJson(row.faults);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (insert_ == nullptr) {
    std::string places = "?";
    for (int i = 1; i < kFirstMetric + kMetricCount + 1; ++i) places += ", ?";
    const std::string sql = fmt::format("INSERT INTO run VALUES ({})", places);
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &insert_, nullptr) != SQLITE_OK) return Error("write");
  }
  sqlite3_reset(insert_);
  sqlite3_clear_bindings(insert_);
  Bind(insert_, 1, static_cast<int64_t>(row.arm));
  Bind(insert_, 2, static_cast<int64_t>(row.seed));
  Bind(insert_, 3, std::string(ResultName(row.verdict)));
  Bind(insert_, 4, static_cast<int64_t>(row.code));
  Bind(insert_, 5, findings);
  Bind(insert_, 6, HashText(row.hash));
  Bind(insert_, 7, static_cast<int64_t>(row.events));
  Bind(insert_, 8, row.end_ns);
  for (int i = 0; i < kMetricCount; ++i) {
    const std::optional<int64_t>& value = row.metrics[static_cast<Metric>(i)];
    if (value.has_value()) Bind(insert_, kFirstMetric + 1 + i, *value);
  }
  Bind(insert_, kFirstMetric + kMetricCount + 1, faults);
  const int code = sqlite3_step(insert_);
  if (code == SQLITE_DONE) return absl::OkStatus();
  return Error("write");
}

}  // namespace brokersim::runner
