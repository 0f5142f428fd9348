// Set and set-full: which elements came, stayed and vanished.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/judgement.h"
#include "checker/stable_sort.h"
#include "checker/workloads/workloads.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

struct Element {
  OpIndex add = kNoOp;        // the first invocation; kNoOp: nobody tried
  OpIndex acked = kNoOp;      // the first acknowledgement
  bool may_be_there = false;  // not all adds of it failed
};

struct SetRead {
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;
  std::vector<Id> elements;
};

struct SetHistory {
  ValueInterner values;
  std::vector<Element> elements;  // by number of its value
  std::vector<SetRead> reads;     // the :ok ones, as they ended
};

absl::StatusOr<SetHistory> TakeApart(const History& history) {
  SetHistory set;
  const auto intern = [&set](const Value& value) {
    const Id id = set.values.Intern(value);
    if (id == set.elements.size()) set.elements.emplace_back();
    return id;
  };
  for (OpIndex at = 0; at < history.size(); ++at) {
    const Op& op = history.op(at);
    if (!op.client) continue;
    const std::string_view f = history.FName(op.f);
    if (f == "add") {
      Element& element = set.elements[intern(op.value.is_nil() && op.pair != kNoOp ? history.op(op.pair).value
                                                                                   : op.value)];
      if (op.type == OpType::kInvoke && element.add == kNoOp) element.add = at;
      if (op.type == OpType::kInvoke && history.Outcome(op) != OpType::kFail) element.may_be_there = true;
      if (op.type == OpType::kOk && element.acked == kNoOp) element.acked = at;
    } else if (f == "read") {
      if (op.type != OpType::kOk) continue;
      if (!op.value.is_sequence()) return BadLine(history, op, "a set's :read gives a set or a vector of elements");
      SetRead read = {op.pair, at, {}};
      for (const Value& value : op.value.items()) read.elements.push_back(intern(value));
      set.reads.push_back(std::move(read));
    } else {
      return BadLine(history, op, "a set has :add and :read");
    }
  }
  return set;
}

// The next of `time` where times are known.
double Millis(int64_t from, int64_t to) { return static_cast<double>(std::max<int64_t>(to - from, 0)) / 1e6; }

// Which element was seen last, and missed last, in the order in which reads began.
struct Seen {
  uint32_t present = UINT32_MAX;  // numbers of reads
  uint32_t absent = UINT32_MAX;
  OpIndex known = kNoOp;  // the line by which it was first known to be there
};

class SetFull {
 public:
  SetFull(const History& history, const SetHistory& set, const SetFullOptions& options)
      : history_(history), set_(set), options_(options), judgement_("set-full", history), seen_(set.elements.size()) {
    order_.resize(set.reads.size());
    for (uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
    StableSort(&order_, [&](uint32_t a, uint32_t b) { return set.reads[a].invoke > set.reads[b].invoke; });
  }

  formats::Verdict Judge() {
    for (Id id = 0; id < seen_.size(); ++id) seen_[id].known = set_.elements[id].acked;
    for (const SetRead& read : set_.reads) FindKnown(read);
    FindPresent();
    FindAbsent();
    uint64_t stable = 0;
    for (Id id = 0; id < seen_.size(); ++id) stable += JudgeElement(id);
    Summarise(stable);
    return std::move(judgement_).Finish();
  }

 private:
  uint32_t InvokeOf(uint32_t read) const { return set_.reads[read].invoke; }

  void FindKnown(const SetRead& read) {
    std::vector<Id> sorted = read.elements;
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < sorted.size(); ++i) {
      Seen& seen = seen_[sorted[i]];
      if (seen.known == kNoOp || read.done < seen.known) seen.known = read.done;
      if (i > 0 && sorted[i] == sorted[i - 1] && (i < 2 || sorted[i] != sorted[i - 2])) Duplicated(read, sorted[i]);
    }
  }

  void Duplicated(const SetRead& read, Id id) {
    judgement_.Add("duplicated", {read.done},
                   fmt::format("{} read {} more than once in one set", Who(history_, history_.op(read.done)),
                               ToText(set_.values.Get(id))));
  }

  void FindPresent() {
    for (uint32_t read : order_) {
      for (Id id : set_.reads[read].elements) {
        if (seen_[id].present == UINT32_MAX) seen_[id].present = read;
      }
    }
  }

  // From the read that began last backwards, each read settles who is missing in it; only those that it holds remain,
  // so that the work is that of reading the history.
  void FindAbsent() {
    std::vector<Id> open;
    for (Id id = 0; id < seen_.size(); ++id) {
      if (set_.elements[id].add != kNoOp) open.push_back(id);
    }
    StableSort(&open, [&](Id a, Id b) { return set_.elements[a].add < set_.elements[b].add; });
    std::vector<uint32_t> held(seen_.size(), UINT32_MAX);
    for (uint32_t read : order_) {
      for (Id id : set_.reads[read].elements) held[id] = read;
      size_t kept = 0;
      size_t at = 0;
      for (; at < open.size() && set_.elements[open[at]].add < set_.reads[read].done; ++at) {
        const Id id = open[at];
        if (held[id] == read) {
          open[kept++] = id;
        } else {
          seen_[id].absent = read;
        }
      }
      open.erase(open.begin() + static_cast<ptrdiff_t>(kept), open.begin() + static_cast<ptrdiff_t>(at));
    }
  }

