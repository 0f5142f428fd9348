#include "model/kafka/mirror/offset_syncs.h"

namespace brokersim::kafka {

bool SyncDecision::Update(OffsetSync copied) {
  // Translation goes one beyond the last sync; before KAFKA-12468, as far as the records since then.
  const int64_t translated = translation_ == Translation::kConservative
                                 ? last_sync_.downstream + 1
                                 : last_sync_.downstream + (copied.upstream - last_sync_.upstream);
  const int64_t behind = copied.downstream - translated;
  const bool stale = translation_ == Translation::kConservative ? behind >= offset_lag_max_ : behind > offset_lag_max_;
  const bool due = last_sync_.downstream < 0 || stale || copied.upstream - previous_.upstream != 1 ||
                   copied.downstream < previous_.downstream;
  previous_ = copied;
  if (due) last_sync_ = copied;
  return due;
}

void OffsetSyncStore::Add(const TopicPartition& tp, OffsetSync sync) {
  const auto [at, fresh] = syncs_.try_emplace(tp);
  Syncs& syncs = at->second;
  // What lies behind a rewind is not valid any more.
  if (fresh || syncs[0].upstream > sync.upstream) {
    syncs.fill(sync);
    return;
  }
  syncs[0] = sync;
  // The i-th is renewed when the offset leaves its bucket of 2^i.
  for (size_t i = 1; i < syncs.size(); ++i) {
    const auto differing = static_cast<uint64_t>(syncs[i].upstream ^ sync.upstream);
    if ((differing & (static_cast<uint64_t>(INT64_MAX) << i)) == 0) break;
    syncs[i] = sync;
  }
}

std::optional<int64_t> OffsetSyncStore::TranslateDownstream(const TopicPartition& tp, int64_t upstream) const {
  const auto found = syncs_.find(tp);
  if (found == syncs_.end()) return std::nullopt;
  if (translation_ == Translation::kExtrapolating) {
    const OffsetSync& latest = found->second[0];
    if (latest.upstream > upstream) return -1;
    return latest.downstream + (upstream - latest.upstream);
  }
  for (const OffsetSync& sync : found->second) {
    if (sync.upstream <= upstream) return sync.downstream + (upstream == sync.upstream ? 0 : 1);
  }
  return -1;
}

}  // namespace brokersim::kafka
