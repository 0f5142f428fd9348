// Sequential consistency of registers: a search for one order of all accesses.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/session/accesses.h"
#include "checker/session/causal.h"
#include "checker/session/session.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using session::Access;
using session::Accesses;

constexpr uint32_t kNone = UINT32_MAX;

// Depth first over how far each process has come and what the registers hold. Reads that can be done are done at once:
// they change nothing. A write is not done while somebody still has to read what it replaces: values are unique, so
// nobody could later.
class Search {
 public:
  Search(const Accesses& accesses, const Limits& limits)
      : accesses_(accesses), limits_(limits), held_(accesses.initial), readers_(accesses.versions.size(), 0) {
    for (const std::vector<uint32_t>& process : accesses.by_process) {
      // A write without a known outcome may take effect at any later time: it goes on its own.
      std::vector<uint32_t> certain;
      for (uint32_t number : process) {
        if (accesses.all[number].certain) {
          certain.push_back(number);
        } else {
          lanes_.push_back({number});
          optional_.push_back(true);
          begins_after_.push_back(certain.empty() ? kNone : certain.back());
        }
      }
      if (certain.empty()) continue;
      lanes_.push_back(std::move(certain));
      optional_.push_back(false);
      begins_after_.push_back(kNone);
    }
    for (const Access& access : accesses.all) readers_[access.version] += access.write ? 0 : 1;
    next_.assign(lanes_.size(), 0);
    done_.assign(accesses.all.size(), false);
  }

  enum class Result { kFound, kNone, kEnded };

  Result Run() {
    frames_.push_back({0, 0});
    Settle();
    while (!frames_.empty()) {
      if (Complete()) return Result::kFound;
      if (++steps_ > limits_.steps || arena_.bytes() > limits_.memory) return Result::kEnded;
      Frame& frame = frames_.back();
      const size_t lane = NextWrite(frame.lane);
      if (lane == lanes_.size()) {
        Back();
        continue;
      }
      frame.lane = lane + 1;
      Do(lane);
      frames_.push_back({0, order_.size() - 1});
      Settle();
      if (!Remember()) Back();
    }
    return Result::kNone;
  }

  uint64_t steps() const { return steps_; }
  const std::vector<uint32_t>& order() const { return order_; }
  // The longest order found.
  const std::vector<uint32_t>& longest() const { return longest_; }

 private:
  struct Frame {
    size_t lane = 0;   // the next one to try
    size_t order = 0;  // how long order_ was before its write
  };

  bool AtEnd(size_t lane) const { return next_[lane] == lanes_[lane].size(); }
  const Access& Head(size_t lane) const { return accesses_.all[lanes_[lane][next_[lane]]]; }

  bool Complete() const {
    for (size_t lane = 0; lane < lanes_.size(); ++lane) {
      if (!AtEnd(lane) && !optional_[lane]) return false;
    }
    return true;
  }

  // The next lane from `lane` on whose write can be done.
  size_t NextWrite(size_t lane) const {
    for (; lane < lanes_.size(); ++lane) {
      if (AtEnd(lane) || !Head(lane).write) continue;
      if (begins_after_[lane] != kNone && !done_[begins_after_[lane]]) continue;
      if (readers_[held_[Head(lane).key]] > 0) continue;
      // What nobody reads and need not have happened may as well not have.
      if (optional_[lane] && readers_[Head(lane).version] == 0) continue;
      return lane;
    }
    return lanes_.size();
  }

  void Do(size_t lane) {
    const uint32_t number = lanes_[lane][next_[lane]++];
    const Access& access = accesses_.all[number];
    if (access.write) {
      replaced_.push_back(held_[access.key]);
      held_[access.key] = access.version;
    } else {
      --readers_[access.version];
    }
    done_[number] = true;
    order_.push_back(number);
    lane_order_.push_back(lane);
  }

  void Undo() {
    const uint32_t number = order_.back();
    const Access& access = accesses_.all[number];
    --next_[lane_order_.back()];
    if (access.write) {
      held_[access.key] = replaced_.back();
      replaced_.pop_back();
    } else {
      ++readers_[access.version];
    }
    done_[number] = false;
    order_.pop_back();
    lane_order_.pop_back();
  }

