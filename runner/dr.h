// Disaster recovery: drills over architectures, many seeds of each, measured and kept in a file.
#ifndef BROKERSIM_RUNNER_DR_H_
#define BROKERSIM_RUNNER_DR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runner/dr_measures.h"
#include "runner/sweep.h"
#include "scenarios/drill.h"
#include "scenarios/run.h"

struct sqlite3;
struct sqlite3_stmt;

namespace brokersim::runner {

// One run of a drill over an architecture.
struct DrillRun {
  scenarios::RunResult run;
  DrillSeen seen;
  DrMeasures measures;
};
// The run is the one that RunScenario gives, to the last bit.
DrillRun RunDrill(const scenarios::LaidOver& laid, uint64_t seed, sim::RecordingLevel recording);

// An architecture (a variant of a scenario) under a drill.
struct DrCell {
  std::string architecture;  // "dr/kafka_3dc"
  std::string variant;       // with the settings that were laid over it: "near, min.insync.replicas=1"
  std::string command;       // "./brokersim dr --architecture=... --drill=...", without seeds
  std::string drill;
  std::string drill_title;
  std::optional<scenarios::LaidOver> laid;
  std::string why_not;  // if the drill means nothing here

  std::string Text() const { return architecture + " (" + variant + "), " + drill; }
};

struct DrRow {
  uint32_t cell = 0;  // index
  uint64_t seed = 0;
  uint64_t hash = 0;
  uint64_t events = 0;
  std::string internal_error;  // a fault of brokersim itself
  DrMeasures measures;
};

struct DrillChoice {
  scenarios::Drill drill;
  std::string reference;  // how a command names it
};
// Each drill over each architecture, in their order. Errors: kInvalidArgument if a drill and an architecture that it
// fits make no scenario.
absl::StatusOr<std::vector<DrCell>> CellsOf(const std::vector<scenarios::ResolvedScenario>& architectures,
                                            const std::vector<DrillChoice>& drills);

// The rows of a report in a SQLite file; as SweepFile in all that isn't said here.
//
//   cell  id, architecture, variant, drill, setup, canary
//   run   cell, seed, hash, events, error, a column a measure (NULL: not to be said; 2^63 - 1: never)
class DrFile {
 public:
  // Opens the file for reading and writing, creates it if there is none. Errors: as SqliteError.
  static absl::StatusOr<std::unique_ptr<DrFile>> Open(const std::string& path);
  ~DrFile();
  DrFile(const DrFile&) = delete;
  DrFile& operator=(const DrFile&) = delete;

  // The cell's number in the file. Errors: kInvalidArgument if it is there with another text or another behaviour.
  absl::StatusOr<uint32_t> AddCell(const DrCell& cell, const std::string& setup, uint64_t canary);
  absl::Status ForEachRow(const std::function<void(DrRow)>& each);
  // From any thread.
  absl::Status Insert(const DrRow& row);

 private:
  DrFile(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}
  absl::Status Error(std::string_view doing) const;
  absl::Status Execute(const std::string& sql);

  std::string path_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::mutex mutex_;
};

struct DrPlan {
  std::vector<DrCell> cells;
  SeedRange seeds;
  uint64_t jobs = 1;
};

struct DrResult {
  std::vector<DrCell> cells;
  SeedRange seeds;
  std::vector<DrRow> rows;  // by (cell, seed)
  bool complete = false;    // all that was planned is there
};

// Runs what the file (null: none) doesn't have yet, and puts it there. `progress` hears of every run and returns
// whether to go on. Errors: those of the file.
absl::StatusOr<DrResult> RunDr(DrPlan plan, DrFile* file, const std::function<bool(const SweepProgress&)>& progress);

// A setting without which a loss does not happen.
struct SettingBehind {
  std::string line;     // "min.insync.replicas=2"
  std::string whose;    // "brokers"
  std::string instead;  // "3"
  std::string risk;     // what its value allows; may be empty
  bool given = false;   // the architecture says so; false: it is the default
  uint64_t tried = 0;   // runs that lose something as it is
  uint64_t spared = 0;  // of these, that lose nothing with the other value
  int64_t rto = 0;      // with it, the median time until writes are acknowledged again
};
// Of runs that lose records, what has each setting to do with it? Those that spare at least nine tenths, what is known
// to be a risk and was chosen first.
std::vector<SettingBehind> SettingsBehind(const DrCell& cell, const std::vector<uint64_t>& seeds);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DR_H_
