// lost-write, as an application sees it: the log holds the record, but the consumer group stored a
// position beyond it and never processed it. At-most-once consuming loses like this.
//
// Judged are the groups that process at all, below the position that they are certain to have
// stored in the end. An effect whose outcome is unknown may have happened and excuses the record.
#include <algorithm>
#include <utility>
#include <vector>

#include "checker/families.h"
#include "checker/stable_sort.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// The position of a group in a log at the end of the history.
struct FinalPosition {
  Id group = 0;
  Id log = 0;
  int64_t offset = 0;      // the lowest that it may be
  OpIndex commit = kNoOp;  // the last OK commit
  int64_t committed = 0;   // ... and its offset
};

// `commits`: those of one group and log, in the order of their invocations.
bool FindFinal(absl::Span<const CommitFact> commits, FinalPosition* final) {
  OpIndex last_invoke = 0;
  for (const CommitFact& commit : commits) {
    if (commit.outcome != Outcome::kOk) continue;
    last_invoke = commit.invoke;
    if (final->commit == kNoOp || commit.done > final->commit) {
      final->commit = commit.done;
      final->committed = commit.offset;
    }
  }
  if (final->commit == kNoOp) return false;
  final->group = commits[0].group;
  final->log = commits[0].log;
  final->offset = final->committed;
  // Any commit that ended after the last OK one began may be the one that stands: the lowest.
  for (const CommitFact& commit : commits) {
    if (commit.outcome == Outcome::kFail || commit.Shown() < last_invoke) continue;
    final->offset = std::min(final->offset, commit.offset);
  }
  return true;
}

std::vector<FinalPosition> FinalPositions(const Facts& facts) {
  std::vector<CommitFact> commits = facts.commits;
  StableSort(&commits, [](const CommitFact& a, const CommitFact& b) {
    return a.group != b.group ? a.group < b.group : a.log < b.log;
  });
  std::vector<FinalPosition> positions;
  for (size_t first = 0; first < commits.size();) {
    size_t end = first + 1;
    while (end < commits.size() && commits[end].group == commits[first].group &&
           commits[end].log == commits[first].log) {
      ++end;
    }
    FinalPosition position;
    if (FindFinal(absl::MakeConstSpan(commits).subspan(first, end - first), &position)) {
      positions.push_back(position);
    }
    first = end;
  }
  return positions;
}

void Report(const Facts& facts, const FinalPosition& position, const ReadFact& read,
            const Audit& audit, Findings* findings) {
  const SendFact* ack = FirstAck(facts, read.record);
  formats::Anomaly& anomaly = findings->Add(
      {ack == nullptr ? kNoOp : ack->done, position.commit, audit.done},
      fmt::format("{} holds {} at offset {} (read-all of {} at {}), and group {} committed offset "
                  "{}, past it ({} at {}), but never processed it: the application has lost it.",
                  facts.LogName(position.log), Quoted(facts, read.record), read.offset,
                  Who(facts, audit.done), At(facts, audit.done), facts.GroupName(position.group),
                  position.committed, Who(facts, position.commit), At(facts, position.commit)));
  AddRecord(facts, read.record, read.offset, &anomaly);
}

// The records of a log that were seen somewhere, for logs that no read-all shows.
std::vector<std::vector<Id>> SeenByLog(const Facts& facts) {
  std::vector<std::vector<Id>> seen(facts.logs());
  for (Id record = 0; record < facts.records(); ++record) {
    const Id log = facts.LogOf(record);
    if (facts.AuditOf(log).complete || facts.PlacementsOf(record).empty()) continue;
    seen[log].push_back(record);
  }
  return seen;
}

// Judges the logs of one group after another.
class GroupLoss {
 public:
  GroupLoss(const Facts& facts, Findings* findings)
      : facts_(facts),
        findings_(findings),
        seen_(SeenByLog(facts)),
        processed_by_(facts.values(), kNoId) {}

  void MarkProcessed(const EffectFact& effect) { processed_by_[effect.value] = effect.group; }

  void Judge(const FinalPosition& position) {
    const Audit& audit = facts_.AuditOf(position.log);
    for (const ReadFact& read : audit.reads) {
      // A record that lies there twice is judged once, by its last place.
      if (read.offset != facts_.AuditLast(read.record)) continue;
      if (Missed(position, read)) Report(facts_, position, read, audit, findings_);
    }
    uint64_t undecided = 0;
    for (Id record : seen_[position.log]) {
      if (Missed(position, {record, facts_.PlacementsOf(record).back().offset})) ++undecided;
    }
    if (undecided == 0) return;
    findings_->unknown.push_back(fmt::format(
        "lost-write is not decided for {} that group {} committed past in {} and never processed: "
        "no read-all shows whether the log holds them.",
        Count(undecided, "record"), facts_.GroupName(position.group),
        facts_.LogName(position.log)));
  }

 private:
  bool Missed(const FinalPosition& position, const ReadFact& read) const {
    if (read.offset >= position.offset || CertainlyNotStored(facts_, read.record)) return false;
    const Id value = facts_.FindValue(facts_.ValueOf(read.record));
    return value == kNoId || processed_by_[value] != position.group;
  }

  const Facts& facts_;
  Findings* findings_;
  std::vector<std::vector<Id>> seen_;  // by log
  // The last marked group that processed a value: groups come in turn, so one table serves all.
  std::vector<Id> processed_by_;
};

}  // namespace

void CheckLostByGroup(const Facts& facts, Findings* findings) {
  std::vector<EffectFact> effects;
  std::vector<bool> processes(facts.groups(), false);
  for (const EffectFact& effect : facts.effects) {
    processes[effect.group] = true;
    const bool may_have_happened =
        effect.outcome == Outcome::kUnknown || (effect.outcome == Outcome::kOk && effect.applied);
    if (may_have_happened) effects.push_back(effect);
  }
  StableSort(&effects, [](const EffectFact& a, const EffectFact& b) { return a.group < b.group; });
  GroupLoss loss(facts, findings);
  auto effect = effects.begin();
  for (const FinalPosition& position : FinalPositions(facts)) {
    if (!processes[position.group]) continue;
    for (; effect != effects.end() && effect->group <= position.group; ++effect) {
      loss.MarkProcessed(*effect);
    }
    loss.Judge(position);
  }
}

}  // namespace brokersim::checker
