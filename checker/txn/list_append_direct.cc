// What a list-append history shows without a graph.
#include <algorithm>
#include <utility>

#include "checker/txn/list_append.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

int Row(std::string_view name) { return FindAnomaly(name).value(); }

// Whether a key may be there twice: long transactions aren't looked through.
bool TouchesTwice(absl::Span<const MicroOp> ops) {
  constexpr size_t kShort = 8;
  if (ops.size() > kShort) return true;
  for (size_t i = 1; i < ops.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (ops[i].key == ops[j].key) return true;
    }
  }
  return false;
}

}  // namespace

bool ListAppend::IsExpected(uint32_t read, uint32_t before, absl::Span<const Id> appended) const {
  const std::vector<MicroOp>& all = txns_.micro_ops();
  const absl::Span<const Value> items = all[read].value.items();
  const List& list = lists_[all[read].key];
  const bool known = before != UINT32_MAX;
  const size_t base = known ? all[before].value.items().size() : 0;
  if (items.size() < base + appended.size() || (known && items.size() > base + appended.size())) return false;
  const size_t tail = items.size() - appended.size();
  // Reads that fit are prefixes of one another.
  if (fits_[read] && (!known || fits_[before]) && !list.repeats) {
    const absl::Span<const Id> order = OrderOf(list);
    return std::equal(appended.begin(), appended.end(), order.begin() + static_cast<ptrdiff_t>(tail));
  }
  for (size_t i = 0; i < base; ++i) {
    if (!SameValue(items[i], all[before].value.items()[i])) return false;
  }
  for (size_t i = 0; i < appended.size(); ++i) {
    if (!SameValue(items[tail + i], values_.Get(appended[i]))) return false;
  }
  return true;
}

bool ListAppend::Contains(uint32_t read, Id element) const {
  const MicroOp& op = txns_.micro_ops()[read];
  const absl::Span<const Value> items = op.value.items();
  if (fits_[read] && !lists_[op.key].repeats) return elements_[element].place < items.size();
  return std::any_of(items.begin(), items.end(), [&](const Value& v) { return SameValue(v, values_.Get(element)); });
}

void ListAppend::ReportInternal(Node reader, uint32_t read, uint32_t before, absl::Span<const Id> appended,
                                Report* report) const {
  const int row = Row("internal");
  if (!report->Found(row)) return;
  std::string expected = before == UINT32_MAX ? "... " : "";
  if (before != UINT32_MAX) {
    for (const Value& v : txns_.micro_ops()[before].value.items()) expected += ToText(v) + " ";
  }
  for (Id element : appended) expected += ElementText(element) + " ";
  if (!expected.empty()) expected.pop_back();
  const MicroOp& op = txns_.micro_ops()[read];
  report->Add(
      row, {reader},
      fmt::format("{} read {} as {}, although by what it had read and appended itself it should have read [{}].",
                  txns_.Name(reader), txns_.KeyText(op.key), ToText(op.value), expected));
}

void ListAppend::FindInternal(Report* report) const {
  // By key: what the transaction in hand did with it so far.
  struct Known {
    Node txn = kNoNode;
    uint32_t read = UINT32_MAX;  // the last one
    std::vector<Id> appended;    // since then
  };
  std::vector<Known> known(lists_.size());
  const int future = Row("future-read");
  for (Node node = 0; node < txns_.possible(); ++node) {
    if (!txns_.IsOk(node) || !TouchesTwice(txns_.Of(node))) continue;
    bool reported = false;
    bool future_reported = false;
    const Txn& txn = txns_.txn(node);
    for (uint32_t at = txn.first; at < txn.first + txn.count; ++at) {
      const MicroOp& op = txns_.micro_ops()[at];
      Known& k = known[op.key];
      if (k.txn != node) {
        k.txn = node;
        k.read = UINT32_MAX;
        k.appended.clear();
      }
      if (!op.write) {
        if (!reported && !IsExpected(at, k.read, k.appended)) {
          ReportInternal(node, at, k.read, k.appended, report);
          reported = true;
        }
        k.read = at;
        k.appended.clear();
        continue;
      }
      k.appended.push_back(IdOf(op));
      // Values are unique, so who read it before it was appended read the future.
      if (k.read == UINT32_MAX || future_reported || !Contains(k.read, IdOf(op))) continue;
      future_reported = true;
      if (!report->Found(future)) continue;
      report->Add(future, {node},
                  fmt::format("{} read {} in {} before it appended it itself.", txns_.Name(node), ElementText(IdOf(op)),
                              txns_.KeyText(op.key)));
    }
  }
}

