// Each verdict of an input in a group, and of a value in broker and database; and a consumer application whose planted
// bugs are found.
#include "checker/effects/effects.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker/history/edn.h"

namespace brokersim::checker {
namespace {

class Lines {
 public:
  Lines& Add(int process, std::string_view type, std::string_view f, std::string_view value,
             std::string_view extra = "") {
    edn_ += fmt::format("{{:process {} :type :{} :f :{} :value {} {}}}\n", process, type, f, value, extra);
    return *this;
  }
  Lines& Done(int process, std::string_view f, std::string_view value, std::string_view extra = "") {
    return Add(process, "invoke", f, value, extra).Add(process, "ok", f, value, extra);
  }
  Lines& Send(std::string_view value) { return Done(0, "send", value); }
  Lines& Process(std::string_view outputs, std::string_view end = "ok", int process = 1) {
    const std::string value = fmt::format("{{:group :g :input 1 :outputs [{}]}}", outputs);
    return Add(process, "invoke", "process", value).Add(process, end, "process", value);
  }
  Lines& Read(std::string_view outputs) {
    return Add(2, "invoke", "read-outputs", "nil").Add(2, "ok", "read-outputs", outputs);
  }
  Lines& Drained() { return Done(3, "drained", "{:group :g}"); }

  std::string Judge(absl::StatusOr<formats::Verdict> (*check)(const History&) = CheckExactlyOnce) const {
    const absl::StatusOr<History> history = ReadEdn(edn_);
    if (!history.ok()) return std::string(history.status().message());
    const absl::StatusOr<formats::Verdict> verdict = check(*history);
    if (!verdict.ok()) return std::string(verdict.status().message());
    std::string text;
    for (const formats::Anomaly& anomaly : verdict->anomalies()) {
      text += (text.empty() ? "" : "; ") + anomaly.type();
      for (uint64_t op : anomaly.operations()) text += " " + std::to_string(op);
    }
    if (!text.empty()) return text;
    return verdict->result() == formats::Verdict::VALID ? "valid" : "unknown";
  }
  std::string Reconcile() const { return Judge([](const History& history) { return CheckReconciliation(history); }); }
  const std::string& edn() const { return edn_; }

