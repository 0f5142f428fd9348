// What a client sees of a fetch: no control records, and under read_committed no records of transactions that were
// aborted. (Fetcher: CompletedFetch.java; KIP-98)
#ifndef BROKERSIM_MODEL_KAFKA_VISIBLE_RECORDS_H_
#define BROKERSIM_MODEL_KAFKA_VISIBLE_RECORDS_H_

#include <cstdint>
#include <vector>

#include "model/kafka/messages.h"

namespace brokersim::kafka {

struct VisibleRecord {
  int64_t offset = -1;
  int32_t leader_epoch = -1;
  const Record* record = nullptr;  // of the batches given
};

// Those at or behind `position`, in order.
std::vector<VisibleRecord> VisibleRecords(const FetchResponse::Partition& fetched, IsolationLevel isolation,
                                          int64_t position);

// Where to go on: behind the last batch, whatever is visible of it.
int64_t NextPosition(const FetchResponse::Partition& fetched, int64_t position);
// The epoch of that batch; `epoch` if nothing was fetched.
int32_t LastEpoch(const FetchResponse::Partition& fetched, int32_t epoch);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_VISIBLE_RECORDS_H_
