// lost-write: an acknowledged record that the log doesn't hold.
//
// Three witnesses are heard, the strongest first:
//   1. a complete read-all of the log, invoked after the acknowledgement: what it doesn't show is
//      gone, unless a later poll still found it;
//   2. whoever read the record: then it was there, and without a read-all nothing says it left;
//   3. a poll invoked after the acknowledgement that went over the record's offset without it.
// A record that none of them speaks of is undecided, which makes the verdict UNKNOWN.
#include <algorithm>
#include <utility>
#include <vector>

#include "checker/families.h"
#include "checker/stable_sort.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// An acknowledged record that nobody read and that no read-all decides.
struct Unread {
  const SendFact* ack = nullptr;
  OpIndex passed_by = kNoOp;  // the last poll that went over its offset
  int64_t from = 0;
  int64_t next = 0;
};

class LossCheck {
 public:
  LossCheck(const Facts& facts, Findings* findings)
      : facts_(facts), findings_(findings), unread_(facts.logs()) {}

  void Run() {
    for (Id record = 0; record < facts_.records(); ++record) Judge(record);
    if (!any_unread_) return;
    for (const PollFact& poll : facts_.polls) polls_by_log_.push_back(&poll);
    // The latest first: the first poll to pass over a record is then the last in time.
    StableSort(&polls_by_log_, [](const PollFact* a, const PollFact* b) {
      return a->log != b->log ? a->log < b->log : a->invoke > b->invoke;
    });
    for (Id log = 0; log < facts_.logs(); ++log) {
      if (unread_[log].empty()) continue;
      FindWhoPassed(log);
      ReportUnread(log);
    }
  }

 private:
  void Judge(Id record) {
    const SendFact* ack = FirstAck(facts_, record);
    if (ack == nullptr) return;
    const Id log = facts_.LogOf(record);
    const Audit& audit = facts_.AuditOf(log);
    if (audit.complete && audit.invoke > ack->done) {
      if (facts_.AuditFirst(record) != kNoOffset) return;
      // Retention may have moved the log's beginning past the record: absence proves nothing.
      const bool covered = audit.from == 0 || ack->offset >= audit.from;
      if (covered) {
        if (!FoundAfter(record, audit)) ReportMissing(*ack, audit);
        return;
      }
    }
    if (FirstReader(record) != kNoOp) return;
    unread_[log].push_back({ack});
    any_unread_ = true;
  }

  // Whether someone got the record at a time that isn't certainly before the read-all.
  bool FoundAfter(Id record, const Audit& audit) const {
    for (const Sighting& sighting : facts_.SightingsOf(record)) {
      if (sighting.by != Sighting::By::kAck && sighting.op > audit.done) return true;
    }
    return false;
  }

  OpIndex FirstReader(Id record) const {
    for (const Sighting& sighting : facts_.SightingsOf(record)) {
      if (sighting.by != Sighting::By::kAck) return sighting.op;
    }
    return kNoOp;
  }

  void ReportMissing(const SendFact& ack, const Audit& audit) {
    std::string text = fmt::format(
        "{}, but the read-all of {} ({} to the end at {}, done at {}) doesn't find it",
        Told(facts_, ack), Who(facts_, audit.done), audit.from, audit.end, At(facts_, audit.done));
    if (ack.offset != kNoOffset) text += NowAt(audit, ack.offset);
    const OpIndex reader = FirstReader(ack.record);
    if (reader != kNoOp) {
      text += fmt::format("; {} had read it at {}", Who(facts_, reader), At(facts_, reader));
    }
    formats::Anomaly& anomaly = findings_->Add({ack.done, audit.done}, text + ".");
    AddRecord(facts_, ack.record, ack.offset, &anomaly);
  }

  // What the read-all shows in the record's place.
  std::string NowAt(const Audit& audit, int64_t offset) const {
    const ReadFact* there = audit.NextFrom(offset);
    if (there != nullptr && there->offset == offset) {
      return fmt::format(", and offset {} holds {}", offset, Quoted(facts_, there->record));
    }
    return "";
  }

  // For each unread record of the log the last poll that went over its offset. Every record is
  // passed once at most: `next_open` skips those that a later poll has passed already.
  void FindWhoPassed(Id log) {
    std::vector<Unread>& unread = unread_[log];
    StableSort(&unread,
               [](const Unread& a, const Unread& b) { return a.ack->offset < b.ack->offset; });
    std::vector<size_t> next_open(unread.size() + 1);
    for (size_t i = 0; i < next_open.size(); ++i) next_open[i] = i;
    const auto open = [&next_open](size_t i) {
      while (next_open[i] != i) {
        next_open[i] = next_open[next_open[i]];
        i = next_open[i];
      }
      return i;
    };
    const auto first =
        std::lower_bound(polls_by_log_.begin(), polls_by_log_.end(), log,
                         [](const PollFact* poll, Id wanted) { return poll->log < wanted; });
    for (auto it = first; it != polls_by_log_.end() && (*it)->log == log; ++it) {
      const PollFact& poll = **it;
      if (poll.outcome != Outcome::kOk) continue;
      const auto lowest =
          std::lower_bound(unread.begin(), unread.end(), poll.from,
                           [](const Unread& a, int64_t offset) { return a.ack->offset < offset; });
      for (size_t i = open(lowest - unread.begin());
           i < unread.size() && unread[i].ack->offset < poll.next; i = open(i + 1)) {
        unread[i].passed_by = poll.invoke > unread[i].ack->done ? poll.done : kNoOp;
        unread[i].from = poll.from;
        unread[i].next = poll.next;
        next_open[i] = i + 1;
      }
    }
  }

  void ReportUnread(Id log) {
    uint64_t undecided = 0;
    const SendFact* example = nullptr;
    for (const Unread& record : unread_[log]) {
      const SendFact& ack = *record.ack;
      if (ack.offset == kNoOffset || record.passed_by == kNoOp) {
        ++undecided;
        if (example == nullptr || ack.done < example->done) example = &ack;
        continue;
      }
      formats::Anomaly& anomaly = findings_->Add(
          {ack.done, record.passed_by},
          fmt::format("{}, but {} read from {} to {} after that, at {}, without finding it, and "
                      "nobody ever did.",
                      Told(facts_, ack), Who(facts_, record.passed_by), record.from, record.next,
                      At(facts_, record.passed_by)));
      AddRecord(facts_, ack.record, ack.offset, &anomaly);
    }
    if (example == nullptr) return;
    const Audit& audit = facts_.AuditOf(log);
    const char* why = "there is no read-all of it";
    if (audit.asked && !audit.complete) why = "no read-all of it reached its end";
    if (audit.complete) why = "its read-all doesn't cover them";
    findings_->unknown.push_back(fmt::format(
        "lost-write is not decided for {} of {} that nobody read: {} (the first: {}).",
        Count(undecided, "acknowledged record"), facts_.LogName(log), why, Told(facts_, *example)));
  }

  const Facts& facts_;
  Findings* findings_;
  std::vector<std::vector<Unread>> unread_;  // by log
  bool any_unread_ = false;
  std::vector<const PollFact*> polls_by_log_;
};

}  // namespace

void CheckLostWrite(const Facts& facts, Findings* findings) {
  LossCheck(facts, findings).Run();
  CheckLostByGroup(facts, findings);
}

}  // namespace brokersim::checker