 private:
  std::string edn_;
};

TEST(ExactlyOnce, ByWhatProcessesWereTold) {
  EXPECT_EQ(Lines().Send("1").Process("").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Process("").Process("", "ok", 4).Judge(), "duplicate 0 3 5");
  EXPECT_EQ(Lines().Send("1").Process("", "info").Judge(), "unknown");
  EXPECT_EQ(Lines().Send("1").Process("").Process("", "info", 4).Judge(), "unknown");
  EXPECT_EQ(Lines().Send("1").Process("", "fail").Judge(), "unknown");
  EXPECT_EQ(Lines().Send("1").Process("", "fail").Drained().Judge(), "lost 1 3 4");
  EXPECT_EQ(Lines().Send("1").Drained().Judge(), "lost 1 2");
  EXPECT_EQ(Lines().Drained().Send("1").Judge(), "unknown");
  EXPECT_EQ(Lines().Process("").Judge(), "unexpected 1");
  EXPECT_EQ(Lines().Add(0, "invoke", "send", "1").Add(0, "fail", "send", "1").Process("").Judge(), "unexpected 3");
  // An unknown send need not have happened.
  EXPECT_EQ(Lines().Add(0, "invoke", "send", "1").Add(0, "info", "send", "1").Drained().Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Judge(), "unknown");
}

TEST(ExactlyOnce, ByTheOutputsThatAreThere) {
  EXPECT_EQ(Lines().Send("1").Process(":a :b").Read("[:a :b]").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Process(":a :b").Read("[:a]").Judge(), "torn 3 5");
  EXPECT_EQ(Lines().Send("1").Process(":a :b", "info").Read("[:a]").Judge(), "torn 3 5");
  EXPECT_EQ(Lines().Send("1").Process(":a :b", "info").Read("[:a :b]").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Process(":a :b", "info").Read("[]").Judge(), "unknown");
  EXPECT_EQ(Lines().Send("1").Process(":a").Read("[]").Judge(), "lost 3 5");
  EXPECT_EQ(Lines().Send("1").Process(":a").Read("[:a :a]").Judge(), "duplicate 3 5");
  EXPECT_EQ(Lines().Send("1").Process(":a", "fail").Read("[:a]").Judge().substr(0, 14), "aborted-output");
  EXPECT_EQ(Lines().Send("1").Process(":a").Read("[:a :z]").Judge(), "unexpected 5");
  // A second attempt that found the first done: idempotent.
  EXPECT_EQ(Lines().Send("1").Process(":a", "info").Process(":a", "ok", 4).Read("[:a]").Judge(), "valid");
}

TEST(ExactlyOnce, TwoAttemptsThatAreBothThere) {
  EXPECT_EQ(Lines().Send("1").Process(":a").Process(":b", "ok", 4).Read("[:a :b]").Judge(), "duplicate 0 3 5");
  EXPECT_EQ(Lines().Send("1").Process(":a", "fail").Process(":b", "ok", 4).Read("[:b]").Judge(), "valid");
  EXPECT_EQ(Lines().Send("1").Process(":a", "info").Process(":b", "ok", 4).Read("[:b]").Judge(), "valid");
}

// As of an application that produces what it makes of records.
TEST(ExactlyOnce, OutputsMayBeRecords) {
  const auto told = [](const std::string& out_log, std::string_view outcome = "ok") {
    const std::string effect = "[[:process :in [0 1] true [:a]]]";
    return Lines()
        .Done(0, "send", "[[:send :in [0 1]]]")
        .Add(1, "invoke", "process", effect, ":group :g")
        .Add(1, outcome, "process", effect, ":group :g")
        .Done(2, "poll", "[[:poll {:in [[0 1]]}]]", ":read-all true")
        .Done(2, "poll", "[[:poll {:out " + out_log + "}]]", ":read-all true")
        .Judge();
  };
  EXPECT_EQ(told("[[0 :a]]"), "valid");
  EXPECT_EQ(told("[[0 :a]]", "info"), "valid");
  EXPECT_EQ(told("[[0 :a] [2 :a]]"), "duplicate 3 7");
  EXPECT_EQ(told("[[0 :a]]", "fail"), "aborted-output 3 7");
  EXPECT_EQ(told("[]"), "lost 3 7");
}

TEST(ExactlyOnce, OutputsOfALogThatNobodyReadAreUnknown) {
  const std::string effect = "[[:process :in [0 1] true [:a]]]";
  EXPECT_EQ(Lines()
                .Done(0, "send", "[[:send :in [0 1]]]")
                .Done(1, "process", effect, ":group :g")
                .Done(2, "poll", "[[:poll {:in [[0 1]]}]]", ":read-all true")
                .Add(2, "invoke", "poll", "[[:poll {:out []}]]", ":read-all true")
                .Add(2, "info", "poll", "[[:poll {:out []}]]", ":read-all true")
                .Judge(),
            "valid");
}

TEST(ExactlyOnce, AZombieIsNamed) {
  Lines lines = Lines()
                    .Done(0, "send", "[[:send :x [0 1]]]")
                    .Done(1, "assign", "[:x]", ":group :g")
                    .Done(4, "assign", "[:x]", ":group :g");
  const std::string effect = "[[:process :x [0 1] true]]";
  lines.Done(4, "process", effect, ":group :g").Done(1, "process", effect, ":group :g");
  EXPECT_EQ(lines.Judge(), "zombie 0 7 9");
}

TEST(ExactlyOnce, WhoNeverOwnedALogIsNoZombie) {
  const std::string effect = "[[:process :x [0 1] true]]";
  Lines lines = Lines().Done(0, "send", "[[:send :x [0 1]]]").Done(1, "assign", "[:x]", ":group :g");
  lines.Done(5, "process", effect, ":group :g").Done(5, "process", effect, ":group :g");
  EXPECT_EQ(lines.Judge(), "duplicate 0 5 7");
}

TEST(ExactlyOnce, ACommitIsTheGroupsWord) {
  const std::string sent = "[[:send :x [4 1]]]";
  EXPECT_EQ(Lines().Done(0, "send", sent).Done(1, "commit", "[[:commit :x 4]]", ":group :g").Judge(), "unknown");
  EXPECT_EQ(Lines().Done(0, "send", sent).Done(1, "commit", "[[:commit :x 5]]", ":group :g").Judge(), "lost 1 3");
  EXPECT_EQ(Lines()
                .Done(0, "send", sent)
                .Done(1, "process", "[[:process :x [4 1] true]]", ":group :g")
                .Done(1, "process", "[[:process :x [4 1] false]]", ":group :g")
                .Done(1, "commit", "[[:commit :x 5]]", ":group :g")
                .Judge(),
            "valid");
}

TEST(Reconciliation, OrphansEitherWay) {
  const auto read = [](std::string_view topic, std::string_view database) {
    return Lines()
        .Done(0, "insert", "1")
        .Done(0, "send", "1")
        .Add(2, "invoke", "read-topic", "nil")
        .Add(2, "ok", "read-topic", topic)
        .Add(2, "invoke", "read-db", "nil")
        .Add(2, "ok", "read-db", database)
        .Reconcile();
  };
  EXPECT_EQ(read("[1]", "[1]"), "valid");
  EXPECT_EQ(read("[1]", "[]"), "orphan-message 0 2 5 7");
  EXPECT_EQ(read("[]", "[1]"), "orphan-row 0 2 5 7");
  EXPECT_EQ(read("[]", "[]"), "lost 1 3 5 7");
  EXPECT_EQ(read("[1 1]", "[1]"), "duplicate 2 5");
  EXPECT_EQ(Lines().Done(0, "send", "1").Reconcile(), "unknown");
  // Its outbox may yet send it.
  EXPECT_EQ(Lines()
                .Done(0, "insert", "1")
                .Add(1, "invoke", "send", "1")
                .Done(2, "read-topic", "[]")
                .Done(2, "read-db", "[1]")
                .Reconcile(),
            "unknown");
}

enum class Bug { kNone, kCommitsFirst, kForgetsIds, kTears, kForgetsOutputs, kPublishesAborted };

// Consumers that crash in the middle, over a store that applies an input's outputs once, all or none.
std::string Application(uint64_t seed, Bug bug) {
  uint64_t state = seed * 2 + 1;
  const auto below = [&state](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state >> 33) % n);
  };
  Lines lines;
  std::vector<std::string> store;
  std::set<int> applied;
  const int inputs = 2 + below(4);
  for (int i = 0; i < inputs; ++i) lines.Done(0, "send", fmt::format("[[:send :x [{} {}]]]", i, i));
  int process = 1;
  int committed = 0;
  int attempts = 0;
  int next = 0;
  while (committed < inputs) {
    if (next == inputs || below(4) == 0) {
      lines.Done(process, "commit", fmt::format("[[:commit :x {}]]", next), ":group :g");
      committed = next;
      if (next == inputs) break;
    }
    const std::string effect =
        fmt::format("{{:group :g :log :x :input [{} {}] :outputs [{}00 {}01]}}", next, next, next + 1, next + 1);
    const bool crash = below(4) == 0;
    const bool first = applied.insert(next).second;
    const bool effective = (first || bug == Bug::kForgetsIds) && !(crash && below(2) == 0);
    if (first && !effective) applied.erase(next);
    const bool skip = bug == Bug::kCommitsFirst && below(5) == 0;
    if (!skip) {
      const bool abort = !crash && below(8) == 0;
      if (abort) {
        // An attempt's outputs are its own.
        const std::string attempt = fmt::format("{}", 9000 + attempts++);
        const std::string failed =
            fmt::format("{{:group :g :log :x :input [{} {}] :outputs [{}]}}", next, next, attempt);
        lines.Add(process, "invoke", "process", failed).Add(process, "fail", "process", failed);
        if (bug == Bug::kPublishesAborted) store.push_back(attempt);
        if (first && effective) applied.erase(next);
        continue;
      }
      lines.Add(process, "invoke", "process", effect);
      if (effective && !(bug == Bug::kForgetsOutputs && below(3) == 0)) {
        store.push_back(fmt::format("{}00", next + 1));
        if (!(bug == Bug::kTears && below(3) == 0)) store.push_back(fmt::format("{}01", next + 1));
      }
      lines.Add(process, crash ? "info" : "ok", "process", effect);
    }
    if (crash) {
      ++process;
      next = committed;
    } else {
      ++next;
    }
  }
  std::string outputs;
  for (const std::string& output : store) outputs += output + " ";
  return lines.Read(fmt::format("[{}]", outputs)).edn();
}

