// OutboxDatabase: the database of an application that publishes through a transactional outbox, and its standby.
//
// A transaction of the application inserts a business row and, for the message that is to tell of it, a row of the
// outbox; here the two are one row. A relay reads the outbox in order, publishes, and saves how far it got, here too.
// Replication is PostgreSQL's streaming replication (its documentation, "Log-Shipping Standby Servers"): a standby asks
// the primary for the log from where it is; with synchronous_commit=on a transaction is over, and seen by others, when
// the standby has flushed it; while there is no standby it waits (26.2.8). A primary that dies while transactions wait
// has them when it comes back (26.2.8.3). Nobody promotes a standby but an operator, and nothing stops a former primary
// from going on as one.
#ifndef BROKERSIM_MODEL_APP_OUTBOX_DATABASE_H_
#define BROKERSIM_MODEL_APP_OUTBOX_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "sim/kernel/process.h"

namespace brokersim::app {

struct OutboxRow {
  int64_t id = 0;  // from 1, in the order of commits
  std::string key;
  std::string value;
  template <class V> void Fields(V& v) const {
    v("id", id);
    v("key", key);
    v("value", value);
  }
};

// A transaction of the write-ahead log: a row, or what a relay has published.
struct Commit {
  static constexpr std::string_view kName = "Commit";
  OutboxRow row;      // its id is 0 if there is none
  std::string relay;  // empty if there is none
  int64_t published = 0;
  bool removes = false;  // what is published leaves the outbox
  template <class V> void Fields(V& v) const {
    v("row", row);
    v("relay", relay);
    v("published", published);
    v("removes", removes);
  }
};

// ---- Of applications and relays

struct InsertIntoOutbox {
  static constexpr std::string_view kName = "InsertIntoOutbox";
  int64_t number = 0;  // of the request, for the answer
  std::string key;
  std::string value;
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("key", key);
    v("value", value);
  }
};

struct SavePublished {
  static constexpr std::string_view kName = "SavePublished";
  int64_t number = 0;
  std::string relay;
  int64_t published = 0;  // all rows up to this id
  bool removes = false;
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("relay", relay);
    v("published", published);
    v("removes", removes);
  }
};

// The answer to both.
struct Committed {
  static constexpr std::string_view kName = "Committed";
  int64_t number = 0;
  bool done = false;  // false: this is a standby, which writes nothing
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("done", done);
  }
};

struct ReadOutbox {
  static constexpr std::string_view kName = "ReadOutbox";
  std::string relay;
  template <class V> void Fields(V& v) const { v("relay", relay); }
};

struct OutboxRows {
  static constexpr std::string_view kName = "OutboxRows";
  std::vector<OutboxRow> rows;  // what the relay hasn't published, the oldest first; none from a standby
  template <class V> void Fields(V& v) const { v("rows", rows); }
};

// ---- Between databases

struct StartReplication {
  static constexpr std::string_view kName = "StartReplication";
  int64_t from = 0;  // how many transactions the standby has
  template <class V> void Fields(V& v) const { v("from", from); }
};

struct WalData {
  static constexpr std::string_view kName = "WalData";
  int64_t from = 0;
  std::vector<Commit> commits;
  template <class V> void Fields(V& v) const {
    v("from", from);
    v("commits", commits);
  }
};

struct StandbyStatus {
  static constexpr std::string_view kName = "StandbyStatus";
  int64_t flushed = 0;
  template <class V> void Fields(V& v) const { v("flushed", flushed); }
};

struct OutboxDatabaseSpec {
  // Of a standby; invalid: this is a primary.
  sim::NodeId primary;
  // Of a primary: somebody follows it, and transactions wait for him (synchronous_commit=on).
  bool synchronous = false;
};

class OutboxDatabase final : public sim::Process {
 public:
  OutboxDatabase(std::shared_ptr<const OutboxDatabaseSpec> spec, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<OutboxDatabase>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) override;
  // A standby that follows gets everything before the primary ends ("fast" shutdown).
  void OnStop(sim::Env& env, sim::Effects& out) override;
  // A config_change of "promote" to "true" (pg_promote).
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer) const override { return "wal-retrieve-retry"; }
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 private:
  enum TimerKind : uint32_t { kRetry };
  struct Waiting {
    sim::ConnId conn;
    int64_t number = 0;
  };

  bool synchronous() const { return spec_->synchronous && primary_; }
  void Begin(Commit commit, sim::ConnId conn, int64_t number, sim::Effects& out);
  void Append(Commit commit, sim::Effects& out);
  void Apply(const Commit& commit);
  // Transactions that need wait no longer are over.
  void Advance(sim::Effects& out);
  void Stream(sim::Effects& out);
  void ExitIfStreamed(sim::Effects& out);
  void Follow(sim::Effects& out);
  void OnWalData(const WalData& data, sim::Effects& out);

  std::shared_ptr<const OutboxDatabaseSpec> spec_;
  sim::FileId file_;
  bool primary_;
  bool stopping_ = false;
  std::vector<Commit> wal_;
  int64_t flushed_ = 0;  // how many of them
  int64_t seen_ = 0;     // ... are over, and applied to what follows
  absl::btree_map<int64_t, OutboxRow> outbox_;
  absl::btree_map<std::string, int64_t> published_;  // by relay
  int64_t last_id_ = 0;  // given out
  absl::btree_map<sim::SyncTicket, int64_t> syncs_;
  absl::btree_map<int64_t, Waiting> waiting_;  // by number of transactions when it is over
  // Of a primary: who follows it.
  sim::ConnId follower_;
  int64_t streamed_ = 0;
  int64_t follower_flushed_ = 0;
  sim::ConnId upstream_;  // of a standby
};

class OutboxDatabaseFactory final : public sim::ProcessFactory {
 public:
  explicit OutboxDatabaseFactory(std::shared_ptr<const OutboxDatabaseSpec> spec) : spec_(std::move(spec)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<OutboxDatabase>(spec_, env, out);
  }

 private:
  std::shared_ptr<const OutboxDatabaseSpec> spec_;
};

}  // namespace brokersim::app

#endif  // BROKERSIM_MODEL_APP_OUTBOX_DATABASE_H_
