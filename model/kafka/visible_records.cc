#include "model/kafka/visible_records.h"

#include <algorithm>

#include "absl/container/btree_set.h"

namespace brokersim::kafka {

std::vector<VisibleRecord> VisibleRecords(const FetchResponse::Partition& fetched, IsolationLevel isolation,
                                          int64_t position) {
  std::vector<VisibleRecord> visible;
  absl::btree_set<int64_t> aborted;  // producers, at this place of the log
  size_t next = 0;
  for (const BatchRef& ref : fetched.records) {
    const RecordBatch& batch = ref->value();
    if (isolation == IsolationLevel::kReadCommitted) {
      // The list is ordered; a transaction is aborted from its first record to its marker (consumeAbortedTransactions).
      for (; next < fetched.aborted.size() && fetched.aborted[next].first_offset < batch.next_offset(); ++next) {
        aborted.insert(fetched.aborted[next].producer_id);
      }
      if (batch.marker == Marker::kAbort) aborted.erase(batch.producer_id);
      if (batch.transactional && aborted.contains(batch.producer_id)) continue;
    }
    if (batch.is_control()) continue;
    for (size_t i = 0; i < batch.records.size(); ++i) {
      const int64_t offset = batch.base_offset + static_cast<int64_t>(i);
      if (offset >= position) visible.push_back({offset, batch.partition_leader_epoch, &batch.records[i]});
    }
  }
  return visible;
}

int64_t NextPosition(const FetchResponse::Partition& fetched, int64_t position) {
  return fetched.records.empty() ? position : std::max(position, fetched.records.back()->value().next_offset());
}

int32_t LastEpoch(const FetchResponse::Partition& fetched, int32_t epoch) {
  return fetched.records.empty() ? epoch : fetched.records.back()->value().partition_leader_epoch;
}

}  // namespace brokersim::kafka
