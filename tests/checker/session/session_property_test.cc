// Random histories against the definitions, tried out in full.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker/history/edn.h"
#include "checker/session/session.h"
#include "tests/checker/cases.h"

namespace brokersim::checker {
namespace {

constexpr int kHistories = Cases(100'000);

struct Step {
  int process = 0;
  bool write = false;
  bool certain = true;
  int key = 0;
  int value = 0;  // 0: the initial one
};

// Up to 8 steps of 3 processes on 2 registers; what is read was written by somebody, at some time.
std::vector<Step> RandomSteps(uint64_t seed) {
  uint64_t state = seed * 2 + 1;
  const auto below = [&state](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state >> 33) % n);
  };
  std::vector<Step> steps(static_cast<size_t>(3 + below(6)));
  std::vector<int> written[2] = {{0}, {0}};
  int value = 0;
  const int keys = 1 + below(2);
  for (Step& step : steps) {
    step.process = below(3);
    step.key = below(static_cast<uint64_t>(keys));
    step.write = below(5) < 2;
    if (!step.write) continue;
    step.value = ++value;
    step.certain = below(5) > 0;
    written[step.key].push_back(step.value);
  }
  for (Step& step : steps) {
    const std::vector<int>& values = written[step.key];
    if (!step.write) step.value = values[static_cast<size_t>(below(values.size()))];
  }
  return steps;
}

std::string Edn(const std::vector<Step>& steps) {
  std::string edn;
  for (const Step& step : steps) {
    const std::string value = step.value == 0 ? "nil" : std::to_string(step.value);
    const std::string f = step.write ? "write" : "read";
    edn += fmt::format("{{:process {} :type :invoke :f :{} :value [{} {}]}}\n", step.process, f, step.key,
                       step.write ? value : "nil");
    edn += fmt::format("{{:process {} :type :{} :f :{} :value [{} {}]}}\n", step.process, step.certain ? "ok" : "info",
                       f, step.key, value);
  }
  return edn;
}

// Whether some order of each register's versions, the initial one first, lets every pair of steps of one process that
// `related` names go forward.
bool SomeOrder(const std::vector<Step>& steps, const std::function<bool(const Step&, const Step&)>& related) {
  for (int key = 0; key < 2; ++key) {
    std::vector<int> versions;
    for (const Step& step : steps) {
      if (step.write && step.key == key) versions.push_back(step.value);
    }
    std::sort(versions.begin(), versions.end());
    bool found = false;
    do {
      std::map<int, int> rank = {{0, 0}};
      for (size_t i = 0; i < versions.size(); ++i) rank[versions[i]] = static_cast<int>(i) + 1;
      bool good = true;
      for (size_t i = 0; i < steps.size(); ++i) {
        for (size_t j = i + 1; j < steps.size(); ++j) {
          const Step& a = steps[i];
          const Step& b = steps[j];
          if (a.process != b.process || a.key != key || b.key != key || !a.certain || !related(a, b)) continue;
          good = good && rank[a.value] <= rank[b.value];
        }
      }
      found = found || good;
    } while (!found && std::next_permutation(versions.begin(), versions.end()));
    if (!found) return false;
  }
  return true;
}

std::set<std::string> NaiveSession(const std::vector<Step>& steps) {
  std::set<std::string> types;
  const auto judge = [&](std::string_view name, bool first, bool second) {
    const auto related = [=](const Step& a, const Step& b) { return a.write == first && b.write == second; };
    if (!SomeOrder(steps, related)) types.insert(std::string(name));
  };
  judge("monotonic-reads", false, false);
  judge("monotonic-writes", true, true);
  judge("read-your-writes", true, false);
  judge("writes-follow-reads", false, true);
  if (types.empty() && !SomeOrder(steps, [](const Step&, const Step&) { return true; })) types.insert("session-order");
  return types;
}

// Causality as a matrix, closed; then the patterns by their words.
bool NaiveCausal(const std::vector<Step>& steps) {
  const size_t n = steps.size();
  std::vector<std::vector<bool>> before(n, std::vector<bool>(n, false));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      if (i < j && steps[i].process == steps[j].process && steps[i].certain) before[i][j] = true;
      if (steps[i].write && !steps[j].write && steps[i].key == steps[j].key && steps[i].value == steps[j].value) {
        before[i][j] = true;
      }
    }
  }
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) before[i][j] = before[i][j] || (before[i][k] && before[k][j]);
    }
  }
  for (size_t i = 0; i < n; ++i) {
    if (before[i][i]) return false;
  }
  for (size_t r = 0; r < n; ++r) {
    if (steps[r].write) continue;
    for (size_t w = 0; w < n; ++w) {
      if (!steps[w].write || steps[w].key != steps[r].key || !before[w][r]) continue;
      if (steps[r].value == 0) return false;
      for (size_t from = 0; from < n; ++from) {
        if (steps[from].write && steps[from].value == steps[r].value && before[from][w]) return false;
      }
    }
  }
  return true;
}

