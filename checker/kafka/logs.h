// The logs as a history shows them: which record lies where, who sent it, who read it.
#ifndef BROKERSIM_CHECKER_KAFKA_LOGS_H_
#define BROKERSIM_CHECKER_KAFKA_LOGS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "checker/kafka/events.h"

namespace brokersim::checker {

// The position of an offset among those of its log that are known to hold a record: holes (transactions' markers) don't
// count.
using Index = uint32_t;
inline constexpr Index kNoIndex = UINT32_MAX;

struct Record {
  int64_t offset = kNoOffset;   // the first that is known
  Index index = kNoIndex;       // of its lowest offset
  Index last_index = kNoIndex;  // of its highest offset
  Node writer = kNoNode;        // the surest: OK before INFO before FAIL; kNoNode: nobody
  Node reader = kNoNode;        // the first OK one
  Node witness = kNoNode;       // who showed its offset
};

// One offset of a log with one record.
struct Place {
  int64_t offset = 0;
  Id record = 0;
  Index index = 0;
};

// A further offset of a record.
struct Further {
  Id record = 0;
  int64_t offset = 0;
  Node witness = kNoNode;
};

class Logs {
 public:
  explicit Logs(const Events& events);

  const Record& record(Id id) const { return records_[id]; }
  // Certainly happened: it was OK, or a crashed one of whose sends one was read.
  bool Committed(Node node) const { return committed_[node]; }
  // By offset, then by record.
  absl::Span<const Place> Log(Id key) const {
    return absl::MakeConstSpan(places_).subspan(first_[key], first_[key + 1] - first_[key]);
  }
  // Sorted by record and offset.
  const std::vector<Further>& further() const { return further_; }
  // The highest position up to which somebody has certainly read; kNoIndex if nobody has.
  Index Bound(Id key) const { return bound_[key]; }
  // A record read there.
  Id BoundRecord(Id key) const { return bound_record_[key]; }
  // Where `item`, a send or poll of `node`, has its record; kNoIndex if that isn't known.
  Index IndexOf(const Item& item, Node node) const;

 private:
  void FindWritersAndReaders();
  void FindCommitted();
  void FindPlaces();
  void SortPlaces();
  void FindBounds();
  void AddPlace(Id record, int64_t offset, Node witness);

  const Events& events_;
  std::vector<Record> records_;
  std::vector<bool> committed_;
  std::vector<Further> further_;
  std::vector<Place> places_;
  std::vector<uint32_t> first_;
  std::vector<Index> bound_;
  std::vector<Id> bound_record_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_KAFKA_LOGS_H_
