// Offset syncs: which offset of a mirrored partition became which one of its mirror, and the translation of a group's
// position by them. Plain values. (OffsetSyncWriter.java, OffsetSyncStore.java)
#ifndef BROKERSIM_MODEL_KAFKA_MIRROR_OFFSET_SYNCS_H_
#define BROKERSIM_MODEL_KAFKA_MIRROR_OFFSET_SYNCS_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/container/btree_map.h"
#include "model/kafka/records.h"

namespace brokersim::kafka {

struct OffsetSync {
  int64_t upstream = -1;
  int64_t downstream = -1;
  friend bool operator==(const OffsetSync&, const OffsetSync&) = default;
};

// How positions are translated.
enum class Translation : uint8_t {
  // KAFKA-12468, since 3.5: by the nearest sync before the position, at most one beyond it.
  kConservative,
  // Before: by the latest sync, as if every record after it had been copied.
  kExtrapolating,
};

// Decides when a partition's state is worth a sync (OffsetSyncWriter.PartitionState).
class SyncDecision {
 public:
  SyncDecision(int64_t offset_lag_max, Translation translation)
      : offset_lag_max_(offset_lag_max), translation_(translation) {}
  // A record was copied; true: a sync is due now.
  bool Update(OffsetSync copied);

 private:
  int64_t offset_lag_max_;
  Translation translation_;
  OffsetSync previous_;
  OffsetSync last_sync_;
};

// What is known of the syncs of each partition: the latest, and older ones ever further apart, 64 at most.
class OffsetSyncStore {
 public:
  explicit OffsetSyncStore(Translation translation) : translation_(translation) {}

  void Add(const TopicPartition& tp, OffsetSync sync);
  // Where a group at `upstream` goes on in the mirror. Empty: nothing is known of the partition; -1: it is too far
  // back.
  std::optional<int64_t> TranslateDownstream(const TopicPartition& tp, int64_t upstream) const;

 private:
  using Syncs = std::array<OffsetSync, 64>;

  Translation translation_;
  absl::btree_map<TopicPartition, Syncs> syncs_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MIRROR_OFFSET_SYNCS_H_
