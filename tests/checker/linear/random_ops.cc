#include "tests/checker/linear/random_ops.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace brokersim::checker {
namespace {

// What the object is after the operation, for each way in which it may go; nothing if it can't end so.
// `op.out` counts only if `told`.
std::vector<Row> After(std::string_view model, const Row& state, const PlainOp& op, bool told) {
  Row next = state;
  if (op.f == "write" || op.f == "put") {
    return {op.in};
  }
  if (op.f == "cas") {
    if (state == Row{op.in[0]}) return {{op.in[1]}};
    if (told) return {};
    return {state};
  }
  if (op.f == "append" && model == "append-kv") {
    next.insert(next.end(), op.in.begin(), op.in.end());
    return {next};
  }
  if (op.f == "append") {  // log: offset, value, offset, value
    std::vector<Row> all;
    const int64_t end = state.empty() ? 0 : state[state.size() - 2] + 1;
    if (told && op.out[0] < end) return {};
    for (int64_t offset = told ? op.out[0] : end; offset <= (told ? op.out[0] : end + 8); ++offset) {
      next = state;
      next.push_back(offset);
      next.push_back(op.in[0]);
      all.push_back(next);
    }
    return all;
  }
  if (op.f == "read" && model == "log") {
    size_t at = 0;
    while (at < state.size() && state[at] < op.in[0]) at += 2;
    if (op.out.empty()) return at == state.size() ? std::vector<Row>{state} : std::vector<Row>{};
    if (op.out.size() > state.size() - at) return {};
    const bool same = std::equal(op.out.begin(), op.out.end(), state.begin() + static_cast<ptrdiff_t>(at));
    return same ? std::vector<Row>{state} : std::vector<Row>{};
  }
  if (op.f == "enqueue") {
    next.push_back(op.in[0]);
    return {next};
  }
  if (op.f == "dequeue") {
    if (state.empty()) return told && !op.out.empty() ? std::vector<Row>{} : std::vector<Row>{state};
    if (told && op.out.empty()) return {};
    std::vector<Row> all;
    for (size_t i = 0; i < (model == "queue" ? state.size() : 1); ++i) {
      if (told && state[i] != op.out[0]) continue;
      next = state;
      next.erase(next.begin() + static_cast<ptrdiff_t>(i));
      all.push_back(next);
    }
    return all;
  }
  if (model == "linear-set") {
    const auto at = std::lower_bound(next.begin(), next.end(), op.f == "read" ? 0 : op.in[0]);
    const bool has = op.f != "read" && at != next.end() && *at == op.in[0];
    if (op.f == "contains") return (op.out[0] != 0) == has ? std::vector<Row>{state} : std::vector<Row>{};
    if (op.f == "add" && !has) next.insert(at, op.in[0]);
    if (op.f == "remove" && has) next.erase(at);
    if (op.f == "read" && op.out != state) return {};
    return {next};
  }
  if (model == "linear-counter") {
    if (op.f == "read")
      return op.out == state || (state.empty() && op.out[0] == 0) ? std::vector<Row>{state}
                                                                  : std::vector<Row>{};
    return {{(state.empty() ? 0 : state[0]) + op.in[0]}};
  }
  if (model == "mutex") {
    const bool can = state.empty() == (op.f == "acquire");
    if (!can) return told ? std::vector<Row>{} : std::vector<Row>{state};
    return {op.f == "acquire" ? Row{1} : Row{}};
  }
  // Registers and kv: read, get.
  return op.out == state ? std::vector<Row>{state} : std::vector<Row>{};
}

bool IsPure(std::string_view f) { return f == "read" || f == "get" || f == "contains"; }

// The answer that is true now.
Row Answer(std::string_view model, const Row& state, const PlainOp& op, sim::Stream* random) {
  if (op.f == "append" && model == "log") {
    const int64_t end = state.empty() ? 0 : state[state.size() - 2] + 1;
    return {end + static_cast<int64_t>(random->Below(10) == 0 ? 1 : 0)};
  }
  if (op.f == "read" && model == "log") {
    Row out;
    for (size_t i = 0; i < state.size(); i += 2) {
      if (state[i] < op.in[0] || (!out.empty() && random->Below(8) == 0)) continue;
      if (!out.empty() && out[out.size() - 2] != state[i - 2]) break;
      out.push_back(state[i]);
      out.push_back(state[i + 1]);
    }
    return out;
  }
  if (op.f == "dequeue") {
    if (state.empty()) return {};
    return {state[model == "queue" ? random->Below(state.size()) : 0]};
  }
  if (op.f == "contains") return {std::count(state.begin(), state.end(), op.in[0])};
  if (model == "linear-counter" && op.f == "read") return state.empty() ? Row{0} : state;
  if (op.f == "read" || op.f == "get") return state;
  return {};
}

class Maker {
 public:
  Maker(std::string_view model, const Shape& shape, sim::Stream* random)
      : model_(model), shape_(shape), random_(*random), next_(1) {}

