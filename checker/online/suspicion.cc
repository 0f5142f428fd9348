#include "checker/online/suspicion.h"

#include <algorithm>
#include <utility>

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::Operation;

}  // namespace

Suspicion::Suspicion(const std::vector<std::string>& checks, const Settling& settling)
    : settling_(settling), settled_(settling.folder), settles_(!settling.folder.empty()) {
  const auto has = [&checks](std::string_view name) { return std::count(checks.begin(), checks.end(), name) > 0; };
  loss_ = has("lost-write");
  redelivery_ = has("redelivery");
  stale_ = has("stale-read");
  skipped_ = has("skipped");
  dirty_ = has("dirty-read");
  rollback_ = has("rollback");
  reordered_ = has("reordered");
  aborted_ = has("aborted-read");
  hang_ = has("hang");
}

bool Suspicion::Add(const Operation& op) {
  if (op.type() == Operation::INVOKE) {
    Begin(op);
  } else {
    End(op);
  }
  ++operations_;
  // What a mirror lacks, read-alls show.
  if (hang_ && mirrors_ && audits_ > 0) suspicious_ = true;
  if (settles_ && tables_->records.size() >= settling_.at && !suspicious_) Settle();
  return suspicious_;
}

// ---- names

Id Suspicion::LogOf(std::string_view name) {
  const Id id = log_names_.Number(name);
  if (id == logs_.size()) logs_.emplace_back();
  return id;
}

Id Suspicion::RecordOf(Id log, std::string_view value) {
  const Id id = tables_->names.Number(log, value);
  if (id == tables_->records.size()) tables_->records.emplace_back();
  return id;
}

bool Suspicion::MayBeForgotten(Id log, std::string_view value) const {
  return forgotten_.MayHold(log, value) && tables_->names.Find(log, value) == kNoId;
}

// ---- operations

void Suspicion::Begin(const Operation& op) {
  Ids sent;
  for (const Action& action : op.actions()) {
    // What an invocation shows already was seen, even if it is never answered.
    if (action.has_poll()) Read(action.poll(), false, op.f() == "read-all");
    if (action.has_process()) NoteProcessing(action.process());
    if (!action.has_send()) continue;
    const Id log = LogOf(action.send().log());
    if (MayBeForgotten(log, action.send().value())) suspicious_ = true;
    const Id id = RecordOf(log, action.send().value());
    sent.push_back(id);
    Record& record = tables_->records[id];
    ++record.open_sends;
    if (op.f() == "mirror") BeginCopy(record, action.send().value());
    const Id line = lines_by_name_.Number(log, op.process());
    if (line == lines_.size()) lines_.emplace_back();
    if (record.line != kNoPlace) continue;  // sent before: it keeps its first place
    record.line = line;
    record.place = lines_[line].next++;
    if (record.offset != kNowhere) Put(record.offset, &record);
  }
  if (!sent.empty()) open_.push_back({operations_, std::move(sent)});
}

// What its invocation sent; it is open no more.
Suspicion::Ids Suspicion::Close(const Operation& op) {
  const auto open = std::lower_bound(open_.begin(), open_.end(), op.invocation(),
                                     [](const OpenSend& send, uint64_t wanted) { return send.operation < wanted; });
  if (open == open_.end() || open->operation != op.invocation()) return {};
  Ids sent = std::move(open->sent);
  open_.erase(open);
  for (const Id id : sent) --tables_->records[id].open_sends;
  return sent;
}

void Suspicion::End(const Operation& op) {
  const Ids sent = Close(op);
  if (op.type() == Operation::FAIL) return Fail(op, sent);
  const bool ok = op.type() == Operation::OK;
  const bool audit = op.f() == "read-all";
  if (audit) ++audits_;
  size_t place = 0;  // among what was sent
  for (const Action& action : op.actions()) {
    if (action.has_send() && ok) Acknowledge(action.send(), place < sent.size() ? sent[place++] : kNoId);
    if (action.has_poll()) Read(action.poll(), ok, audit);
    if (action.has_commit() && ok) Commit(action.commit());
    if (action.has_process()) NoteProcessing(action.process());
    if (action.has_process() && ok && action.process().applied()) Apply(action.process());
  }
  if (audit) Audit(op, ok);
}

void Suspicion::Fail(const Operation& op, const Ids& sent) {
  for (const Id id : sent) {
    Record& record = tables_->records[id];
    record.failed = true;
    if (record.offset != kNowhere) suspicious_ = true;
    if (!aborted_ || op.f() == "mirror") continue;
    const std::string_view value = tables_->names.Text(id);
    if (copies_.Contains(0, value)) suspicious_ = true;
    refused_.Add(0, value);
  }
  if (op.f() == "read-all") suspicious_ = true;
}

// ---- copies: what a mirror copied although its original failed was never there

