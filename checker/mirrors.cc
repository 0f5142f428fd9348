// hang, of mirrors: what was acknowledged in a log never comes to a mirror of it.
//
// A log is a mirror of another if something of that one was copied to it (a `mirror` of a value that somebody else sent
// there). Judged is the mirror's complete read-all, of what was acknowledged before it began: how long a copy may take
// is for whoever asks for the check to know. What the log itself has lost can't be copied.
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "checker/families.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

bool IsCopy(const Facts& facts, const SendFact& send) { return facts.Op(send.invoke).f() == "mirror"; }

// The logs that mirror each log.
std::vector<absl::btree_set<Id>> FindMirrors(const Facts& facts) {
  absl::btree_map<std::string_view, absl::btree_set<Id>> copied_to;
  for (const SendFact& send : facts.sends) {
    if (IsCopy(facts, send)) copied_to[facts.ValueOf(send.record)].insert(facts.LogOf(send.record));
  }
  std::vector<absl::btree_set<Id>> mirrors(facts.logs());
  if (copied_to.empty()) return mirrors;
  for (const SendFact& send : facts.sends) {
    const auto copies = copied_to.find(facts.ValueOf(send.record));
    if (IsCopy(facts, send) || copies == copied_to.end()) continue;
    const Id log = facts.LogOf(send.record);
    mirrors[log].insert(copies->second.begin(), copies->second.end());
    mirrors[log].erase(log);
  }
  return mirrors;
}

}  // namespace

void CheckHang(const Facts& facts, Findings* findings) {
  const std::vector<absl::btree_set<Id>> mirrors = FindMirrors(facts);
  absl::btree_set<Id> judged;
  for (const SendFact& send : facts.sends) {
    const Id log = facts.LogOf(send.record);
    if (mirrors[log].empty() || send.outcome != Outcome::kOk || IsCopy(facts, send)) continue;
    if (!judged.insert(send.record).second) continue;
    if (facts.AuditOf(log).complete && facts.AuditFirst(send.record) == kNoOffset) continue;
    for (const Id mirror : mirrors[log]) {
      const Audit& audit = facts.AuditOf(mirror);
      if (!audit.complete || audit.invoke < send.done) continue;
      const std::string_view value = facts.ValueOf(send.record);
      const Id copy = facts.FindRecord(mirror, value);
      if (copy != kNoId && facts.AuditFirst(copy) != kNoOffset) continue;
      formats::Anomaly& anomaly = findings->Add(
          {send.done, audit.done},
          fmt::format("{}, but the read-all of its mirror {} by {} ({} to the end at {}, done at {}) doesn't find it: "
                      "it was never copied.",
                      Told(facts, send), facts.LogName(mirror), Who(facts, audit.done), audit.from, audit.end,
                      At(facts, audit.done)));
      AddRecord(facts, send.record, send.offset, &anomaly);
    }
  }
}

}  // namespace brokersim::checker