void ListAppend::ReportBad(Id element, Node reader, Report* report) const {
  const Node writer = elements_[element].writer;
  const Id key = values_.Key(element);
  const int row = Row(writer == kNoNode ? "phantom-read" : "G1a");
  if (!report->Found(row)) return;
  formats::Anomaly& anomaly =
      writer == kNoNode
          ? report->Add(row, {reader},
                        fmt::format("{} read {} in {}, which nobody ever appended.", txns_.Name(reader),
                                    ElementText(element), txns_.KeyText(key)))
          : report->Add(row, {writer, reader},
                        fmt::format("{} read {} in {}, although {}, which appended it, was aborted.",
                                    txns_.Name(reader), ElementText(element), txns_.KeyText(key), txns_.Name(writer)));
  report->AddRecord(key, values_.Get(element), &anomaly);
}

void ListAppend::FindBadElements(Report* report) const {
  std::vector<bool> reported(elements_.size(), false);
  std::vector<uint32_t> done(lists_.size(), 0);  // by key: all places below were reported
  const std::vector<MicroOp>& all = txns_.micro_ops();
  KeyedValues strangers;  // what nobody appended and no longest read has
  for (Node node = 0; node < txns_.possible(); ++node) {
    if (!txns_.IsOk(node)) continue;
    const Txn& txn = txns_.txn(node);
    for (uint32_t at = txn.first; at < txn.first + txn.count; ++at) {
      const MicroOp& op = all[at];
      if (op.write) continue;
      const List& list = lists_[op.key];
      if (fits_[at]) {
        const auto length = static_cast<uint32_t>(std::min<size_t>(op.value.items().size(), list.count));
        for (; list.bad && done[op.key] < length; ++done[op.key]) {
          const Id id = order_[list.first + done[op.key]];
          if (IsBad(id) && !reported[id]) ReportBad(id, node, report);
          reported[id] = true;
        }
        continue;
      }
      for (const Value& value : op.value.items()) {
        const Id id = values_.Find(op.key, value);
        if (id != kNoId) {
          if (IsBad(id) && !reported[id]) ReportBad(id, node, report);
          reported[id] = true;
          continue;
        }
        const Id before = strangers.size();
        const int row = Row("phantom-read");
        if (strangers.Intern(op.key, value) < before || !report->Found(row)) continue;
        report->Add(row, {node},
                    fmt::format("{} read {} in {}, which nobody ever appended.", txns_.Name(node), ToText(value),
                                txns_.KeyText(op.key)));
      }
    }
  }
}

void ListAppend::FindIntermediate(Report* report) const {
  std::vector<bool> reported(elements_.size(), false);
  const int row = Row("G1b");
  for (Node node = 0; node < txns_.possible(); ++node) {
    if (!txns_.IsOk(node)) continue;
    for (const MicroOp& op : txns_.Of(node)) {
      const Id last = op.write ? kUnknown : IdOf(op);
      if (last >= elements_.size() || !elements_[last].intermediate || elements_[last].writer == node) continue;
      if (reported[last]) continue;
      reported[last] = true;
      if (!report->Found(row)) continue;
      const Node writer = elements_[last].writer;
      formats::Anomaly& anomaly =
          report->Add(row, {writer, node},
                      fmt::format("{} read {} up to {}, in the middle of what {} appended to it.", txns_.Name(node),
                                  txns_.KeyText(op.key), ElementText(last), txns_.Name(writer)));
      report->AddRecord(op.key, values_.Get(last), &anomaly);
    }
  }
}

