// What tables of runs in SQLite files have in common.
#ifndef BROKERSIM_RUNNER_SQLITE_H_
#define BROKERSIM_RUNNER_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace brokersim::runner {

// A statement that is finalized with its scope.
class Statement {
 public:
  Statement(sqlite3* db, const std::string& sql) {
    sqlite3_prepare_v2(db, sql.c_str(), static_cast<int>(sql.size()), &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  bool ok() const { return statement_ != nullptr; }
  sqlite3_stmt* get() const { return statement_; }
  // Whether there is a row; `code` says why not.
  bool Step() { return (code_ = ok() ? sqlite3_step(statement_) : SQLITE_ERROR) == SQLITE_ROW; }
  bool done() const { return code_ == SQLITE_DONE; }

  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string Text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text == nullptr ? "" : std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int code_ = SQLITE_OK;
};

inline void Bind(sqlite3_stmt* statement, int place, int64_t value) { sqlite3_bind_int64(statement, place, value); }
inline void Bind(sqlite3_stmt* statement, int place, const std::string& value) {
  sqlite3_bind_text(statement, place, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
}

// Why it can't be done, in words. `kind` is what the file is of, e.g. "a sweep". kUnavailable while another process
// writes it, kInvalidArgument if it is something else or damaged.
absl::Status SqliteError(sqlite3* db, const std::string& path, std::string_view doing, std::string_view kind);

// One writer. A write-ahead log without shared memory works on network file systems, too; what was inserted survives
// the death of the process, and the file that of the machine. Begins a transaction, for creating what isn't there.
inline constexpr std::string_view kOneWriter =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN EXCLUSIVE";

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SQLITE_H_
