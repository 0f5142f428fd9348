// The ways of processes along the logs.
#include <algorithm>
#include <utility>

#include "checker/kafka/families.h"
#include "checker/kafka/pair_table.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// Where somebody was in a log.
struct Spot {
  Index index = kNoIndex;
  Id record = kNoId;
  Node op = kNoNode;  // kNoNode: nowhere
};

class OrderCheck {
 public:
  OrderCheck(const Events& events, const Logs& logs, KafkaReport* report)
      : events_(events),
        logs_(logs),
        report_(report),
        within_polls_(events.keys()),
        within_sends_(events.keys()),
        kept_(events.keys(), kNoNode),
        moved_(events.keys(), kNoNode),
        table_(events.history().processes(), events.keys()),
        of_process_(events.history().processes()) {}

  void Run() {
    const History& history = events_.history();
    for (OpIndex line = 0; line < history.size(); ++line) {
      const Node node = events_.At(line);
      if (node == kNoNode || events_.op(node).completion != line) continue;
      using F = KafkaOp::F;
      const F f = events_.op(node).f;
      if (f == F::kAssign || f == F::kSubscribe) {
        if (!events_.IsFail(node)) KeepOnly(node);
      } else if (f != F::kCommit) {
        Visit(node);
      }
    }
  }

 private:
  struct State {
    Spot poll;
    Spot send;
  };

  State& StateOf(Node node, Id key) {
    const uint32_t number = table_.Intern(events_.Process(node), key);
    if (number == states_.size()) {
      states_.emplace_back();
      of_process_[events_.Process(node)].push_back(number);
    }
    return states_[number];
  }

  // What isn't assigned any more may be read from anywhere; so may what is, from a position that the line names.
  void KeepOnly(Node node) {
    const bool seeks = !events_.history().ExtraOf(events_.Line(node), "positions").is_nil();
    for (const Item& item : events_.Of(node)) kept_[item.id] = node;
    for (uint32_t number : of_process_[events_.Process(node)]) {
      if (kept_[table_.Second(number)] != node) states_[number] = {};
      if (seeks) states_[number].poll = {};
    }
  }

  void Visit(Node node) {
    FindMoved(node);
    for (const Item& item : events_.Of(node)) {
      const bool poll = item.kind == Item::Kind::kPoll;
      if (!poll && item.kind != Item::Kind::kSend) continue;
      const Id key = events_.KeyOf(item);
      const Spot spot = {logs_.IndexOf(item, node), item.id, node};
      Spot& within = poll ? within_polls_[key] : within_sends_[key];
      if (within.op != node) {
        // Whoever failed sent nothing; and before it polled on, it should have gone back.
        if (poll || !events_.IsFail(node))
          Compare(poll ? StateOf(node, key).poll : StateOf(node, key).send, spot, poll);
      } else if (!poll || moved_[key] != node) {
        CompareWithin(within, spot, poll);
      }
      within = spot;
    }
    Id before = kNoId;
    for (const Item& item : events_.Of(node)) {
      if (item.kind != Item::Kind::kPoll && item.kind != Item::Kind::kSend) continue;
      // A poll's records of one key stand together.
      const Id key = events_.KeyOf(item);
      if (item.kind == Item::Kind::kPoll && key == std::exchange(before, key)) continue;
      if (item.kind == Item::Kind::kPoll && events_.IsOk(node)) {
        Spot& last = StateOf(node, key).poll;
        if (last.op != node) last = within_polls_[key];
      } else if (item.kind == Item::Kind::kSend && !events_.IsFail(node)) {
        Spot& last = StateOf(node, key).send;
        if (last.op != node) last = within_sends_[key];
      }
    }
  }

  // Keys that were taken away or given anew while the operation ran.
  void FindMoved(Node node) {
    if (events_.Line(node).extra_count == 0) return;
    const Value log = events_.history().ExtraOf(events_.Line(node), "rebalance-log");
    for (const Value& entry : log.items()) {
      for (const Value& key : entry.Get("keys").items()) {
        const Id id = events_.FindKey(key);
        if (id != kNoId) moved_[id] = node;
      }
    }
  }

  int64_t Delta(const Spot& a, const Spot& b) const {
    if (a.index == kNoIndex || b.index == kNoIndex) return 1;
    return int64_t{b.index} - int64_t{a.index};
  }

  void Compare(const Spot& last, const Spot& spot, bool poll) {
    if (last.op == kNoNode) return;
    // A producer with several requests on the way: neither came after the other.
    if (events_.op(last.op).completion > events_.op(spot.op).invocation) return;
    const int64_t delta = Delta(last, spot);
    if (poll && delta > 1) {
      Say(LogAnomaly::kPollSkip, last, spot, "read on behind", "and left out");
    } else if (delta < 1) {
      Say(poll ? LogAnomaly::kNonmonotonicPoll : LogAnomaly::kNonmonotonicSend, last, spot,
          poll ? "went back to" : "was stored at or before", "");
    }
  }

  void CompareWithin(const Spot& last, const Spot& spot, bool poll) {
    const int64_t delta = Delta(last, spot);
    if (delta > 1) {
      Say(poll ? LogAnomaly::kIntPollSkip : LogAnomaly::kIntSendSkip, last, spot, "went on behind",
          "with between them");
    } else if (delta < 1) {
      Say(poll ? LogAnomaly::kIntNonmonotonicPoll : LogAnomaly::kIntNonmonotonicSend, last, spot, "went back to", "");
    }
  }

