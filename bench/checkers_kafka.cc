// The checker of logs on a history of correct logs, parsing excluded:
//
//   bazel-4 run -c opt //bench:checkers_kafka
//
// events/s (an event is a line of the history), and the memory that a check adds at its peak. The argument is the
// offset at which every log begins: it must not matter.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bench/drawn.h"
#include "bench/heap.h"
#include "checker/history/history.h"
#include "checker/kafka/kafka.h"

namespace brokersim::bench {
namespace {

using checker::History;
using checker::HistoryBuilder;
using checker::Line;
using checker::OpType;
using checker::Value;

constexpr int kEvents = 1'000'000;
constexpr int kKeys = 8;
constexpr int kProducers = 4;
constexpr int kConsumers = 4;
constexpr size_t kBatch = 8;
// Of so many polls of a log one begins a record too late, where asked for.
constexpr int kSkips = 5000;

// Four producers that send one to four records at a time, four consumers that each read all logs, up to eight records
// of each at a time, and in the end all that there is.
class Broker {
 public:
  Broker(int64_t base, HistoryBuilder* builder) : base_(base), builder_(builder) {
    for (auto& positions : read_) positions.assign(kKeys, 0);
  }

  void Send(int process, Random* random) {
    std::vector<Value> begun, done;
    for (int n = 1 + random->Below(4); n > 0; --n) {
      const int key = random->Below(kKeys);
      const Value value = Value::Int(++last_value_);
      const Value pair[] = {Value::Int(base_ + static_cast<int64_t>(logs_[key].size())), value};
      begun.push_back(List({Word("send"), Value::Int(key), value}));
      done.push_back(List({Word("send"), Value::Int(key), builder_->arena().Vector(pair)}));
      logs_[key].push_back(last_value_);
    }
    Both(process, "send", begun, done);
  }

  // False if there was nothing. `random`: some records are passed over.
  bool Poll(int consumer, bool all, Random* random) {
    std::vector<Value> entries;
    for (int key = 0; key < kKeys; ++key) {
      size_t& at = read_[consumer][static_cast<size_t>(key)];
      const size_t end = std::min(logs_[key].size(), all ? at + 1000 : at + kBatch);
      if (at == end) continue;
      if (random != nullptr && at + 1 < end && random->Below(kSkips) == 0) ++at;
      std::vector<Value> pairs;
      for (; at < end; ++at) {
        const Value pair[] = {Value::Int(base_ + static_cast<int64_t>(at)), Value::Int(logs_[key][at])};
        pairs.push_back(builder_->arena().Vector(pair));
      }
      entries.push_back(Value::Int(key));
      entries.push_back(builder_->arena().Vector(pairs));
    }
    const Value map = builder_->arena().Items(Value::Kind::kMap, entries);
    Both(kProducers + consumer, "poll", {List({Word("poll")})}, {List({Word("poll"), map})});
    return !entries.empty();
  }

 private:
  Value Word(std::string_view text) { return builder_->arena().Keyword(text); }
  Value List(const std::vector<Value>& parts) { return builder_->arena().Vector(parts); }

  void Both(int process, std::string_view f, const std::vector<Value>& begun, const std::vector<Value>& done) {
    Line line;
    line.process = Value::Int(process);
    line.f = f;
    for (OpType type : {OpType::kInvoke, OpType::kOk}) {
      line.type = type;
      line.time = ++time_ * 1000;
      line.value = List(type == OpType::kInvoke ? begun : done);
      builder_->Add(line).IgnoreError();
    }
  }

  const int64_t base_;
  HistoryBuilder* builder_;
  std::vector<int64_t> logs_[kKeys];
  std::vector<size_t> read_[kConsumers];
  int64_t last_value_ = 0;
  int64_t time_ = 0;
};

History Generate(int events, int64_t base, bool skips = false) {
  HistoryBuilder builder;
  Random random(1);
  Broker broker(base, &builder);
  while (static_cast<int>(builder.size()) < events) {
    if (random.Below(2) == 0) {
      broker.Send(random.Below(kProducers), &random);
    } else {
      broker.Poll(random.Below(kConsumers), false, skips ? &random : nullptr);
    }
  }
  for (int consumer = 0; consumer < kConsumers; ++consumer) {
    while (broker.Poll(consumer, true, nullptr)) {
    }
  }
  return std::move(builder).Finish();
}

void Logs(benchmark::State& state) {
  const History history = Generate(kEvents, state.range(0));
  const int64_t before = HeapBytes();
  HeapPeak();
  formats::Verdict verdict;
  for (auto _ : state) verdict = checker::CheckKafka(history, {}, {}).value();
  if (verdict.result() != formats::Verdict::VALID) state.SkipWithError("not valid");
  state.counters["events/s"] =
      benchmark::Counter(static_cast<double>(history.size()), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["records_read"] = static_cast<double>(verdict.counts().records_read());
  state.counters["added_bytes/event"] = static_cast<double>(HeapPeak() - before) / static_cast<double>(history.size());
}
BENCHMARK(Logs)->Arg(0)->Arg(5'000'000)->Arg(int64_t{1} << 60)->Unit(benchmark::kMillisecond);

// Where some polls skip a record: the verdict, and the verdict with its anomalies explained.
void Skips(benchmark::State& state) {
  const History history = Generate(kEvents, 0, /*skips=*/true);
  const checker::Limits limits{.explain = state.range(0) != 0};
  const int64_t before = HeapBytes();
  HeapPeak();
  formats::Verdict verdict;
  for (auto _ : state) verdict = checker::CheckKafka(history, {}, limits).value();
  if (verdict.result() != formats::Verdict::INVALID) state.SkipWithError("not invalid");
  state.counters["added_MB"] = static_cast<double>(HeapPeak() - before) / 1e6;
  state.counters["verdict_MB"] = static_cast<double>(verdict.ByteSizeLong()) / 1e6;
}
BENCHMARK(Skips)->ArgName("explained")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace brokersim::bench

BENCHMARK_MAIN();
