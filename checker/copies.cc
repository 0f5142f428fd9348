// duplicate: one record stored at two offsets of a log, or its effect applied twice by a group.
// redelivery: one stored record returned twice to a group. Legal where delivery is at least once.
#include <algorithm>
#include <string>
#include <vector>

#include "checker/families.h"
#include "checker/stable_sort.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

void CheckStoredTwice(const Facts& facts, Findings* findings) {
  for (Id record = 0; record < facts.records(); ++record) {
    const absl::Span<const Placement> places = facts.PlacementsOf(record);
    if (places.size() < 2) continue;
    std::string text = fmt::format("{} was seen at {} offsets of {}:", Quoted(facts, record),
                                   places.size(), facts.LogName(facts.LogOf(record)));
    std::vector<OpIndex> ops;
    for (const Placement& place : places) {
      text += fmt::format("{} at {} ({})", &place == &places[0] ? "" : ",", place.offset,
                          SeenBy(facts, place.op, place.by));
      ops.push_back(place.op);
    }
    formats::Anomaly& anomaly = findings->Add(ops, text + ".");
    for (const Placement& place : places) AddRecord(facts, record, place.offset, &anomaly);
  }
}

std::string Applied(const Facts& facts, const EffectFact& effect) {
  return fmt::format("by {} at {}", Who(facts, effect.done), At(facts, effect.done));
}

// A value is unique within a run: a copy in another log (a mirror) is the same thing to the world.
void CheckAppliedTwice(const Facts& facts, Findings* findings) {
  std::vector<EffectFact> effects;
  for (const EffectFact& effect : facts.effects) {
    if (effect.outcome == Outcome::kOk && effect.applied) effects.push_back(effect);
  }
  StableSort(&effects, [](const EffectFact& a, const EffectFact& b) {
    if (a.group != b.group) return a.group < b.group;
    return a.value != b.value ? a.value < b.value : a.done < b.done;
  });
  for (size_t first = 0; first < effects.size();) {
    size_t end = first + 1;
    while (end < effects.size() && effects[end].group == effects[first].group &&
           effects[end].value == effects[first].value) {
      ++end;
    }
    if (end - first > 1) {
      const EffectFact& a = effects[first];
      const EffectFact& b = effects[first + 1];
      formats::Anomaly& anomaly = findings->Add(
          {a.done, b.done},
          fmt::format("Group {} applied the effect of \"{}\" {} times: {} and again {}.",
                      facts.GroupName(a.group), facts.ValueName(a.value), end - first,
                      Applied(facts, a), Applied(facts, b)));
      for (const EffectFact* effect : {&a, &b}) {
        if (effect == &b && a.log == b.log && a.offset == b.offset) continue;
        formats::RecordId* id = anomaly.add_records();
        id->set_log(std::string(facts.LogName(effect->log)));
        id->set_offset(effect->offset);
        id->set_value(std::string(facts.ValueName(effect->value)));
      }
    }
    first = end;
  }
}

struct Delivery {
  Id group = 0;
  Id record = 0;
  int64_t offset = 0;
  OpIndex op = 0;
};

bool SameDelivery(const Delivery& a, const Delivery& b) {
  return a.group == b.group && a.record == b.record && a.offset == b.offset;
}

}  // namespace

void CheckDuplicate(const Facts& facts, Findings* findings) {
  CheckStoredTwice(facts, findings);
  CheckAppliedTwice(facts, findings);
}

void CheckRedelivery(const Facts& facts, Findings* findings) {
  std::vector<Delivery> deliveries;
  for (const PollFact& poll : facts.polls) {
    if (poll.audit || facts.GroupName(poll.group).empty()) continue;
    for (const ReadFact& read : facts.ReadsOf(poll)) {
      deliveries.push_back({poll.group, read.record, read.offset, poll.Shown()});
    }
  }
  StableSort(&deliveries, [](const Delivery& a, const Delivery& b) {
    if (a.group != b.group) return a.group < b.group;
    if (a.record != b.record) return a.record < b.record;
    return a.offset != b.offset ? a.offset < b.offset : a.op < b.op;
  });
  for (size_t first = 0; first < deliveries.size();) {
    size_t end = first + 1;
    while (end < deliveries.size() && SameDelivery(deliveries[end], deliveries[first])) ++end;
    if (end - first > 1) {
      const Delivery& a = deliveries[first];
      const Delivery& b = deliveries[first + 1];
      formats::Anomaly& anomaly = findings->Add(
          {a.op, b.op},
          fmt::format("Group {} got {} at offset {} of {} {} times: {} at {} and again {} at {}.",
                      facts.GroupName(a.group), Quoted(facts, a.record), a.offset,
                      facts.LogName(facts.LogOf(a.record)), end - first, Who(facts, a.op),
                      At(facts, a.op), Who(facts, b.op), At(facts, b.op)));
      AddRecord(facts, a.record, a.offset, &anomaly);
    }
    first = end;
  }
}

}  // namespace brokersim::checker