  PlainHistory Run() {
    history_.model = model_;
    const bool needs_key = model_ == "kv" || model_ == "append-kv";
    const uint64_t keys = random_.Below(3);
    history_.keys = needs_key || keys == 0
                        ? (random_.Below(2) == 0 ? PlainHistory::kExtras : PlainHistory::kPairs)
                        : PlainHistory::kNone;
    const int count = 1 + static_cast<int>(random_.Below(shape_.ops));
    for (int i = 0; i < count; ++i) history_.ops.push_back(Draw());
    GiveTimes();
    Play();
    return std::move(history_);
  }

 private:
  int64_t Value() { return shape_.unique ? next_++ : static_cast<int64_t>(1 + random_.Below(shape_.values)); }
  int64_t Some() {
    return static_cast<int64_t>(
        random_.Below(shape_.unique ? std::max<int64_t>(next_, 2) : shape_.values + 1));
  }

  PlainOp Draw() {
    PlainOp op;
    op.key = history_.keys == PlainHistory::kNone ? 0 : static_cast<int64_t>(random_.Below(2));
    const uint64_t kind = random_.Below(6);
    if (model_ == "register" || model_ == "kv") {
      op.f = model_ == "kv" ? (kind < 3 ? "get" : "put") : (kind < 3 ? "read" : "write");
      if (kind >= 3) op.in = {Value()};
    } else if (model_ == "cas-register") {
      op.f = kind < 2 ? "read" : (kind < 4 ? "write" : "cas");
      if (kind >= 4) op.in = {Some()};
      if (kind >= 2) op.in.push_back(Value());
    } else if (model_ == "append-kv") {
      op.f = kind < 3 ? "get" : (kind == 3 && !shape_.unique ? "put" : "append");
      for (uint64_t n = op.f == "get" ? 0 : 1 + random_.Below(shape_.unique ? 1 : 2); n > 0; --n)
        op.in.push_back(Value());
    } else if (model_ == "queue" || model_ == "fifo-queue") {
      op.f = kind < 3 ? "enqueue" : "dequeue";
      if (kind < 3) op.in = {Value()};
    } else if (model_ == "linear-set") {
      op.f = kind < 3 ? "add" : "read";
      if (!shape_.unique && kind >= 2)
        op.f = kind == 2 ? "remove" : (kind == 3 || history_.ops.size() % 2 == 0 ? "contains" : "read");
      if (op.f != "read") op.in = {op.f == "add" ? Value() : Some()};
    } else if (model_ == "linear-counter") {
      op.f = kind < 3 ? "add" : "read";
      if (kind < 3) op.in = {shape_.unique ? 1 : static_cast<int64_t>(random_.Below(4)) - 1};
    } else if (model_ == "mutex") {
      op.f = kind < 3 ? "acquire" : "release";
    } else {
      op.f = kind < 3 ? "append" : "read";
      op.in = {kind < 3 ? Value() : static_cast<int64_t>(random_.Below(3))};
    }
    return op;
  }

