// Logs: the offsets are the order.
//
// A read that shows a record came after its append, and so after all below it; one that shows none came
// before the append of the next record there is. So each append has a time after which, and one before which,
// it took effect, and from the lowest offset up the first of these may not pass the second. Where it never
// does, appends take effect as early as that allows, and reads when they begin or as soon as their records
// are there.
#include <algorithm>
#include <utility>

#include "checker/linear/shortcut.h"

namespace brokersim::checker {
namespace {

enum : uint32_t { kAppend, kRead };

// An append, and who else binds it.
struct Record {
  int64_t offset = 0;
  uint32_t op = 0;
  OpIndex after = 0;       // it took effect after this line,
  uint32_t after_of = 0;   // for that is where this operation begins;
  OpIndex before = kNoOp;  // and before this line,
  uint32_t before_of = 0;  // for that is where this one ends
  friend bool operator<(const Record& a, const Record& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.op < b.op;
  }
};

// When an operation takes effect. At one time, reads of nothing come first, then appends, then reads of
// records.
struct Effect {
  OpIndex time = 0;
  uint32_t kind = 0;
  uint32_t turn = 0;  // appends: by offset
  uint32_t op = 0;
  friend bool operator<(const Effect& a, const Effect& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.kind != b.kind) return a.kind < b.kind;
    return a.turn != b.turn ? a.turn < b.turn : a.op < b.op;
  }
};

class LogCheck {
 public:
  explicit LogCheck(absl::Span<const Operation> ops) : ops_(ops) {}

  ShortcutResult Run() {
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      const Operation& one = ops_[op];
      if (one.call.f > kRead || !one.call.known) return {};
      if (one.call.f != kAppend) continue;
      records_.push_back({one.call.out.integer(), op, one.begin, op, one.end, op});
    }
    std::sort(records_.begin(), records_.end());
    for (size_t i = 1; i < records_.size(); ++i) {
      if (records_[i].offset == records_[i - 1].offset) return No({records_[i - 1].op, records_[i].op});
    }
    next_.assign(ops_.size(), 0);
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      if (ops_[op].call.f == kRead && !Match(op)) return No(std::move(suspects_));
    }
    return Place();
  }

 private:
  ShortcutResult No(std::vector<uint32_t> suspects) const {
    return {.answer = ShortcutResult::kNo, .suspects = std::move(suspects), .steps = ops_.size()};
  }

  // Whether the log, as it will be in the end, holds what the read shows; binds the record that the read
  // tells about.
  bool Match(uint32_t read) {
    const Operation& op = ops_[read];
    const int64_t from = op.call.in.integer();
    auto at = static_cast<uint32_t>(
        std::lower_bound(records_.begin(), records_.end(), Record{.offset = from}) - records_.begin());
    next_[read] = at;
    if (op.call.out.items().empty()) {
      if (at < records_.size() && op.begin > records_[at].after) {
        records_[at].after = op.begin;
        records_[at].after_of = read;
      }
      return true;
    }
    for (const Value& item : op.call.out.items()) {
      suspects_ = {read};
      if (at == records_.size()) return false;
      suspects_.push_back(records_[at].op);
      if (records_[at].offset != item.items()[0].integer()) return false;
      if (!(ops_[records_[at].op].call.in == item.items()[1])) return false;
      ++at;
    }
    next_[read] = at;
    if (op.end < records_[at - 1].before) {
      records_[at - 1].before = op.end;
      records_[at - 1].before_of = read;
    }
    return true;
  }

  ShortcutResult Place() {
    for (size_t i = records_.size(); i-- > 1;) {
      if (records_[i].before >= records_[i - 1].before) continue;
      records_[i - 1].before = records_[i].before;
      records_[i - 1].before_of = records_[i].before_of;
    }
    uint32_t bound = 0;  // the record whose begin holds back all above
    std::vector<Effect> effects;
    for (uint32_t i = 0; i < records_.size(); ++i) {
      const uint32_t by = bound;
      if (records_[i].after > records_[bound].after) bound = i;
      const Record& record = records_[i];
      if (record.before < records_[bound].after) {
        return No(
            {records_[bound].after_of, records_[bound].op, records_[by].op, record.op, record.before_of});
      }
      effects.push_back({records_[bound].after, 1, i, record.op});
    }
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      if (ops_[op].call.f != kRead) continue;
      if (ops_[op].call.out.items().empty()) {
        effects.push_back({ops_[op].begin, 0, 0, op});
      } else {
        effects.push_back({std::max(ops_[op].begin, effects[next_[op] - 1].time), 2, 0, op});
      }
    }
    std::sort(effects.begin(), effects.end());
    ShortcutResult result = {.answer = ShortcutResult::kYes, .steps = ops_.size()};
    for (const Effect& effect : effects) result.order.push_back(effect.op);
    if (!KeepsTime(ops_, result.order)) return {};
    return result;
  }

  absl::Span<const Operation> ops_;
  std::vector<Record> records_;  // by offset
  std::vector<uint32_t> next_;   // by read: the first record after what it showed
  std::vector<uint32_t> suspects_;
};

}  // namespace

ShortcutResult CheckLog(absl::Span<const Operation> ops) { return LogCheck(ops).Run(); }

}  // namespace brokersim::checker
