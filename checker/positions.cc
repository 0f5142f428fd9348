// inconsistent-offsets: one offset of a log holds two records, depending on whom one asks.
// rollback: a group's stored position goes back.
#include <algorithm>
#include <string>
#include <vector>

#include "checker/families.h"
#include "checker/stable_sort.h"
#include "fmt/format.h"

namespace brokersim::checker {

void CheckInconsistentOffsets(const Facts& facts, Findings* findings) {
  struct Claim {
    Id log = 0;
    Placement place;
  };
  std::vector<Claim> claims;
  for (Id record = 0; record < facts.records(); ++record) {
    for (const Placement& place : facts.PlacementsOf(record)) {
      claims.push_back({facts.LogOf(record), place});
    }
  }
  StableSort(&claims, [](const Claim& a, const Claim& b) {
    if (a.log != b.log) return a.log < b.log;
    if (a.place.offset != b.place.offset) return a.place.offset < b.place.offset;
    // Total: one operation may show two records at one offset.
    return a.place.op != b.place.op ? a.place.op < b.place.op : a.place.record < b.place.record;
  });
  for (size_t first = 0; first < claims.size();) {
    size_t end = first + 1;
    while (end < claims.size() && claims[end].log == claims[first].log &&
           claims[end].place.offset == claims[first].place.offset) {
      ++end;
    }
    if (end - first > 1) {
      std::string text =
          fmt::format("Offset {} of {} was seen to hold {} records:", claims[first].place.offset,
                      facts.LogName(claims[first].log), end - first);
      std::vector<OpIndex> ops;
      for (size_t i = first; i < end; ++i) {
        const Placement& place = claims[i].place;
        text += fmt::format("{} {} ({})", i == first ? "" : ",", Quoted(facts, place.record),
                            SeenBy(facts, place.op, place.by));
        ops.push_back(place.op);
      }
      formats::Anomaly& anomaly = findings->Add(ops, text + ".");
      for (size_t i = first; i < end; ++i) {
        AddRecord(facts, claims[i].place.record, claims[i].place.offset, &anomaly);
      }
    }
    first = end;
  }
}

namespace {

// `commits`: those of one group and log that may have happened, in the order of their invocations. A fall is
// reported once, at the first commit below; what is committed after it starts anew. One of unknown outcome may take
// effect at any later time, and whoever then reads on from there commits what lies behind it.
void CheckGroupPosition(const Facts& facts, const std::vector<CommitFact>& commits,
                        Findings* findings) {
  std::vector<CommitFact> by_done;
  for (const CommitFact& commit : commits) {
    if (commit.outcome == Outcome::kOk) by_done.push_back(commit);
  }
  StableSort(&by_done, [](const CommitFact& a, const CommitFact& b) {
    // One operation may commit twice for a log: the higher is what later commits are held to.
    return a.done != b.done ? a.done < b.done : a.offset < b.offset;
  });
  const CommitFact* highest = nullptr;
  auto done = by_done.begin();
  int64_t lowest_open = INT64_MAX;
  for (const CommitFact& commit : commits) {
    if (commit.outcome != Outcome::kOk) {
      lowest_open = std::min(lowest_open, commit.offset);
      continue;
    }
    for (; done != by_done.end() && done->done < commit.invoke; ++done) {
      if (highest == nullptr || done->offset >= highest->offset) highest = &*done;
    }
    if (highest == nullptr || commit.offset >= std::min(highest->offset, lowest_open)) continue;
    findings->Add(
        {highest->done, commit.done},
        fmt::format("Group {} had committed offset {} of {} ({} at {}), and its position "
                    "then went back to {} ({} at {}).",
                    facts.GroupName(commit.group), highest->offset, facts.LogName(commit.log),
                    Who(facts, highest->done), At(facts, highest->done), commit.offset,
                    Who(facts, commit.done), At(facts, commit.done)));
    highest = nullptr;
  }
}

}  // namespace

void CheckRollback(const Facts& facts, Findings* findings) {
  std::vector<CommitFact> commits;
  for (const CommitFact& commit : facts.commits) {
    if (commit.outcome != Outcome::kFail) commits.push_back(commit);
  }
  StableSort(&commits, [](const CommitFact& a, const CommitFact& b) {
    return a.group != b.group ? a.group < b.group : a.log < b.log;
  });
  for (size_t first = 0; first < commits.size();) {
    size_t end = first + 1;
    while (end < commits.size() && commits[end].group == commits[first].group &&
           commits[end].log == commits[first].log) {
      ++end;
    }
    CheckGroupPosition(facts, {commits.begin() + first, commits.begin() + end}, findings);
    first = end;
  }
}

}  // namespace brokersim::checker
