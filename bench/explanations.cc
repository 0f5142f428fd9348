// What it costs to say what is wrong: a verdict alone, and the verdict with its smallest sets of operations, as text
// and with a picture. Of every kind of model a large history in which something is wrong now and then:
//
//   BROKERSIM_HISTORIES=... bazel-4 run -c opt //bench:explanations
#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "bench/drawn.h"
#include "bench/heap.h"
#include "checker/history/format.h"
#include "checker/models.h"
#include "checker/report/text.h"
#include "fmt/format.h"
#include "runner/history_picture.h"
#include "tests/checker/linear/large_history.h"
#include "tests/checker/linear/recorded.h"

namespace brokersim::bench {
namespace {

using checker::History;

// Lines of EDN, one operation after the other.
class Lines {
 public:
  void Both(int process, std::string_view f, std::string_view asked, std::string_view answer,
            std::string_view extras = "") {
    for (const bool begun : {true, false}) {
      text_ += fmt::format("{{:process {}, :type :{}, :f :{}, :value {}, :time {}{}}}\n", process,
                           begun ? "invoke" : "ok", f, begun ? asked : answer, ++time_ * 1000, extras);
    }
  }
  History Read() const { return checker::Read(text_, checker::Format::kEdn).value(); }

 private:
  std::string text_;
  int64_t time_ = 0;
};

// Once in so many times something is wrong.
constexpr int kWrong = 1000;

History ListAppend(int operations) {
  Lines lines;
  Random random(1);
  std::vector<std::vector<int>> lists(1);
  for (int i = 0, value = 0; i < operations; ++i) {
    if (lists.back().size() > 30) lists.emplace_back();
    std::vector<int>& list = lists.back();
    const size_t seen = random.Below(kWrong) == 0 && !list.empty() ? list.size() - 1 : list.size();
    const std::string read =
        fmt::format("[:r {} [{}]]", lists.size(), fmt::join(list.begin(), list.begin() + seen, " "));
    const std::string append = fmt::format("[:append {} {}]", lists.size(), ++value);
    lines.Both(random.Below(8), "txn", fmt::format("[[:r {} nil] {}]", lists.size(), append),
               fmt::format("[{} {}]", read, append));
    list.push_back(value);
  }
  return lines.Read();
}

History RwRegister(int operations) {
  Lines lines;
  Random random(1);
  std::vector<int> values(1000, 0);
  std::vector<int> before(1000, 0);
  for (int i = 1; i <= operations; ++i) {
    const int key = random.Below(1000);
    const int other = random.Below(1000);
    const int seen = random.Below(kWrong) == 0 ? before[key] : values[key];
    const std::string old = seen == 0 ? "nil" : std::to_string(seen);
    const std::string write = fmt::format("[:w {} {}]", other, i);
    lines.Both(random.Below(8), "txn", fmt::format("[[:r {} nil] {}]", key, write),
               fmt::format("[[:r {} {}] {}]", key, old, write));
    before[other] = values[other];
    values[other] = i;
  }
  return lines.Read();
}

History Kafka(int operations) {
  Lines lines;
  Random random(1);
  std::vector<std::vector<int>> logs(16);
  std::vector<size_t> read(16, 0);
  for (int i = 0; i < operations; ++i) {
    const int key = random.Below(16);
    std::vector<int>& log = logs[key];
    if (random.Below(2) == 0) {
      lines.Both(key, "send", fmt::format("[[:send {} {}]]", key, i),
                 fmt::format("[[:send {} [{} {}]]]", key, log.size(), i));
      log.push_back(i);
      continue;
    }
    if (random.Below(kWrong) == 0 && read[key] + 1 < log.size()) ++read[key];
    std::string records;
    for (; read[key] < log.size(); ++read[key]) records += fmt::format("[{} {}] ", read[key], log[read[key]]);
    lines.Both(16 + key, "poll", "[[:poll]]", fmt::format("[[:poll {{{} [{}]}}]]", key, records));
  }
  return lines.Read();
}

History Delivery(int operations) {
  Lines lines;
  Random random(1);
  for (int i = 0; i < operations; i += 3) {
    lines.Both(0, "send", std::to_string(i), std::to_string(i));
    for (int times = random.Below(kWrong) == 0 ? 3 : 1; times > 0; --times) {
      const std::string receipt = fmt::format("\"r{}-{}\"", i, times);
      lines.Both(1, "receive", "nil", fmt::format("{{:value {} :receipt {}}}", i, receipt));
      lines.Both(1, "ack", receipt, receipt);
    }
  }
  return lines.Read();
}

History ExactlyOnce(int operations) {
  Lines lines;
  Random random(1);
  for (int i = 0; i < operations; i += 2) {
    lines.Both(0, "send", std::to_string(i), std::to_string(i));
    for (int times = 1 + (random.Below(kWrong) == 0 ? 1 : 0); times > 0; --times) {
      const std::string effect = fmt::format("{{:group \"g\" :input {}}}", i);
      lines.Both(1, "process", effect, effect);
    }
  }
  lines.Both(1, "drained", "{:group \"g\"}", "{:group \"g\"}");
  return lines.Read();
}

History Reconciliation(int operations) {
  Lines lines;
  Random random(1);
  std::string rows;
  std::string messages;
  for (int i = 0; i < operations; i += 2) {
    lines.Both(0, "insert", std::to_string(i), std::to_string(i));
    lines.Both(0, "send", std::to_string(i), std::to_string(i));
    rows += fmt::format("{} ", i);
    if (random.Below(kWrong) != 0) messages += fmt::format("{} ", i);
  }
  lines.Both(1, "read-topic", "nil", "[" + messages + "]");
  lines.Both(1, "read-db", "nil", "[" + rows + "]");
  return lines.Read();
}

History Sessions(int operations) {
  Lines lines;
  Random random(1);
  std::vector<int> values(1000, 0);
  for (int i = 1; i <= operations; ++i) {
    const int key = random.Below(1000);
    if (random.Below(2) == 0) {
      lines.Both(key % 8, "write", fmt::format("[{} {}]", key, i), fmt::format("[{} {}]", key, i));
      values[key] = i;
    } else {
      const bool wrong = random.Below(kWrong) == 0;
      const std::string value = values[key] == 0 || wrong ? "nil" : std::to_string(values[key]);
      lines.Both(key % 8, "read", fmt::format("[{} nil]", key), fmt::format("[{} {}]", key, value));
    }
  }
  return lines.Read();
}

History Bank(int operations) {
  Lines lines;
  Random random(1);
  for (int i = 0; i < operations; ++i) {
    const int here = random.Below(100);
    lines.Both(random.Below(8), "read", "nil",
               fmt::format("{{0 {} 1 {}}}", here, 100 - here + (random.Below(kWrong) == 0 ? 1 : 0)));
  }
  return lines.Read();
}

History UniqueIds(int operations) {
  Lines lines;
  Random random(1);
  for (int i = 0; i < operations; ++i) {
    lines.Both(random.Below(8), "generate", "nil", std::to_string(random.Below(kWrong) == 0 ? i - 1 : i));
  }
  return lines.Read();
}

struct Cost {
  double seconds = 1e9;
  double megabytes = 0;
};

// The least time of three, and the most memory.
Cost Measured(const std::function<void()>& work) {
  Cost cost;
  for (int round = 0; round < 3; ++round) {
    const int64_t before = HeapBytes();
    HeapPeak();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    cost.seconds = std::min(cost.seconds, took.count());
    cost.megabytes = std::max(cost.megabytes, static_cast<double>(HeapPeak() - before) / 1e6);
  }
  return cost;
}

void Compare(const std::string& name, const std::string& model, const History& history) {
  checker::CheckOptions options;
  options.delivery.guarantee = checker::DeliveryOptions::Guarantee::kExactlyOnce;
  options.txn.wfr_keys = options.txn.linearizable_keys = true;
  options.limits.explain = false;
  const Cost verdict = Measured([&] { Judge(history, model, options).IgnoreError(); });
  options.limits.explain = true;
  uint64_t anomalies = 0;
  size_t bytes = 0;
  const Cost explained = Measured([&] {
    const formats::Verdict told = Judge(history, model, options).value();
    const std::string text = ReportText(told, history, {});
    const std::string svg = told.anomalies_size() > 0 ? runner::AnomalySvg(history, told.anomalies(0)).value() : "";
    anomalies = static_cast<uint64_t>(told.anomalies_size());
    bytes = told.ByteSizeLong() + text.size() + svg.size();
  });
  fmt::print("{:<40} {:>9} {:>5} {:>10.1f} {:>10.1f} {:>6.2f} {:>8.2f} {:>8.1f}\n", name, history.size(), anomalies,
             verdict.seconds * 1e3, explained.seconds * 1e3, explained.seconds / verdict.seconds,
             explained.megabytes - verdict.megabytes, static_cast<double>(bytes) / 1e3);
}

// The least time of many, in seconds.
double LeastSeconds(const std::function<void()>& work) {
  constexpr double kLookedAtFor = 0.01;
  double least = 1e9;
  for (double sum = 0; sum < kLookedAtFor;) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    sum += took.count();
    least = std::min(least, took.count());
  }
  return least;
}

// Wrong logs of a hundred operations and less (BROKERSIM_HISTORIES names their folder): from a file's bytes to the
// verdict, and to all that is told about it.
void CompareRecorded() {
  struct Row {
    std::string name;
    double verdict = 0;
    double all = 0;
  };
  std::vector<Row> rows;
  for (const checker::Recorded& recorded : checker::RecordedHistories()) {
    if (recorded.linearizable) continue;
    const std::string file = checker::ReadAll(recorded.path);
    const auto read = [&] { return checker::Read(file, checker::Recognise(file).value()).value(); };
    Row row = {recorded.name};
    row.verdict = LeastSeconds([&] {
      checker::CheckOptions options;
      options.limits.explain = false;
      Judge(read(), recorded.model, options).IgnoreError();
    });
    row.all = LeastSeconds([&] {
      const History history = read();
      const formats::Verdict told = Judge(history, recorded.model, {}).value();
      const std::string text = ReportText(told, history, {});
      runner::AnomalySvg(history, told.anomalies(0)).IgnoreError();
    });
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.all * b.verdict > b.all * a.verdict; });
  if (rows.empty()) return;
  fmt::print("\n{:<50} {:>10} {:>10} {:>6}\n", "recorded, from the file", "verdict us", "all us", "ratio");
  const auto print = [](const Row& row) {
    fmt::print("{:<50} {:>10.1f} {:>10.1f} {:>6.2f}\n", row.name, row.verdict * 1e6, row.all * 1e6,
               row.all / row.verdict);
  };
  for (size_t i = 0; i < std::min<size_t>(5, rows.size()); ++i) print(rows[i]);
  fmt::print("... and the middle one of {}:\n", rows.size());
  print(rows[rows.size() / 2]);
}

int Main() {
  constexpr int kOperations = 100'000;
  fmt::print("{:<40} {:>9} {:>5} {:>10} {:>10} {:>6} {:>8} {:>8}\n", "history", "lines", "told", "verdict ms", "all ms",
             "ratio", "MB more", "KB out");
  fmt::print("{:<40} {:>9} {:>5} {:>10} {:>10} {:>6} {:>8} {:>8}\n", "", "", "", "", "", "<= 3", "<= 64", "<= 2000");
  for (const checker::LargeShape& shape : checker::FaultyShapes()) {
    Compare(shape.name, shape.model, checker::LargeHistory(shape));
  }
  const std::vector<std::pair<std::string, std::function<History(int)>>> all = {
      {"list-append", ListAppend}, {"rw-register", RwRegister},          {"kafka", Kafka},
      {"delivery", Delivery},      {"exactly-once", ExactlyOnce},        {"reconciliation", Reconciliation},
      {"session", Sessions},       {"bank", Bank},                       {"unique-ids", UniqueIds}};
  for (const auto& [model, generate] : all) Compare(model, model, generate(kOperations));
  CompareRecorded();
  return 0;
}

}  // namespace
}  // namespace brokersim::bench

int main() { return brokersim::bench::Main(); }
