#include "checker/online.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "checker/check.h"
#include "checker/interner.h"

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::Operation;

constexpr int64_t kNowhere = -1;

std::vector<std::string> WithoutTheEnd(const std::vector<std::string>& checks) {
  std::vector<std::string> some = checks.empty() ? DefaultChecks() : checks;
  some.erase(std::remove(some.begin(), some.end(), "unavailable"), some.end());
  return some;
}

}  // namespace

// Everything that could make a history invalid makes it suspicious first; a suspicion stays. What it notices may be
// harmless: only completeness counts, and that it is rare.
class OnlineCheck::Suspicion {
 public:
  Suspicion(const formats::History& history, const std::vector<std::string>& asked) : history_(history) {
    const auto has = [&asked](std::string_view name) { return std::count(asked.begin(), asked.end(), name) > 0; };
    loss_ = has("lost-write");
    redelivery_ = has("redelivery");
    stale_ = has("stale-read");
    skipped_ = has("skipped");
    dirty_ = has("dirty-read");
    rollback_ = has("rollback");
    reordered_ = has("reordered");
  }

  // Whether the history must be judged after this operation.
  bool Add(const Operation& op) {
    if (op.type() == Operation::INVOKE) {
      Begin(op);
    } else if (op.type() == Operation::FAIL) {
      Fail(op);
    } else {
      End(op);
    }
    return suspicious_;
  }

 private:
  struct Record {
    int64_t offset = kNowhere;  // where it was first seen
    int64_t acked = kNowhere;   // as acknowledged
    bool acknowledged = false;
    bool failed = false;  // a send of it failed
    bool read = false;
    uint32_t line = UINT32_MAX;  // its line of sends, and place in it
    uint32_t place = 0;
    uint32_t audit = 0;  // the last read-all that showed it
  };

  // What one process sent to one log, in its order.
  struct SendLine {
    std::vector<int64_t> offsets;
    uint32_t last = UINT32_MAX;  // the last one that has a place
  };

  struct Log {
    absl::btree_map<int64_t, Id> at;  // records by their offsets
    std::vector<Id> acknowledged;
    std::vector<Id> polled;
    int64_t highest_ack = kNowhere;
  };

  Id RecordOf(Id log, std::string_view value) {
    const Id id = names_.Intern(log, value);
    if (id == records_.size()) records_.emplace_back();
    return id;
  }
  Id LogOf(std::string_view name) {
    const Id id = log_names_.Intern(name);
    if (id == logs_.size()) logs_.emplace_back();
    return id;
  }

  void Begin(const Operation& op) {
    for (const Action& action : op.actions()) {
      // What an invocation shows already was seen, even if it is never answered.
      if (action.has_poll()) Read(action.poll(), false, op.f() == "read-all");
      if (action.has_process()) NoteProcessing();
      if (!action.has_send()) continue;
      const Id log = LogOf(action.send().log());
      Record& record = records_[RecordOf(log, action.send().value())];
      const Id line = lines_by_name_.Intern(log, op.process());
      if (line == lines_.size()) lines_.emplace_back();
      if (record.line != UINT32_MAX) continue;  // sent before: it keeps its first place
      record.line = line;
      record.place = static_cast<uint32_t>(lines_[line].offsets.size());
      lines_[line].offsets.push_back(kNowhere);
      if (record.offset != kNowhere) Put(record.offset, &record);
    }
  }

  const Operation& Invocation(const Operation& op) const {
    return history_.operations(static_cast<int>(op.invocation()));
  }

  void Fail(const Operation& op) {
    for (const Action& action : Invocation(op).actions()) {
      if (!action.has_send()) continue;
      Record& record = records_[RecordOf(LogOf(action.send().log()), action.send().value())];
      record.failed = true;
      if (record.offset != kNowhere) suspicious_ = true;
    }
    if (op.f() == "read-all") suspicious_ = true;
  }

