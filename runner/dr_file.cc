// DrFile: rows of drills in SQLite.
#include <fmt/format.h>

#include <utility>

#include "runner/dr.h"
#include "runner/sqlite.h"

namespace brokersim::runner {
namespace {

constexpr int kFormat = 1;
// In the file's header: "bsdr".
constexpr int kApplicationId = 0x62736472;
constexpr int kFirstMeasure = 5;  // columns of `run` before the measures

std::string Schema() {
  std::string columns;
  for (int i = 0; i < kDrMeasureCount; ++i) {
    columns += fmt::format("{} INTEGER, ", InfoOf(static_cast<DrMeasure>(i)).column);
  }
  return fmt::format(
      "CREATE TABLE cell (id INTEGER PRIMARY KEY, architecture TEXT NOT NULL, variant TEXT NOT NULL,"
      " drill TEXT NOT NULL, setup TEXT NOT NULL, canary TEXT NOT NULL, UNIQUE (architecture, variant, drill));"
      "CREATE TABLE run (cell INTEGER NOT NULL REFERENCES cell (id), seed INTEGER NOT NULL, hash TEXT NOT NULL,"
      " events INTEGER NOT NULL, error TEXT NOT NULL, {}PRIMARY KEY (cell, seed)) WITHOUT ROWID;"
      "PRAGMA application_id = {}; PRAGMA user_version = {};",
      columns, kApplicationId, kFormat);
}

DrRow RowFrom(const Statement& at) {
  DrRow row;
  row.cell = static_cast<uint32_t>(at.Int(0));
  row.seed = static_cast<uint64_t>(at.Int(1));
  row.hash = std::strtoull(at.Text(2).c_str(), nullptr, 16);
  row.events = static_cast<uint64_t>(at.Int(3));
  row.internal_error = at.Text(4);
  for (int i = 0; i < kDrMeasureCount; ++i) {
    if (!at.IsNull(kFirstMeasure + i)) row.measures[static_cast<DrMeasure>(i)] = at.Int(kFirstMeasure + i);
  }
  return row;
}

}  // namespace

DrFile::~DrFile() {
  sqlite3_finalize(insert_);
  sqlite3_close(db_);
}

absl::Status DrFile::Error(std::string_view doing) const { return SqliteError(db_, path_, doing, "`brokersim dr`"); }

absl::Status DrFile::Execute(const std::string& sql) {
  return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus() : Error("write");
}

absl::StatusOr<std::unique_ptr<DrFile>> DrFile::Open(const std::string& path) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  std::unique_ptr<DrFile> file(new DrFile(path, db));
  if (code != SQLITE_OK) return file->Error("open");
  if (const absl::Status status = file->Execute(std::string(kOneWriter)); !status.ok()) return status;
  Statement empty(db, "SELECT count(*) FROM sqlite_schema");
  if (!empty.Step()) return file->Error("read");
  if (empty.Int(0) == 0) {
    if (const absl::Status status = file->Execute(Schema()); !status.ok()) return status;
  }
  if (const absl::Status status = file->Execute("COMMIT"); !status.ok()) return status;
  Statement id(db, "PRAGMA application_id");
  Statement version(db, "PRAGMA user_version");
  if (!id.Step() || !version.Step()) return file->Error("read");
  if (id.Int(0) != kApplicationId || version.Int(0) != kFormat) {
    return absl::InvalidArgumentError(
        fmt::format("{} is no file of this brokersim's `dr`; give --out a new folder", path));
  }
  return file;
}

absl::StatusOr<uint32_t> DrFile::AddCell(const DrCell& cell, const std::string& setup, uint64_t canary) {
  Statement find(db_, "SELECT id, setup, canary FROM cell WHERE architecture = ? AND variant = ? AND drill = ?");
  Bind(find.get(), 1, cell.architecture);
  Bind(find.get(), 2, cell.variant);
  Bind(find.get(), 3, cell.drill);
  if (find.Step()) {
    if (find.Text(1) != setup) {
      return absl::InvalidArgumentError(fmt::format(
          "{} holds runs of another text of {}; results of different texts don't mix: give --out a new folder", path_,
          cell.Text()));
    }
    if (find.Text(2) != HashText(canary)) {
      return absl::InvalidArgumentError(fmt::format(
          "{} was made by a brokersim that behaves differently: under seed 0, {} has the run hash {} there, "
          "{} here; give --out a new folder",
          path_, cell.Text(), find.Text(2), HashText(canary)));
    }
    return static_cast<uint32_t>(find.Int(0));
  }
  if (!find.done()) return Error("read");
  Statement insert(db_, "INSERT INTO cell (architecture, variant, drill, setup, canary) VALUES (?, ?, ?, ?, ?)");
  if (!insert.ok()) return Error("write");
  Bind(insert.get(), 1, cell.architecture);
  Bind(insert.get(), 2, cell.variant);
  Bind(insert.get(), 3, cell.drill);
  Bind(insert.get(), 4, setup);
  Bind(insert.get(), 5, HashText(canary));
  if (insert.Step() || !insert.done()) return Error("write");
  return static_cast<uint32_t>(sqlite3_last_insert_rowid(db_));
}

absl::Status DrFile::ForEachRow(const std::function<void(DrRow)>& each) {
  Statement rows(db_, "SELECT * FROM run ORDER BY cell, seed < 0, seed");
  while (rows.Step()) each(RowFrom(rows));
  return rows.done() ? absl::OkStatus() : Error("read");
}

absl::Status DrFile::Insert(const DrRow& row) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (insert_ == nullptr) {
    std::string places = "?";
    for (int i = 1; i < kFirstMeasure + kDrMeasureCount; ++i) places += ", ?";
    const std::string sql = fmt::format("INSERT INTO run VALUES ({})", places);
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &insert_, nullptr) != SQLITE_OK) return Error("write");
  }
  sqlite3_reset(insert_);
  sqlite3_clear_bindings(insert_);
  Bind(insert_, 1, static_cast<int64_t>(row.cell));
  Bind(insert_, 2, static_cast<int64_t>(row.seed));
  Bind(insert_, 3, HashText(row.hash));
  Bind(insert_, 4, static_cast<int64_t>(row.events));
  Bind(insert_, 5, row.internal_error);
  for (int i = 0; i < kDrMeasureCount; ++i) {
    const std::optional<int64_t>& value = row.measures[static_cast<DrMeasure>(i)];
    if (value.has_value()) Bind(insert_, kFirstMeasure + 1 + i, *value);
  }
  return sqlite3_step(insert_) == SQLITE_DONE ? absl::OkStatus() : Error("write");
}

}  // namespace brokersim::runner
