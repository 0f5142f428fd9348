// The checkers of transactions on histories of a correct database, parsing excluded:
//
//   bazel-4 run -c opt //bench:checkers_txn
//
// txns/s, and the memory that a check adds at its peak.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "bench/drawn.h"
#include "bench/heap.h"
#include "checker/history/edn.h"
#include "checker/history/history.h"
#include "checker/txn/txn.h"

namespace brokersim::bench {
namespace {

using checker::History;
using checker::HistoryBuilder;
using checker::Line;
using checker::OpType;
using checker::Value;

constexpr int kProcesses = 20;
constexpr int kActiveKeys = 10;

// Of so many reads of lists one misses the last element, where asked for.
constexpr int kStaleReads = 5000;

// A database that runs each transaction at the moment in which it is completed. Keys come and go, as in Elle's own
// generator: ten at a time, each twice as popular as the next, written up to 256 times each.
class Database {
 public:
  Database(bool registers, int most_writes, bool stale, HistoryBuilder* builder)
      : registers_(registers), most_writes_(most_writes), stale_(stale), builder_(builder) {
    for (int i = 0; i < kActiveKeys; ++i) Renew(i);
  }

  // Micro-operations, reads yet without values.
  std::vector<Value> Draw(Random* random) {
    std::vector<Value> ops;
    for (int n = 1 + random->Below(4); n > 0; --n) {
      int slot = 0;
      while (slot + 1 < kActiveKeys && random->Below(2) == 0) ++slot;
      Key* key = &active_[slot];
      if (random->Below(2) == 0) {
        ops.push_back(Op("r", key->name, Value::Nil()));
        continue;
      }
      if (key->writes == key->limit) {
        Renew(slot);
        const int a = random->Below(most_writes_);
        const int b = random->Below(most_writes_);
        key->limit = 1 + std::min(a, b);
      }
      ops.push_back(Op(registers_ ? "w" : "append", key->name, Value::Int(++key->writes)));
    }
    return ops;
  }

  std::vector<Value> Run(const std::vector<Value>& ops, Random* random) {
    std::vector<Value> done;
    for (const Value& op : ops) {
      const auto name = static_cast<size_t>(op.items()[1].integer());
      if (state_.size() <= name) state_.resize(name + 1);
      std::vector<Value>& state = state_[name];
      if (!op.items()[0].IsWord("r")) {
        if (registers_) state.clear();
        state.push_back(op.items()[2]);
        done.push_back(op);
      } else if (registers_) {
        done.push_back(Op("r", static_cast<int>(name), state.empty() ? Value::Nil() : state.back()));
      } else {
        const bool misses = stale_ && !state.empty() && random->Below(kStaleReads) == 0;
        const absl::Span<const Value> seen = absl::MakeConstSpan(state).first(state.size() - (misses ? 1 : 0));
        done.push_back(Op("r", static_cast<int>(name), builder_->arena().Vector(seen)));
      }
    }
    return done;
  }

 private:
  struct Key {
    int name = 0;
    int writes = 0;
    int limit = 100;
  };

  void Renew(int slot) { active_[slot] = {next_key_++, 0, 100}; }
  Value Op(std::string_view f, int key, const Value& value) {
    const Value parts[] = {builder_->arena().Keyword(f), Value::Int(key), value};
    return builder_->arena().Vector(parts);
  }

  const bool registers_;
  const int most_writes_;
  const bool stale_;
  HistoryBuilder* builder_;
  Key active_[kActiveKeys];
  int next_key_ = 0;
  std::vector<std::vector<Value>> state_;
};

History Generate(int transactions, bool registers, int most_writes, bool stale = false) {
  HistoryBuilder builder;
  Random random(1);
  Database database(registers, most_writes, stale, &builder);
  std::vector<std::vector<Value>> open(kProcesses);
  int64_t time = 0;
  for (int begun = 0, over = 0; over < transactions;) {
    const int process = random.Below(kProcesses);
    std::vector<Value>& ops = open[static_cast<size_t>(process)];
    Line line;
    line.process = Value::Int(process);
    line.f = "txn";
    line.time = ++time * 1000;
    if (ops.empty()) {
      if (begun == transactions) continue;
      ++begun;
      ops = database.Draw(&random);
      line.value = builder.arena().Vector(ops);
    } else {
      ++over;
      line.type = OpType::kOk;
      line.value = builder.arena().Vector(database.Run(ops, &random));
      ops.clear();
    }
    builder.Add(line).IgnoreError();
  }
  return std::move(builder).Finish();
}

void Check(benchmark::State& state, const History& history, bool registers, const std::string& level,
           double transactions) {
  checker::TxnOptions options;
  options.levels = {level};
  options.wfr_keys = options.sequential_keys = options.linearizable_keys = registers;
  const int64_t before = HeapBytes();
  HeapPeak();
  formats::Verdict::Result result = formats::Verdict::RESULT_UNSPECIFIED;
  for (auto _ : state) {
    result =
        (registers ? CheckRwRegister(history, options, {}) : CheckListAppend(history, options, {})).value().result();
  }
  if (transactions > 0 && result != formats::Verdict::VALID) state.SkipWithError("not valid");
  state.counters["txns/s"] = benchmark::Counter(transactions, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["history_MB"] = static_cast<double>(before) / 1e6;
  state.counters["added_MB"] = static_cast<double>(HeapPeak() - before) / 1e6;
}

void Append(benchmark::State& state, const std::string& level, int most_writes) {
  const auto transactions = static_cast<int>(state.range(0));
  const History history = Generate(transactions, false, most_writes);
  Check(state, history, false, level, transactions);
}
BENCHMARK_CAPTURE(Append, strict, "strict-serializable", 256)->Arg(50'000)->Arg(200'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Append, strict_short_lists, "strict-serializable", 32)->Arg(200'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Append, serializable, "serializable", 256)->Arg(200'000)->Unit(benchmark::kMillisecond);

void Register(benchmark::State& state) {
  const auto transactions = static_cast<int>(state.range(0));
  const History history = Generate(transactions, true, 256);
  Check(state, history, true, "strict-serializable", transactions);
}
BENCHMARK(Register)->Arg(200'000)->Unit(benchmark::kMillisecond);

// Where every few thousandth read is stale: the verdict, and the verdict with its anomalies explained.
void Stale(benchmark::State& state) {
  const History history = Generate(200'000, false, 32, /*stale=*/true);
  const checker::Limits limits{.explain = state.range(0) != 0};
  const int64_t before = HeapBytes();
  HeapPeak();
  formats::Verdict verdict;
  for (auto _ : state) verdict = CheckListAppend(history, {}, limits).value();
  if (verdict.result() != formats::Verdict::INVALID) state.SkipWithError("not invalid");
  state.counters["added_MB"] = static_cast<double>(HeapPeak() - before) / 1e6;
  state.counters["verdict_MB"] = static_cast<double>(verdict.ByteSizeLong()) / 1e6;
}
BENCHMARK(Stale)->ArgName("explained")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// A file of somebody else's, e.g. Elle's huge-scc.edn: BROKERSIM_HISTORY=<path>.
void Recorded(benchmark::State& state) {
  const char* path = std::getenv("BROKERSIM_HISTORY");
  if (path == nullptr) return state.SkipWithError("BROKERSIM_HISTORY isn't set");
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  absl::StatusOr<History> history = checker::ReadEdn(text.str());
  if (!history.ok()) return state.SkipWithError("the file is no history");
  Check(state, *history, false, "strict-serializable", 0);
}
BENCHMARK(Recorded)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace brokersim::bench

BENCHMARK_MAIN();