  // Begins at random; ends a few lines later.
  void GiveTimes() {
    std::vector<std::pair<int, size_t>> times;  // ends have odd places
    for (size_t i = 0; i < history_.ops.size(); ++i) {
      const auto begin = static_cast<int>(random_.Below(4 * history_.ops.size()));
      const auto longer = static_cast<int>(1 + random_.Below(2 * shape_.overlap));
      times.push_back({begin, 2 * i});
      times.push_back({begin + longer, 2 * i + 1});
    }
    std::sort(times.begin(), times.end());
    for (size_t at = 0; at < times.size(); ++at) {
      PlainOp& op = history_.ops[times[at].second / 2];
      (times[at].second % 2 == 0 ? op.begin : op.end) = static_cast<int>(at);
    }
    std::sort(history_.ops.begin(), history_.ops.end(),
              [](const auto& a, const auto& b) { return a.begin < b.begin; });
    // As few processes as do.
    std::vector<int> busy_until;
    for (PlainOp& op : history_.ops) {
      size_t process = 0;
      while (process < busy_until.size() && busy_until[process] > op.begin) ++process;
      if (process == busy_until.size()) busy_until.push_back(0);
      busy_until[process] = op.end;
      op.process = static_cast<int>(process);
    }
  }

  void Play() {
    std::vector<std::pair<int, size_t>> order;
    for (size_t i = 0; i < history_.ops.size(); ++i) {
      const PlainOp& op = history_.ops[i];
      order.push_back({2 * static_cast<int>(random_.Between(op.begin, op.end - 1)) + 1, i});
    }
    std::sort(order.begin(), order.end());
    Row states[2];
    for (const auto& [time, i] : order) {
      PlainOp& op = history_.ops[i];
      Row& state = states[op.key];
      const uint64_t fate = random_.Below(100);
      op.out = Answer(model_, state, op, &random_);
      if (fate < static_cast<uint64_t>(shape_.failed)) op.outcome = OpType::kFail;
      if (fate >= static_cast<uint64_t>(100 - shape_.crashed)) op.outcome = OpType::kInfo;
      if (op.outcome == OpType::kFail) continue;
      if (op.outcome == OpType::kInfo && random_.Below(2) == 0) continue;
      const std::vector<Row> after = After(model_, state, op, true);
      if (!after.empty()) {
        state = after[0];
      } else if (op.outcome == OpType::kOk && random_.Below(4) != 0) {
        op.outcome = OpType::kFail;  // it can't be done now
      }
    }
    for (PlainOp& op : history_.ops) {
      if (op.outcome == OpType::kOk && random_.Below(100) < static_cast<uint64_t>(shape_.wrong)) Spoil(&op);
      if (op.outcome != OpType::kOk) op.out.clear();
    }
  }

  void Spoil(PlainOp* op) {
    const bool takes_any = op->f == "read" || op->f == "get" || op->f == "dequeue";
    if (op->f == "contains") op->out[0] = 1 - op->out[0];
    if (op->f == "append" && model_ == "log") op->out[0] = static_cast<int64_t>(random_.Below(5));
    if (!takes_any) return;
    const std::vector<PlainOp>& ops = history_.ops;
    const PlainOp& other = ops[random_.Below(ops.size())];
    const bool same = other.f == op->f && other.outcome == OpType::kOk;
    if (same) {
      op->out = other.out;
    } else if (model_ == "linear-counter") {
      op->out = {static_cast<int64_t>(random_.Below(4))};
    } else if (model_ == "linear-set" || model_ == "log") {
      if (op->out.size() >= 2) op->out.resize(op->out.size() - (model_ == "log" ? 2 : 1));
    } else if (model_ == "append-kv") {
      if (!op->out.empty() && random_.Below(2) == 0) {
        op->out.pop_back();
      } else {
        op->out.push_back(Some());
      }
    } else {
      op->out = {Some()};
    }
  }

