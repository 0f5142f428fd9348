// How what is settled leaves the tables of a suspicion.
#include <algorithm>
#include <utility>

#include "checker/online/suspicion.h"

namespace brokersim::checker {

void Suspicion::Settle() {
  const size_t before = tables_->records.size();
  std::vector<bool> gone(before, false);
  for (Id log = 0; log < logs_.size() && settles_; ++log) SettleLog(log, &gone);
  ForgetFailed(&gone);
  KeepOnly(gone);
  PruneLines();
  // If most are open, not too often.
  settling_.at = std::max(settling_.at, 2 * tables_->records.size());
}

bool Suspicion::IsSettled(const Record& record, std::string_view value) const {
  if (record.open_sends > 0 || record.failed || (loss_ && record.acknowledged && !record.read)) return false;
  return forgotten_.Takes(value);
}

void Suspicion::SettleLog(Id log_id, std::vector<bool>* gone) {
  Log& log = logs_[log_id];
  std::vector<SettledRecords::Entry> entries;
  std::vector<Id> ids;
  size_t left = log.at.size();
  for (const auto& [offset, id] : log.at) {
    if (left-- <= settling_.last) break;
    const std::string_view value = tables_->names.Text(id);
    if (!IsSettled(tables_->records[id], value)) continue;
    entries.push_back(SettledRecords::Of(offset, value));
    ids.push_back(id);
  }
  if (entries.size() < settling_.fewest) return;
  settles_ = settled_.Add(log_id, entries);
  for (size_t i = 0; i < ids.size() && settles_; ++i) {
    const std::string_view value = tables_->names.Text(ids[i]);
    forgotten_.Add(log_id, value);
    (*gone)[ids[i]] = true;
    log.at.erase(entries[i].offset);
    for (const auto& [key, offset] : committed_) {
      if (key.second != log_id) continue;
      const bool follows = key.first < processing_.size() && processing_[key.first];
      if (!follows) {
        unfollowed_.insert(key);
      } else if (!applied_.Contains(key.first, value)) {
        unprocessed_[key].insert(entries[i].offset);
      }
    }
  }
}

// Who sees one of these sees a value that isn't new, and isn't where it should be: that is suspicious enough.
void Suspicion::ForgetFailed(std::vector<bool>* gone) {
  for (Id id = 0; id < tables_->records.size(); ++id) {
    const Record& record = tables_->records[id];
    if (!record.failed || record.open_sends > 0 || record.offset != kNowhere || record.acknowledged) continue;
    if (!forgotten_.Takes(tables_->names.Text(id))) continue;
    forgotten_.Add(tables_->names.Scope(id), tables_->names.Text(id));
    (*gone)[id] = true;
  }
}

void Suspicion::KeepOnly(const std::vector<bool>& gone) {
  const std::unique_ptr<Tables> before = std::exchange(tables_, std::make_unique<Tables>());
  std::vector<Id> now(gone.size(), kNoId);
  for (Id id = 0; id < gone.size(); ++id) {
    if (gone[id]) continue;
    now[id] = RecordOf(before->names.Scope(id), before->names.Text(id));
    tables_->records[now[id]] = before->records[id];
  }
  const auto renumber = [&now](std::vector<Id>* ids) {
    std::erase_if(*ids, [&](Id id) { return now[id] == kNoId; });
    for (Id& id : *ids) id = now[id];
  };
  for (Log& log : logs_) {
    for (auto& [offset, id] : log.at) id = now[id];
    renumber(&log.acknowledged);
    renumber(&log.polled);
  }
  // What is being sent stays.
  for (OpenSend& open : open_) {
    for (Id& id : open.sent) id = now[id];
  }
}

// Of a line of sends only those places matter beside which another may yet be filled in.
void Suspicion::PruneLines() {
  std::vector<std::pair<uint32_t, uint32_t>> empty;  // line and place
  for (const Record& record : tables_->records) {
    if (record.line != kNoPlace && record.offset == kNowhere) empty.emplace_back(record.line, record.place);
  }
  std::sort(empty.begin(), empty.end());
  auto next = empty.begin();
  for (uint32_t line = 0; line < lines_.size(); ++line) {
    std::vector<SendLine::Place>& all = lines_[line].offsets;
    std::vector<SendLine::Place> kept;
    const auto keep = [&kept](const SendLine::Place& one) {
      if (kept.empty() || kept.back().place < one.place) kept.push_back(one);
    };
    for (; next != empty.end() && next->first == line; ++next) {
      const auto behind =
          std::lower_bound(all.begin(), all.end(), next->second,
                           [](const SendLine::Place& one, uint32_t wanted) { return one.place < wanted; });
      if (behind != all.begin()) keep(*std::prev(behind));
      if (behind != all.end()) keep(*behind);
    }
    if (!all.empty()) keep(all.back());
    all = std::move(kept);
  }
}

}  // namespace brokersim::checker