  void End(const Operation& op) {
    const bool ok = op.type() == Operation::OK;
    const bool audit = op.f() == "read-all";
    if (audit) ++audits_;
    for (const Action& action : op.actions()) {
      if (action.has_send() && ok) Acknowledge(action.send());
      if (action.has_poll()) Read(action.poll(), ok, audit);
      if (action.has_commit() && ok) Commit(action.commit());
      if (action.has_process()) NoteProcessing();
      if (action.has_process() && ok && action.process().applied()) Apply(action.process());
    }
    if (audit) Audit(op, ok);
  }

  // A record was seen at an offset.
  void See(Id log, Id id, int64_t offset) {
    Record& record = records_[id];
    if (record.failed) suspicious_ = true;
    if (record.offset == offset) return;
    if (record.offset != kNowhere) suspicious_ = true;  // at two offsets
    const auto [there, first] = logs_[log].at.try_emplace(offset, id);
    if (!first && there->second != id) suspicious_ = true;  // two records at one
    record.offset = offset;
    Put(offset, &record);
  }

  // Enters the record's offset into its process's line of sends.
  void Put(int64_t offset, Record* record) {
    if (!reordered_ || record->line == UINT32_MAX) return;
    SendLine& line = lines_[record->line];
    line.offsets[record->place] = offset;
    if (line.last == UINT32_MAX || record->place > line.last) {
      if (line.last != UINT32_MAX && line.offsets[line.last] > offset) suspicious_ = true;
      line.last = record->place;
      return;
    }
    const auto placed = [](int64_t at) { return at != kNowhere; };
    const auto here = line.offsets.begin() + record->place;
    const auto after = std::find_if(here + 1, line.offsets.end(), placed);
    if (after != line.offsets.end() && *after < offset) suspicious_ = true;
    const auto before = std::find_if(std::make_reverse_iterator(here), line.offsets.rend(), placed);
    if (before != line.offsets.rend() && *before > offset) suspicious_ = true;
  }

  void Acknowledge(const formats::Send& send) {
    const Id log = LogOf(send.log());
    const Id id = RecordOf(log, send.value());
    if (!records_[id].acknowledged) logs_[log].acknowledged.push_back(id);
    records_[id].acknowledged = true;
    if (!send.has_offset()) return;
    records_[id].acked = send.offset();
    logs_[log].highest_ack = std::max(logs_[log].highest_ack, send.offset());
    See(log, id, send.offset());
  }

  void Read(const formats::Poll& poll, bool ok, bool audit) {
    const Id log_id = LogOf(poll.log());
    int64_t last = kNowhere;
    for (const formats::Read& read : poll.reads()) {
      const Id id = RecordOf(log_id, read.value());
      Record& record = records_[id];
      if (!record.read && dirty_) logs_[log_id].polled.push_back(id);
      record.read = true;
      if (audit) record.audit = audits_;
      See(log_id, id, read.offset());
      if (read.offset() <= last) suspicious_ = true;
      last = read.offset();
      if (redelivery_ && !audit && !poll.group().empty()) Deliver(poll.group(), id);
    }
    if (!ok || audit) return;
    Log& log = logs_[log_id];
    if (stale_ && poll.has_end() && poll.end() <= log.highest_ack) suspicious_ = true;
    if (loss_) Pass(poll, log);
    if (skipped_) Step(poll, log_id);
  }

  void Deliver(const std::string& group, Id record) {
    const Id scope = groups_.Intern(group);
    if (!delivered_.try_emplace({scope, record}, true).second) suspicious_ = true;
  }

  // An acknowledged record that a poll went over and nobody ever read may be lost.
  void Pass(const formats::Poll& poll, const Log& log) {
    if (poll.from() >= poll.next()) return;
    const int reads = poll.reads_size();
    const bool whole = reads > 0 && reads == poll.next() - poll.from() && poll.reads(0).offset() == poll.from() &&
                       poll.reads(reads - 1).offset() == poll.next() - 1;
    if (whole) return;  // it returned all that it went over
    for (auto at = log.at.lower_bound(poll.from()); at != log.at.end() && at->first < poll.next(); ++at) {
      const Record& record = records_[at->second];
      if (record.acknowledged && !record.read) suspicious_ = true;
    }
  }

