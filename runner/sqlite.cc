#include "runner/sqlite.h"

#include <fmt/format.h>

namespace brokersim::runner {

absl::Status SqliteError(sqlite3* db, const std::string& path, std::string_view doing, std::string_view kind) {
  const int code = sqlite3_errcode(db);
  const std::string what = sqlite3_errmsg(db);
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return absl::UnavailableError(
        fmt::format("{} is being written by another process; wait for it, or give each a file of its own (`brokersim "
                    "report` merges)",
                    path));
  }
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_ERROR) {
    return absl::InvalidArgumentError(fmt::format("{} is no file of {}, or damaged: {}", path, kind, what));
  }
  return absl::UnavailableError(fmt::format("can't {} {}: {}", doing, path, what));
}

}  // namespace brokersim::runner
