// Cycles of operations over logs.
#include "checker/txn/cycles.h"

#include <algorithm>
#include <utility>

#include "checker/kafka/families.h"
#include "checker/txn/graph.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

void Order(const Events& events, Graph* graph) {
  std::vector<Node> after(events.size(), events.size());
  std::vector<uint32_t> process(events.size(), kNoNode);
  Node begun = 0;
  for (OpIndex line = 0; line < events.history().size(); ++line) {
    const Node node = events.At(line);
    if (node == kNoNode) continue;
    if (events.op(node).invocation == line) {
      ++begun;
      if (!events.IsFail(node)) process[node] = events.Process(node);
    } else if (events.IsOk(node)) {
      after[node] = begun;
    }
  }
  graph->SetRealtime(std::move(after));
  graph->SetProcesses(process, events.history().processes());
}

// Who may have sent a record, so that others depend on it.
Node WriterOf(const Events& events, const Logs& logs, Id record) {
  const Node writer = logs.record(record).writer;
  return writer == kNoNode || events.IsFail(writer) ? kNoNode : writer;
}

void AddReads(const Events& events, const Logs& logs, Graph* graph) {
  for (Node node = 0; node < events.size(); ++node) {
    if (events.IsFail(node)) continue;
    Node last = kNoNode;
    for (const Item& item : events.Of(node)) {
      if (item.kind != Item::Kind::kPoll) continue;
      const Node writer = WriterOf(events, logs, item.id);
      if (writer != kNoNode && writer != last) graph->Add(writer, node, EdgeKind::kWr);
      last = writer;
    }
  }
}

// The record at each index; of those that share an offset, and of one that lies at several, one.
std::vector<Id> RecordsByIndex(const Logs& logs, Id key) {
  std::vector<Id> records;
  for (const Place& place : logs.Log(key)) {
    if (place.index == records.size()) records.push_back(place.record);
  }
  return records;
}

void AddLogOrder(const Events& events, const Logs& logs, bool rw, Graph* graph) {
  // By key: the highest index that each operation read.
  std::vector<std::vector<std::pair<Index, Node>>> by_key(rw ? events.keys() : 0);
  for (Node node = 0; rw && node < events.size(); ++node) {
    if (!events.IsOk(node)) continue;
    for (const Item& item : events.Of(node)) {
      if (item.kind != Item::Kind::kPoll) continue;
      const Index index = logs.IndexOf(item, node);
      std::vector<std::pair<Index, Node>>& all = by_key[events.KeyOf(item)];
      if (index == kNoIndex) continue;
      if (all.empty() || all.back().second != node) all.emplace_back(index, node);
      all.back().first = std::max(all.back().first, index);
    }
  }
  for (Id key = 0; key < events.keys(); ++key) {
    const std::vector<Id> records = RecordsByIndex(logs, key);
    for (size_t i = 1; i < records.size(); ++i) {
      const Node a = WriterOf(events, logs, records[i - 1]);
      const Node b = WriterOf(events, logs, records[i]);
      if (a != kNoNode && b != kNoNode) graph->Add(a, b, EdgeKind::kWw);
    }
    if (!rw) continue;
    for (const auto& [index, reader] : by_key[key]) {
      if (index + 1 >= records.size()) continue;
      const Node writer = WriterOf(events, logs, records[index + 1]);
      if (writer != kNoNode) graph->Add(reader, writer, EdgeKind::kRw);
    }
  }
}

std::string Why(const Events& events, const Logs& logs, const KafkaReport& report, const Step& step) {
  const std::string from = report.Name(step.from);
  const std::string to = report.Name(step.to);
  const bool from_polls = step.kind == EdgeKind::kRw;
  const bool to_polls = step.kind == EdgeKind::kWr;
  if (step.kind == EdgeKind::kProcess) {
    return fmt::format("process {} did {} before {}", events.history().ProcessName(events.Process(step.to)), from, to);
  }
  if (step.kind == EdgeKind::kRealtime) {
    return fmt::format("{} was over (index {}) before {} began (index {})", from, report.Line(step.from), to,
                       events.history().op(events.op(step.to).invocation).index);
  }
  // The pair of items that are nearest to each other.
  const Item* left = nullptr;
  const Item* right = nullptr;
  int64_t least = INT64_MAX;
  for (const Item& a : events.Of(step.from)) {
    if (a.kind != (from_polls ? Item::Kind::kPoll : Item::Kind::kSend)) continue;
    for (const Item& b : events.Of(step.to)) {
      if (b.kind != (to_polls ? Item::Kind::kPoll : Item::Kind::kSend)) continue;
      if (events.KeyOf(a.id) != events.KeyOf(b.id)) continue;
      const int64_t distance = int64_t{logs.IndexOf(b, step.to)} - int64_t{logs.IndexOf(a, step.from)};
      if (to_polls ? a.id != b.id : distance < 1 || distance >= least) continue;
      least = distance;
      left = &a;
      right = &b;
    }
  }
  if (left == nullptr) return fmt::format("{} comes before {}", from, to);
  const std::string key = events.KeyText(events.KeyOf(left->id));
  if (to_polls) return fmt::format("{} read {} from {}, which {} sent", to, events.RecordText(left->id), key, from);
  if (from_polls) {
    return fmt::format("{} read {} up to {} and so without {}, which {} sent", from, key, events.RecordText(left->id),
                       events.RecordText(right->id), to);
  }
  return fmt::format("{} sent {} to {}, where it lies before {}, which {} sent", from, events.RecordText(left->id), key,
                     events.RecordText(right->id), to);
}

}  // namespace

void FindCycleAnomalies(const Events& events, const Logs& logs, const KafkaOptions& options, const Limits& limits,
                        KafkaReport* report) {
  Graph graph(events.size());
  Order(events, &graph);
  AddReads(events, logs, &graph);
  if (options.ww_deps || options.rw_deps) AddLogOrder(events, logs, options.rw_deps, &graph);
  graph.Finish();
  const Kinds kinds = kDataKinds | Bit(EdgeKind::kProcess) | Bit(EdgeKind::kRealtime);
  const CycleSearch search = FindCycles(graph, {kinds, limits.steps, /*all_variants=*/true});
  report->AddCycles(search, [&](const Step& step) { return Why(events, logs, *report, step); });
}

}  // namespace brokersim::checker