  std::string_view model_;
  const Shape& shape_;
  sim::Stream& random_;
  int64_t next_;
  PlainHistory history_;
};

// ---- to a history

Value ToValue(const PlainHistory& plain, const PlainOp& op, const Row& row, bool is_out, Arena* arena) {
  const std::string_view model = plain.model;
  const auto numbers = [&](size_t step) {
    std::vector<Value> items;
    for (size_t i = 0; i < row.size(); i += step) {
      const Value pair[] = {Value::Int(row[i]), step == 2 ? Value::Int(row[i + 1]) : Value::Nil()};
      items.push_back(step == 2 ? arena->Vector(pair) : pair[0]);
    }
    return arena->Vector(items);
  };
  if (model == "append-kv") {
    if (op.f == "get" && !is_out) return Value::Nil();
    std::string text;
    for (const int64_t one : row) text += static_cast<char>(one < 26 ? 'a' + one : 'A' + one - 26);
    return arena->String(text);
  }
  if (model == "linear-set" && op.f == "read" && is_out) return numbers(1);
  if (op.f == "contains" && is_out) return Value::Bool(row[0] != 0);
  if (model == "log" && op.f == "read" && is_out) return numbers(2);
  if (op.f == "cas") return numbers(1);
  return row.empty() ? Value::Nil() : Value::Int(row[0]);
}

class Search {
 public:
  Search(const PlainHistory& plain, const std::vector<bool>& skipped) : plain_(plain) {
    for (size_t i = 0; i < plain.ops.size(); ++i) {
      const PlainOp& op = plain.ops[i];
      bool gone = op.outcome == OpType::kFail || (op.outcome != OpType::kOk && IsPure(op.f));
      if (i < skipped.size() && skipped[i]) gone = true;
      done_.push_back(gone);
    }
  }

  bool Run(const Row (&states)[2]) {
    bool all = true;
    int first_end = INT32_MAX;
    for (size_t i = 0; i < done_.size(); ++i) {
      if (done_[i] || plain_.ops[i].outcome != OpType::kOk) continue;
      all = false;
      first_end = std::min(first_end, plain_.ops[i].end);
    }
    if (all) return true;
    for (size_t i = 0; i < done_.size(); ++i) {
      const PlainOp& op = plain_.ops[i];
      if (done_[i] || op.begin > first_end) continue;
      done_[i] = true;
      for (Row& next : After(plain_.model, states[op.key], op, op.outcome == OpType::kOk)) {
        Row after[2] = {states[0], states[1]};
        after[op.key] = std::move(next);
        if (Run(after)) return true;
      }
      done_[i] = false;
    }
    return false;
  }

 private:
  const PlainHistory& plain_;
  std::vector<bool> done_;
};

}  // namespace

PlainHistory RandomHistory(std::string_view model, const Shape& shape, sim::Stream* random) {
  return Maker(model, shape, random).Run();
}

History ToHistory(const PlainHistory& plain) {
  HistoryBuilder builder;
  std::vector<std::pair<int, const PlainOp*>> lines;
  for (const PlainOp& op : plain.ops) {
    lines.push_back({op.begin, &op});
    lines.push_back({op.end, &op});
  }
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [time, op] : lines) {
    const bool is_begin = time == op->begin;
    const bool is_out = !is_begin && op->outcome == OpType::kOk &&
                        (IsPure(op->f) || op->f == "dequeue" || (plain.model == "log" && op->f == "append"));
    Line line;
    line.type = is_begin ? OpType::kInvoke : op->outcome;
    line.process = Value::Int(op->process);
    line.f = op->f;
    line.value = ToValue(plain, *op, is_out ? op->out : op->in, is_out, &builder.arena());
    const Value key = Value::Int(op->key);
    const Value pair[] = {key, line.value};
    if (plain.keys == PlainHistory::kPairs) line.value = builder.arena().Vector(pair);
    const Extra extra = {builder.arena().Keyword("key"), key};
    if (plain.keys == PlainHistory::kExtras) line.extras = absl::MakeConstSpan(&extra, 1);
    const absl::Status added = builder.Add(line);
    if (!added.ok()) fmt::print("a bad line: {}\n", added.ToString());
  }
  return std::move(builder).Finish();
}

bool HasOrder(const PlainHistory& plain, const std::vector<bool>& skipped) {
  const Row empty[2];
  return Search(plain, skipped).Run(empty);
}

std::string ToText(const PlainHistory& plain) {
  std::string text = fmt::format("{}, keys {}\n", std::string(plain.model), static_cast<int>(plain.keys));
  for (const PlainOp& op : plain.ops) {
    text += fmt::format("  p{} key {} {} [{}] -> [{}] {} {}..{}\n", op.process, op.key, std::string(op.f),
                        fmt::join(op.in, " "), fmt::join(op.out, " "), std::string(ToText(op.outcome)),
                        op.begin, op.end);
  }
  return text;
}

}  // namespace brokersim::checker
