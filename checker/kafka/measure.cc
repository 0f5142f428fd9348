// What is measured rather than judged: how far readers were behind, what they read again.
#include <algorithm>
#include <utility>

#include "checker/kafka/families.h"
#include "checker/kafka/pair_table.h"

namespace brokersim::checker {
namespace {

// When each log was known to have grown beyond an offset.
class Growth {
 public:
  void Note(int64_t offset, int64_t time) {
    if (highs_.empty() || offset > highs_.back().first) highs_.emplace_back(offset, time);
  }
  // The first time at which something at `offset` or above was known; INT64_MAX if never. `hint` begins at 0, and makes
  // it quick for one who asks for ever higher offsets.
  int64_t KnownAt(int64_t offset, size_t* hint) const {
    if (*hint > 0 && highs_[*hint - 1].first >= offset) *hint = 0;
    constexpr int kSteps = 16;
    for (int i = 0; i < kSteps && *hint < highs_.size() && highs_[*hint].first < offset; ++i) ++*hint;
    if (*hint < highs_.size() && highs_[*hint].first < offset) {
      const auto at = std::lower_bound(highs_.begin() + static_cast<ptrdiff_t>(*hint), highs_.end(), offset,
                                       [](const auto& high, int64_t wanted) { return high.first < wanted; });
      *hint = static_cast<size_t>(at - highs_.begin());
    }
    return *hint == highs_.size() ? INT64_MAX : highs_[*hint].second;
  }

 private:
  std::vector<std::pair<int64_t, int64_t>> highs_;  // offset and time, both rising
};

// How far, at least, each poll was behind. Of every process, what it has seen of each of its logs.
class LagMeter {
 public:
  explicit LagMeter(const Events& events)
      : events_(events),
        growth_(events.keys()),
        kept_(events.keys(), kNoNode),
        table_(events.history().processes(), events.keys()) {
    const History& history = events.history();
    for (OpIndex line = 0; line < history.size(); ++line) {
      const Node node = events.At(line);
      if (node == kNoNode || events.op(node).completion != line || events.IsFail(node)) continue;
      if (history.op(line).time == kNoTime) continue;
      EachOffset(node, [&](Id key, int64_t offset) { growth_[key].Note(offset, history.op(line).time); });
    }
    of_process_.resize(history.processes());
  }

  // -1: no times are known.
  int64_t Worst() {
    int64_t worst = -1;
    const History& history = events_.history();
    for (OpIndex line = 0; line < history.size(); ++line) {
      const Node node = events_.At(line);
      if (node == kNoNode || events_.op(node).completion != line || !events_.IsOk(node)) continue;
      const KafkaOp& op = events_.op(node);
      Followed& followed = of_process_[events_.Process(node)];
      if (op.f == KafkaOp::F::kAssign || op.f == KafkaOp::F::kSubscribe) {
        Assign(node, &followed);
      } else if (op.f == KafkaOp::F::kPoll || op.f == KafkaOp::F::kTxn) {
        EachOffset(node, [&](Id key, int64_t offset) { Advance(node, key, offset, &followed); });
        const int64_t time = history.op(op.invocation).time;
        if (time == kNoTime) continue;
        const int64_t since = followed.Earliest();
        // Times are whatever the file says: no overflow.
        const auto lag = static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(since));
        worst = std::max({worst, int64_t{0}, time > since ? lag : 0});
      }
    }
    return worst;
  }

 private:
  struct Seen {
    Id key = 0;
    int64_t offset = -1;
    int64_t outdated = INT64_MAX;  // when the log had more than that
    size_t hint = 0;               // for Growth
  };
  struct Followed {
    std::vector<Seen> logs;
    int64_t earliest = INT64_MAX;  // least `outdated`
    bool stale = false;
    int64_t Earliest() {
      if (stale) {
        earliest = INT64_MAX;
        for (const Seen& seen : logs) earliest = std::min(earliest, seen.outdated);
        stale = false;
      }
      return earliest;
    }
  };

