// Reads and writes trace files: rows on this side, the columns of trace.proto on the other.
//
//   TraceWriter writer(header, &sink);      DecodeTrace(bytes) -> DecodedTrace
//   writer.Add(event); ...                  for (const TraceEvent& e : trace.events) ...
//   writer.Finish(hash, end_ns);
#ifndef BROKERSIM_FORMATS_TRACE_CODEC_H_
#define BROKERSIM_FORMATS_TRACE_CODEC_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/trace.pb.h"

namespace brokersim::formats {

inline constexpr uint32_t kTraceSchemaVersion = 1;

// What an event was. The numbers are part of the file format: never reuse or renumber one.
enum class EventKind : uint8_t {
  kNone = 0,
  kSend = 1,            // a message was handed to the network
  kDeliver = 2,         // ... arrived and is handled now
  kDrop = 3,            // ... was lost; `fault` names the fault that did it, if one did
  kDuplicate = 4,       // ... was copied in the network
  kHold = 5,            // ... is kept back by a fault
  kRelease = 6,         // ... that was kept back goes on
  kTimerSet = 7,
  kTimerFire = 8,
  kTimerCancel = 9,
  kDiskAppend = 10,
  kDiskTruncate = 11,
  kDiskReplace = 12,    // a small file was replaced as a whole
  kDiskSync = 13,       // a sync began
  kDiskSynced = 14,     // ... ended: the file is durable up to where it was when it began
  kDiskLost = 15,       // bytes that were never synced are gone after a power loss
  kCrash = 16,          // the process died; its disk is as it was
  kPowerLoss = 17,      // the process died and unsynced bytes are at risk
  kStart = 18,          // a process was constructed over the node's disk
  kStop = 19,           // the process was asked to stop
  kExit = 20,           // the process ended by itself
  kPause = 21,
  kResume = 22,
  kFaultOn = 23,
  kFaultOff = 24,
  kConnect = 25,        // a connection was asked for
  kConnected = 26,
  kDisconnected = 27,   // this end of a connection learnt that it is gone
  kInvoke = 28,         // a client's operation began (history)
  kComplete = 29,       // ... its outcome is known (history)
  kNote = 30,           // a decision worth showing: an election, a truncation, an ISR change
  kClock = 31,          // a node's clock was changed
  kDiskError = 32,      // an operation on a file failed
  kOperate = 33,        // an operator asked something of a process
};
inline constexpr int kEventKindCount = 34;

// Lower-case name, e.g. "deliver"; "?" for an unknown number.
std::string_view EventKindName(EventKind kind);

// What happened to a record at an event.
enum class RecordVerb : uint8_t {
  kNone = 0,
  kProduced = 1,      // a client made it
  kAppended = 2,      // a leader wrote it to its log
  kReplicated = 3,    // a follower wrote it to its log
  kCommitted = 4,     // it is below the high watermark of this node from now on
  kAcknowledged = 5,  // the client was told that it is stored
  kDelivered = 6,     // a consumer got it
  kProcessed = 7,     // the application's effect took place
  kTruncated = 8,     // this node removed it from its log
  kLost = 9,          // it was not on this node's disk any more after a power loss
  kRejected = 10,     // the client was told that it is not stored
};
inline constexpr int kRecordVerbCount = 11;

std::string_view RecordVerbName(RecordVerb verb);

struct StateChange {
  std::string path;
  std::string before;
  std::string after;
  friend bool operator==(const StateChange&, const StateChange&) = default;
};

struct RecordNote {
  RecordVerb verb = RecordVerb::kNone;
  std::string log;
  int64_t offset = -1;
  std::string value;
  friend bool operator==(const RecordNote&, const RecordNote&) = default;
};

struct TraceEvent {
  uint64_t id = 0;          // dense, from 1
  int64_t time_ns = 0;      // virtual time
  EventKind kind = EventKind::kNone;
  uint32_t node = 0;        // 1 + index into header.nodes; 0: none
  uint32_t peer = 0;        // as `node`: receiver of a send, sender of a delivery
  uint64_t cause = 0;       // id of the event that led to this one; 0: none
  uint64_t message = 0;     // id of the message; 0: none
  uint64_t operation = 0;   // 1 + index of the history's operation; 0: none
  uint32_t draws = 0;       // random numbers drawn while it was handled
  std::string type;         // e.g. "FetchRequest", "fetch-backoff", "partition"
  std::string text;         // one line for people
  std::string fault;        // id of the fault that did it
  std::vector<StateChange> changes;
  std::vector<RecordNote> records;
  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

// A whole trace in memory.
struct DecodedTrace {
  TraceHeader header;
  std::vector<TraceEvent> events;        // in order of id
  std::vector<uint64_t> chunk_digests;   // run hash after every 1,024 events
  uint64_t hash = 0;                     // run hash; 0 if not `complete`
  int64_t end_ns = 0;
  bool complete = false;                 // the footer was there

  // Name of a `node` column's value; "" for 0.
  std::string_view NodeName(uint32_t node) const;
};

// Collects events into chunks and appends each full chunk to a string, which may be written out and
// cleared at any time.
class TraceWriter {
 public:
  // `sink` must outlive the writer.
  TraceWriter(const TraceHeader& header, std::string* sink);
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  // REQUIRES: event.id is one more than the last one's (1 at first); time doesn't decrease.
  // `digest` is the run hash after this event.
  void Add(const TraceEvent& event, uint64_t digest);

  // Writes what is left and the footer. Nothing may be added afterwards.
  void Finish(uint64_t hash, int64_t end_ns);

 private:
  uint32_t Intern(std::string_view text);
  // The slot that holds the string, or the free one where it belongs.
  struct Slot {
    uint32_t number_and_one = 0;
    uint32_t digest = 0;  // part of it, so that others needn't be looked at
  };
  Slot& SlotOf(std::string_view text);
  void Flush();

  std::string* sink_;
  // The fields of the chunk that is filled, as they will stand in it: protobuf's own message would hold each number in
  // memory first, and count their bytes before it writes them.
  struct Chunk {
    size_t events = 0;
    uint64_t first_id = 1;
    std::string strings;
    std::array<std::string, 11> columns;  // by field number, from time_delta_ns on
    std::string changes;
    std::string records;
    uint64_t digest = 0;
  } chunk_;
  // The strings by their numbers, and the numbers by a digest of their strings: slots of an open-addressed table
  // that is never walked through, so no order can come of it. A power of two; 0 is free, else 1 + the number.
  std::vector<std::string> strings_;
  std::vector<Slot> slots_;
  int64_t last_time_ns_ = 0;
  uint64_t next_id_ = 1;
};

// Errors: kDataLoss with what is wrong (not a trace, a newer schema, a broken index).
absl::StatusOr<DecodedTrace> DecodeTrace(std::string_view bytes);

}  // namespace brokersim::formats

#endif  // BROKERSIM_FORMATS_TRACE_CODEC_H_
