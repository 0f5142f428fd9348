#include "checker/history/history.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace brokersim::checker {

std::string_view ToText(OpType type) {
  constexpr std::string_view kNames[] = {"invoke", "ok", "fail", "info"};
  return kNames[static_cast<size_t>(type)];
}

std::optional<OpType> OpTypeNamed(const Value& word) {
  for (OpType type : {OpType::kInvoke, OpType::kOk, OpType::kFail, OpType::kInfo}) {
    if (word.IsWord(ToText(type))) return type;
  }
  return std::nullopt;
}

std::string History::ProcessName(Id process) const {
  const Value& name = processes_.Get(process);
  if (name.is_nil()) return "unnamed";
  // A client's name is written as it was given, not as a datum.
  return name.kind() == Value::Kind::kString ? std::string(name.text()) : ToText(name);
}

Value History::ExtraOf(const Op& op, std::string_view key) const {
  for (const Extra& extra : ExtrasOf(op)) {
    if (extra.key.IsWord(key)) return extra.value;
  }
  return Value::Nil();
}

std::vector<bool> History::Overlapping() const {
  std::vector<bool> overlapping(processes(), false);
  std::vector<uint32_t> open(processes(), 0);
  for (const Op& op : ops_) {
    if (!op.client || Process(op.process).is_nil()) continue;
    if (op.type != OpType::kInvoke) {
      --open[op.process];
    } else if (++open[op.process] > 1) {
      overlapping[op.process] = true;
    }
  }
  return overlapping;
}

OpIndex History::At(uint64_t index) const {
  const auto after = std::upper_bound(ops_.begin(), ops_.end(), index,
                                      [](uint64_t wanted, const Op& op) { return wanted < op.index; });
  if (after == ops_.begin() || std::prev(after)->index != index) return kNoOp;
  return static_cast<OpIndex>(std::prev(after) - ops_.begin());
}

absl::Status HistoryBuilder::Add(const Line& line) {
  std::vector<Op>& ops = history_.ops_;
  if (ops.size() + 2 >= kNoOp) return absl::ResourceExhaustedError("the history has more than 4 billion lines");
  Op op;
  op.time = line.time;
  op.value = line.value;
  op.process = history_.processes_.Intern(line.process);
  op.f = history_.f_names_.Intern(arena().Text(Value::Kind::kKeyword, line.f).text());
  op.type = line.type;
  op.client = line.process.kind() != Value::Kind::kKeyword && !line.process.IsWord("nemesis");
  op.first_extra = static_cast<uint32_t>(history_.extras_.size());
  op.extra_count = static_cast<uint16_t>(std::min<size_t>(line.extras.size(), UINT16_MAX));
  if (open_.size() <= op.process) open_.resize(op.process + 1, kNoOp);
  const bool anonymous = line.process.is_nil();
  OpIndex& open = open_[op.process];

  if (op.client && op.type == OpType::kInvoke && line.invocation == kNoOp && open != kNoOp && !anonymous) {
    return absl::InvalidArgumentError(fmt::format(
        "process {} begins :{} while its :{} (index {}) is open; a process does one thing at a time, and a client "
        "that gave up must first have an :info",
        history_.ProcessName(op.process), line.f, std::string(history_.FName(ops[open].f)), ops[open].index));
  }
  OpIndex invocation = line.invocation != kNoOp ? line.invocation : anonymous ? OpenAnonymous(op) : open;
  if (op.client && op.type != OpType::kInvoke) {
    if (invocation != kNoOp && (invocation >= ops.size() || ops[invocation].type != OpType::kInvoke ||
                                ops[invocation].pair != kNoOp)) {
      return absl::InvalidArgumentError("it completes a line that is no open invocation");
    }
    if (invocation != kNoOp && ops[invocation].f != op.f) {
      return absl::InvalidArgumentError(fmt::format(
          "process {} completes :{}, but what it began (index {}) is :{}", history_.ProcessName(op.process), line.f,
          ops[invocation].index, std::string(history_.FName(ops[invocation].f))));
    }
  }
  for (size_t i = 0; i < op.extra_count; ++i) history_.extras_.push_back(line.extras[i]);

  const uint64_t least = ops.empty() ? 0 : ops.back().index + 1;
  numbered_ = numbered_ && line.index >= 0 && static_cast<uint64_t>(line.index) >= least;
  op.index = numbered_ ? static_cast<uint64_t>(line.index) : least;

  if (op.client && op.type != OpType::kInvoke && invocation == kNoOp) {
    Op made_up = op;
    made_up.type = OpType::kInvoke;
    made_up.first_extra = 0;
    made_up.extra_count = 0;
    invocation = size();
    ops.push_back(made_up);
  }
  if (op.client && op.type == OpType::kInvoke) {
    if (line.invocation == kNoOp && anonymous) {
      anonymous_.push_back(size());
    } else if (line.invocation == kNoOp) {
      open = size();
    }
  } else if (op.client) {
    op.pair = invocation;
    ops[invocation].pair = size();
    if (open == invocation) open = kNoOp;
    if (anonymous) anonymous_.erase(std::remove(anonymous_.begin(), anonymous_.end(), invocation), anonymous_.end());
  }
  ops.push_back(op);
  return absl::OkStatus();
}

OpIndex HistoryBuilder::OpenAnonymous(const Op& completion) const {
  if (completion.type == OpType::kInvoke) return kNoOp;
  OpIndex latest = kNoOp;
  for (OpIndex at : anonymous_) {
    const Op& op = history_.ops_[at];
    if (op.f != completion.f) continue;
    if (op.value == completion.value) return at;
    latest = at;
  }
  return latest;
}

History HistoryBuilder::Finish() && { return std::move(history_); }

}  // namespace brokersim::checker
