#include "checker/online/online.h"

#include <algorithm>
#include <utility>

#include "checker/check.h"

namespace brokersim::checker {
namespace {

std::vector<std::string> WithoutTheEnd(const std::vector<std::string>& checks) {
  std::vector<std::string> some = checks.empty() ? DefaultChecks() : checks;
  some.erase(std::remove(some.begin(), some.end(), "unavailable"), some.end());
  return some;
}

}  // namespace

OnlineCheck::OnlineCheck(const std::vector<std::string>& checks, const Settling& settling)
    : checks_(WithoutTheEnd(checks)), suspicion_(checks_, settling), journal_(settling.folder) {}

bool OnlineCheck::Add(formats::Operation&& operation) {
  const bool suspicious = suspicion_.Add(operation);
  journal_.Add(std::move(operation));
  if (invalid_ || !suspicious || checks_.empty()) return invalid_;
  ++asked_;
  formats::History room;
  const absl::StatusOr<const formats::History*> history = journal_.Read(&room);
  invalid_ = history.ok() && Check(**history, checks_).result() == formats::Verdict::INVALID;
  return invalid_;
}

}  // namespace brokersim::checker
