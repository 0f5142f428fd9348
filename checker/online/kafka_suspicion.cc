#include "checker/online/kafka_suspicion.h"

#include <algorithm>
#include <string>
#include <utility>

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::Operation;

bool SaysFenced(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text.find("fenced") != std::string::npos;
}

bool Sends(const Operation& op) { return op.f() == "send" || op.f() == "txn"; }
bool Polls(const Operation& op) { return op.f() == "poll" || op.f() == "read-all"; }

}  // namespace

KafkaSuspicion::KafkaSuspicion(bool subscribes, const Settling& settling)
    : subscribes_(subscribes), settling_(settling), settled_(settling.folder), settles_(!settling.folder.empty()) {}

bool KafkaSuspicion::Add(const Operation& op) {
  now_ = false;
  const bool ours = Sends(op) || Polls(op) || op.f() == "assign" || op.f() == "commit" || op.f() == "subscribe";
  if (ours && op.actions_size() == 0 && op.has_value()) always_ = true;  // of a form that no run has
  if (ours && !always_) {
    if (op.type() == Operation::INVOKE) {
      Begin(op);
    } else {
      End(op);
    }
  }
  ++operations_;
  if (settles_ && tables_->records.size() >= settling_.at && !always_) Settle();
  return now_ || always_;
}

// ---- names

Id KafkaSuspicion::LogOf(std::string_view name) {
  const Id id = log_names_.Number(name);
  if (id == logs_.size()) logs_.emplace_back();
  return id;
}

Id KafkaSuspicion::RecordOf(Id log, std::string_view value) {
  const Id id = tables_->names.Number(log, value);
  if (id == tables_->records.size()) tables_->records.emplace_back();
  return id;
}

bool KafkaSuspicion::MayBeForgotten(Id log, std::string_view value) const {
  return forgotten_.MayHold(log, value) && tables_->names.Find(log, value) == kNoId;
}

// ---- operations

void KafkaSuspicion::Begin(const Operation& op) {
  Ids ids;
  for (const Action& action : op.actions()) {
    if (action.has_poll() && Sends(op)) always_ = true;
    // What an invocation shows already was seen, even if it is never answered.
    for (const formats::Read& read : action.poll().reads()) ReadRecord(LogOf(action.poll().log()), read, false);
    if (Sends(op) && action.has_send()) ids.push_back(Sent(op, action.send()));
  }
  if (ids.empty()) return;
  Ids logs;
  for (const Id id : ids) logs.push_back(tables_->names.Scope(id));
  std::sort(logs.begin(), logs.end());
  if (std::adjacent_find(logs.begin(), logs.end()) != logs.end()) several_.emplace(op.index(), ids);
  open_.emplace(op.index(), std::move(ids));
}

void KafkaSuspicion::End(const Operation& op) {
  const bool ok = op.type() == Operation::OK;
  const Id process = processes_.Number(op.process());
  if (op.f() == "assign" && op.type() != Operation::FAIL) {
    // A run's line names the positions: polls go on from there, whatever was read before.
    positions_.erase(positions_.lower_bound({process, 0}), positions_.upper_bound({process, kNoId}));
  }
  if (Sends(op)) EndSends(op);
  for (const Action& action : op.actions()) {
    if (action.has_poll() && Sends(op)) always_ = true;
    if (action.has_poll() && Polls(op)) Read(process, action.poll(), ok);
    if (action.has_commit() && ok) Commit(action.commit());
  }
}

// ---- sends

Id KafkaSuspicion::Sent(const Operation& op, const formats::Send& send) {
  const Id log = LogOf(send.log());
  // Of two senders, only the model knows whose a place is.
  if (MayBeForgotten(log, send.value())) always_ = true;
  const Id id = RecordOf(log, send.value());
  Record& record = tables_->records[id];
  if (record.sent != kNever || record.offset != kNowhere) always_ = true;
  ++record.open_sends;
  record.sent = operations_;
  record.operation = op.index();
  record.above = logs_[log].highest_done;
  logs_[log].out.emplace(record.sent, id);
  return id;
}

void KafkaSuspicion::EndSends(const Operation& op) {
  const auto open = open_.find(op.invocation());
  if (open == open_.end()) return;
  const Ids ids = std::move(open->second);
  open_.erase(open);
  const bool ok = op.type() == Operation::OK;
  for (const Action& action : op.actions()) {
    if (!ok || !action.has_send() || !action.send().has_offset()) continue;
    See(RecordOf(LogOf(action.send().log()), action.send().value()), action.send().offset());
  }
  const bool refused = op.type() == Operation::FAIL || (!ok && SaysFenced(op.error()));
  for (size_t i = 0; i < ids.size(); ++i) {
    // What an OK line doesn't tell of wasn't sent.
    const bool told = !ok || (static_cast<int>(i) < op.actions_size() &&
                              op.actions(static_cast<int>(i)).send().value() == tables_->names.Text(ids[i]));
    EndSend(ids[i], op.type() != Operation::FAIL, refused || !told);
  }
  JudgeOrderWithin(op.invocation());
}

