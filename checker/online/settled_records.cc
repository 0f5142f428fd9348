#include "checker/online/settled_records.h"

#include <algorithm>

namespace brokersim::checker {
namespace {

uint64_t Digest(std::string_view text, uint64_t seed) {
  uint64_t hash = seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93u;
  return hash ^ (hash >> 29);
}

}  // namespace

SettledRecords::Entry SettledRecords::Of(int64_t offset, std::string_view value) {
  return {offset, {Digest(value, 0xcbf29ce484222325u), Digest(value, 0x9e3779b97f4a7c15u + value.size())}};
}

bool SettledRecords::Add(Id log, const std::vector<Entry>& entries) {
  if (entries.empty()) return true;
  const auto position = file_.Append(entries.data(), entries.size() * sizeof(Entry));
  if (!position.has_value()) return false;
  if (log >= logs_.size()) logs_.resize(size_t{log} + 1);
  Log& to = logs_[log];
  to.count += entries.size();
  to.lowest = std::min(to.lowest, entries.front().offset);
  to.highest = std::max(to.highest, entries.back().offset);
  to.runs.push_back({entries.front().offset, entries.back().offset, *position, entries.size()});
  return true;
}

template <typename Visit>
bool SettledRecords::Any(Id log, int64_t first, int64_t last, Visit visit) {
  if (count(log) == 0 || last < logs_[log].lowest || first > logs_[log].highest) return false;
  Log& in = logs_[log];
  // Runs overlap where a record settled late, so all that reach into the range are looked at.
  for (size_t run = 0; run < in.runs.size(); ++run) {
    if (last < in.runs[run].first || first > in.runs[run].last) continue;
    if (in.loaded != run) {
      in.loaded = run;
      in.entries.resize(in.runs[run].size);
      const size_t bytes = in.entries.size() * sizeof(Entry);
      readable_ = readable_ && file_.Read(in.runs[run].position, in.entries.data(), bytes);
      if (!readable_) in.entries.clear();
    }
    auto at = std::lower_bound(in.entries.begin(), in.entries.end(), first,
                               [](const Entry& entry, int64_t wanted) { return entry.offset < wanted; });
    if (at != in.entries.end() && at->offset <= last && visit(*at)) return true;
  }
  return false;
}

bool SettledRecords::Holds(Id log, int64_t offset, std::string_view value) {
  const Entry wanted = Of(offset, value);
  return Any(log, offset, offset, [&](const Entry& entry) {
    return entry.digest[0] == wanted.digest[0] && entry.digest[1] == wanted.digest[1];
  });
}

bool SettledRecords::HoldsAny(Id log, int64_t first, int64_t last) {
  return Any(log, first, last, [](const Entry&) { return true; }) || !readable_;
}

}  // namespace brokersim::checker
