// How what has a place leaves the tables.
#include <algorithm>

#include "checker/online/kafka_suspicion.h"

namespace brokersim::checker {

void KafkaSuspicion::Settle() {
  // Of operations that are over and whose records all have a place nothing more can be known.
  absl::erase_if(several_, [this](const auto& several) {
    return std::all_of(several.second.begin(), several.second.end(), [this](Id id) {
      const Record& record = tables_->records[id];
      return record.open_sends == 0 && (record.offset != kNowhere || record.refused);
    });
  });
  std::vector<bool> gone(tables_->records.size(), false);
  for (Id log = 0; log < logs_.size() && settles_; ++log) SettleLog(log, &gone);
  ForgetRefused(&gone);
  for (Log& log : logs_) Fold(&log);
  KeepOnly(gone);
  // If most are open, not too often.
  settling_.at = std::max(settling_.at, 2 * tables_->records.size());
}

bool KafkaSuspicion::IsSettled(Id id) const {
  const Record& record = tables_->records[id];
  if (record.open_sends > 0 || record.refused || record.sent == kNever) return false;
  return !several_.contains(record.operation) && forgotten_.Takes(tables_->names.Text(id));
}

void KafkaSuspicion::SettleLog(Id log_id, std::vector<bool>* gone) {
  Log& log = logs_[log_id];
  std::vector<SettledRecords::Entry> entries;
  std::vector<Id> ids;
  size_t left = log.at.size();
  for (const auto& [offset, id] : log.at) {
    if (left-- <= settling_.last) break;
    if (!IsSettled(id)) continue;
    entries.push_back(SettledRecords::Of(offset, tables_->names.Text(id)));
    ids.push_back(id);
  }
  if (entries.size() < settling_.fewest) return;
  settles_ = settled_.Add(log_id, entries);
  for (size_t i = 0; i < ids.size() && settles_; ++i) {
    Forget(ids[i], gone);
    log.at.erase(entries[i].offset);
  }
}

// Who reads one of these reads what isn't new, and isn't where it should be: that is suspicious enough.
void KafkaSuspicion::ForgetRefused(std::vector<bool>* gone) {
  for (Id id = 0; id < tables_->records.size(); ++id) {
    const Record& record = tables_->records[id];
    if (!record.refused || record.open_sends > 0 || record.offset != kNowhere || record.done != kNever) continue;
    if (!several_.contains(record.operation) && forgotten_.Takes(tables_->names.Text(id))) Forget(id, gone);
  }
}

void KafkaSuspicion::Forget(Id id, std::vector<bool>* gone) {
  forgotten_.Add(tables_->names.Scope(id), tables_->names.Text(id));
  (*gone)[id] = true;
}

void KafkaSuspicion::KeepOnly(const std::vector<bool>& gone) {
  const std::unique_ptr<Tables> before = std::exchange(tables_, std::make_unique<Tables>());
  std::vector<Id> now(gone.size(), kNoId);
  for (Id id = 0; id < gone.size(); ++id) {
    if (gone[id]) continue;
    now[id] = RecordOf(before->names.Scope(id), before->names.Text(id));
    tables_->records[now[id]] = before->records[id];
  }
  for (Log& log : logs_) {
    for (auto& [offset, id] : log.at) id = now[id];
    absl::btree_set<std::pair<int64_t, Id>> out;
    for (const auto& [sent, id] : log.out) out.emplace(sent, now[id]);
    log.out = std::move(out);
  }
  for (absl::btree_map<uint64_t, Ids>* some : {&open_, &several_}) {
    for (auto& [operation, ids] : *some) {
      for (Id& id : ids) id = now[id];
    }
  }
}

// What was learnt of places since the last time goes into the records that have none yet.
void KafkaSuspicion::Fold(Log* log) {
  int64_t lowest = log->highest_done;
  for (const auto& [sent, id] : log->out) {
    Record& record = tables_->records[id];
    record.above = std::max(record.above, log->late.HighestBelow(record.sent));
    lowest = std::min(lowest, record.above);
    if (record.done == kNever) continue;
    const int64_t early = log->early.HighestBelow(-record.done);
    if (early != Staircase::kNothing) record.below = std::min(record.below, -early);
  }
  log->late.Clear();
  log->early.Clear();
  log->bare_from = std::max(log->bare_from, lowest + 1);
  log->bare.EraseBelow(log->bare_from);
}

}  // namespace brokersim::checker
