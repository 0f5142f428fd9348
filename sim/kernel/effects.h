// Effects: what a handler wants done. The kernel performs them, in this order, when the handler has returned.
//
// "Durable before visible" is written down where it matters:
//
//   SyncTicket durable = out.Sync(log_file);
//   out.SendAfter(durable, conn, answer);
#ifndef BROKERSIM_SIM_KERNEL_EFFECTS_H_
#define BROKERSIM_SIM_KERNEL_EFFECTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "sim/base/ids.h"
#include "sim/base/payload.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {

struct SendEffect { ConnId conn; MessageRef message; };
struct SendAfterEffect { SyncTicket ticket; ConnId conn; MessageRef message; };
struct DatagramEffect { NodeId to; MessageRef message; };
struct ConnectEffect { ConnId conn; NodeId to; };
struct CloseEffect { ConnId conn; };
struct SetTimerEffect { Timer timer; Duration after; };
struct CancelTimerEffect { Timer timer; };
struct AppendEffect { FileId file; PayloadRef content; };
struct TruncateEffect { FileId file; int64_t blocks = 0; };
struct ReplaceEffect { FileId file; PayloadRef content; };
struct SyncEffect { FileId file; SyncTicket ticket; };
// An operation is large and rare: it lives outside, so that the other effects stay small.
struct InvokeEffect { OpId op; std::shared_ptr<const formats::Operation> operation; };
struct CompleteEffect { OpId op; std::shared_ptr<const formats::Operation> operation; };
struct NoteEffect { std::string_view type; std::string text; };
struct PointEffect { std::string_view name; };
struct ExitEffect {};
struct FinishEffect {};

using Effect =
    std::variant<SendEffect, SendAfterEffect, DatagramEffect, ConnectEffect, CloseEffect,
                 SetTimerEffect, CancelTimerEffect, AppendEffect, TruncateEffect, ReplaceEffect,
                 SyncEffect, InvokeEffect, CompleteEffect, NoteEffect, PointEffect, ExitEffect,
                 FinishEffect>;

// Memory for the effects of handlers, of which one may run within another. A copy has none: it is nobody's state.
class EffectMemory {
 public:
  EffectMemory() = default;
  EffectMemory(const EffectMemory&) {}
  EffectMemory& operator=(const EffectMemory&) { return *this; }

  // An empty list, until it is given back; the last taken is given back first.
  [[gnu::always_inline]] std::vector<Effect>* Take() {
    if (taken_++ == 0) [[likely]] return &list_;
    return more_.emplace_back(std::make_unique<std::vector<Effect>>()).get();
  }
  [[gnu::always_inline]] void GiveBack() {
    if (--taken_ == 0) [[likely]] return list_.clear();
    more_.pop_back();
  }

 private:
  std::vector<Effect> list_;
  std::vector<std::unique_ptr<std::vector<Effect>>> more_;
  int taken_ = 0;
};

class Effects {
 public:
  // Counters that outlive a handler; the kernel keeps them with the node.
  struct Counters {
    uint32_t connections = 0;
    uint64_t syncs = 0;
    uint64_t operations = 0;
  };

  // `list` is empty, and must outlive this.
  Effects(NodeId self, Counters* counters, bool tracing, std::vector<Effect>* list)
      : self_(self), counters_(counters), tracing_(tracing), list_(list) {}

  // Sends on a connection; lost without a word if it is closed. Before it is open: kept until it is.
  void Send(ConnId conn, MessageRef message) { Add(SendEffect{conn, std::move(message)}); }
  // Sends when the sync is done; never if the process dies before.
  void SendAfter(SyncTicket ticket, ConnId conn, MessageRef message) {
    Add(SendAfterEffect{ticket, conn, std::move(message)});
  }
  void SendDatagram(NodeId to, MessageRef message) { Add(DatagramEffect{to, std::move(message)}); }

  // Opens a connection. OnConnected or OnDisconnected follows.
  [[nodiscard]] ConnId Connect(NodeId to) {
    const ConnId conn{self_.value, counters_->connections++};
    Add(ConnectEffect{conn, to});
    return conn;
  }
  // This end is closed at once and hears no more of it; the other end gets OnDisconnected.
  void Close(ConnId conn) { Add(CloseEffect{conn}); }

  // `after` is measured by the node's own monotonic clock. A timer that is set already is moved.
  void SetTimer(Timer timer, Duration after) { Add(SetTimerEffect{timer, after}); }
  void CancelTimer(Timer timer) { Add(CancelTimerEffect{timer}); }

  void Append(FileId file, PayloadRef content) { Add(AppendEffect{file, std::move(content)}); }
  void Truncate(FileId file, int64_t blocks) { Add(TruncateEffect{file, blocks}); }
  void Replace(FileId file, PayloadRef content) { Add(ReplaceEffect{file, std::move(content)}); }
  // All that was appended to the file so far becomes durable; OnSynced follows.
  SyncTicket Sync(FileId file) {
    const SyncTicket ticket{++counters_->syncs};
    Add(SyncEffect{file, ticket});
    return ticket;
  }

  // The client's history. `operation` needs f and actions (on completions also type and error).
  [[nodiscard]] OpId Invoke(formats::Operation operation) {
    const OpId op{++counters_->operations};
    Add(InvokeEffect{op, std::make_shared<const formats::Operation>(std::move(operation))});
    return op;
  }
  void Complete(OpId op, formats::Operation operation) {
    Add(CompleteEffect{op, std::make_shared<const formats::Operation>(std::move(operation))});
  }

  // A decision worth showing. Part of the run hash. `type` must be a literal.
  void Note(std::string_view type, std::string text) { Add(NoteEffect{type, std::move(text)}); }

  // A step at which a fault may end the process: what comes after it then never happens. No part of the run hash.
  // `name` must be a literal.
  void Point(std::string_view name) {
    if (points_) Add(PointEffect{name});
  }
  // The kernel's: whether a fault waits for such a step.
  void WatchPoints(bool watch) { points_ = watch; }

  // The process ends by itself, once the effects before this one are done.
  void Exit() { Add(ExitEffect{}); }
  // The simulation has seen what it was run for.
  void FinishSimulation() { Add(FinishEffect{}); }

  // Whether anybody will see records and state: guards work that only a trace needs.
  bool tracing() const { return tracing_; }
  // What happened to a record in this handler. Only for traces; not part of the run hash.
  void Record(formats::RecordVerb verb, std::string_view log, int64_t offset, std::string_view value) {
    if (!tracing_) return;
    if (!records_) records_ = std::make_unique<std::vector<formats::RecordNote>>();
    records_->push_back({verb, std::string(log), offset, std::string(value)});
  }

  std::vector<Effect>& list() { return *list_; }
  std::vector<formats::RecordNote> TakeRecords() {
    return records_ ? std::move(*records_) : std::vector<formats::RecordNote>();
  }

 private:
  template <class T>
  void Add(T effect) {
    list_->emplace_back(std::in_place_type<T>, std::move(effect));
  }

  const NodeId self_;
  Counters* const counters_;
  const bool tracing_;
  bool points_ = false;
  std::vector<Effect>* const list_;
  std::unique_ptr<std::vector<formats::RecordNote>> records_;  // null: none
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_EFFECTS_H_
