#include "model/kafka/connect/assignor.h"

#include <algorithm>

namespace brokersim::kafka {
namespace {

using Names = absl::btree_set<std::string>;
using NamesOf = Names ConnectWork::*;

// What runs on more than one member.
ConnectWork Duplicated(const ConnectAssignor::ByMember& running) {
  ConnectWork seen;
  ConnectWork twice;
  for (const auto& [member, work] : running) {
    twice.Add(work.Both(seen));
    seen.Add(work);
  }
  return twice;
}

// Which of one kind are taken from whom (loadBalancingRevocations): nobody keeps more than in a balanced group.
template <class Loads>
void RevokeForBalance(NamesOf kind, size_t total, const Loads& loads, ConnectAssignor::ByMember* revoked) {
  const size_t least = total / loads.size();
  const size_t with_extra = total % loads.size();
  const auto having = [&](size_t count) {
    return static_cast<size_t>(std::count_if(loads.begin(), loads.end(),
                                             [&](const auto& load) { return (load.work.*kind).size() == count; }));
  };
  if (having(least + 1) == with_extra && having(least) + having(least + 1) == loads.size()) return;
  size_t extras = 0;
  for (const auto& load : loads) {
    const Names& names = load.work.*kind;
    if (names.size() <= least) continue;
    const size_t allowed = extras++ < with_extra ? least + 1 : least;
    if (names.size() <= allowed) continue;
    Names& taken = (*revoked)[load.member].*kind;
    for (auto it = names.begin(); names.size() - taken.size() > allowed; ++it) taken.insert(*it);
  }
}

// To those that have the fewest, in turn (assignConnectors, assignTasks).
template <class Loads>
void ShareOut(NamesOf kind, const Names& names, Loads* loads) {
  for (const std::string& name : names) {
    const auto least = std::min_element(loads->begin(), loads->end(), [&](const auto& a, const auto& b) {
      return (a.work.*kind).size() < (b.work.*kind).size();
    });
    (least->work.*kind).insert(name);
  }
}

template <class Loads>
void GiveTo(NamesOf kind, const Names& names, const Names& candidates, Loads* loads) {
  auto candidate = candidates.begin();
  for (const std::string& name : names) {
    for (auto& load : *loads) {
      if (load.member == *candidate) (load.work.*kind).insert(name);
    }
    if (++candidate == candidates.end()) candidate = candidates.begin();
  }
}

}  // namespace

ConnectAssignor::Result ConnectAssignor::Assign(const ConnectWork& configured, int32_t last_generation,
                                                int32_t generation, const ByMember& running, sim::Time now) {
  // A leader that missed a generation doesn't know what was given out.
  if (previous_generation_ != last_generation) previous_ = {};
  ConnectWork active;
  for (const auto& [member, work] : running) active.Add(work);
  // A revocation that had no effect.
  if (!previous_revocation_.Both(active).empty()) previous_ = active;
  previous_revocation_ = {};

  const ConnectWork deleted = previous_.Without(configured);
  const ConnectWork lost = previous_.Without(active).Without(deleted);
  const ConnectWork created = configured.Without(previous_).Without(active);
  ConnectWork to_stop = Duplicated(running);
  to_stop.Add(deleted);

  Result result;
  std::vector<Load> loads;
  for (const auto& [member, work] : running) {
    result.revoked[member] = work.Both(to_stop);
    loads.push_back({member, work.Without(to_stop)});
  }
  ConnectWork to_assign = TakeLost(lost, &loads, now);
  to_assign.Add(created);
  // While lost work waits for its worker, nothing else is moved.
  if (delay_ms_ == 0) {
    Balance(configured, &loads, &result.revoked, now);
  } else {
    revoked_in_previous_ = false;
  }
  ShareOut(&ConnectWork::connectors, to_assign.connectors, &loads);
  ShareOut(&ConnectWork::tasks, to_assign.tasks, &loads);

  previous_ = {};
  previous_members_.clear();
  for (const Load& load : loads) {
    result.assigned[load.member] = load.work.Without(running.at(load.member).Without(deleted));
    previous_.Add(load.work);
    previous_members_.insert(load.member);
  }
  for (const auto& [member, work] : result.revoked) previous_revocation_.Add(work);
  previous_.Remove(previous_revocation_);
  previous_.Add(lost);
  previous_generation_ = generation;
  result.delay_ms = delay_ms_;
  return result;
}

// handleLostAssignments
ConnectWork ConnectAssignor::TakeLost(const ConnectWork& lost, std::vector<Load>* loads, sim::Time now) {
  if (lost.empty() && !revoked_in_previous_) {
    ResetDelay();
    return {};
  }
  const bool all_there = std::all_of(previous_members_.begin(), previous_members_.end(), [&](const std::string& name) {
    return std::any_of(loads->begin(), loads->end(), [&](const Load& load) { return load.member == name; });
  });
  // Nobody has left: somebody didn't hear of the former assignment.
  if ((!scheduled_.has_value() && all_there) || max_delay_ms_ == 0) return lost;
  if (scheduled_.has_value() && now >= *scheduled_) {
    erase_if(candidates_, [&](const std::string& name) {
      return std::none_of(loads->begin(), loads->end(), [&](const Load& load) { return load.member == name; });
    });
    const bool as_new = candidates_.empty();
    if (!as_new) {
      GiveTo(&ConnectWork::connectors, lost.connectors, candidates_, loads);
      GiveTo(&ConnectWork::tasks, lost.tasks, candidates_, loads);
    }
    ResetDelay();
    revoked_in_previous_ = false;
    return as_new ? lost : ConnectWork{};
  }
  for (const Load& load : *loads) {
    if (load.work.empty()) candidates_.insert(load.member);
  }
  delay_ms_ = scheduled_.has_value() ? std::min((*scheduled_ - now).millis(), max_delay_ms_) : max_delay_ms_;
  scheduled_ = now + sim::Milliseconds(delay_ms_);
  return {};
}

void ConnectAssignor::ResetDelay() {
  candidates_.clear();
  scheduled_.reset();
  delay_ms_ = 0;
}

// performLoadBalancingRevocations, and how often that may be
void ConnectAssignor::Balance(const ConnectWork& configured, std::vector<Load>* loads, ByMember* revoked,
                              sim::Time now) {
  ByMember taken;
  const bool any = std::any_of(loads->begin(), loads->end(), [](const Load& load) { return !load.work.empty(); });
  if (any && !configured.empty()) {
    RevokeForBalance(&ConnectWork::connectors, configured.connectors.size(), *loads, &taken);
    RevokeForBalance(&ConnectWork::tasks, configured.tasks.size(), *loads, &taken);
  }
  if (taken.empty()) {
    if (revoked_in_previous_) successive_revocations_ = 0;
    revoked_in_previous_ = false;
    return;
  }
  if (revoked_in_previous_) {
    ++successive_revocations_;
    delay_ms_ = Backoff();
    if (delay_ms_ != 0) {
      scheduled_ = now + sim::Milliseconds(delay_ms_);
      return;
    }
  } else {
    revoked_in_previous_ = true;
  }
  for (Load& load : *loads) {
    const auto found = taken.find(load.member);
    if (found == taken.end()) continue;
    load.work.Remove(found->second);
    (*revoked)[load.member].Add(found->second);
  }
}

// ExponentialBackoff(1, 40, scheduled.rebalance.max.delay.ms, 0)
int64_t ConnectAssignor::Backoff() const {
  int64_t ms = max_delay_ms_ == 0 ? 0 : 1;
  for (int64_t i = 0; i < successive_revocations_ && ms < max_delay_ms_; ++i) ms *= 40;
  return std::min(ms, max_delay_ms_);
}

}  // namespace brokersim::kafka
