#include "runner/shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "runner/shrink_steps.h"
#include "scenarios/quantity.h"
#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

using scenarios::Setup;

// Lengths that faults are shortened to, in milliseconds.
constexpr int64_t kLengths[] = {1,    2,    5,    10,   20,   50,    100,   200,   500,   1000,  1500, 2000,
                                3000, 4000, 5000, 6000, 8000, 10000, 12000, 15000, 20000, 30000, 60000};
// What times are rounded to, from rough to fine.
constexpr sim::Duration kUnits[] = {sim::Seconds(1), sim::Milliseconds(100), sim::Milliseconds(10),
                                    sim::Milliseconds(1)};

constexpr int kMoreTries = 4;

class Shrinker {
 public:
  Shrinker(const Setup& setup, uint64_t seed, const Shows& shows, const ShrinkOptions& options)
      : best_(setup), seed_(seed), shows_(shows), options_(options) {}

  ShrinkResult Search(const std::vector<std::string>& useless) {
    LeaveOutUseless(useless);
    bool first = true;
    do {
      changed_ = false;
      Round(first);
      first = false;
    } while (changed_ && !ended_);
    ShrinkResult result;
    result.setup = best_;
    result.seed = seed_;
    result.end = end_;
    result.runs = runs_;
    result.removals = SingleRemovals(best_, options_.settings).size();
    return result;
  }

 private:
  // ---- Runs

  bool Run(const Setup& setup, uint64_t seed) {
    const auto [known, is_new] = known_.try_emplace({setup.SerializeAsString(), seed}, false);
    if (!is_new) return known->second;
    if (runs_ >= options_.runs) return End(ShrinkResult::End::kRuns);
    if (options_.go_on && !options_.go_on(Where())) return End(ShrinkResult::End::kStopped);
    ++runs_;
    known->second = shows_(setup, seed);
    return known->second;
  }

  bool End(ShrinkResult::End why) {
    ended_ = true;
    end_ = why;
    return false;
  }

  ShrinkProgress Where() const {
    ShrinkProgress where;
    where.runs = runs_;
    where.faults = best_.fault_size();
    where.clients = ClientsOf(best_);
    for (int i = 0; i < ProducersOf(best_); ++i) where.records += RecordsOf(best_, i);
    where.phase = phase_;
    return where;
  }

  // Goes on with `candidate` if it shows the anomaly, too.
  bool Try(const Setup& candidate) { return Try(candidate, options_.tries); }
  bool Try(const Setup& candidate, int tries) {
    uint64_t seed = seed_;
    uint64_t next = 1;
    for (int i = 0; i < tries && !ended_; ++i) {
      if (Run(candidate, seed)) {
        best_ = candidate;
        seed_ = seed;
        changed_ = true;
        return true;
      }
      if (next == seed_) ++next;
      seed = next++;
    }
    return false;
  }

  // ---- Passes

  void Round(bool first) {
    const auto phase = [&](std::string_view name, auto pass) {
      phase_ = name;
      if (!ended_) pass();
    };
    phase("checks", [&] { LeaveOut(PartKind::kJudge, first); });
    phase("faults", [&] { LeaveOut(PartKind::kFault, first); });
    phase("clients", [&] { LeaveOut(PartKind::kClient, first); });
    phase("records", [&] { Records(); });
    phase("time", [&] { Heal(); });
    // Never all at once: no node at all would mean every node.
    phase("nodes", [&] { LeaveOut(PartKind::kNodeOfFault, false); });
    phase("durations", [&] { Durations(); });
    phase("topics", [&] { LeaveOut(PartKind::kTopic, first); });
    phase("brokers", [&] { Brokers(); });
    phase("links", [&] { LeaveOut(PartKind::kLink, first); });
    phase("variety", [&] { Variety(); });
    if (options_.settings) phase("settings", [&] { LeaveOut(PartKind::kSetting, first); });
    phase("round times", [&] { Rounding(); });
  }

  void LeaveOutUseless(const std::vector<std::string>& useless) {
    phase_ = "faults without effect";
    std::vector<Part> parts;
    for (const Part& part : PartsOf(best_, PartKind::kFault)) {
      const scenarios::Fault& fault = best_.fault(part.fields[0][0].second);
      if (std::find(useless.begin(), useless.end(), fault.id()) != useless.end()) parts.push_back(part);
    }
    if (!parts.empty()) Try(Without(best_, parts));
  }

  // Delta debugging: all of them, halves, quarters, ..., then one by one.
  void LeaveOut(PartKind kind, bool in_chunks) {
    for (size_t chunk = in_chunks ? PartsOf(best_, kind).size() : 1; chunk > 0 && !ended_; chunk /= 2) {
      size_t from = 0;
      for (std::vector<Part> parts = PartsOf(best_, kind); from < parts.size() && !ended_;
           parts = PartsOf(best_, kind)) {
        const std::span<const Part> some(parts.data() + from, std::min(chunk, parts.size() - from));
        const Setup candidate = Without(best_, some);
        // Without any check the default ones would be made.
        const bool judged = candidate.check_size() > 0 || best_.check_size() == 0;
        if (!judged || !Try(candidate)) from += chunk;
      }
    }
  }

