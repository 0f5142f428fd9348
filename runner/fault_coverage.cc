#include "runner/fault_coverage.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/fault/catalogue.h"

namespace brokersim::runner {
namespace {

uint32_t MechanismsOf(std::string_view kind) {
  const std::optional<sim::FaultAction> action = sim::MakeFaultAction(kind);
  return action.has_value() ? sim::InfoOf(*action).mechanisms : 0;
}

std::vector<uint32_t> BitsOf(uint32_t mechanisms) {
  std::vector<uint32_t> bits;
  for (uint32_t bit = 1; bit != 0; bit <<= 1) {
    if ((mechanisms & bit) != 0) bits.push_back(bit);
  }
  return bits;
}

// At one time; what ends as it begins overlaps with what is active then.
bool Overlap(const sim::FaultReport& a, const sim::FaultReport& b) {
  const sim::Time a_end = a.ended.value_or(sim::Time::Max());
  const sim::Time b_end = b.ended.value_or(sim::Time::Max());
  return a.began <= b_end && b.began <= a_end;
}

}  // namespace

void FaultCoverage::Add(const std::vector<sim::FaultReport>& faults) {
  std::vector<std::pair<const sim::FaultReport*, uint32_t>> effective;
  for (const sim::FaultReport& fault : faults) {
    Kind& kind = kinds_[std::string(fault.kind)];
    ++kind.scheduled;
    kind.fired += fault.fired ? 1 : 0;
    if (fault.effects == 0) continue;
    ++kind.with_effect;
    effective.emplace_back(&fault, MechanismsOf(fault.kind));
  }
  for (size_t i = 0; i < effective.size(); ++i) {
    for (size_t j = i + 1; j < effective.size(); ++j) {
      if (!Overlap(*effective[i].first, *effective[j].first)) continue;
      for (uint32_t a : BitsOf(effective[i].second)) {
        for (uint32_t b : BitsOf(effective[j].second)) pairs_.emplace(std::min(a, b), std::max(a, b));
      }
    }
  }
}

int64_t FaultCoverage::possible_pairs() const {
  uint32_t all = 0;
  for (const auto& [name, kind] : kinds_) all |= MechanismsOf(name);
  const auto n = static_cast<int64_t>(BitsOf(all).size());
  return n * (n + 1) / 2;
}

std::string FaultCoverage::Text() const {
  if (kinds_.empty()) return "";
  std::string never;
  int64_t effective = 0;
  for (const auto& [name, kind] : kinds_) {
    if (kind.with_effect > 0) {
      ++effective;
    } else {
      never += (never.empty() ? "" : ", ") + name;
    }
  }
  std::string text = fmt::format("faults    {} of {} kinds that were scheduled had an effect{}{}\n", effective,
                                 kinds_.size(), never.empty() ? "" : "; never: ", never);
  if (kinds_.size() > 1) {
    text += fmt::format("overlaps  {} of {} pairs of mechanisms were active together\n", pairs_.size(),
                        possible_pairs());
  }
  return text;
}

}  // namespace brokersim::runner