  // All reads that can be done.
  void Settle() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (size_t lane = 0; lane < lanes_.size(); ++lane) {
        while (!AtEnd(lane) && !Head(lane).write && held_[Head(lane).key] == Head(lane).version) {
          Do(lane);
          moved = true;
        }
      }
    }
    if (order_.size() > longest_.size()) longest_ = order_;
  }

  void Back() {
    const size_t order = frames_.back().order;
    frames_.pop_back();
    if (frames_.empty()) return;
    while (order_.size() > order) Undo();
  }

  // False if the same positions and values were seen before.
  bool Remember() {
    std::vector<Value> state;
    state.reserve(next_.size() + held_.size());
    for (uint32_t at : next_) state.push_back(Value::Int(at));
    for (Id version : held_) state.push_back(Value::Int(version));
    const Id before = seen_.size();
    if (seen_.Find(Value::Items(Value::Kind::kVector, state)) != kNoId) return false;
    return seen_.Intern(arena_.Vector(state)) == before;
  }

  const Accesses& accesses_;
  const Limits& limits_;
  uint64_t steps_ = 0;
  std::vector<std::vector<uint32_t>> lanes_;
  std::vector<bool> optional_;          // by lane
  std::vector<uint32_t> begins_after_;  // by lane: the access of its process before it
  std::vector<uint32_t> next_;
  std::vector<Id> held_;           // by register: its version
  std::vector<uint32_t> readers_;  // by version: reads still to come
  std::vector<bool> done_;
  std::vector<uint32_t> order_;
  std::vector<size_t> lane_order_;
  std::vector<Id> replaced_;
  std::vector<uint32_t> longest_;
  std::vector<Frame> frames_;
  ValueInterner seen_;
  Arena arena_;
};

void Tell(const History& history, const Accesses& accesses, const Search& search, Judgement* judgement) {
  std::vector<bool> done(accesses.all.size(), false);
  for (uint32_t number : search.longest()) done[number] = true;
  std::vector<OpIndex> stuck;
  std::string waiting;
  for (const std::vector<uint32_t>& process : accesses.by_process) {
    const auto next = std::find_if(process.begin(), process.end(), [&](uint32_t number) { return !done[number]; });
    if (next == process.end()) continue;
    const Access& access = accesses.all[*next];
    stuck.push_back(access.done == kNoOp ? access.invoke : access.done);
    waiting += fmt::format("{}{} {} {}", waiting.empty() ? "" : ", ", Who(history, history.op(access.invoke)),
                           access.write ? "writing" : "reading", Name(accesses, access.version));
  }
  formats::Anomaly* const anomaly = judgement->Add(
      "non-sequential", stuck,
      fmt::format("no order of all operations agrees with each process's own; the longest ends after {} of {}, with {} "
                  "still to come", search.longest().size(), accesses.all.size(), waiting));
  formats::Attempt* const attempt = anomaly->add_attempts();
  for (uint32_t number : search.longest()) attempt->add_order(history.op(accesses.all[number].invoke).index);
  if (!stuck.empty()) attempt->set_stuck(history.op(stuck.front()).index);
  attempt->set_why("what it reads is replaced already, or must not be replaced yet");
}

}  // namespace

absl::StatusOr<formats::Verdict> CheckSequentialConsistency(const History& history, const Limits& limits) {
  Judgement judgement("sequential-consistency", history);
  Accesses accesses;
  if (absl::Status status = TakeApart(history, &accesses, &judgement); !status.ok()) return status;
  if (accesses.ambiguous || !session::JudgeCausality(history, accesses, &judgement))
    return std::move(judgement).Finish();
  Search search(accesses, limits);
  const Search::Result result = search.Run();
  if (result == Search::Result::kNone) Tell(history, accesses, search, &judgement);
  if (result == Search::Result::kEnded) {
    judgement.Undecided(
        fmt::format("the search ended after {} steps; the longest order it found has {} of {} accesses; "
                    "--steps and --memory allow more",
                    search.steps() - 1, search.longest().size(), accesses.all.size()));
  }
  formats::Verdict verdict = std::move(judgement).Finish();
  verdict.set_steps(search.steps());
  if (verdict.result() == formats::Verdict::VALID) {
    for (uint32_t number : search.order()) verdict.add_order(history.op(accesses.all[number].invoke).index);
  }
  return verdict;
}

}  // namespace brokersim::checker