  // The highest offset of each run of items of one key.
  template <typename Visit>
  void EachOffset(Node node, Visit visit) const {
    Id key = kNoId;
    int64_t highest = kNoOffset;
    const auto next = [&](Id id, int64_t offset) {
      if (id != key && key != kNoId) visit(key, highest);
      highest = id == key ? std::max(highest, offset) : offset;
      key = id;
    };
    for (const Item& item : events_.Of(node)) {
      if (item.kind == Item::Kind::kNothing) next(item.id, -1);
      if (item.kind != Item::Kind::kSend && item.kind != Item::Kind::kPoll) continue;
      if (item.offset != kNoOffset) next(events_.KeyOf(item), item.offset);
    }
    if (key != kNoId) visit(key, highest);
  }

  uint32_t& PlaceOf(Node node, Id key) {
    const uint32_t number = table_.Intern(events_.Process(node), key);
    if (number == place_.size()) place_.push_back(kNoNode);
    return place_[number];
  }

  void Advance(Node node, Id key, int64_t offset, Followed* followed) {
    uint32_t& place = PlaceOf(node, key);
    if (place == kNoNode) {
      place = static_cast<uint32_t>(followed->logs.size());
      followed->logs.push_back({key, -2, INT64_MAX, 0});
    }
    Seen& seen = followed->logs[place];
    if (offset <= seen.offset) return;
    if (seen.outdated == followed->earliest) followed->stale = true;
    seen.offset = offset;
    seen.outdated = offset == INT64_MAX ? INT64_MAX : growth_[key].KnownAt(offset + 1, &seen.hint);
    if (!followed->stale) followed->earliest = std::min(followed->earliest, seen.outdated);
  }

  // What was assigned before keeps its position; what is new begins at the start. Subscribers begin with nothing.
  void Assign(Node node, Followed* followed) {
    const bool subscribe = events_.op(node).f == KafkaOp::F::kSubscribe;
    if (!subscribe) {
      for (const Item& item : events_.Of(node)) kept_[item.id] = node;
    }
    std::vector<Seen> before;
    before.swap(followed->logs);
    for (const Seen& seen : before) {
      uint32_t& place = PlaceOf(node, seen.key);
      place = kNoNode;
      if (subscribe || kept_[seen.key] != node) continue;
      place = static_cast<uint32_t>(followed->logs.size());
      followed->logs.push_back(seen);
    }
    followed->stale = true;
    for (const Item& item : events_.Of(node)) {
      if (!subscribe) Advance(node, item.id, -1, followed);
    }
  }

  const Events& events_;
  std::vector<Growth> growth_;
  std::vector<Node> kept_;
  PairTable table_;
  std::vector<uint32_t> place_;  // by number: in its process' logs
  std::vector<Followed> of_process_;
};

uint64_t CountConsumedAgain(const Events& events) {
  std::vector<bool> subscribed(events.history().processes(), false);
  std::vector<uint64_t> consumed;  // process and record
  for (OpIndex line = 0; events.subscribes() && line < events.history().size(); ++line) {
    const Node node = events.At(line);
    if (node == kNoNode || events.op(node).completion != line || !events.IsOk(node)) continue;
    if (events.op(node).f == KafkaOp::F::kSubscribe) subscribed[events.Process(node)] = true;
    if (!subscribed[events.Process(node)]) continue;
    for (const Item& item : events.Of(node)) {
      if (item.kind == Item::Kind::kPoll) consumed.push_back(uint64_t{events.Process(node)} << 32 | item.id);
    }
  }
  std::sort(consumed.begin(), consumed.end());
  uint64_t again = 0;
  for (size_t i = 1; i < consumed.size(); ++i) {
    again += consumed[i] == consumed[i - 1] && (i == 1 || consumed[i - 1] != consumed[i - 2]);
  }
  return again;
}

}  // namespace

void Measure(const Events& events, KafkaReport* report) {
  constexpr double kNanosecondsPerMillisecond = 1e6;
  const int64_t worst = LagMeter(events).Worst();
  if (worst >= 0) {
    report->AddMetric("worst-realtime-lag", static_cast<double>(worst) / kNanosecondsPerMillisecond, "ms");
  }
  if (events.subscribes()) report->AddMetric("consumed-again", static_cast<double>(CountConsumedAgain(events)), "");
}

}  // namespace brokersim::checker