  // Whether it is stable.
  bool JudgeElement(Id id) {
    const Seen& seen = seen_[id];
    const Element& element = set_.elements[id];
    if (element.add == kNoOp) {
      judgement_.Add("unexpected", {set_.reads[seen.present].done},
                     fmt::format("{} read {}, which nobody tried to add",
                                 Who(history_, history_.op(set_.reads[seen.present].done)),
                                 ToText(set_.values.Get(id))));
      return false;
    }
    const bool present = seen.present != UINT32_MAX;
    const bool absent = seen.absent != UINT32_MAX;
    if (present && (!absent || InvokeOf(seen.absent) < InvokeOf(seen.present))) {
      Stable(id);
      return true;
    }
    // What was missed by a read that began before anybody knew of it may come yet.
    const bool lost = seen.known != kNoOp && absent && seen.known < InvokeOf(seen.absent);
    if (lost) {
      Lost(id);
    } else {
      ++never_read_;
    }
    return false;
  }

  int64_t TimeOf(OpIndex line) const { return history_.op(line).time; }

  void Stable(Id id) {
    const Seen& seen = seen_[id];
    if (seen.absent == UINT32_MAX || InvokeOf(seen.absent) < seen.known) return;
    // It was missed by a read that began after it was known to be there.
    const int64_t known = TimeOf(seen.known);
    const int64_t missed = TimeOf(InvokeOf(seen.absent));
    if (known != kNoTime && missed != kNoTime) stable_latencies_.push_back(Millis(known, missed + 1));
    ++stale_;
    if (!options_.linearizable) return;
    judgement_.Add("stale", {set_.elements[id].add, seen.known, set_.reads[seen.absent].done},
                   fmt::format("{} was known to be in the set, yet {} began to read after that and did not see it",
                               ToText(set_.values.Get(id)), Who(history_, history_.op(InvokeOf(seen.absent)))));
  }

  void Lost(Id id) {
    const Seen& seen = seen_[id];
    const OpIndex missed = set_.reads[seen.absent].done;
    const int64_t known = TimeOf(seen.known);
    const OpIndex last = seen.present == UINT32_MAX ? seen.known : InvokeOf(seen.present);
    if (known != kNoTime && TimeOf(last) != kNoTime) lost_latencies_.push_back(Millis(known, TimeOf(last) + 1));
    judgement_.Add("lost", {set_.elements[id].add, seen.known, missed},
                   fmt::format("{} {}, but {} no longer saw it, and nobody did after that", ToText(set_.values.Get(id)),
                               set_.elements[id].acked == seen.known ? "was acknowledged" : "had been read",
                               Who(history_, history_.op(missed))));
  }

  void Measure(std::string_view what, std::vector<double>* millis) {
    if (millis->empty()) return;
    std::sort(millis->begin(), millis->end());
    for (const auto& [name, part] : {std::pair("p50", 0.5), std::pair("p99", 0.99), std::pair("max", 1.0)}) {
      const auto at = static_cast<size_t>(part * static_cast<double>(millis->size() - 1));
      judgement_.Measure(fmt::format("{}-latency-{}", what, name), (*millis)[at], "ms");
    }
  }

  void Summarise(uint64_t stable) {
    judgement_.Measure("attempted", static_cast<double>(std::count_if(
                                        set_.elements.begin(), set_.elements.end(),
                                        [](const Element& element) { return element.add != kNoOp; })));
    judgement_.Measure("stable", static_cast<double>(stable));
    judgement_.Measure("stale", static_cast<double>(stale_));
    judgement_.Measure("never-read", static_cast<double>(never_read_));
    Measure("stable", &stable_latencies_);
    Measure("lost", &lost_latencies_);
    if (stable == 0) judgement_.Undecided("no element was stable: no read saw one that all later reads saw too");
  }

  const History& history_;
  const SetHistory& set_;
  const SetFullOptions& options_;
  Judgement judgement_;
  std::vector<Seen> seen_;       // by element
  std::vector<uint32_t> order_;  // reads, the one that began last first
  std::vector<double> stable_latencies_;
  std::vector<double> lost_latencies_;
  uint64_t stale_ = 0;
  uint64_t never_read_ = 0;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckSet(const History& history) {
  absl::StatusOr<SetHistory> set = TakeApart(history);
  if (!set.ok()) return set.status();
  Judgement judgement("set", history);
  if (set->reads.empty()) {
    judgement.Undecided("the set was never read: no :read ended as :ok");
    return std::move(judgement).Finish();
  }
  const SetRead& last = set->reads.back();
  std::vector<bool> there(set->elements.size(), false);
  for (Id id : last.elements) there[id] = true;
  uint64_t recovered = 0;
  uint64_t unread = 0;  // acknowledged too late for the last read to have to show it
  for (Id id = 0; id < set->elements.size(); ++id) {
    const Element& element = set->elements[id];
    const std::string name = ToText(set->values.Get(id));
    if (there[id] && !element.may_be_there) {
      judgement.Add("unexpected", {last.done, element.add},
                    fmt::format("the last read holds {}, {}", name,
                                element.add == kNoOp ? "which nobody tried to add" : "whose add had failed"));
    } else if (!there[id] && element.acked < last.invoke) {
      judgement.Add("lost", {element.add, element.acked, last.done},
                    fmt::format("{} added {} and was told so, but the last read doesn't hold it",
                                Who(history, history.op(element.acked)), name));
    } else if (there[id] && element.acked == kNoOp) {
      ++recovered;
    } else if (!there[id] && element.acked != kNoOp) {
      ++unread;
    }
  }
  judgement.Measure("recovered", static_cast<double>(recovered));
  judgement.Measure("unread", static_cast<double>(unread));
  return std::move(judgement).Finish();
}

absl::StatusOr<formats::Verdict> CheckSetFull(const History& history, const SetFullOptions& options) {
  absl::StatusOr<SetHistory> set = TakeApart(history);
  if (!set.ok()) return set.status();
  return SetFull(history, *set, options).Judge();
}

}  // namespace brokersim::checker
