// Linearizability: the recorded histories, file by file and together, against what Porcupine took for them;
// and large histories of our own.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/checkers.h"
#include "checker/history/format.h"
#include "checker/linear/linear.h"
#include "checker/linear/verify.h"
#include "tests/checker/linear/large_history.h"
#include "tests/checker/linear/recorded.h"

namespace brokersim::bench {
namespace {

using checker::CheckLinearizable;
using checker::History;

struct Case {
  std::string model;
  History history;
  formats::Verdict::Result expected = formats::Verdict::VALID;
};

void Judge(benchmark::State& state, const Case& one, bool explain) {
  const checker::Limits limits = {.explain = explain};
  const std::unique_ptr<checker::Model> model = checker::FindLinearModel(one.model);
  uint64_t steps = 0;
  for (auto _ : state) {
    const absl::StatusOr<formats::Verdict> verdict = CheckLinearizable(*model, one.history, limits);
    if (!verdict.ok() || verdict->result() != one.expected) return state.SkipWithError("a wrong verdict");
    steps = verdict->steps();
  }
  state.counters["steps"] = static_cast<double>(steps);
}

void Together(benchmark::State& state, const std::vector<const Case*>& cases, bool explain) {
  const checker::Limits limits = {.explain = explain};
  for (auto _ : state) {
    for (const Case* one : cases) {
      const absl::StatusOr<formats::Verdict> verdict = CheckLinearizable(one->model, one->history, limits);
      if (!verdict.ok() || verdict->result() != one->expected) return state.SkipWithError("a wrong verdict");
    }
  }
}

void AddRecorded() {
  auto& etcd = *new std::vector<const Case*>;
  for (const checker::Recorded& recorded : checker::RecordedHistories()) {
    const std::string text = checker::ReadAll(recorded.path);
    absl::StatusOr<History> history = checker::Read(text, *checker::Recognise(text));
    const Case& one = *new Case{recorded.model, *std::move(history),
                                recorded.linearizable ? formats::Verdict::VALID : formats::Verdict::INVALID};
    const bool is_etcd = recorded.name.find("etcd") != std::string::npos;
    if (is_etcd) etcd.push_back(&one);
    const double porcupine = recorded.porcupine_us;
    for (const bool explain : {false, true}) {
      if (explain && recorded.linearizable) continue;
      const std::string name = "linear/" + recorded.name + (explain ? "/explained" : "");
      benchmark::RegisterBenchmark(name.c_str(), [&one, porcupine, explain](benchmark::State& state) {
        Judge(state, one, explain);
        if (porcupine > 0) state.counters["porcupine_us"] = porcupine;
      })->Unit(benchmark::kMicrosecond);
    }
  }
  if (etcd.empty()) return;
  for (const bool explain : {false, true}) {
    const std::string name = std::string("linear/etcd, all 50") + (explain ? "/explained" : "");
    benchmark::RegisterBenchmark(name.c_str(), [&etcd, explain](benchmark::State& state) {
      Together(state, etcd, explain);
    })->Unit(benchmark::kMicrosecond);
  }
}

void AddLarge() {
  for (const checker::LargeShape& shape : checker::LargeShapes()) {
    benchmark::RegisterBenchmark(("linear/" + shape.name).c_str(), [shape](benchmark::State& state) {
      const Case one = {shape.model, checker::LargeHistory(shape)};
      Judge(state, one, false);
      state.counters["ops/s"] =
          benchmark::Counter(static_cast<double>(shape.ops) * static_cast<double>(state.iterations()),
                             benchmark::Counter::kIsRate);
    })->Unit(benchmark::kMillisecond);
  }
  for (const checker::LargeShape& shape : checker::FaultyShapes()) {
    for (const bool explain : {false, true}) {
      const std::string name = "linear/" + shape.name + (explain ? "/explained" : "");
      benchmark::RegisterBenchmark(name.c_str(), [shape, explain](benchmark::State& state) {
        const Case one = {shape.model, checker::LargeHistory(shape), formats::Verdict::INVALID};
        Judge(state, one, explain);
      })->Unit(benchmark::kMillisecond);
    }
  }
  const checker::LargeShape fifo = checker::LargeShapes().front();
  benchmark::RegisterBenchmark(("linear/verify/" + fifo.name).c_str(), [fifo](benchmark::State& state) {
    const History history = checker::LargeHistory(fifo);
    const std::unique_ptr<checker::Model> model = checker::FindLinearModel(fifo.model);
    const absl::StatusOr<formats::Verdict> verdict = CheckLinearizable(*model, history, {});
    for (auto _ : state) {
      if (!checker::VerifyOrder(*model, history, verdict->order()).ok())
        return state.SkipWithError("a wrong order");
    }
  })->Unit(benchmark::kMillisecond);
}

}  // namespace

void AddLinearBenchmarks() {
  AddRecorded();
  AddLarge();
}

}  // namespace brokersim::bench
