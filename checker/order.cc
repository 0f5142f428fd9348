// reordered: a log holds the records of one process in another order than it sent them, or a poll
// returned records out of order. skipped: a reader's position jumped over records.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "checker/families.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// A send whose record has one place in the order of its log.
struct Placed {
  const SendFact* send = nullptr;
  int64_t offset = kNoOffset;
  OpIndex shown_by = kNoOp;  // what shows the place
};

// Where the record lies. A complete read-all is the log's own word: what an acknowledgement or an
// early read said of a record that was lost since says nothing about the order. False if unknown.
bool Place(const Facts& facts, const SendFact& send, Placed* placed) {
  placed->send = &send;
  const Audit& audit = facts.AuditOf(facts.LogOf(send.record));
  if (audit.complete) {
    placed->offset = facts.AuditFirst(send.record);
    placed->shown_by = audit.done;
    return placed->offset != kNoOffset;
  }
  const absl::Span<const Placement> places = facts.PlacementsOf(send.record);
  if (places.empty()) return false;
  placed->offset = places[0].offset;
  placed->shown_by = places[0].op;
  return true;
}

// A record that was sent twice (a retry by the application) has no single place among the sends.
bool SentOnce(const Facts& facts, Id record) {
  const auto sends = facts.SendsOf(record);
  return std::count_if(sends.begin(), sends.end(),
                       [](const SendFact* send) { return send->outcome != Outcome::kFail; }) == 1;
}

void ReportReordered(const Facts& facts, const Placed& first, const Placed& second,
                     Findings* findings) {
  const Id log = facts.LogOf(first.send->record);
  const char* when = first.send->invoke == second.send->invoke ? " in one operation" : "";
  formats::Anomaly& anomaly = findings->Add(
      {first.send->invoke, second.send->invoke, first.shown_by, second.shown_by},
      fmt::format("{} sent {} at {} and then {} at {}{}, but {} holds {} first: at offset {}, and "
                  "{} at {}.",
                  Who(facts, first.send->invoke), Quoted(facts, first.send->record),
                  At(facts, first.send->invoke), Quoted(facts, second.send->record),
                  At(facts, second.send->invoke), when, facts.LogName(log),
                  Quoted(facts, second.send->record), second.offset,
                  Quoted(facts, first.send->record), first.offset));
  AddRecord(facts, first.send->record, first.offset, &anomaly);
  AddRecord(facts, second.send->record, second.offset, &anomaly);
}

// Each record is compared with the one that its process sent before it: a log is out of order if
// and only if some such pair is, and one record out of place is then reported once.
void CheckSendOrder(const Facts& facts, Findings* findings) {
  absl::btree_map<std::pair<Id, Id>, Placed> last;  // by process and log
  for (const SendFact& send : facts.sends) {
    if (send.outcome == Outcome::kFail || !SentOnce(facts, send.record)) continue;
    Placed placed;
    if (!Place(facts, send, &placed)) continue;
    Placed& before = last[{send.process, facts.LogOf(send.record)}];
    if (before.send != nullptr && placed.offset < before.offset) {
      ReportReordered(facts, before, placed, findings);
    }
    before = placed;
  }
}

void CheckReadOrder(const Facts& facts, Findings* findings) {
  for (const PollFact& poll : facts.polls) {
    const absl::Span<const ReadFact> reads = facts.ReadsOf(poll);
    for (size_t i = 1; i < reads.size(); ++i) {
      if (reads[i].offset > reads[i - 1].offset) continue;
      formats::Anomaly& anomaly = findings->Add(
          {poll.Shown()},
          fmt::format("{} read {} at {} and got {} at offset {} before {} at offset {}.",
                      Who(facts, poll.Shown()), facts.LogName(poll.log), At(facts, poll.Shown()),
                      Quoted(facts, reads[i - 1].record), reads[i - 1].offset,
                      Quoted(facts, reads[i].record), reads[i].offset));
      AddRecord(facts, reads[i - 1].record, reads[i - 1].offset, &anomaly);
      AddRecord(facts, reads[i].record, reads[i].offset, &anomaly);
      break;  // the first of a poll shows it
    }
  }
}

// A reader of a log, on behalf of a group or of itself.
struct Reader {
  Id process = 0;
  Id group = 0;
  Id log = 0;
  friend auto operator<=>(const Reader&, const Reader&) = default;
};

void JudgeStep(const Facts& facts, const PollFact& before, const PollFact& after,
               Findings* findings) {
  if (after.from <= before.next) return;
  const Audit& audit = facts.AuditOf(after.log);
  if (!audit.complete) {
    findings->unknown.push_back(fmt::format(
        "skipped is not decided for {}, which went from {} to {} in {} at {}: no read-all shows "
        "what lies between.",
        Who(facts, after.done), before.next, after.from, facts.LogName(after.log),
        At(facts, after.done)));
    return;
  }
  const ReadFact* missed = audit.NextFrom(before.next);
  if (missed == nullptr || missed->offset >= after.from) return;
  formats::Anomaly& anomaly = findings->Add(
      {before.done, after.done, audit.done},
      fmt::format("{} would read {} on from {} (at {}) but next read from {} (at {}), and jumped "
                  "over {} at offset {}.",
                  Who(facts, after.done), facts.LogName(after.log), before.next,
                  At(facts, before.done), after.from, At(facts, after.done),
                  Quoted(facts, missed->record), missed->offset));
  AddRecord(facts, missed->record, missed->offset, &anomaly);
}

}  // namespace

void CheckReordered(const Facts& facts, Findings* findings) {
  CheckSendOrder(facts, findings);
  CheckReadOrder(facts, findings);
}

void CheckSkipped(const Facts& facts, Findings* findings) {
  absl::btree_map<Reader, const PollFact*> last;
  // The last line at which a process was told what a group's members read.
  absl::btree_map<std::pair<Id, Id>, OpIndex> assigned;
  auto assign = facts.assigns.begin();
  for (const PollFact& poll : facts.polls) {
    if (poll.audit || poll.outcome != Outcome::kOk) continue;
    for (; assign != facts.assigns.end() && assign->op < poll.done; ++assign) {
      assigned[{assign->process, assign->group}] = assign->op;
    }
    const PollFact*& before = last[{poll.process, poll.group, poll.log}];
    const auto told = assigned.find({poll.process, poll.group});
    const bool moved = before != nullptr && told != assigned.end() && told->second > before->invoke;
    if (before != nullptr && !moved) JudgeStep(facts, *before, poll, findings);
    before = &poll;
  }
}

}  // namespace brokersim::checker