void Suspicion::BeginCopy(const Record& record, std::string_view value) {
  mirrors_ = true;
  if (record.read) ReadCopy(value);
}

void Suspicion::ReadCopy(std::string_view value) {
  if (!aborted_) return;
  if (refused_.Contains(0, value)) suspicious_ = true;
  copies_.Add(0, value);
}

// ---- records

// A record was seen at an offset.
void Suspicion::See(Id log, Id id, int64_t offset) {
  Record& record = tables_->records[id];
  if (record.failed) suspicious_ = true;
  if (record.offset == offset) return;
  if (record.offset != kNowhere) suspicious_ = true;  // at two offsets
  const auto [there, first] = logs_[log].at.try_emplace(offset, id);
  // Two records at one.
  if ((!first && there->second != id) || settled_.HoldsAny(log, offset, offset)) suspicious_ = true;
  record.offset = offset;
  Put(offset, &record);
}

// Enters the record's offset into its process's line of sends.
void Suspicion::Put(int64_t offset, Record* record) {
  if (!reordered_ || record->line == kNoPlace) return;
  std::vector<SendLine::Place>& offsets = lines_[record->line].offsets;
  auto here = offsets.end();
  while (here != offsets.begin() && std::prev(here)->place >= record->place) --here;  // most often the last
  if (here != offsets.end() && here->place == record->place) {
    here->offset = offset;
  } else {
    here = offsets.insert(here, {record->place, offset});
  }
  if (std::next(here) != offsets.end() && std::next(here)->offset < offset) suspicious_ = true;
  if (here != offsets.begin() && std::prev(here)->offset > offset) suspicious_ = true;
}

// Most often it is the record that its invocation sent.
void Suspicion::Acknowledge(const formats::Send& send, Id sent) {
  const Names& names = tables_->names;
  Id id = sent;
  if (sent == kNoId || names.Text(sent) != send.value() || log_names_.Text(names.Scope(sent)) != send.log()) {
    const Id log = LogOf(send.log());
    if (MayBeForgotten(log, send.value())) suspicious_ = true;
    id = RecordOf(log, send.value());
  }
  const Id log = names.Scope(id);
  Record& record = tables_->records[id];
  if (!record.acknowledged) logs_[log].acknowledged.push_back(id);
  record.acknowledged = true;
  if (!send.has_offset()) return;
  logs_[log].highest_ack = std::max(logs_[log].highest_ack, send.offset());
  See(log, id, send.offset());
}

void Suspicion::Read(const formats::Poll& poll, bool ok, bool audit) {
  const Id log_id = LogOf(poll.log());
  int64_t last = kNowhere;
  for (const formats::Read& read : poll.reads()) {
    if (!MayBeForgotten(log_id, read.value())) {
      ReadRecord(log_id, RecordOf(log_id, read.value()), read.offset(), audit);
    } else if (settled_.Holds(log_id, read.offset(), read.value())) {
      ReadSettled(log_id, read.offset(), audit);
    } else {
      suspicious_ = true;  // settled elsewhere, or failed
    }
    if (mirrors_) ReadCopy(read.value());
    if (read.offset() <= last) suspicious_ = true;
    last = read.offset();
  }
  if (redelivery_ && !audit && !poll.group().empty()) Deliver(poll, log_id);
  if (!ok || audit) return;
  Log& log = logs_[log_id];
  if (stale_ && poll.has_end() && poll.end() <= log.highest_ack) suspicious_ = true;
  if (loss_) Pass(poll, log);
  if (skipped_) Step(poll, log_id);
}

void Suspicion::ReadRecord(Id log, Id id, int64_t offset, bool audit) {
  Record& record = tables_->records[id];
  if (!record.read && dirty_) logs_[log].polled.push_back(id);
  record.read = true;
  if (audit) record.audit = audits_;
  See(log, id, offset);
}

void Suspicion::ReadSettled(Id log_id, int64_t offset, bool audit) {
  if (!audit) return;
  Log& log = logs_[log_id];
  if (log.audit != audits_) {
    log.audit = audits_;
    log.audited = 0;
    log.audited_until = kNowhere;
  }
  if (offset <= log.audited_until) suspicious_ = true;
  log.audited_until = offset;
  ++log.audited;
}

void Suspicion::Deliver(const formats::Poll& poll, Id log) {
  if (poll.reads_size() == 0) return;
  Intervals& delivered = delivered_[{GroupOf(poll.group()), log}];
  for (const formats::Read& read : poll.reads()) {
    if (delivered.Contains(read.offset())) suspicious_ = true;
  }
  // What it went over, so that holes don't part what lies around them.
  const int64_t first = poll.reads(0).offset();
  const int64_t end = poll.reads(poll.reads_size() - 1).offset() + 1;
  delivered.Add(poll.from() < first && poll.next() >= end ? poll.from() : first, std::max(end, poll.next()));
}