void KafkaSuspicion::EndSend(Id id, bool done, bool refused) {
  Record& record = tables_->records[id];
  Log& log = LogOfRecord(id);
  --record.open_sends;
  if (std::exchange(record.unsure, false)) now_ = true;
  if (refused) {
    record.refused = true;
    if (record.offset != kNowhere) now_ = true;
  }
  if (!done) {
    log.out.erase({record.sent, id});
  } else if (record.offset != kNowhere) {
    log.highest_done = std::max(log.highest_done, record.offset);
  } else {
    record.done = operations_;
    ++log.waiting;
  }
}

// Places of one operation's records in one log rise.
void KafkaSuspicion::JudgeOrderWithin(uint64_t operation) {
  const auto several = several_.find(operation);
  if (several == several_.end()) return;
  absl::btree_map<Id, int64_t> last;  // by log
  for (const Id id : several->second) {
    const int64_t offset = tables_->records[id].offset;
    const auto [at, first] = last.try_emplace(tables_->names.Scope(id), offset);
    if (!first && offset != kNowhere && offset <= at->second) now_ = true;
    at->second = offset;
  }
}

// ---- places

// A record was shown at an offset.
void KafkaSuspicion::See(Id id, int64_t offset) {
  Record& record = tables_->records[id];
  if (record.offset == offset) return;
  const Id log_id = tables_->names.Scope(id);
  Log& log = logs_[log_id];
  const bool taken = !log.at.try_emplace(offset, id).second || settled_.HoldsAny(log_id, offset, offset);
  if (record.offset != kNowhere || taken) {
    always_ = true;  // two places, or two at one
    return;
  }
  record.offset = offset;
  if (log.bare.Contains(offset)) now_ = true;
  if (record.sent != kNever) Place(&log, id);
  if (several_.contains(record.operation)) JudgeOrderWithin(record.operation);
}

// What was done before it was sent lies below it, and what was sent after it was done lies above.
void KafkaSuspicion::Place(Log* log, Id id) {
  const Record& record = tables_->records[id];
  log->out.erase({record.sent, id});
  if (record.offset <= record.above || record.offset <= log->late.HighestBelow(record.sent)) now_ = true;
  if (record.done != kNever) {
    const int64_t lowest = log->early.HighestBelow(-record.done);
    if (record.offset >= record.below || (lowest != Staircase::kNothing && record.offset >= -lowest)) now_ = true;
    log->late.Add(record.done, record.offset);
    log->highest_done = std::max(log->highest_done, record.offset);
    --log->waiting;
  }
  if (log->waiting > 0) log->early.Add(-record.sent, -record.offset);
}

// ---- polls

void KafkaSuspicion::Read(Id process, const formats::Poll& poll, bool ok) {
  if (poll.reads_size() == 0) return;
  const Id log = LogOf(poll.log());
  for (const formats::Read& read : poll.reads()) ReadRecord(log, read, ok);
  const auto before = positions_.find({process, log});
  if (!subscribes_ && before != positions_.end()) Step(log, before->second, poll.reads(0).offset());
  for (int i = 1; i < poll.reads_size(); ++i) Step(log, poll.reads(i - 1).offset(), poll.reads(i).offset());
  if (ok) positions_[{process, log}] = poll.reads(poll.reads_size() - 1).offset();
}

void KafkaSuspicion::ReadRecord(Id log, const formats::Read& read, bool ok) {
  if (MayBeForgotten(log, read.value())) {
    if (!settled_.Holds(log, read.offset(), read.value())) now_ = true;  // settled elsewhere, or refused
    return;
  }
  const Id id = RecordOf(log, read.value());
  Record& record = tables_->records[id];
  if (record.sent == kNever || record.refused) now_ = true;
  if (!ok && record.offset == kNowhere) record.unsure = true;
  if (ok && std::exchange(record.unsure, false)) now_ = true;
  See(id, read.offset());
}

// From one record that was read to the next one: nothing lies between.
void KafkaSuspicion::Step(Id log_id, int64_t from, int64_t to) {
  if (to <= from) now_ = true;
  if (to <= from + 1) return;
  Log& log = logs_[log_id];
  const auto between = log.at.upper_bound(from);
  if (between != log.at.end() && between->first < to) now_ = true;
  if (settled_.HoldsAny(log_id, from + 1, to - 1)) now_ = true;
  if (to > log.bare_from) log.bare.Add(std::max(from + 1, log.bare_from), to);
}

void KafkaSuspicion::Commit(const formats::Commit& commit) {
  const TwoIds key = {groups_.Number(commit.group()), LogOf(commit.log())};
  int64_t& highest = committed_.try_emplace(key, commit.offset()).first->second;
  if (commit.offset() < highest) now_ = true;
  highest = std::max(highest, commit.offset());
}

}  // namespace brokersim::checker
