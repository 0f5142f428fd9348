#include "runner/history_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "visualize/operations.h"

namespace brokersim::runner {
namespace {

using checker::History;
using checker::kNoOp;
using checker::Op;
using checker::OpIndex;
using checker::OpType;

constexpr size_t kWidestText = 48;
constexpr size_t kWidestCaption = 110;

std::string Shortened(std::string text, size_t widest) {
  if (text.size() > widest) text = text.substr(0, widest - 3) + "...";
  return text;
}

std::vector<std::string> Wrapped(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(at + kWidestCaption, text.size());
    if (end < text.size() && text.rfind(' ', end) > at) end = text.rfind(' ', end);
    lines.push_back(text.substr(at, end - at));
    at = end < text.size() && text[end] == ' ' ? end + 1 : end;
  }
  return lines;
}

class View {
 public:
  View(const History& history, const formats::Anomaly& anomaly) : history_(history), anomaly_(anomaly) {}

  visualize::OperationsView Make() {
    for (uint64_t index : anomaly_.operations()) AddLine(history_.At(index));
    for (const formats::Edge& edge : anomaly_.edges()) {
      AddLine(history_.At(edge.from()));
      AddLine(history_.At(edge.to()));
    }
    AddBars();
    for (const formats::Edge& edge : anomaly_.edges()) AddArrow(edge);
    view_.title = anomaly_.code().empty() ? anomaly_.type() : fmt::format("{} ({})", anomaly_.type(), anomaly_.code());
    view_.caption = Wrapped(anomaly_.explanation());
    return std::move(view_);
  }

 private:
  // The invocation of a line; the line itself where it has none.
  OpIndex Invocation(OpIndex line) const {
    const Op& op = history_.op(line);
    return op.type == OpType::kInvoke || op.pair == kNoOp ? line : op.pair;
  }

  void AddLine(OpIndex line) {
    if (line != kNoOp && bars_.size() < kMostBars) bars_.try_emplace(Invocation(line), 0);
  }

  void AddBars() {
    std::map<OpIndex, int> moments;  // lines that begin or end something, in order
    for (const auto& [line, unused] : bars_) {
      moments[line] = 0;
      if (Known(line)) moments[history_.op(line).pair] = 0;
    }
    int next = 0;
    for (auto& [line, moment] : moments) moment = next++;
    for (auto& [line, number] : bars_) {
      const Op& op = history_.op(line);
      number = static_cast<int>(view_.bars.size());
      view_.bars.push_back({LaneFor(line), moments[line], Known(line) ? moments[op.pair] : -1, TextOf(op), false});
    }
    for (const formats::Attempt& attempt : anomaly_.attempts()) Blame(attempt.stuck());
  }

  // The first of the process's lanes that is free again: some do several things at a time.
  int LaneFor(OpIndex line) {
    const Op& op = history_.op(line);
    const OpIndex until = Known(line) ? op.pair : kNoOp;
    for (Lane& lane : lanes_) {
      if (lane.process != op.process || lane.until > line) continue;
      lane.until = until;
      return static_cast<int>(&lane - lanes_.data());
    }
    lanes_.push_back({op.process, until});
    view_.lanes.push_back(fmt::format("process {}", history_.ProcessName(op.process)));
    return static_cast<int>(lanes_.size()) - 1;
  }

  // Of an operation of unknown outcome nobody knows when it ended.
  bool Known(OpIndex line) const {
    const OpType outcome = history_.Outcome(history_.op(line));
    return outcome == OpType::kOk || outcome == OpType::kFail;
  }

  std::string TextOf(const Op& op) const {
    const Op& said = history_.Outcome(op) == OpType::kOk && op.pair != kNoOp ? history_.op(op.pair) : op;
    const OpType outcome = history_.Outcome(op);
    const std::string f(history_.FName(op.f));
    const std::string end = outcome == OpType::kOk ? "" : outcome == OpType::kFail ? " failed" : " ?";
    return Shortened(fmt::format("{}{}{}{}", f, f.empty() ? "" : " ", checker::ToText(said.value), end), kWidestText);
  }

  void Blame(uint64_t index) {
    const OpIndex line = history_.At(index);
    if (line == kNoOp) return;
    const auto bar = bars_.find(Invocation(line));
    if (bar != bars_.end()) view_.bars[static_cast<size_t>(bar->second)].blamed = true;
  }

  void AddArrow(const formats::Edge& edge) {
    const OpIndex from = history_.At(edge.from());
    const OpIndex to = history_.At(edge.to());
    if (from == kNoOp || to == kNoOp) return;
    const auto begin = bars_.find(Invocation(from));
    const auto end = bars_.find(Invocation(to));
    if (begin != bars_.end() && end != bars_.end()) view_.arrows.push_back({begin->second, end->second, edge.kind()});
  }

  const History& history_;
  const formats::Anomaly& anomaly_;
  struct Lane {
    checker::Id process = 0;
    OpIndex until = kNoOp;  // when its last bar ends
  };
  std::vector<Lane> lanes_;
  std::map<OpIndex, int> bars_;  // invocations, and the numbers of their bars
  visualize::OperationsView view_;
};

}  // namespace

absl::StatusOr<std::string> AnomalySvg(const History& history, const formats::Anomaly& anomaly) {
  return visualize::OperationsSvg(View(history, anomaly).Make());
}

}  // namespace brokersim::runner
