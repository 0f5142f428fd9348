// Offsets and records: what lies where, what was sent, what was read.
#include <algorithm>
#include <tuple>

#include "checker/kafka/families.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

Node WitnessOf(const Logs& logs, Id id, int64_t offset) {
  if (logs.record(id).offset == offset) return logs.record(id).witness;
  const std::vector<Further>& all = logs.further();
  const auto at = std::lower_bound(all.begin(), all.end(), std::tie(id, offset),
                                   [](const Further& f, const auto& b) { return std::tie(f.record, f.offset) < b; });
  return at == all.end() ? kNoNode : at->witness;
}

// A record that surely was stored at or below what somebody read, and that nobody read.
bool IsLost(const Events& events, const Logs& logs, Id id) {
  const Record& record = logs.record(id);
  if (record.reader != kNoNode || record.writer == kNoNode || record.index == kNoIndex) return false;
  const Index bound = logs.Bound(events.KeyOf(id));
  return logs.Committed(record.writer) && bound != kNoIndex && record.last_index <= bound;
}

void FindInconsistent(const Events& events, const Logs& logs, KafkaReport* report) {
  for (Id key = 0; key < events.keys(); ++key) {
    const absl::Span<const Place> log = logs.Log(key);
    for (size_t at = 0; at < log.size();) {
      size_t end = at + 1;
      while (end < log.size() && log[end].offset == log[at].offset) ++end;
      if (end - at > 1 && report->Found(LogAnomaly::kInconsistentOffsets)) {
        std::string values;
        for (size_t i = at; i < end; ++i) values += (i > at ? ", " : "") + events.RecordText(log[i].record);
        formats::Anomaly& anomaly = report->Add(
            LogAnomaly::kInconsistentOffsets,
            {WitnessOf(logs, log[at].record, log[at].offset), WitnessOf(logs, log[at + 1].record, log[at].offset)},
            fmt::format("Offset {} of {} holds different records: {}.", log[at].offset, events.KeyText(key), values));
        for (size_t i = at; i < end; ++i) report->AddRecord(log[i].record, log[i].offset, &anomaly);
      }
      at = end;
    }
  }
}

void FindDuplicates(const Events& events, const Logs& logs, KafkaReport* report) {
  const std::vector<Further>& all = logs.further();
  for (size_t at = 0; at < all.size();) {
    const Id id = all[at].record;
    const size_t begin = at;
    while (at < all.size() && all[at].record == id) ++at;
    if (!report->Found(LogAnomaly::kDuplicate)) continue;
    std::vector<int64_t> offsets = {logs.record(id).offset};
    for (size_t i = begin; i < at; ++i) offsets.push_back(all[i].offset);
    std::sort(offsets.begin(), offsets.end());
    formats::Anomaly& anomaly =
        report->Add(LogAnomaly::kDuplicate, {logs.record(id).witness, all[begin].witness},
                    fmt::format("{} lies in {} {} times, at offsets {}.", events.RecordText(id),
                                events.KeyText(events.KeyOf(id)), offsets.size(), fmt::join(offsets, ", ")));
    for (int64_t offset : offsets) report->AddRecord(id, offset, &anomaly);
  }
}

void FindBadReads(const Events& events, const Logs& logs, KafkaReport* report) {
  for (Id id = 0; id < events.records(); ++id) {
    const Record& record = logs.record(id);
    if (record.writer == kNoNode) {
      if (!report->Found(LogAnomaly::kPhantomRead)) continue;
      const Node reader = record.reader != kNoNode ? record.reader : record.witness;
      formats::Anomaly& anomaly = report->Add(LogAnomaly::kPhantomRead, {reader},
                                              fmt::format("{} was read from {}, but nobody ever sent it.",
                                                          events.RecordText(id), events.KeyText(events.KeyOf(id))));
      report->AddRecord(id, record.offset, &anomaly);
    } else if (record.reader != kNoNode && events.IsFail(record.writer)) {
      if (!report->Found(LogAnomaly::kG1a)) continue;
      formats::Anomaly& anomaly = report->Add(
          LogAnomaly::kG1a, {record.writer, record.reader},
          fmt::format("{} read {} from {}, although {}, which sent it, failed.", report->Name(record.reader),
                      events.RecordText(id), events.KeyText(events.KeyOf(id)), report->Name(record.writer)));
      report->AddRecord(id, record.offset, &anomaly);
    }
  }
}

