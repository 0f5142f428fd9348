#include "checker/txn/rw_register.h"

#include <algorithm>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

int Row(std::string_view name) { return FindAnomaly(name).value(); }

}  // namespace

RwRegister::RwRegister(const Transactions& txns, const TxnOptions& options) : txns_(txns), options_(options) {
  FindTouches();
  FindDuplicates();
}

void RwRegister::FindTouches() {
  // By key: where the touch of the transaction in hand is.
  std::vector<uint32_t> at(txns_.keys().size(), UINT32_MAX);
  first_touch_.push_back(0);
  const auto version_of = [&](const MicroOp& op) {
    const Id id = values_.Intern(op.key, op.value);
    if (id == versions_.size()) versions_.emplace_back();
    return id;
  };
  for (Node node = 0; node < txns_.size(); ++node) {
    const uint32_t begin = first_touch_.back();
    for (const MicroOp& op : txns_.Of(node)) {
      const bool known = at[op.key] != UINT32_MAX && at[op.key] >= begin && at[op.key] < touches_.size();
      if (!op.write && !txns_.IsOk(node)) continue;
      const Id version = version_of(op);
      if (!op.write) versions_[version].read = true;
      if (!known) {
        at[op.key] = static_cast<uint32_t>(touches_.size());
        touches_.push_back({op.key, op.write ? kNoId : version, op.write ? version : kNoId});
        continue;
      }
      if (!op.write) continue;
      Touch& touch = touches_[at[op.key]];
      if (touch.write != kNoId && touch.write != version && !txns_.IsFail(node)) {
        versions_[touch.write].intermediate = node;
      }
      if (txns_.IsFail(node) && touch.write != kNoId) versions_[touch.write].failed = node;
      touch.write = version;
    }
    first_touch_.push_back(static_cast<uint32_t>(touches_.size()));
    for (uint32_t i = begin; i < touches_.size(); ++i) {
      if (touches_[i].write == kNoId) continue;
      Version& version = versions_[touches_[i].write];
      if (txns_.IsFail(node)) {
        version.failed = node;
      } else if (version.writer == kNoNode) {
        version.writer = node;
      } else {
        version.second_writer = node;
      }
    }
  }
}

void RwRegister::FindDuplicates() {
  for (Id id = 0; id < versions_.size(); ++id) {
    const Version& v = versions_[id];
    if (!v.read || v.writer == kNoNode) continue;
    const Node other = v.second_writer != kNoNode ? v.second_writer : v.intermediate;
    if (other == kNoNode || other == v.writer) continue;
    duplicate_ = fmt::format(
        "duplicate-writes: {} was written to {} by {} and by {}, so who reads it doesn't know whose it is; let every "
        "write of a register have a value of its own.",
        VersionText(id), txns_.KeyText(values_.Key(id)), txns_.Name(std::min(other, v.writer)),
        txns_.Name(std::max(other, v.writer)));
    return;
  }
}

void RwRegister::FindInternal(Report* report) const {
  std::vector<Node> seen(txns_.keys().size(), kNoNode);
  std::vector<const Value*> last(txns_.keys().size(), nullptr);
  const int row = Row("internal");
  for (Node node = 0; node < txns_.possible(); ++node) {
    if (!txns_.IsOk(node)) continue;
    for (const MicroOp& op : txns_.Of(node)) {
      const bool known = seen[op.key] == node;
      if (!op.write && known && !SameValue(*last[op.key], op.value)) {
        if (report->Found(row)) {
          report->Add(row, {node},
                      fmt::format("{} read {} as {}, although it had last seen or made it {} itself.", txns_.Name(node),
                                  txns_.KeyText(op.key), ToText(op.value), ToText(*last[op.key])));
        }
        break;
      }
      seen[op.key] = node;
      last[op.key] = &op.value;
    }
  }
}

