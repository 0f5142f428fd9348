// What readers saw and should not have, or didn't see and should have: stale-read, aborted-read,
// dirty-read; and logs that could not be read at all: unavailable.
#include <algorithm>
#include <vector>

#include "checker/families.h"
#include "checker/stable_sort.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// The acknowledgements of a log that raised the highest acknowledged offset, in order.
struct HighestAcks {
  std::vector<const SendFact*> acks;

  // The highest acknowledged before an operation; null if there was none.
  const SendFact* Before(OpIndex op) const {
    const auto it = std::partition_point(acks.begin(), acks.end(),
                                         [op](const SendFact* send) { return send->done < op; });
    return it == acks.begin() ? nullptr : *(it - 1);
  }
};

std::vector<HighestAcks> FindHighestAcks(const Facts& facts) {
  std::vector<const SendFact*> sends;
  for (const SendFact& send : facts.sends) {
    if (send.offset != kNoOffset) sends.push_back(&send);
  }
  StableSort(&sends, [](const SendFact* a, const SendFact* b) { return a->done < b->done; });
  std::vector<HighestAcks> highest(facts.logs());
  for (const SendFact* send : sends) {
    std::vector<const SendFact*>& acks = highest[facts.LogOf(send->record)].acks;
    if (acks.empty() || send->offset > acks.back()->offset) acks.push_back(send);
  }
  return highest;
}

}  // namespace

void CheckStaleRead(const Facts& facts, Findings* findings) {
  const std::vector<HighestAcks> highest = FindHighestAcks(facts);
  for (const PollFact& poll : facts.polls) {
    if (poll.audit || poll.outcome != Outcome::kOk || poll.end == kNoOffset) continue;
    const SendFact* ack = highest[poll.log].Before(poll.invoke);
    if (ack == nullptr) continue;
    if (poll.end > ack->offset || poll.next > ack->offset || poll.from > ack->offset) continue;
    formats::Anomaly& anomaly = findings->Add(
        {ack->done, poll.invoke, poll.done},
        fmt::format("{}; {} asked after that, at {}, and was told at {} that the log ends at {}.",
                    Told(facts, *ack), Who(facts, poll.done), At(facts, poll.invoke),
                    At(facts, poll.done), poll.end));
    AddRecord(facts, ack->record, ack->offset, &anomaly);
  }
}

void CheckAbortedRead(const Facts& facts, Findings* findings) {
  for (Id record = 0; record < facts.records(); ++record) {
    if (!CertainlyNotStored(facts, record)) continue;
    const absl::Span<const Sighting> seen = facts.SightingsOf(record);
    if (seen.empty()) continue;
    const SendFact& failed = *facts.SendsOf(record)[0];
    const std::string& error = facts.Op(failed.done).error();
    formats::Anomaly& anomaly = findings->Add(
        {failed.done, seen[0].op},
        fmt::format("{} was told at {} that {} is not stored in {}{}, but {} at offset {}.",
                    Who(facts, failed.done), At(facts, failed.done), Quoted(facts, record),
                    facts.LogName(facts.LogOf(record)),
                    error.empty() ? "" : fmt::format(" ({})", error),
                    SeenBy(facts, seen[0].op, seen[0].by), seen[0].offset));
    AddRecord(facts, record, seen[0].offset, &anomaly);
  }
}

void CheckDirtyRead(const Facts& facts, Findings* findings) {
  for (Id record = 0; record < facts.records(); ++record) {
    const Audit& audit = facts.AuditOf(facts.LogOf(record));
    if (!audit.complete || facts.AuditFirst(record) != kNoOffset) continue;
    for (const Sighting& seen : facts.SightingsOf(record)) {
      const bool earlier = seen.op < audit.invoke && seen.offset >= audit.from;
      const bool read =
          seen.by == Sighting::By::kPoll && facts.Op(seen.op).type() == formats::Operation::OK;
      if (!earlier || !read) continue;
      const ReadFact* there = audit.NextFrom(seen.offset);
      const bool replaced = there != nullptr && there->offset == seen.offset;
      formats::Anomaly& anomaly = findings->Add(
          {seen.op, audit.done},
          fmt::format("{} read {} at offset {} of {} at {}, but the read-all of {} at {} finds {} "
                      "there and {} nowhere.",
                      Who(facts, seen.op), Quoted(facts, record), seen.offset,
                      facts.LogName(facts.LogOf(record)), At(facts, seen.op),
                      Who(facts, audit.done), At(facts, audit.done),
                      replaced ? Quoted(facts, there->record) : "nothing", Quoted(facts, record)));
      AddRecord(facts, record, seen.offset, &anomaly);
      break;  // the first reader shows it
    }
  }
}

void CheckUnavailable(const Facts& facts, Findings* findings) {
  for (Id log = 0; log < facts.logs(); ++log) {
    const OpIndex op = facts.AuditOf(log).incomplete;
    if (op == kNoOp) continue;
    const std::string& error = facts.Op(op).error();
    findings->Add({op}, fmt::format("{} could not be read to its end by {} at {}{}.",
                                    facts.LogName(log), Who(facts, op), At(facts, op),
                                    error.empty() ? "" : fmt::format(" ({})", error)));
  }
}

}  // namespace brokersim::checker
