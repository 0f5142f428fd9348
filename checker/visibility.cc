// What readers saw and should not have, or didn't see and should have: stale-read, aborted-read,
// dirty-read; and logs that could not be read at all: unavailable.
#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
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

// What mirrors copied: an original is whatever has the same value and isn't a mirror's.
class Originals {
 public:
  explicit Originals(const Facts& facts) : facts_(facts) {
    const auto mirrors = [&](const SendFact& send) { return IsCopy(send); };
    if (std::none_of(facts.sends.begin(), facts.sends.end(), mirrors)) return;
    for (const SendFact& send : facts.sends) {
      if (IsCopy(send)) continue;
      const auto [at, first] = of_value_.try_emplace(facts.ValueOf(send.record), &send);
      if (!first && at->second->outcome == Outcome::kFail && send.outcome != Outcome::kFail) at->second = &send;
    }
  }

  // Where a record is nothing but a copy, and all sends of its original failed: the first of these. Else null.
  const SendFact* FailedOf(Id record) const {
    const auto original = of_value_.find(facts_.ValueOf(record));
    if (original == of_value_.end() || original->second->outcome != Outcome::kFail) return nullptr;
    const absl::Span<const SendFact* const> sends = facts_.SendsOf(record);
    const bool copy = !sends.empty() && std::all_of(sends.begin(), sends.end(),
                                                    [this](const SendFact* send) { return IsCopy(*send); });
    return copy ? original->second : nullptr;
  }

 private:
  bool IsCopy(const SendFact& send) const { return facts_.Op(send.invoke).f() == "mirror"; }

  const Facts& facts_;
  absl::btree_map<std::string_view, const SendFact*> of_value_;  // one that may have happened, if any; else the first
};

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
  const Originals originals(facts);
  for (Id record = 0; record < facts.records(); ++record) {
    const bool plain = CertainlyNotStored(facts, record);
    const SendFact* const failed = plain ? facts.SendsOf(record)[0] : originals.FailedOf(record);
    if (failed == nullptr) continue;
    const absl::Span<const Sighting> sightings = facts.SightingsOf(record);
    const auto seen = std::find_if(sightings.begin(), sightings.end(),
                                   [](const Sighting& sighting) { return sighting.by != Sighting::By::kAck; });
    if (seen == sightings.end()) continue;
    const std::string& error = facts.Op(failed->done).error();
    formats::Anomaly& anomaly = findings->Add(
        {failed->done, seen->op},
        fmt::format("{} was told at {} that {} is not stored in {}{}, but {}{} at offset {}.",
                    Who(facts, failed->done), At(facts, failed->done), Quoted(facts, record),
                    facts.LogName(facts.LogOf(failed->record)),
                    error.empty() ? "" : fmt::format(" ({})", error),
                    plain ? "" : fmt::format("it was copied to {}, where ", facts.LogName(facts.LogOf(record))),
                    SeenBy(facts, seen->op, seen->by), seen->offset));
    AddRecord(facts, record, seen->offset, &anomaly);
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
