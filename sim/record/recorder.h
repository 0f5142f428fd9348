// What a run leaves behind: its hash always, its history and trace as the level asks.
//
// Everything that happens passes through Emit, which folds it into the run hash and, at level kTrace,
// records it. So a trace can't tell of anything that the hash doesn't cover, and the level can't
// change the execution.
#ifndef BROKERSIM_SIM_RECORD_RECORDER_H_
#define BROKERSIM_SIM_RECORD_RECORDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "sim/base/digest.h"
#include "sim/base/ids.h"
#include "sim/base/payload.h"
#include "sim/base/sim_time.h"
#include "sim/record/run_hash.h"

namespace brokersim::sim {

enum class RecordingLevel { kHash, kHistory, kTrace };

// One thing that happened.
struct Mark {
  formats::EventKind kind = formats::EventKind::kNone;
  NodeId node = {};       // invalid: the world itself
  NodeId peer = {};       // other end of a message or connection
  EventId cause = 0;
  uint64_t message = 0;   // number of the message, not part of the hash
  uint64_t content = 0;   // digest of what it was about
};

// A copy of a recorder goes on with the hash and the history; it records no trace.
class Recorder {
 public:
  explicit Recorder(RecordingLevel level) : level_(level) {}
  Recorder(const Recorder& other);
  Recorder& operator=(const Recorder& other);
  Recorder(Recorder&&) = default;
  Recorder& operator=(Recorder&&) = default;
  ~Recorder() = default;

  // Nodes are part of the hash by name, so that one more node moves nothing.
  void AddNode(std::string_view name, std::string_view role, std::string_view datacenter,
               std::string_view rack);
  // Called once, before the first event. `header` needs no nodes.
  void Begin(formats::TraceHeader header);

  // The trace is handed over in pieces instead of being kept for TakeTrace: concatenated they are the file. A long
  // trace then takes no memory. Before Begin.
  using TraceSink = std::function<void(std::string_view)>;
  void StreamTrace(TraceSink sink) { sink_ = std::move(sink); }

  [[gnu::always_inline]] EventId Emit(Time now, const Mark& mark) {
    ++events_;
    hash_.Add(now.nanos(), mark.kind, NodeDigest(mark.node), NodeDigest(mark.peer), mark.content);
    // A copy, so that the mark itself needs no memory.
    if (trace_) [[unlikely]] OpenEvent(now, Mark(mark));
    return events_;
  }
  // The event emitted last, to fill in what only people need; null unless a trace is recorded.
  formats::TraceEvent* detail() { return trace_ ? &trace_->open : nullptr; }
  // Fills in what a message is. It is written down once for its sending and its arrival, unless there are very many
  // others between. REQUIRES: tracing().
  void DetailMessage(uint64_t message, const Payload& payload);
  bool tracing() const { return trace_ != nullptr; }

  // Appends to the history; returns the operation's index (0 below level kHistory). `invocation` is the index
  // of the invocation that this completes; absent if this is one.
  uint64_t AddOperation(Time now, std::string_view process, EventId event,
                        std::optional<uint64_t> invocation, formats::Operation operation);

  // Who watches is given each operation that is recorded, to keep it in the recorder's place; true ends the run within
  // the event. Not copied: a snapshot's futures are nobody's to stop. Before Begin; needs level kHistory.
  struct Watch {
    std::function<bool(formats::Operation&&)> add;
    std::function<formats::History()> take;  // all of them, in the end
  };
  void WatchHistory(Watch watch) { watch_ = std::move(watch); }
  bool stopped() const { return stopped_; }

  void Finish(Time now);

  uint64_t hash() const { return hash_.value(); }
  RunHashes hashes() const { return hash_.values(); }
  uint64_t events() const { return events_; }
  // So far; without its operations if somebody watches.
  const formats::History& history() const { return history_; }
  // All of it, wherever it is kept. Call once, after Finish.
  formats::History TakeHistory();
  // The trace file's bytes; empty unless a trace was recorded, finished and not streamed.
  std::string TakeTrace();

 private:
  struct OpenTrace {
    std::string bytes;
    std::optional<formats::TraceWriter> writer;
    formats::TraceEvent open;  // its id is 0 if there is none
    uint64_t open_digest = 0;
    // Texts of messages, by the number's last digits.
    std::vector<std::pair<uint64_t, std::string>> texts{1'024};
  };
  uint64_t NodeDigest(NodeId node) const {
    if (node.valid()) [[likely]] return node_digests_[node.value];
    return 0;
  }
  void OpenEvent(Time now, const Mark& mark);
  void CloseEvent();
  // Hands over what the writer has put out, if somebody wants it.
  void DrainTrace();

  RecordingLevel level_;
  RunHash hash_;
  uint64_t events_ = 0;
  std::vector<uint64_t> node_digests_;
  formats::TraceHeader header_;
  TraceSink sink_;  // may be empty
  Watch watch_;     // its functions may be empty
  bool stopped_ = false;
  uint64_t operations_ = 0;
  formats::History history_;
  std::unique_ptr<OpenTrace> trace_;
};

// Digest of everything in an operation that isn't assigned by the recorder.
uint64_t DigestOf(const formats::Operation& operation);

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_RECORD_RECORDER_H_