// All orders that agree with each process's; writes of unknown outcome leave their place in the process and may be left
// out.
bool NaiveSequential(const std::vector<Step>& steps, std::vector<bool>* done, std::map<int, int>* held) {
  bool complete = true;
  for (size_t i = 0; i < steps.size(); ++i) complete = complete && ((*done)[i] || !steps[i].certain);
  if (complete) return true;
  for (size_t i = 0; i < steps.size(); ++i) {
    if ((*done)[i]) continue;
    bool ready = true;
    for (size_t j = 0; j < i; ++j) {
      ready = ready && (steps[j].process != steps[i].process || (*done)[j] || !steps[j].certain);
    }
    const int value = (*held)[steps[i].key];
    if (!ready || (!steps[i].write && value != steps[i].value)) continue;
    (*done)[i] = true;
    if (steps[i].write) (*held)[steps[i].key] = steps[i].value;
    if (NaiveSequential(steps, done, held)) return true;
    (*done)[i] = false;
    (*held)[steps[i].key] = value;
  }
  return false;
}

// The order must be one of the history's.
bool OrderHolds(const std::vector<Step>& steps, const formats::Verdict& verdict) {
  std::map<int, int> held;
  std::vector<bool> done(steps.size(), false);
  for (uint64_t index : verdict.order()) {
    const size_t at = index / 2;
    for (size_t j = 0; j < at; ++j) {
      if (steps[j].process == steps[at].process && steps[j].certain && !done[j]) return false;
    }
    if (done[at]) return false;
    done[at] = true;
    if (!steps[at].write && held[steps[at].key] != steps[at].value) return false;
    if (steps[at].write) held[steps[at].key] = steps[at].value;
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].certain && !done[i]) return false;
  }
  return true;
}

struct Counts {
  int bad = 0;
  void ExpectBothCommon() const {
    EXPECT_GT(bad, kHistories / 10);
    EXPECT_LT(bad, kHistories * 9 / 10);
  }
};

TEST(SessionProperty, AgreesWithAllVersionOrders) {
  Counts counts;
  for (int seed = 0; seed < kHistories; ++seed) {
    const std::vector<Step> steps = RandomSteps(static_cast<uint64_t>(seed));
    const absl::StatusOr<History> history = ReadEdn(Edn(steps));
    ASSERT_TRUE(history.ok());
    const absl::StatusOr<formats::Verdict> verdict = CheckSession(*history, {});
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    std::set<std::string> types;
    for (const formats::Anomaly& anomaly : verdict->anomalies()) types.insert(anomaly.type());
    ASSERT_EQ(types, NaiveSession(steps)) << Edn(steps);
    counts.bad += types.empty() ? 0 : 1;
  }
  counts.ExpectBothCommon();
}

TEST(CausalProperty, AgreesWithTheClosure) {
  Counts counts;
  for (int seed = 0; seed < kHistories; ++seed) {
    const std::vector<Step> steps = RandomSteps(static_cast<uint64_t>(seed));
    const absl::StatusOr<History> history = ReadEdn(Edn(steps));
    ASSERT_TRUE(history.ok());
    const absl::StatusOr<formats::Verdict> verdict = CheckCausal(*history);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    ASSERT_EQ(verdict->result() == formats::Verdict::VALID, NaiveCausal(steps)) << Edn(steps);
    counts.bad += verdict->result() == formats::Verdict::VALID ? 0 : 1;
  }
  counts.ExpectBothCommon();
}

TEST(SequentialProperty, AgreesWithAllOrders) {
  Counts counts;
  for (int seed = 0; seed < kHistories; ++seed) {
    const std::vector<Step> steps = RandomSteps(static_cast<uint64_t>(seed));
    const absl::StatusOr<History> history = ReadEdn(Edn(steps));
    ASSERT_TRUE(history.ok());
    const absl::StatusOr<formats::Verdict> verdict = CheckSequentialConsistency(*history, {});
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    ASSERT_NE(verdict->result(), formats::Verdict::UNKNOWN);
    std::vector<bool> done(steps.size(), false);
    std::map<int, int> held;
    const bool valid = verdict->result() == formats::Verdict::VALID;
    ASSERT_EQ(valid, NaiveSequential(steps, &done, &held)) << Edn(steps);
    ASSERT_TRUE(!valid || OrderHolds(steps, *verdict)) << Edn(steps);
    counts.bad += valid ? 0 : 1;
  }
  counts.ExpectBothCommon();
}

}  // namespace
}  // namespace brokersim::checker