  void Records() {
    for (int i = 0; i < ProducersOf(best_) && !ended_; ++i) {
      if (StopsByTime(best_, i) && !Try(WithNumberOfRecords(best_, i, true))) {
        Try(WithNumberOfRecords(best_, i, false));
      }
      for (int64_t chunk = Sent(i) / 2; chunk > 0 && !ended_; chunk /= 2) {
        // Many at once are worth more runs: that other records are sent moves most draws.
        const int tries = options_.tries * (chunk > 1 ? kMoreTries : 1);
        while (!ended_ && Sent(i) > chunk && Try(WithoutLastRecords(best_, i, chunk), tries)) continue;
        while (!ended_ && Sent(i) > chunk && Try(WithoutFirstRecords(best_, i, chunk), tries)) continue;
      }
      Thin(i);
    }
  }

  int64_t Sent(int producer) const { return RecordsOf(best_, producer); }

  // First and last alone, then every half, third, ... of them.
  void Thin(int producer) {
    for (int64_t left = 2; left < Sent(producer) && !ended_; left *= 2) {
      if (!StopsByNumber(best_, producer)) return;
      const int64_t step = (Sent(producer) - 1) / (left - 1);
      if (step < 2) return;
      if (Try(EveryNthRecord(best_, producer, step))) return;
    }
  }

  // Ever fewer seconds: the least that shows it, if it shows from some time on.
  void Heal() {
    int64_t low = 0;
    int64_t high = (HealOf(best_).nanos() + sim::Seconds(1).nanos() - 1) / sim::Seconds(1).nanos();
    while (high - low > 1 && !ended_) {
      const int64_t middle = (low + high) / 2;
      (Try(WithHeal(best_, sim::Seconds(middle))) ? high : low) = middle;
    }
  }

  void Durations() {
    for (int i = 0; i < best_.fault_size() && !ended_; ++i) {
      if (best_.fault(i).lasts().empty()) continue;
      const FieldPath path = {{"fault", i}, {"lasts", -1}};
      const auto longest = [&] {
        const absl::StatusOr<sim::Duration> lasts = scenarios::ParseDuration(best_.fault(i).lasts());
        CHECK(lasts.ok(), "the scenario was built with it");
        return std::lower_bound(std::begin(kLengths), std::end(kLengths), *lasts,
                                [](int64_t ms, sim::Duration d) { return sim::Milliseconds(ms) < d; }) -
               std::begin(kLengths);
      };
      int64_t low = -1;
      int64_t high = longest();
      while (high - low > 1 && !ended_) {
        const int64_t middle = (low + high) / 2;
        const Setup candidate = WithText(best_, path, sim::ToText(sim::Milliseconds(kLengths[middle])));
        (Try(candidate) ? high : low) = middle;
      }
    }
  }

  void Brokers() {
    while (!ended_ && HasBrokerToSpare(best_) && Try(WithFewerBrokers(best_))) continue;
    for (int i = 0; i < TopicsOf(best_); ++i) {
      while (!ended_ && PartitionsOf(best_, i) > 1 && Try(WithFewerPartitions(best_, i))) continue;
    }
  }

  void Variety() {
    Setup all = best_;
    for (std::vector<FieldPath> varied = VariedOf(all); !varied.empty(); varied = VariedOf(all)) {
      all = WithConstant(all, varied.front());
    }
    if (VariedOf(best_).empty() || Try(all)) return;
    // What is constant now is no longer among them.
    for (size_t i = 0; i < VariedOf(best_).size() && !ended_;) {
      if (!Try(WithConstant(best_, VariedOf(best_)[i]))) ++i;
    }
  }

  void Rounding() {
    for (const FieldPath& path : BeginningsOf(best_)) {
      const absl::StatusOr<sim::Duration> at = scenarios::ParseDuration(TextAt(best_, path));
      CHECK(at.ok(), "the scenario was built with it");
      for (const sim::Duration unit : kUnits) {
        if (ended_) return;
        const int64_t units = (at->nanos() + unit.nanos() / 2) / unit.nanos();
        const sim::Duration rounded = sim::Nanoseconds(units * unit.nanos());
        if (rounded == *at) break;
        if (rounded > sim::Duration() && Try(WithText(best_, path, sim::ToText(rounded)))) break;
      }
    }
  }

  Setup best_;
  uint64_t seed_;
  const Shows& shows_;
  const ShrinkOptions& options_;
  std::map<std::pair<std::string, uint64_t>, bool> known_;
  uint64_t runs_ = 0;
  std::string_view phase_;
  bool changed_ = false;
  bool ended_ = false;
  ShrinkResult::End end_ = ShrinkResult::End::kMinimal;
};

}  // namespace

ShrinkResult Shrink(const Setup& setup, uint64_t seed, const std::vector<std::string>& useless, const Shows& shows,
                    const ShrinkOptions& options) {
  return Shrinker(setup, seed, shows, options).Search(useless);
}

}  // namespace brokersim::runner
