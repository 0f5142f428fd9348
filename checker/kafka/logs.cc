#include "checker/kafka/logs.h"

#include <algorithm>
#include <tuple>

namespace brokersim::checker {

Logs::Logs(const Events& events) : events_(events), records_(events.records()) {
  FindWritersAndReaders();
  FindCommitted();
  FindPlaces();
  SortPlaces();
  FindBounds();
}

void Logs::FindWritersAndReaders() {
  const auto sureness = [&](Node node) { return events_.IsOk(node) ? 2 : events_.IsFail(node) ? 0 : 1; };
  for (Node node = 0; node < events_.size(); ++node) {
    for (const Item& item : events_.Of(node)) {
      if (item.kind == Item::Kind::kSend) {
        Node& writer = records_[item.id].writer;
        if (writer == kNoNode || sureness(node) > sureness(writer)) writer = node;
      } else if (item.kind == Item::Kind::kPoll && events_.IsOk(node)) {
        Node& reader = records_[item.id].reader;
        if (reader == kNoNode) reader = node;
      }
    }
  }
}

void Logs::FindCommitted() {
  committed_.assign(events_.size(), false);
  for (Node node = 0; node < events_.size(); ++node) {
    if (events_.IsOk(node)) committed_[node] = true;
    if (events_.op(node).outcome != OpType::kInfo) continue;
    for (const Item& item : events_.Of(node)) {
      if (item.kind == Item::Kind::kSend && records_[item.id].reader != kNoNode) committed_[node] = true;
    }
  }
}

void Logs::AddPlace(Id id, int64_t offset, Node witness) {
  if (offset == kNoOffset) return;
  Record& record = records_[id];
  if (record.offset == kNoOffset) {
    record.offset = offset;
    record.witness = witness;
  } else if (record.offset != offset) {
    further_.push_back({id, offset, witness});
  }
}

void Logs::FindPlaces() {
  for (Node node = 0; node < events_.size(); ++node) {
    for (const Item& item : events_.Of(node)) {
      if (item.kind == Item::Kind::kPoll || (item.kind == Item::Kind::kSend && committed_[node])) {
        AddPlace(item.id, item.offset, node);
      }
    }
  }
  const auto before = [](const Further& a, const Further& b) {
    return std::tie(a.record, a.offset, a.witness) < std::tie(b.record, b.offset, b.witness);
  };
  const auto same = [](const Further& a, const Further& b) { return a.record == b.record && a.offset == b.offset; };
  // By all fields: no two are equal unless they are the same.
  std::sort(further_.begin(), further_.end(), before);
  further_.erase(std::unique(further_.begin(), further_.end(), same), further_.end());
}

void Logs::SortPlaces() {
  first_.assign(size_t{events_.keys()} + 1, 0);
  for (Id id = 0; id < records_.size(); ++id) first_[events_.KeyOf(id) + 1] += records_[id].offset != kNoOffset;
  for (const Further& f : further_) ++first_[events_.KeyOf(f.record) + 1];
  for (Id key = 0; key < events_.keys(); ++key) first_[key + 1] += first_[key];
  places_.resize(first_.back());
  std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
  for (Id id = 0; id < records_.size(); ++id) {
    if (records_[id].offset != kNoOffset) places_[next[events_.KeyOf(id)]++] = {records_[id].offset, id, 0};
  }
  for (const Further& f : further_) places_[next[events_.KeyOf(f.record)]++] = {f.offset, f.record, 0};
  const auto before = [](const Place& a, const Place& b) {
    return std::tie(a.offset, a.record) < std::tie(b.offset, b.record);
  };
  for (Id key = 0; key < events_.keys(); ++key) {
    const auto begin = places_.begin() + first_[key];
    const auto end = places_.begin() + first_[key + 1];
    // A record has an offset once: no two are equal.
    if (!std::is_sorted(begin, end, before)) std::sort(begin, end, before);
    Index index = 0;
    for (auto at = begin; at != end; ++at) {
      if (at != begin && at->offset != (at - 1)->offset) ++index;
      at->index = index;
      Record& record = records_[at->record];
      if (record.index == kNoIndex) record.index = index;
      record.last_index = index;
    }
  }
}

void Logs::FindBounds() {
  bound_.assign(events_.keys(), kNoIndex);
  bound_record_.assign(events_.keys(), kNoId);
  for (Id id = 0; id < records_.size(); ++id) {
    const Record& record = records_[id];
    Index& bound = bound_[events_.KeyOf(id)];
    if (record.reader == kNoNode || record.index == kNoIndex) continue;
    if (bound != kNoIndex && bound >= record.index) continue;
    bound = record.index;
    bound_record_[events_.KeyOf(id)] = id;
  }
}

Index Logs::IndexOf(const Item& item, Node node) const {
  const Record& record = records_[item.id];
  const bool shows = item.kind == Item::Kind::kPoll || committed_[node];
  if (item.offset == record.offset && shows && record.index == record.last_index) return record.index;
  if (item.offset == kNoOffset || !shows || record.index == record.last_index) return record.last_index;
  const absl::Span<const Place> log = Log(events_.KeyOf(item));
  const auto at = std::lower_bound(log.begin(), log.end(), item.offset,
                                   [](const Place& place, int64_t offset) { return place.offset < offset; });
  return at == log.end() || at->offset != item.offset ? record.last_index : at->index;
}

}  // namespace brokersim::checker
