// Causal consistency by its bad patterns.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/session/accesses.h"
#include "checker/session/causal.h"
#include "checker/session/session.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace session {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
// 2 GiB of them.
constexpr size_t kMostClocks = size_t{1} << 29;

// Accesses in an order that agrees with causality, and of each how many of every process's accesses lie before it.
class Causality {
 public:
  Causality(const History& history, const Accesses& accesses, Judgement* judgement)
      : history_(history),
        accesses_(accesses),
        judgement_(*judgement),
        position_(accesses.all.size(), 0),
        lane_of_(accesses.all.size(), 0) {
    for (const std::vector<uint32_t>& process : accesses.by_process) AddLanes(process);
  }

  // A write of unknown outcome may take effect later than all that its process did after it: it is a lane of its own.
  void AddLanes(const std::vector<uint32_t>& process) {
    std::vector<uint32_t> certain;
    for (uint32_t number : process) {
      if (accesses_.all[number].certain) {
        position_[number] = static_cast<uint32_t>(certain.size());
        certain.push_back(number);
      } else {
        AddLane({number}, certain.empty() ? kNone : certain.back());
      }
    }
    if (!certain.empty()) AddLane(std::move(certain), kNone);
  }

  void AddLane(std::vector<uint32_t> numbers, uint32_t after) {
    for (uint32_t number : numbers) lane_of_[number] = static_cast<uint32_t>(lanes_.size());
    lanes_.push_back(std::move(numbers));
    after_.push_back(after);
  }

  bool Judge() {
    if (accesses_.all.size() * lanes_.size() > kMostClocks) {
      judgement_.Undecided(fmt::format("{} accesses by {} processes are more than this check has memory for",
                                       accesses_.all.size(), lanes_.size()));
      return false;
    }
    FindClocks();
    if (cyclic_) return false;
    CollectWrites();
    bool good = true;
    for (uint32_t i = 0; i < accesses_.all.size(); ++i) {
      if (!accesses_.all[i].write) good = JudgeRead(i) && good;
    }
    return good;
  }

 private:
  const Access& At(uint32_t number) const { return accesses_.all[number]; }
  uint32_t& Clock(uint32_t number, size_t lane) { return clocks_[number * lanes_.size() + lane]; }
  uint32_t Write(uint32_t read) const { return accesses_.versions[At(read).version].write; }

  // The processes advance as far as the writes that they read from have been passed.
  void FindClocks() {
    clocks_.assign(accesses_.all.size() * lanes_.size(), 0);
    std::vector<uint32_t> next(lanes_.size(), 0);
    std::vector<bool> passed(accesses_.all.size(), false);
    bool moved = true;
    while (moved) {
      moved = false;
      for (size_t lane = 0; lane < lanes_.size(); ++lane) {
        for (; next[lane] < lanes_[lane].size(); ++next[lane]) {
          const uint32_t number = lanes_[lane][next[lane]];
          const uint32_t from = At(number).write ? kNone : Write(number);
          if (from != kNone && !passed[from]) break;
          if (after_[lane] != kNone && !passed[after_[lane]]) break;
          if (next[lane] > 0) Join(number, lanes_[lane][next[lane] - 1]);
          if (from != kNone) Join(number, from);
          if (after_[lane] != kNone) Join(number, after_[lane]);
          passed[number] = true;
          moved = true;
        }
      }
    }
    for (size_t lane = 0; lane < lanes_.size(); ++lane) {
      if (next[lane] == lanes_[lane].size()) continue;
      const uint32_t read = lanes_[lane][next[lane]];
      if (At(read).write) continue;  // it waits for a read that waits
      cyclic_ = true;
      judgement_.Add("cyclic-causality", {At(read).done, At(Write(read)).invoke},
                     fmt::format("{} read {}, whose write depends on that very read",
                                 Who(history_, history_.op(At(read).invoke)), Name(accesses_, At(read).version)));
      return;
    }
  }

  // What lies before `from`, and `from` itself, lies before `number`.
  void Join(uint32_t number, uint32_t from) {
    for (size_t lane = 0; lane < lanes_.size(); ++lane) {
      Clock(number, lane) = std::max(Clock(number, lane), Clock(from, lane));
    }
    const size_t own = lane_of_[from];
    Clock(number, own) = std::max(Clock(number, own), position_[from] + 1);
  }

  // By register and process: the positions of its writes.
  void CollectWrites() {
    writes_.resize(accesses_.keys.size());
    for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
      for (uint32_t number : lanes_[lane]) {
        if (!At(number).write) continue;
        auto& of_key = writes_[At(number).key];
        if (of_key.empty() || of_key.back().first != lane) of_key.push_back({lane, {}});
        of_key.back().second.push_back(number);
      }
    }
  }

  // No write of the register may lie between the one that was read and the read.
  bool JudgeRead(uint32_t read) {
    const uint32_t from = Write(read);
    for (const auto& [lane, numbers] : writes_[At(read).key]) {
      const uint32_t before = Clock(read, lane);
      const auto end = std::partition_point(numbers.begin(), numbers.end(),
                                            [&](uint32_t number) { return position_[number] < before; });
      if (end == numbers.begin()) continue;
      const uint32_t newest = *std::prev(end);
      if (newest == from || (from != kNone && Clock(newest, lane_of_[from]) <= position_[from])) continue;
      const std::string who = Who(history_, history_.op(At(read).invoke));
      if (from == kNone) {
        judgement_.Add("write-before-initial-read", {At(newest).invoke, At(read).done},
                       fmt::format("{} read {}, although it depends on {}", who, Name(accesses_, At(read).version),
                                   Name(accesses_, At(newest).version)));
      } else {
        judgement_.Add("overwritten-read", {At(from).invoke, At(newest).invoke, At(read).done},
                       fmt::format("{} read {}, although it depends on {}, which replaced that", who,
                                   Name(accesses_, At(read).version), Name(accesses_, At(newest).version)));
      }
      return false;
    }
    return true;
  }

  const History& history_;
  const Accesses& accesses_;
  Judgement& judgement_;
  std::vector<std::vector<uint32_t>> lanes_;
  std::vector<uint32_t> after_;     // by lane: the access that comes before its first
  std::vector<uint32_t> position_;  // of an access in its lane
  std::vector<uint32_t> lane_of_;   // by access
  std::vector<uint32_t> clocks_;    // by access and lane
  std::vector<std::vector<std::pair<uint32_t, std::vector<uint32_t>>>> writes_;
  bool cyclic_ = false;
};

}  // namespace

bool JudgeCausality(const History& history, const Accesses& accesses, Judgement* judgement) {
  return Causality(history, accesses, judgement).Judge();
}

}  // namespace session

absl::StatusOr<formats::Verdict> CheckCausal(const History& history) {
  Judgement judgement("causal", history);
  session::Accesses accesses;
  if (absl::Status status = TakeApart(history, &accesses, &judgement); !status.ok()) return status;
  if (!accesses.ambiguous) session::JudgeCausality(history, accesses, &judgement);
  return std::move(judgement).Finish();
}

}  // namespace brokersim::checker
