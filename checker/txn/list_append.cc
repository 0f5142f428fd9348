#include "checker/txn/list_append.h"

#include <algorithm>

#include "fmt/format.h"

namespace brokersim::checker {

ListAppend::ListAppend(const Transactions& txns) : txns_(txns) {
  lists_.resize(txns_.keys().size());
  FindWriters();
  if (duplicate_.has_value()) return;
  FindReads();
  FindOrders();
  FindIds();
}

void ListAppend::FindWriters() {
  std::vector<Id> last(lists_.size(), kNoId);  // by key: what the transaction in hand appended last
  ids_.assign(txns_.micro_ops().size(), kUnknown);
  for (Node node = 0; node < txns_.size(); ++node) {
    for (const MicroOp& op : txns_.Of(node)) {
      if (!op.write) continue;
      const Id element = values_.Intern(op.key, op.value);
      ids_[static_cast<size_t>(&op - txns_.micro_ops().data())] = element;
      if (element < elements_.size()) {
        duplicate_ = fmt::format(
            "duplicate-appends: {} was appended to {} by {} and by {}, so who reads it doesn't know whose it is; let "
            "every append of a list have a value of its own.",
            ToText(op.value), txns_.KeyText(op.key), txns_.Name(elements_[element].writer), txns_.Name(node));
        return;
      }
      elements_.push_back({node, UINT32_MAX, false});
      const Id before = last[op.key];
      if (before != kNoId && elements_[before].writer == node) elements_[before].intermediate = true;
      last[op.key] = element;
    }
  }
}

void ListAppend::FindReads() {
  const std::vector<MicroOp>& all = txns_.micro_ops();
  txn_of_longest_.assign(lists_.size(), kNoNode);
  for (Node node = 0; node < txns_.possible(); ++node) {
    const Txn& txn = txns_.txn(node);
    for (uint32_t at = txn.first; at < txn.first + txn.count; ++at) {
      if (all[at].write || all[at].value.items().empty()) continue;
      List& list = lists_[all[at].key];
      if (list.longest != UINT32_MAX && all[list.longest].value.items().size() >= all[at].value.items().size()) {
        continue;
      }
      list.longest = at;
      txn_of_longest_[all[at].key] = node;
    }
  }
  fits_.assign(all.size(), true);
  for (Node node = 0; node < txns_.possible(); ++node) {
    const Txn& txn = txns_.txn(node);
    for (uint32_t at = txn.first; at < txn.first + txn.count; ++at) {
      constexpr size_t kAhead = 8;
      if (at + kAhead < all.size()) __builtin_prefetch(all[at + kAhead].value.items().data());
      if (all[at].write || all[at].value.items().empty()) continue;
      fits_[at] = Fits(all[at].value, all[lists_[all[at].key].longest].value);
    }
  }
}

bool ListAppend::Fits(const Value& read, const Value& longest) const {
  const absl::Span<const Value> a = read.items();
  const absl::Span<const Value> b = longest.items();
  if (a.data() == b.data()) return true;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameValue(a[i], b[i])) return false;
  }
  return true;
}

void ListAppend::FindOrders() {
  for (Id key = 0; key < lists_.size(); ++key) {
    List& list = lists_[key];
    list.first = static_cast<uint32_t>(order_.size());
    if (list.longest == UINT32_MAX) continue;
    for (const Value& value : txns_.micro_ops()[list.longest].value.items()) {
      const Id id = values_.Intern(key, value);
      if (id == elements_.size()) elements_.emplace_back();
      if (elements_[id].place != UINT32_MAX) {
        list.repeats = true;
        continue;
      }
      elements_[id].place = static_cast<uint32_t>(order_.size()) - list.first;
      list.bad |= IsBad(id);
      order_.push_back(id);
    }
    list.count = static_cast<uint32_t>(order_.size()) - list.first;
  }
  const auto unread = [&](Id id) { return elements_[id].place == UINT32_MAX && Possible(id); };
  for (Id id = 0; id < elements_.size(); ++id) lists_[values_.Key(id)].unread_count += unread(id);
  uint32_t total = 0;
  for (List& list : lists_) {
    list.unread = total;
    total += list.unread_count;
    list.unread_count = 0;
  }
  unread_.resize(total);
  for (Id id = 0; id < elements_.size(); ++id) {
    List& list = lists_[values_.Key(id)];
    if (unread(id)) unread_[list.unread + list.unread_count++] = id;
  }
}