  void Say(LogAnomaly anomaly, const Spot& last, const Spot& spot, std::string_view how, std::string_view between) {
    if (!report_->Found(anomaly)) return;
    const Id key = events_.KeyOf(spot.record);
    std::string text =
        fmt::format("In {}, {} ended at {}; {} {} it with {}", events_.KeyText(key), report_->Name(last.op),
                    events_.RecordText(last.record), report_->Name(spot.op), how, events_.RecordText(spot.record));
    Id skipped = kNoId;
    if (!between.empty()) {
      const absl::Span<const Place> log = logs_.Log(key);
      const auto at = std::upper_bound(log.begin(), log.end(), last.index,
                                       [](Index index, const Place& place) { return index < place.index; });
      skipped = at->record;
      text += fmt::format(", {} {}", between, events_.RecordText(skipped));
      if (Delta(last, spot) > 2) text += fmt::format(" and {} more", Delta(last, spot) - 2);
    }
    formats::Anomaly& added = report_->Add(anomaly, {last.op, spot.op}, text + ".");
    report_->AddRecord(last.record, logs_.record(last.record).offset, &added);
    if (skipped != kNoId) report_->AddRecord(skipped, logs_.record(skipped).offset, &added);
    report_->AddRecord(spot.record, logs_.record(spot.record).offset, &added);
  }

  const Events& events_;
  const Logs& logs_;
  KafkaReport* report_;
  std::vector<Spot> within_polls_, within_sends_;  // by key: the last of the operation in hand
  std::vector<Node> kept_, moved_;                 // by key: the operation that did
  PairTable table_;                                // of process and key
  std::vector<State> states_;
  std::vector<std::vector<uint32_t>> of_process_;
};

}  // namespace

void FindOrderAnomalies(const Events& events, const Logs& logs, KafkaReport* report) {
  OrderCheck(events, logs, report).Run();
}

void FindTimeAnomalies(const Events& events, const Logs& logs, KafkaReport* report) {
  struct Committed {
    int64_t offset = INT64_MIN;
    Node op = kNoNode;
    int64_t lowest_open = INT64_MAX;  // of unknown outcome: it may be done at any later time
  };
  std::vector<Spot> highest(events.keys());     // that was acknowledged
  PairTable groups(UINT32_MAX, events.keys());  // of group and key
  ValueInterner group_names;
  std::vector<Committed> committed;
  std::vector<bool> fell(events.size(), false);
  const History& history = events.history();
  const auto commit_of = [&](Node node, Id key) -> Committed& {
    Value group = history.ExtraOf(events.Line(node), "group");
    if (group.is_nil()) group = history.ExtraOf(history.op(events.op(node).invocation), "group");
    const uint32_t number = groups.Intern(group_names.Intern(group), key);
    if (number == committed.size()) committed.emplace_back();
    return committed[number];
  };
  for (OpIndex line = 0; line < history.size(); ++line) {
    const Node node = events.At(line);
    if (node == kNoNode) continue;
    const bool begins = events.op(node).invocation == line;
    if (events.op(node).f == KafkaOp::F::kPoll && !events.commits()) continue;
    for (const Item& item : events.Of(node)) {
      if (item.kind == Item::Kind::kCommit && begins && events.op(node).outcome == OpType::kInfo) {
        int64_t& lowest = commit_of(node, item.id).lowest_open;
        lowest = std::min(lowest, item.offset);
      }
      if (item.kind == Item::Kind::kCommit && events.IsOk(node)) {
        Committed& before = commit_of(node, item.id);
        if (begins && item.offset < std::min(before.offset, before.lowest_open)) {
          fell[node] = true;
          if (!report->Found(LogAnomaly::kCommitRegression)) continue;
          report->Add(LogAnomaly::kCommitRegression, {before.op, node},
                      fmt::format("{} committed offset {} of {}, and {} went back to {}.", report->Name(before.op),
                                  before.offset, events.KeyText(item.id), report->Name(node), item.offset));
        } else if (!begins && (fell[node] || item.offset >= before.offset)) {
          before.offset = item.offset;
          before.op = node;
        }
      }
      if (item.kind != Item::Kind::kSend || !logs.Committed(node)) continue;
      // Of a record that several sent, only offsets that the sender was told are its own.
      if (item.offset == kNoOffset && logs.record(item.id).writer != node) continue;
      const Index index = logs.IndexOf(item, node);
      Spot& top = highest[events.KeyOf(item)];
      if (index == kNoIndex) continue;
      if (!begins && events.IsOk(node) && (top.op == kNoNode || index > top.index)) top = {index, item.id, node};
      if (!begins || top.op == kNoNode || index >= top.index || top.record == item.id) continue;
      if (!report->Found(LogAnomaly::kOffsetInversion)) continue;
      formats::Anomaly& anomaly = report->Add(
          LogAnomaly::kOffsetInversion, {top.op, node},
          fmt::format("{} was told that {} is stored in {} before {} sent {}, which lies below it all the same.",
                      report->Name(top.op), events.RecordText(top.record), events.KeyText(events.KeyOf(item)),
                      report->Name(node), events.RecordText(item.id)));
      report->AddRecord(top.record, logs.record(top.record).offset, &anomaly);
      report->AddRecord(item.id, logs.record(item.id).offset, &anomaly);
    }
  }
}

}  // namespace brokersim::checker