void RwRegister::FindBadReads(Report* report) const {
  const int aborted = Row("G1a");
  const int intermediate = Row("G1b");
  const int future = Row("future-read");
  std::vector<bool> reported(versions_.size(), false);
  const auto say = [&](int row, Node reader, Node writer, Id id, std::string_view how) {
    reported[id] = true;
    if (!report->Found(row)) return;
    formats::Anomaly& anomaly = report->Add(
        row, {writer, reader},
        fmt::format("{} read {} as {}, {}.", txns_.Name(reader), txns_.KeyText(values_.Key(id)), VersionText(id), how));
    report->AddRecord(values_.Key(id), values_.Get(id), &anomaly);
  };
  for (Node node = 0; node < txns_.possible(); ++node) {
    if (!txns_.IsOk(node)) continue;
    bool written = false;
    for (const MicroOp& op : txns_.Of(node)) {
      written |= op.write;
      if (op.write) continue;
      const Id id = values_.Find(op.key, op.value);
      const Version& v = versions_[id];
      if (reported[id] || IsNil(id)) continue;
      if (v.failed != kNoNode && v.writer == kNoNode && v.intermediate == kNoNode) {
        say(aborted, node, v.failed, id, fmt::format("which {} wrote, and that was aborted", txns_.Name(v.failed)));
      } else if (v.intermediate != kNoNode && v.writer == kNoNode && v.intermediate != node) {
        say(intermediate, node, v.intermediate, id,
            fmt::format("which {} then overwrote itself", txns_.Name(v.intermediate)));
      }
    }
    if (!written) continue;
    for (const Touch& touch : TouchesOf(node)) {
      if (touch.read == kNoId || IsNil(touch.read) || reported[touch.read]) continue;
      const Version& v = versions_[touch.read];
      if (v.writer == node || (v.writer == kNoNode && v.intermediate == node)) {
        say(future, node, node, touch.read, "before it wrote that itself");
      }
    }
  }
}

void RwRegister::FindLostUpdates(Report* report) const {
  const int row = Row("lost-update");
  std::vector<Node> first(versions_.size(), kNoNode);
  std::vector<bool> reported(versions_.size(), false);
  for (Node node = 0; node < txns_.possible(); ++node) {
    for (const Touch& touch : TouchesOf(node)) {
      if (touch.read == kNoId || touch.write == kNoId || !txns_.IsOk(node)) continue;
      if (first[touch.read] == kNoNode) {
        first[touch.read] = node;
        continue;
      }
      if (reported[touch.read]) continue;
      reported[touch.read] = true;
      if (!report->Found(row)) continue;
      report->Add(row, {first[touch.read], node},
                  fmt::format("{} and {} both read {} as {} and wrote it: one of them didn't know of the other.",
                              txns_.Name(first[touch.read]), txns_.Name(node), txns_.KeyText(touch.key),
                              VersionText(touch.read)));
    }
  }
}

void RwRegister::AddEdges(Graph* graph) const {
  std::vector<uint32_t> first(versions_.size() + 1, 0);
  for (Node node = 0; node < txns_.possible(); ++node) {
    for (const Touch& touch : TouchesOf(node)) {
      if (touch.read == kNoId) continue;
      ++first[touch.read + 1];
      const Node writer = IsNil(touch.read) ? kNoNode : versions_[touch.read].writer;
      if (writer != kNoNode) graph->Add(writer, node, EdgeKind::kWr);
    }
  }
  for (size_t i = 0; i < versions_.size(); ++i) first[i + 1] += first[i];
  std::vector<Node> readers(first.back());
  std::vector<uint32_t> next(first.begin(), first.end() - 1);
  for (Node node = 0; node < txns_.possible(); ++node) {
    for (const Touch& touch : TouchesOf(node)) {
      if (touch.read != kNoId) readers[next[touch.read]++] = node;
    }
  }
  std::vector<Node> writers;
  for (size_t at = 0; at < later_.size();) {
    const Id from = later_[at].from;
    writers.clear();
    for (; at < later_.size() && later_[at].from == from; ++at) {
      const Node writer = versions_[later_[at].to].writer;
      if (writer == kNoNode) continue;
      writers.push_back(writer);
      if (versions_[from].writer != kNoNode) graph->Add(versions_[from].writer, writer, EdgeKind::kWw);
    }
    graph->AddReplaced(absl::MakeConstSpan(readers).subspan(first[from], first[from + 1] - first[from]), writers);
  }
}

std::string RwRegister::Why(const Step& step) const {
  const std::string from = txns_.Name(step.from);
  const std::string to = txns_.Name(step.to);
  for (const Touch& b : TouchesOf(step.to)) {
    for (const Touch& a : TouchesOf(step.from)) {
      if (a.key != b.key) continue;
      const std::string key = txns_.KeyText(a.key);
      if (step.kind == EdgeKind::kWr) {
        if (b.read == kNoId || versions_[b.read].writer != step.from) continue;
        return fmt::format("{} read {} as {}, which {} wrote", to, key, VersionText(b.read), from);
      }
      const Id before = step.kind == EdgeKind::kWw ? a.write : a.read;
      if (before == kNoId || b.write == kNoId || Find(before, b.write) == nullptr) continue;
      return fmt::format("{} {} {} as {}, and {} made it {}, which came later ({})", from,
                         step.kind == EdgeKind::kWw ? "wrote" : "read", key, VersionText(before), to,
                         VersionText(b.write), Name(Find(before, b.write)->source));
    }
  }
  return fmt::format("{} comes before {}", from, to);
}

}  // namespace brokersim::checker