  // Jumps are judged by the read-all that shows what lies between.
  void Step(const formats::Poll& poll, Id log) {
    int64_t& next = positions_.try_emplace({groups_.Intern(poll.group()), log}, poll.from()).first->second;
    if (poll.from() > next) jumped_ = true;
    next = std::min(next, poll.next());
  }

  void Commit(const formats::Commit& commit) {
    const auto key = std::make_pair(groups_.Intern(commit.group()), LogOf(commit.log()));
    int64_t& highest = committed_.try_emplace(key, commit.offset()).first->second;
    if (rollback_ && commit.offset() < highest) suspicious_ = true;
    highest = std::max(highest, commit.offset());
    if (audits_ > 0 && loss_) JudgeGroups();
  }

  void Apply(const formats::Process& process) {
    const Id group = groups_.Intern(process.group());
    if (!applied_.try_emplace({group, values_.Intern(process.value())}, true).second) suspicious_ = true;
  }

  // Only groups that process are judged.
  void NoteProcessing() {
    processes_ = true;
    if (audits_ > 0 && loss_) JudgeGroups();
  }

  void Audit(const Operation& op, bool ok) {
    if (!ok) suspicious_ = true;
    if (jumped_) suspicious_ = true;
    for (const Action& action : op.actions()) {
      if (!action.has_poll()) continue;
      const formats::Poll& poll = action.poll();
      if (!poll.has_end() || poll.next() < poll.end()) suspicious_ = true;  // it may not have reached the end
      const Log& log = logs_[LogOf(poll.log())];
      for (Id id : log.acknowledged) {
        if (loss_ && records_[id].audit != audits_) suspicious_ = true;
      }
      for (Id id : log.polled) {
        if (records_[id].audit != audits_) suspicious_ = true;
      }
    }
    if (loss_) JudgeGroups();
  }

  // Below a group's committed offset everything that a read-all showed is processed, or the record may be lost to it.
  void JudgeGroups() {
    if (!processes_) return;
    for (const auto& [key, offset] : committed_) {
      for (const auto& [at, id] : logs_[key.second].at) {
        if (at >= offset) break;
        if (records_[id].audit == 0) continue;
        const Id value = values_.Find(0, names_.Text(id));
        if (value == kNoId || !applied_.contains({key.first, value})) suspicious_ = true;
      }
    }
  }

  const formats::History& history_;
  bool loss_ = false;
  bool redelivery_ = false;
  bool stale_ = false;
  bool skipped_ = false;
  bool dirty_ = false;
  bool rollback_ = false;
  bool reordered_ = false;
  bool suspicious_ = false;
  bool jumped_ = false;
  bool processes_ = false;
  uint32_t audits_ = 0;

  Interner log_names_;
  Interner names_;  // of records; scope: the log
  Interner lines_by_name_;  // of lines of sends; scope: the log
  Interner groups_;
  Interner values_;
  std::vector<Log> logs_;
  std::vector<Record> records_;
  std::vector<SendLine> lines_;
  absl::btree_map<std::pair<Id, Id>, bool> delivered_;     // by group and record
  absl::btree_map<std::pair<Id, Id>, bool> applied_;       // by group and value
  absl::btree_map<std::pair<Id, Id>, int64_t> positions_;  // by group and log: the lowest
  absl::btree_map<std::pair<Id, Id>, int64_t> committed_;  // by group and log: the highest
};

OnlineCheck::OnlineCheck(const formats::History* history, const std::vector<std::string>& checks)
    : history_(history),
      checks_(WithoutTheEnd(checks)),
      suspicion_(std::make_unique<Suspicion>(*history, checks_)),
      anything_(!checks_.empty()) {}

OnlineCheck::~OnlineCheck() = default;

bool OnlineCheck::Advance() {
  bool suspicious = false;
  for (; seen_ < history_->operations_size(); ++seen_) {
    suspicious = suspicion_->Add(history_->operations(seen_)) || suspicious;
  }
  if (invalid_ || !suspicious || !anything_) return invalid_;
  ++asked_;
  invalid_ = Check(*history_, checks_).result() == formats::Verdict::INVALID;
  return invalid_;
}

}  // namespace brokersim::checker