void FindPrecommitted(const Events& events, KafkaReport* report) {
  std::vector<Node> sent_by(events.records(), kNoNode);
  for (Node node = 0; node < events.size(); ++node) {
    const absl::Span<const Item> items = events.Of(node);
    if (events.op(node).f != KafkaOp::F::kTxn || items.size() < 2) continue;
    for (const Item& item : items) {
      if (item.kind == Item::Kind::kSend) sent_by[item.id] = node;
    }
    for (const Item& item : items) {
      if (item.kind != Item::Kind::kPoll || sent_by[item.id] != node) continue;
      if (report->Found(LogAnomaly::kPrecommittedRead)) {
        formats::Anomaly& anomaly = report->Add(
            LogAnomaly::kPrecommittedRead, {node},
            fmt::format("{} read {} from {}, which it sent itself and had not committed.", report->Name(node),
                        events.RecordText(item.id), events.KeyText(events.KeyOf(item))));
        report->AddRecord(item.id, item.offset, &anomaly);
      }
      break;
    }
  }
}

void FindLost(const Events& events, const Logs& logs, KafkaReport* report) {
  for (Id id = 0; id < events.records(); ++id) {
    if (!IsLost(events, logs, id) || !report->Found(LogAnomaly::kLostWrite)) continue;
    const Record& record = logs.record(id);
    const Id key = events.KeyOf(id);
    const Id higher = logs.BoundRecord(key);
    const Node reader = logs.record(higher).reader;
    formats::Anomaly& anomaly = report->Add(
        LogAnomaly::kLostWrite, {record.writer, reader},
        fmt::format("{} stored {} in {} at offset {}, and {} read {} at offset {}, but nobody ever read {}.",
                    report->Name(record.writer), events.RecordText(id), events.KeyText(key), record.offset,
                    report->Name(reader), events.RecordText(higher), logs.record(higher).offset,
                    events.RecordText(id)));
    report->AddRecord(id, record.offset, &anomaly);
  }
}

void FindTorn(const Events& events, const Logs& logs, KafkaReport* report) {
  for (Node node = 0; node < events.size(); ++node) {
    if (!logs.Committed(node) || events.op(node).f == KafkaOp::F::kPoll || events.Of(node).size() < 2) continue;
    Id read = kNoId;
    Id lost = kNoId;
    for (const Item& item : events.Of(node)) {
      if (item.kind != Item::Kind::kSend || logs.record(item.id).writer != node) continue;
      if (read == kNoId && logs.record(item.id).reader != kNoNode) read = item.id;
      if (lost == kNoId && IsLost(events, logs, item.id)) lost = item.id;
    }
    if (read == kNoId || lost == kNoId || !report->Found(LogAnomaly::kTornTransaction)) continue;
    const Id higher = logs.BoundRecord(events.KeyOf(lost));
    formats::Anomaly& anomaly = report->Add(
        LogAnomaly::kTornTransaction, {node, logs.record(read).reader, logs.record(higher).reader},
        fmt::format("Of what {} sent, {} was read from {}, but {} never from {}, although what lies above it was.",
                    report->Name(node), events.RecordText(read), events.KeyText(events.KeyOf(read)),
                    events.RecordText(lost), events.KeyText(events.KeyOf(lost))));
    report->AddRecord(read, logs.record(read).offset, &anomaly);
    report->AddRecord(lost, logs.record(lost).offset, &anomaly);
  }
}