void ListAppend::ReportRepeat(Id element, Node reader, Report* report) const {
  const int row = Row("duplicate-elements");
  if (!report->Found(row)) return;
  const Node writer = elements_[element].writer;
  formats::Anomaly& anomaly =
      report->Add(row, writer == kNoNode ? std::vector<Node>{reader} : std::vector<Node>{writer, reader},
                  fmt::format("{} read {} more than once in {}, where it was appended once.", txns_.Name(reader),
                              ElementText(element), txns_.KeyText(values_.Key(element))));
  report->AddRecord(values_.Key(element), values_.Get(element), &anomaly);
}

void ListAppend::FindDisorder(Report* report) const {
  const std::vector<MicroOp>& all = txns_.micro_ops();
  std::vector<bool> reported(elements_.size(), false);
  std::vector<uint32_t> seen(elements_.size(), UINT32_MAX);  // by element: the last read that had it
  std::vector<uint32_t> misfit(lists_.size(), UINT32_MAX);   // by key: the shortest read that doesn't fit
  std::vector<Node> misfit_reader(lists_.size(), kNoNode);
  for (Node node = 0; node < txns_.possible(); ++node) {
    const Txn& txn = txns_.txn(node);
    for (uint32_t at = txn.first; at < txn.first + txn.count; ++at) {
      const MicroOp& op = all[at];
      if (op.write) continue;
      const List& list = lists_[op.key];
      if (fits_[at] && !list.repeats) continue;
      for (const Value& value : op.value.items()) {
        const Id id = values_.Find(op.key, value);
        if (id == kNoId) continue;
        if (seen[id] == at && !reported[id]) {
          ReportRepeat(id, node, report);
          reported[id] = true;
        }
        seen[id] = at;
      }
      if (fits_[at]) continue;
      uint32_t& shortest = misfit[op.key];
      if (shortest != UINT32_MAX && all[shortest].value.items().size() <= op.value.items().size()) continue;
      shortest = at;
      misfit_reader[op.key] = node;
    }
  }
  const int row = Row("incompatible-order");
  for (Id key = 0; key < lists_.size(); ++key) {
    if (misfit[key] == UINT32_MAX || !report->Found(row)) continue;
    const Node longest = txn_of_longest_[key];
    report->Add(row, {misfit_reader[key], longest},
                fmt::format("{} read {} as {} and {} read it as {}: neither grew out of the other.",
                            txns_.Name(misfit_reader[key]), txns_.KeyText(key), ToText(all[misfit[key]].value),
                            txns_.Name(longest), ToText(all[lists_[key].longest].value)));
  }
}

void ListAppend::FindOwnDisorder(Report* report) const {
  std::vector<Id> last(lists_.size(), kNoId);  // by key: what the transaction in hand appended last
  std::vector<bool> reported(lists_.size(), false);
  const int row = Row("incompatible-order");
  for (Node node = 0; node < txns_.possible(); ++node) {
    for (const MicroOp& op : txns_.Of(node)) {
      if (!op.write) continue;
      const Id id = IdOf(op);
      const Id before = std::exchange(last[op.key], id);
      if (before == kNoId || elements_[before].writer != node || reported[op.key]) continue;
      // What nobody read has the highest place.
      if (elements_[id].place == UINT32_MAX || elements_[before].place < elements_[id].place) continue;
      reported[op.key] = true;
      if (!report->Found(row)) continue;
      const Node reader = txn_of_longest_[op.key];
      report->Add(row, {node, reader},
                  fmt::format("{} appended {} to {} and then {}, but {} read {} without {} before it.",
                              txns_.Name(node), ElementText(before), txns_.KeyText(op.key), ElementText(id),
                              txns_.Name(reader), ElementText(id), ElementText(before)));
    }
  }
}

