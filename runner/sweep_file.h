// SweepFile: the results of a sweep in a SQLite file, a row a run.
//
//   sweep  key, value               the format, the scenario
//   arm    id, variant, settings, setup, canary
//   run    arm, seed, verdict, exit_code, findings, hash, events, end_ns, a column a metric, schedule
//
// Each row is durable against the end of the process as soon as it is inserted, so a sweep that ends in any way goes on
// where it was. Rows of different texts of a scenario, or of different behaviour of brokersim, never share a file: an
// arm's setup and the hash of its run under seed 0 (the canary) must be the same.
#ifndef BROKERSIM_RUNNER_SWEEP_FILE_H_
#define BROKERSIM_RUNNER_SWEEP_FILE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runner/run_row.h"

struct sqlite3;
struct sqlite3_stmt;

namespace brokersim::runner {

// One of the things that are swept: a variant with settings.
struct Arm {
  std::string variant;
  std::vector<std::string> settings;
  std::string setup;    // protobuf text
  uint64_t canary = 0;  // run hash under seed 0
  friend bool operator==(const Arm&, const Arm&) = default;
  // "fixed", "fixed, acks=1"
  std::string Text() const;
};

// That results of both may stand side by side; `path` holds the one that is there. Errors: kInvalidArgument, with what
// differs. REQUIRES: equal variant and settings.
absl::Status SameArm(const Arm& there, const Arm& here, const std::string& scenario, const std::string& path);

struct SweepHead {
  std::string scenario;   // its name
  std::string reference;  // how a command names it
};

class SweepFile {
 public:
  // For writing; created if it isn't there. Errors: kUnavailable (can't be written; another process writes it),
  // kInvalidArgument (no such file of ours, of another scenario, or of a newer format).
  static absl::StatusOr<std::unique_ptr<SweepFile>> Open(const std::string& path, const SweepHead& head);
  // For reading. Errors: kNotFound, and as Open.
  static absl::StatusOr<std::unique_ptr<SweepFile>> Read(const std::string& path);
  ~SweepFile();
  SweepFile(const SweepFile&) = delete;
  SweepFile& operator=(const SweepFile&) = delete;

  const std::string& path() const { return path_; }
  const SweepHead& head() const { return head_; }
  // In the order in which they were added.
  const std::vector<Arm>& arms() const { return arms_; }
  // Has the arm from now on; returns its number here. Errors: kInvalidArgument if it is there with another setup or
  // canary, with what differs.
  absl::StatusOr<uint32_t> AddArm(const Arm& arm);
  // All rows by (arm, seed). `row.arm` is the number of the arm here. Errors: kInvalidArgument for a damaged file.
  absl::Status ForEachRow(const std::function<void(RunRow)>& each);
  // REQUIRES: there is no row of this arm and seed. Errors: kUnavailable. May be called on any thread.
  absl::Status Insert(const RunRow& row);

 private:
  SweepFile(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}
  static absl::StatusOr<std::unique_ptr<SweepFile>> Connect(const std::string& path, int flags);
  absl::Status Execute(const std::string& sql);
  absl::Status Create(const SweepHead& head);
  absl::Status Load();
  absl::Status LoadHead();
  absl::Status LoadArms();
  absl::Status Error(std::string_view doing) const;

  std::string path_;
  sqlite3* db_;
  SweepHead head_;
  std::vector<Arm> arms_;
  std::mutex mutex_;  // of insertions
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SWEEP_FILE_H_