// An acknowledged record that a poll went over and nobody ever read may be lost.
void Suspicion::Pass(const formats::Poll& poll, const Log& log) {
  if (poll.from() >= poll.next()) return;
  const int reads = poll.reads_size();
  const bool whole = reads > 0 && reads == poll.next() - poll.from() && poll.reads(0).offset() == poll.from() &&
                     poll.reads(reads - 1).offset() == poll.next() - 1;
  if (whole) return;  // it returned all that it went over
  for (auto at = log.at.lower_bound(poll.from()); at != log.at.end() && at->first < poll.next(); ++at) {
    const Record& record = tables_->records[at->second];
    if (record.acknowledged && !record.read) suspicious_ = true;
  }
}

// Jumps are judged by the read-all that shows what lies between.
void Suspicion::Step(const formats::Poll& poll, Id log) {
  int64_t& next = positions_.try_emplace({GroupOf(poll.group()), log}, poll.from()).first->second;
  if (poll.from() > next) jumped_ = true;
  next = std::min(next, poll.next());
}

// ---- groups

void Suspicion::Commit(const formats::Commit& commit) {
  const GroupAndLog key = {GroupOf(commit.group()), LogOf(commit.log())};
  const auto [at, first] = committed_.try_emplace(key, commit.offset());
  if (first && settled_.count(key.second) > 0) unfollowed_.insert(key);
  if (rollback_ && commit.offset() < at->second) suspicious_ = true;
  at->second = std::max(at->second, commit.offset());
  if (audits_ > 0 && loss_) JudgeGroups();
}

// Only groups that process are judged.
void Suspicion::NoteProcessing(const formats::Process& process) {
  const Id group = GroupOf(process.group());
  processes_ = true;
  if (group >= processing_.size()) processing_.resize(size_t{group} + 1, false);
  if (!processing_[group]) {
    for (Id log = 0; log < logs_.size(); ++log) {
      if (settled_.count(log) > 0) unfollowed_.insert({group, log});
    }
  }
  processing_[group] = true;
  if (audits_ > 0 && loss_) JudgeGroups();
}

void Suspicion::Apply(const formats::Process& process) {
  const Id group = GroupOf(process.group());
  if (applied_.Contains(group, process.value())) suspicious_ = true;
  applied_.Add(group, process.value());
  if (unprocessed_.empty()) return;
  const Id log = LogOf(process.log());
  const auto unprocessed = unprocessed_.find({group, log});
  if (unprocessed == unprocessed_.end() || !unprocessed->second.contains(process.offset())) return;
  if (settled_.Holds(log, process.offset(), process.value())) unprocessed->second.erase(process.offset());
}

// ---- read-alls

void Suspicion::Audit(const Operation& op, bool ok) {
  if (!ok) suspicious_ = true;
  if (jumped_) suspicious_ = true;
  for (const Action& action : op.actions()) {
    if (!action.has_poll()) continue;
    const formats::Poll& poll = action.poll();
    if (!poll.has_end() || poll.next() < poll.end()) suspicious_ = true;  // it may not have reached the end
    const Id log_id = LogOf(poll.log());
    const Log& log = logs_[log_id];
    const auto left_out = [&](Id id) { return tables_->records[id].audit != audits_; };
    if (loss_ && std::any_of(log.acknowledged.begin(), log.acknowledged.end(), left_out)) suspicious_ = true;
    if (std::any_of(log.polled.begin(), log.polled.end(), left_out)) suspicious_ = true;
    const uint64_t audited = log.audit == audits_ ? log.audited : 0;
    if ((loss_ || dirty_) && audited < settled_.count(log_id)) suspicious_ = true;
  }
  if (loss_) JudgeGroups();
}

// Below a group's committed offset everything that a read-all showed is processed, or the record may be lost to it.
void Suspicion::JudgeGroups() {
  if (!processes_) return;
  for (const auto& [key, offset] : committed_) {
    if (key.first < processing_.size() && processing_[key.first]) JudgeGroup(key.first, key.second, offset);
  }
}

void Suspicion::JudgeGroup(Id group, Id log, int64_t committed) {
  for (const auto& [at, id] : logs_[log].at) {
    if (at >= committed) break;
    if (tables_->records[id].audit != 0 && !applied_.Contains(group, tables_->names.Text(id))) suspicious_ = true;
  }
  if (settled_.count(log) == 0 || settled_.lowest(log) >= committed) return;
  if (unfollowed_.contains({group, log})) suspicious_ = true;
  const auto unprocessed = unprocessed_.find({group, log});
  if (unprocessed == unprocessed_.end() || unprocessed->second.empty()) return;
  if (*unprocessed->second.begin() < committed) suspicious_ = true;
}

}  // namespace brokersim::checker