void ListAppend::FindDirtyUpdates(Report* report) const {
  const int row = Row("dirty-update");
  for (Id key = 0; key < lists_.size(); ++key) {
    const List& list = lists_[key];
    if (!list.bad) continue;
    Id aborted = kNoId;
    for (Id id : OrderOf(list)) {
      const Node writer = elements_[id].writer;
      if (writer == kNoNode) continue;
      if (txns_.IsFail(writer)) {
        if (aborted == kNoId) aborted = id;
        continue;
      }
      // Whether a crashed one was committed, nobody knows.
      if (!txns_.IsOk(writer)) continue;
      if (aborted != kNoId && report->Found(row)) {
        const Node reader = txn_of_longest_[key];
        formats::Anomaly& anomaly = report->Add(
            row, {elements_[aborted].writer, writer, reader},
            fmt::format(
                "{} appended {} to {} on top of {}, although {}, which appended that, was aborted; {} read both.",
                txns_.Name(writer), ElementText(id), txns_.KeyText(key), ElementText(aborted),
                txns_.Name(elements_[aborted].writer), txns_.Name(reader)));
        report->AddRecord(key, values_.Get(aborted), &anomaly);
        report->AddRecord(key, values_.Get(id), &anomaly);
      }
      aborted = kNoId;
    }
  }
}

void ListAppend::FindLostUpdates(Report* report) const {
  // By the state that was read: the first transaction that read it and then appended. Reads that fit and are equally
  // long are the same; the others are compared.
  struct Update {
    Node txn = kNoNode;
    const MicroOp* read = nullptr;
    bool reported = false;
  };
  std::vector<Update> by_state(elements_.size() + lists_.size());
  std::vector<std::vector<Update>> misfits(lists_.size());
  std::vector<Node> seen(lists_.size(), kNoNode);               // by key: the transaction that did something with it
  std::vector<uint32_t> first_read(lists_.size(), UINT32_MAX);  // what it read first, if it hasn't appended since
  const std::vector<MicroOp>& all = txns_.micro_ops();
  const int row = Row("lost-update");
  for (Node node = 0; node < txns_.possible(); ++node) {
    if (!txns_.IsOk(node)) continue;
    const Txn& txn = txns_.txn(node);
    for (uint32_t at = txn.first; at < txn.first + txn.count; ++at) {
      const MicroOp& op = all[at];
      if (seen[op.key] != node) {
        seen[op.key] = node;
        first_read[op.key] = op.write ? UINT32_MAX : at;
        continue;
      }
      if (!op.write || first_read[op.key] == UINT32_MAX) continue;
      const uint32_t read = first_read[op.key];
      first_read[op.key] = UINT32_MAX;
      Update* update = nullptr;
      const absl::Span<const Value> items = all[read].value.items();
      if (fits_[read]) {
        const Id last = IdOf(all[read]);
        update = &by_state[last == kNothing ? elements_.size() + op.key : last];
      } else {
        std::vector<Update>& list = misfits[op.key];
        auto same =
            std::find_if(list.begin(), list.end(), [&](const Update& u) { return u.read->value == all[read].value; });
        if (same == list.end()) same = list.emplace(list.end());
        update = &*same;
      }
      if (update->txn == kNoNode) {
        *update = {node, &all[read], false};
        continue;
      }
      if (update->reported) continue;
      update->reported = true;
      if (!report->Found(row)) continue;
      report->Add(row, {update->txn, node},
                  fmt::format("{} and {} both read {} {} and appended to it: one of them didn't know of the other.",
                              txns_.Name(update->txn), txns_.Name(node), txns_.KeyText(op.key),
                              items.empty() ? "as empty" : "up to " + ToText(items.back())));
    }
  }
}

}  // namespace brokersim::checker
