// A history in Jepsen's sense, in memory, from whatever format it came: what each client began, and what it was told.
//
// Every operation is two lines: an invocation and, if its outcome became known, a completion. OK: it happened. FAIL: it
// did not. INFO, or no completion: it may have happened, or may yet happen at any later time.
#ifndef BROKERSIM_CHECKER_HISTORY_HISTORY_H_
#define BROKERSIM_CHECKER_HISTORY_HISTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checker/history/op_index.h"
#include "checker/history/value.h"
#include "checker/interner.h"

namespace brokersim::checker {

inline constexpr int64_t kNoTime = INT64_MIN;

enum class OpType : uint8_t { kInvoke, kOk, kFail, kInfo };
std::string_view ToText(OpType type);  // "invoke", "ok", "fail", "info"
// The type whose word (keyword, string or symbol) it is.
std::optional<OpType> OpTypeNamed(const Value& word);

// A line of a history.
struct Op {
  uint64_t index = 0;      // as the file numbers it, else its position; rises (a made-up invocation shares its own)
  int64_t time = kNoTime;  // nanoseconds since the start, where the file tells
  Value value;             // nil where the file tells none
  // An invocation's completion, a completion's invocation. kNoOp: an invocation that never completed, or a line of
  // nobody's client (a nemesis), which is never paired.
  OpIndex pair = kNoOp;
  Id process = 0;  // number of who did it: History::ProcessName
  Id f = 0;        // number of what was done: History::FName
  uint32_t first_extra = 0;  // into History::extras
  uint16_t extra_count = 0;
  OpType type = OpType::kInvoke;
  bool client = true;  // false: a line of a nemesis or the like; no checker judges it
};

// What else a line held: `:error :timeout`, `:rebalance-log [...]`.
struct Extra {
  Value key;
  Value value;
};

class History {
 public:
  History() = default;
  History(History&&) = default;
  History& operator=(History&&) = default;

  const std::vector<Op>& ops() const { return ops_; }
  const Op& op(OpIndex at) const { return ops_[at]; }
  OpIndex size() const { return static_cast<OpIndex>(ops_.size()); }

  // As in the file: `3`, `:nemesis`, `p1`; `unnamed` where it tells none.
  std::string ProcessName(Id process) const;
  const Value& Process(Id process) const { return processes_.Get(process); }
  Id processes() const { return processes_.size(); }
  // By process: whether it ever does two things at a time, so that its lines alone don't tell what completes what.
  std::vector<bool> Overlapping() const;
  // Without the colon: "append".
  std::string_view FName(Id f) const { return f_names_.Text(f); }
  Id fs() const { return f_names_.size(); }
  // kNoId if no line has it.
  Id FindF(std::string_view name) const { return f_names_.Find(0, name); }

  // What else the line held under this key; nil if nothing.
  Value ExtraOf(const Op& op, std::string_view key) const;
  absl::Span<const Extra> ExtrasOf(const Op& op) const {
    return absl::MakeConstSpan(extras_).subspan(op.first_extra, op.extra_count);
  }

  // The outcome of an invocation: its completion's type, kInfo if it has none.
  OpType Outcome(const Op& invocation) const {
    return invocation.pair == kNoOp ? OpType::kInfo : ops_[invocation.pair].type;
  }
  // Whether no file holds the line: it stands for the beginning of a completion that had none.
  bool MadeUp(const Op& op) const {
    return op.type == OpType::kInvoke && op.pair != kNoOp && ops_[op.pair].index == op.index;
  }
  // The last line with that `index`; kNoOp if there is none.
  OpIndex At(uint64_t index) const;

  // Where checkers put values that they derive.
  Arena& arena() { return arena_; }

 private:
  friend class HistoryBuilder;

  std::vector<Op> ops_;
  std::vector<Extra> extras_;
  ValueInterner processes_;
  Arena arena_;
  Interner f_names_;
};

// A line on its way into a history.
struct Line {
  OpType type = OpType::kInvoke;
  Value process;  // nil: the file knows no processes
  std::string_view f;
  Value value;
  int64_t time = kNoTime;
  int64_t index = -1;  // -1: none given
  // The line of its invocation, where the file tells (an invocation's own: HistoryBuilder::size()); a process may then
  // do several things at a time. Else it is the process's open one.
  OpIndex invocation = kNoOp;
  absl::Span<const Extra> extras;
};

// Puts lines together and finds what completes what.
class HistoryBuilder {
 public:
  Arena& arena() { return history_.arena_; }

  // The values belong to arena(). An error says what is wrong with the line, without its place: the reader knows that.
  // - A process (an integer, a text; keywords such as :nemesis are nobody's client) does one thing at a time, and a
  //   completion completes what it began. After INFO the process may go on: what was open stays open for ever.
  // - Without processes a completion completes the open line of the same f and value, else the last open one of that f.
  // - A completion without an invocation stands for both: an invocation is made up before it, with the same index.
  absl::Status Add(const Line& line);
  OpIndex size() const { return history_.size(); }
  // The last line with that `index`; kNoOp if there is none.
  OpIndex At(uint64_t index) const { return history_.At(index); }

  History Finish() &&;

 private:
  // The open invocation of nobody in particular that this completes; kNoOp if there is none.
  OpIndex OpenAnonymous(const Op& completion) const;

  History history_;
  std::vector<OpIndex> open_;       // by process
  std::vector<OpIndex> anonymous_;  // of lines without a process
  bool numbered_ = true;       // so far every line had an index, and they rose
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_HISTORY_H_