std::map<std::string, int> Types(Bug bug, int seeds) {
  std::map<std::string, int> types;
  for (int seed = 0; seed < seeds; ++seed) {
    const std::string edn = Application(static_cast<uint64_t>(seed), bug);
    const absl::StatusOr<History> history = ReadEdn(edn);
    EXPECT_TRUE(history.ok()) << history.status() << edn;
    const absl::StatusOr<formats::Verdict> verdict = CheckExactlyOnce(*history);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    for (const formats::Anomaly& anomaly : verdict->anomalies()) ++types[anomaly.type()];
    if (bug == Bug::kNone) {
      EXPECT_EQ(verdict->anomalies_size(), 0) << verdict->anomalies(0).explanation() << "\n" << edn;
      if (verdict->anomalies_size() > 0) break;
    }
  }
  return types;
}

TEST(ExactlyOnceProperty, AGoodApplicationIsNeverAccused) { EXPECT_TRUE(Types(Bug::kNone, 50'000).empty()); }

TEST(ExactlyOnceProperty, PlantedBugsAreFoundAndNamed) {
  const std::pair<Bug, std::string> planted[] = {{Bug::kCommitsFirst, "lost"},
                                                 {Bug::kForgetsIds, "duplicate"},
                                                 {Bug::kTears, "torn"},
                                                 {Bug::kForgetsOutputs, "lost"},
                                                 {Bug::kPublishesAborted, "aborted-output"}};
  for (const auto& [bug, type] : planted) {
    const std::map<std::string, int> types = Types(bug, 2000);
    std::string all;
    for (const auto& [name, count] : types) all += fmt::format("{} {}; ", name, count);
    ASSERT_EQ(types.size(), 1u) << type << ": " << all;
    EXPECT_EQ(types.begin()->first, type);
    EXPECT_GT(types.begin()->second, 100) << type;
  }
}

}  // namespace
}  // namespace brokersim::checker
