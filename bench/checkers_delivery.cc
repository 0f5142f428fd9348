// A queue's promises on a history with leases, consumers that lose them, redelivery and acknowledgements; and reading
// such a history from EDN.
#include <benchmark/benchmark.h>

#include <deque>
#include <string>
#include <utility>

#include "bench/checkers.h"
#include "bench/drawn.h"
#include "checker/delivery/delivery.h"
#include "checker/history/format.h"

namespace brokersim::bench {
namespace {

using checker::Format;
using checker::History;

// Operations one after the other: sends, receives with leases of which one in twenty runs out, and acknowledgements.
std::string QueueEdn(int operations) {
  Random random(1);
  std::string edn;
  std::deque<std::pair<int, int>> waiting;  // value, how often it was delivered
  int64_t time = 0;
  int sent = 0;
  int receipts = 0;
  const auto both = [&](std::string_view f, const std::string& asked, const std::string& answer) {
    time += 1000;
    edn += "{:process 0, :type :invoke, :f :" + std::string(f) + ", :value " + asked + ", :time " +
           std::to_string(time) + "}\n{:process 0, :type :ok, :f :" + std::string(f) + ", :value " + answer +
           ", :time " + std::to_string(time + 500) + "}\n";
  };
  for (int i = 0; i < operations; ++i) {
    if (waiting.empty() || random.Below(3) == 0) {
      ++sent;
      const std::string message = "{:value " + std::to_string(sent) + " :group " + std::to_string(sent % 100) + "}";
      both("send", message, message);
      waiting.emplace_back(sent, 0);
      continue;
    }
    auto [value, count] = waiting.front();
    waiting.pop_front();
    const std::string receipt = std::to_string(1'000'000'000 + ++receipts);
    both("receive", "nil", "{:value " + std::to_string(value) + " :receipt " + receipt + " :until " +
                               std::to_string(time + 1800) + " :count " + std::to_string(count + 1) + "}");
    if (random.Below(20) == 0) {
      waiting.emplace_front(value, count + 1);
    } else {
      both("ack", receipt, receipt);
      ++i;
    }
  }
  return edn;
}

void Delivery(benchmark::State& state) {
  const History history = checker::Read(QueueEdn(static_cast<int>(state.range(0))), Format::kEdn).value();
  for (auto _ : state) {
    const auto verdict = checker::CheckDelivery(history, {.order = checker::DeliveryOptions::Order::kGroup});
    if (!verdict.ok() || verdict->anomalies_size() > 0) state.SkipWithError("the history is right");
  }
  state.SetItemsProcessed(state.iterations() * (history.size() / 2));
}

void ReadEdnHistory(benchmark::State& state) {
  const std::string edn = QueueEdn(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    if (!checker::Read(edn, Format::kEdn).ok()) state.SkipWithError("the text is right");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(edn.size()));
}

}  // namespace

void AddDeliveryBenchmarks() {
  benchmark::RegisterBenchmark("delivery/leases", Delivery)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("history/edn", ReadEdnHistory)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
}

}  // namespace brokersim::bench