void ListAppend::FindIds() {
  const std::vector<MicroOp>& all = txns_.micro_ops();
  for (Node node = 0; node < txns_.possible(); ++node) {
    const Txn& txn = txns_.txn(node);
    for (uint32_t at = txn.first; at < txn.first + txn.count; ++at) {
      if (all[at].write) continue;
      const absl::Span<const Value> items = all[at].value.items();
      const List& list = lists_[all[at].key];
      if (items.empty()) {
        // A crashed transaction has the nil of its invocation.
        ids_[at] = txns_.IsOk(node) ? kNothing : kUnknown;
      } else if (fits_[at] && !list.repeats) {
        ids_[at] = order_[list.first + items.size() - 1];
      } else {
        const Id id = values_.Find(all[at].key, items.back());
        ids_[at] = id == kNoId ? kUnwritten : id;
      }
    }
  }
}

Id ListAppend::Before(Id element) const {
  const List& list = lists_[values_.Key(element)];
  const uint32_t place = std::min(elements_[element].place, list.count);
  return place == 0 ? kNothing : order_[list.first + place - 1];
}

void ListAppend::AddEdges(Graph* graph) const {
  // The readers of each state, states being elements, and behind them each list's empty beginning.
  const size_t states = elements_.size() + lists_.size();
  std::vector<uint32_t> first(states + 1, 0);
  std::vector<Node> readers;
  const auto each_read = [&](auto&& visit) {
    for (Node node = 0; node < txns_.possible(); ++node) {
      for (const MicroOp& op : txns_.Of(node)) {
        if (op.write) continue;
        const Id last = IdOf(op);
        if (last == kUnknown || last == kUnwritten) continue;
        visit(node, last == kNothing ? elements_.size() + op.key : last);
      }
    }
  };
  each_read([&](Node reader, size_t state) {
    ++first[state + 1];
    if (state < elements_.size() && Possible(static_cast<Id>(state))) {
      graph->Add(elements_[state].writer, reader, EdgeKind::kWr);
    }
  });
  for (size_t i = 0; i < states; ++i) first[i + 1] += first[i];
  readers.resize(first.back());
  std::vector<uint32_t> next(first.begin(), first.end() - 1);
  each_read([&](Node reader, size_t state) { readers[next[state]++] = reader; });

  std::vector<Node> writers;
  for (Id key = 0; key < lists_.size(); ++key) {
    const List& list = lists_[key];
    const auto readers_of = [&](Id last) {
      const size_t state = last == kNothing ? elements_.size() + key : last;
      return absl::MakeConstSpan(readers).subspan(first[state], first[state + 1] - first[state]);
    };
    Id before = kNothing;
    for (Id id : OrderOf(list)) {
      if (Possible(id)) {
        if (before != kNothing && Possible(before)) {
          graph->Add(elements_[before].writer, elements_[id].writer, EdgeKind::kWw);
        }
        graph->AddReplaced(readers_of(before), {elements_[id].writer});
      }
      before = id;
    }
    // What was never read came after all that was.
    writers.clear();
    for (uint32_t i = 0; i < list.unread_count; ++i) {
      writers.push_back(elements_[unread_[list.unread + i]].writer);
      if (before != kNothing && Possible(before)) {
        graph->Add(elements_[before].writer, writers.back(), EdgeKind::kWw);
      }
    }
    graph->AddReplaced(readers_of(before), writers);
  }
}

std::string ListAppend::Why(const Step& step) const {
  const std::string from = txns_.Name(step.from);
  const std::string to = txns_.Name(step.to);
  for (const MicroOp& op : txns_.Of(step.to)) {
    const std::string key = txns_.KeyText(op.key);
    if (step.kind == EdgeKind::kWr) {
      const Id last = op.write ? kUnknown : IdOf(op);
      if (last >= elements_.size() || elements_[last].writer != step.from) continue;
      return fmt::format("{} read {} from {}, where {} had appended it", to, ElementText(last), key, from);
    }
    if (!op.write) continue;
    const Id id = IdOf(op);
    const Id before = Before(id);
    if (step.kind == EdgeKind::kWw && before != kNothing && elements_[before].writer == step.from) {
      return fmt::format("{} appended {} to {} after {} appended {}", to, ElementText(id), key, from,
                         ElementText(before));
    }
    if (step.kind != EdgeKind::kRw) continue;
    for (const MicroOp& read : txns_.Of(step.from)) {
      if (read.write || read.key != op.key || IdOf(read) != before) continue;
      return fmt::format("{} read {} {} and so without {}, which {} appended", from, key,
                         before == kNothing ? "as empty" : "up to " + ElementText(before), ElementText(id), to);
    }
  }
  return fmt::format("{} comes before {}", from, to);
}

}  // namespace brokersim::checker
