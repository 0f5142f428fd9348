#include "model/app/outbox_database.h"

#include <algorithm>
#include <utility>

namespace brokersim::app {
namespace {

constexpr std::string_view kPromote = "promote";
// wal_retrieve_retry_interval
constexpr sim::Duration kRetryInterval = sim::Seconds(5);
// How much a relay reads at once: ours.
constexpr size_t kRowsAtOnce = 100;

}  // namespace

OutboxDatabase::OutboxDatabase(std::shared_ptr<const OutboxDatabaseSpec> spec, sim::Env& env, sim::Effects& out)
    : spec_(std::move(spec)), file_(env.Open("wal")), primary_(!spec_->primary.valid()) {
  const auto promote = env.settings().find(kPromote);
  primary_ = primary_ || (promote != env.settings().end() && promote->second == "true");
  for (const sim::Block& block : env.disk().file(file_).blocks) {
    if (block.damaged) break;
    wal_.push_back(*block.content->As<Commit>());
    Apply(wal_.back());
    last_id_ = std::max(last_id_, wal_.back().row.id);
  }
  flushed_ = seen_ = static_cast<int64_t>(wal_.size());
  if (!primary_) Follow(out);
}

void OutboxDatabase::OnMessage(const sim::Received& message, sim::Env&, sim::Effects& out) {
  if (const auto* insert = message.payload.As<InsertIntoOutbox>()) {
    Commit commit;
    commit.row = {last_id_ + 1, insert->key, insert->value};
    Begin(std::move(commit), message.conn, insert->number, out);
  } else if (const auto* save = message.payload.As<SavePublished>()) {
    Commit commit;
    commit.relay = save->relay;
    commit.published = save->published;
    commit.removes = save->removes;
    Begin(std::move(commit), message.conn, save->number, out);
  } else if (const auto* read = message.payload.As<ReadOutbox>()) {
    OutboxRows rows;
    const auto published = published_.find(read->relay);
    auto row = outbox_.upper_bound(published == published_.end() ? 0 : published->second);
    for (; primary_ && row != outbox_.end() && rows.rows.size() < kRowsAtOnce; ++row) rows.rows.push_back(row->second);
    out.Send(message.conn, sim::MakePayload(std::move(rows)));
  } else if (const auto* start = message.payload.As<StartReplication>()) {
    // One that has more than this primary can't follow it: its timeline has left this one's.
    if (!primary_ || start->from > static_cast<int64_t>(wal_.size())) return;
    follower_ = message.conn;
    streamed_ = follower_flushed_ = start->from;
    Stream(out);
    Advance(out);
  } else if (const auto* status = message.payload.As<StandbyStatus>()) {
    if (message.conn != follower_) return;
    follower_flushed_ = std::max(follower_flushed_, status->flushed);
    Advance(out);
  } else {
    const auto* data = message.payload.As<WalData>();
    CHECK(data != nullptr, "the database got a {}", message.payload.name());
    if (message.conn == upstream_ && !primary_) OnWalData(*data, out);
  }
}

void OutboxDatabase::Begin(Commit commit, sim::ConnId conn, int64_t number, sim::Effects& out) {
  if (stopping_) return;
  if (!primary_) {
    out.Send(conn, sim::MakePayload(Committed{number, false}));
    return;
  }
  last_id_ = std::max(last_id_, commit.row.id);
  Append(std::move(commit), out);
  waiting_[static_cast<int64_t>(wal_.size())] = {conn, number};
}

void OutboxDatabase::Append(Commit commit, sim::Effects& out) {
  out.Append(file_, sim::MakePayload(commit));
  wal_.push_back(std::move(commit));
  syncs_.emplace(out.Sync(file_), static_cast<int64_t>(wal_.size()));
}

void OutboxDatabase::OnSynced(sim::SyncTicket ticket, sim::Env&, sim::Effects& out) {
  const auto found = syncs_.find(ticket);
  CHECK(found != syncs_.end(), "a sync that nobody asked for");
  flushed_ = std::max(flushed_, found->second);
  syncs_.erase(found);
  if (primary_) {
    Stream(out);
  } else if (upstream_.valid()) {
    out.Send(upstream_, sim::MakePayload(StandbyStatus{flushed_}));
  }
  Advance(out);
}

void OutboxDatabase::Advance(sim::Effects& out) {
  const int64_t over = synchronous() ? std::min(flushed_, follower_flushed_) : flushed_;
  for (; seen_ < over; ++seen_) {
    Apply(wal_[static_cast<size_t>(seen_)]);
    const auto waiting = waiting_.find(seen_ + 1);
    if (waiting == waiting_.end()) continue;
    out.Send(waiting->second.conn, sim::MakePayload(Committed{waiting->second.number, true}));
    waiting_.erase(waiting);
  }
  ExitIfStreamed(out);
}

void OutboxDatabase::Apply(const Commit& commit) {
  if (commit.row.id > 0) outbox_[commit.row.id] = commit.row;
  if (commit.relay.empty()) return;
  published_[commit.relay] = commit.published;
  if (commit.removes) outbox_.erase(outbox_.begin(), outbox_.upper_bound(commit.published));
}

// ---- Replication

void OutboxDatabase::Stream(sim::Effects& out) {
  if (!follower_.valid() || streamed_ >= flushed_) return;
  WalData data{streamed_, {wal_.begin() + streamed_, wal_.begin() + flushed_}};
  streamed_ = flushed_;
  out.Send(follower_, sim::MakePayload(std::move(data)));
}

void OutboxDatabase::OnStop(sim::Env&, sim::Effects& out) {
  stopping_ = true;
  ExitIfStreamed(out);
}

void OutboxDatabase::ExitIfStreamed(sim::Effects& out) {
  const bool streamed = !follower_.valid() || follower_flushed_ == static_cast<int64_t>(wal_.size());
  if (stopping_ && (!primary_ || streamed)) out.Exit();
}

void OutboxDatabase::Follow(sim::Effects& out) {
  upstream_ = out.Connect(spec_->primary);
  out.Send(upstream_, sim::MakePayload(StartReplication{static_cast<int64_t>(wal_.size())}));
}

void OutboxDatabase::OnWalData(const WalData& data, sim::Effects& out) {
  CHECK(data.from == static_cast<int64_t>(wal_.size()), "the log goes on at {}, not at {}", wal_.size(), data.from);
  for (const Commit& commit : data.commits) {
    last_id_ = std::max(last_id_, commit.row.id);
    Append(commit, out);
  }
}

void OutboxDatabase::OnTimer(sim::Timer, sim::Env&, sim::Effects& out) {
  if (!primary_ && !upstream_.valid()) Follow(out);
}

void OutboxDatabase::OnDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) {
  if (conn == follower_) {
    follower_ = sim::ConnId{};
    ExitIfStreamed(out);
  }
  if (conn != upstream_) return;
  upstream_ = sim::ConnId{};
  out.SetTimer({kRetry}, kRetryInterval);
}