void FindUnseen(const Events& events, const Logs& logs, KafkaReport* report) {
  constexpr size_t kListed = 8;
  std::vector<uint32_t> count(events.keys(), 0);
  std::vector<std::vector<Id>> some(events.keys());
  uint64_t total = 0;
  for (Id id = 0; id < events.records(); ++id) {
    const Record& record = logs.record(id);
    if (record.writer == kNoNode || !events.IsOk(record.writer) || record.reader != kNoNode) continue;
    ++total;
    const Id key = events.KeyOf(id);
    ++count[key];
    if (some[key].size() < kListed) some[key].push_back(id);
  }
  for (Id key = 0; key < events.keys(); ++key) {
    if (count[key] == 0 || !report->Found(LogAnomaly::kUnseen)) continue;
    formats::Anomaly& anomaly = report->Add(
        LogAnomaly::kUnseen, {logs.record(some[key].front()).writer},
        fmt::format("{} of the records that were acknowledged for {} {} never read; the first of them is {}.",
                    count[key], events.KeyText(key), count[key] == 1 ? "was" : "were",
                    events.RecordText(some[key].front())));
    for (Id id : some[key]) report->AddRecord(id, logs.record(id).offset, &anomaly);
  }
  if (total > 0) report->AddMetric("unseen-records", static_cast<double>(total), "");
}

bool SaysFenced(const Events& events, Node node) {
  const Value error = events.history().ExtraOf(events.Line(node), "error");
  if (error.is_nil()) return false;
  std::string text = ToText(error);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text.find("fenced") != std::string::npos;
}

// What a line says of its sender, on the completion or else on the invocation.
Value Told(const Events& events, Node node, std::string_view key) {
  const Value told = events.history().ExtraOf(events.Line(node), key);
  return told.is_nil() ? events.history().ExtraOf(events.history().op(events.op(node).invocation), key) : told;
}

}  // namespace

void FindOffsetAnomalies(const Events& events, const Logs& logs, KafkaReport* report) {
  FindInconsistent(events, logs, report);
  FindDuplicates(events, logs, report);
}

void FindRecordAnomalies(const Events& events, const Logs& logs, KafkaReport* report) {
  FindBadReads(events, logs, report);
  FindPrecommitted(events, report);
  FindLost(events, logs, report);
  FindTorn(events, logs, report);
  FindUnseen(events, logs, report);
}

void FindZombies(const Events& events, const Logs& logs, KafkaReport* report) {
  // By transactional id: the highest epoch that succeeded, and who did.
  ValueInterner ids;
  std::vector<std::pair<int64_t, Node>> epochs;
  std::vector<Node> fenced_by(events.size(), kNoNode);  // by operation: itself, if it was told so
  const History& history = events.history();
  for (OpIndex line = 0; line < history.size(); ++line) {
    const Node node = events.At(line);
    if (node == kNoNode) continue;
    const bool invocation = line == events.op(node).invocation;
    if (history.op(line).extra_count == 0 && events.Line(node).extra_count == 0) continue;
    if (!invocation && !events.IsOk(node) && SaysFenced(events, node)) fenced_by[node] = node;
    const Value id = Told(events, node, "transactional-id");
    const Value epoch = Told(events, node, "epoch");
    if (id.is_nil() || !epoch.is_int()) continue;
    const Id known = ids.Intern(id);
    if (known == epochs.size()) epochs.emplace_back(INT64_MIN, kNoNode);
    if (invocation && epochs[known].first > epoch.integer()) fenced_by[node] = epochs[known].second;
    if (!invocation && events.IsOk(node) && epoch.integer() > epochs[known].first) {
      epochs[known] = {epoch.integer(), node};
    }
  }
  for (Node node = 0; node < events.size(); ++node) {
    if (fenced_by[node] == kNoNode) continue;
    for (const Item& item : events.Of(node)) {
      if (item.kind != Item::Kind::kSend || logs.record(item.id).writer != node) continue;
      const Node reader = logs.record(item.id).reader;
      if (reader == kNoNode && !events.IsOk(node)) continue;
      if (report->Found(LogAnomaly::kZombieWrite)) {
        formats::Anomaly& anomaly =
            report->Add(LogAnomaly::kZombieWrite, {node, fenced_by[node], reader},
                        fmt::format("{} was fenced{}, but {}, which it sent to {}, {}.", report->Name(node),
                                    fenced_by[node] == node ? "" : " by " + report->Name(fenced_by[node]),
                                    events.RecordText(item.id), events.KeyText(events.KeyOf(item)),
                                    reader == kNoNode ? "was acknowledged" : "was read by " + report->Name(reader)));
        report->AddRecord(item.id, item.offset, &anomaly);
      }
      break;
    }
  }
}

}  // namespace brokersim::checker