bool OutboxDatabase::OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) {
  if (operation.name != "config" || operation.key != kPromote || primary_) return false;
  const auto promote = env.settings().find(kPromote);
  if (promote == env.settings().end() || promote->second != "true") return false;
  primary_ = true;
  if (upstream_.valid()) out.Close(upstream_);
  upstream_ = sim::ConnId{};
  out.Note("promote", fmt::format("the standby is promoted, with {} transactions", wal_.size()));
  return true;
}

void OutboxDatabase::Describe(sim::Describer& d) const {
  d.Set("role", primary_ ? "primary" : "standby");
  d.Set("wal", static_cast<int64_t>(wal_.size()));
  d.Set("flushed", flushed_);
  d.Set("seen", seen_);
  d.Set("outbox", static_cast<int64_t>(outbox_.size()));
  for (const auto& [relay, id] : published_) d.Set("published.", relay, id);
}

void OutboxDatabase::CheckInvariants() const {
  CHECK(seen_ <= flushed_ && flushed_ <= static_cast<int64_t>(wal_.size()), "seen {} of {} flushed of {}", seen_,
        flushed_, wal_.size());
  CHECK(streamed_ <= flushed_ || !follower_.valid(), "streamed {} of {}", streamed_, flushed_);
}

}  // namespace brokersim::app
