#include "checker/check.h"

#include <algorithm>
#include <utility>

#include "checker/facts.h"
#include "checker/findings.h"
#include "checker/malformed.h"
#include "checker/registry.h"
#include "checker/stable_sort.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::Anomaly;
using formats::Verdict;

// The name that was probably meant. Somebody who writes a code means that anomaly.
std::string_view NearestCheck(std::string_view name) {
  for (const CheckEntry& entry : Registry()) {
    if (entry.info.code == name) return entry.info.name;
  }
  std::vector<std::string_view> names;
  for (const CheckEntry& entry : Registry()) names.push_back(entry.info.name);
  return Nearest(name, names);
}

// The position of the first operation that shows it, then the type; the rest only makes it total.
bool Before(const Anomaly& a, const Anomaly& b) {
  const uint64_t first_a = a.operations_size() > 0 ? a.operations(0) : 0;
  const uint64_t first_b = b.operations_size() > 0 ? b.operations(0) : 0;
  if (first_a != first_b) return first_a < first_b;
  if (a.type() != b.type()) return a.type() < b.type();
  if (!std::equal(a.operations().begin(), a.operations().end(), b.operations().begin(),
                  b.operations().end())) {
    return std::lexicographical_compare(a.operations().begin(), a.operations().end(),
                                        b.operations().begin(), b.operations().end());
  }
  return a.explanation() < b.explanation();
}

void RunChecks(const Facts& facts, Verdict* verdict) {
  std::vector<Anomaly> all;
  for (const std::string& name : verdict->checks()) {
    const CheckEntry& entry = *FindCheck(name);
    Findings findings;
    entry.run(facts, &findings);
    for (Anomaly& anomaly : findings.anomalies) {
      anomaly.set_type(std::string(entry.info.name));
      anomaly.set_code(std::string(entry.info.code));
      all.push_back(std::move(anomaly));
    }
    for (std::string& reason : findings.unknown) verdict->add_unknown_reasons(std::move(reason));
  }
  // Sorted by number: moving whole messages about costs more than the checks.
  std::vector<uint32_t> order(all.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  StableSort(&order, [&all](uint32_t a, uint32_t b) { return Before(all[a], all[b]); });
  verdict->mutable_anomalies()->Reserve(static_cast<int>(all.size()));
  for (uint32_t i : order) *verdict->add_anomalies() = std::move(all[i]);
}

}  // namespace

const std::vector<AnomalyInfo>& Anomalies() {
  static const std::vector<AnomalyInfo>* const anomalies = [] {
    auto* all = new std::vector<AnomalyInfo>;
    for (const CheckEntry& entry : Registry()) all->push_back(entry.info);
    return all;
  }();
  return *anomalies;
}

const std::vector<std::string>& DefaultChecks() {
  static const std::vector<std::string>* const names = [] {
    auto* all = new std::vector<std::string>;
    for (const CheckEntry& entry : Registry()) {
      if (entry.by_default) all->emplace_back(entry.info.name);
    }
    return all;
  }();
  return *names;
}

absl::Status ValidateChecks(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const CheckEntry* entry = FindCheck(name);
    if (entry == nullptr) {
      return absl::InvalidArgumentError(fmt::format(
          "there is no check \"{}\"; did you mean \"{}\"? (docs/anomalies.md lists them)", name,
          NearestCheck(name)));
    }
    if (entry->run == nullptr) {
      return absl::InvalidArgumentError(
          fmt::format("the check \"{}\" is not implemented yet: nothing looks for \"{}\"", name,
                      entry->info.meaning));
    }
  }
  return absl::OkStatus();
}

Verdict Check(const formats::History& history, const std::vector<std::string>& checks) {
  Verdict verdict;
  verdict.set_schema_version(1);
  verdict.set_scenario(history.scenario());
  verdict.set_variant(history.variant());
  verdict.set_seed(history.seed());
  verdict.set_result(Verdict::UNKNOWN);
  verdict.mutable_counts()->set_operations(history.operations_size());
  if (absl::Status status = ValidateChecks(checks); !status.ok()) {
    verdict.add_unknown_reasons(std::string(status.message()));
    return verdict;
  }
  const std::vector<std::string>& asked = checks.empty() ? DefaultChecks() : checks;
  for (const CheckEntry& entry : Registry()) {
    if (std::count(asked.begin(), asked.end(), entry.info.name) > 0) {
      verdict.add_checks(std::string(entry.info.name));
    }
  }
  if (history.operations_size() == 0) {
    verdict.add_unknown_reasons("the history holds no operations");
    return verdict;
  }
  if (std::string problem = FirstMalformed(history); !problem.empty()) {
    verdict.add_unknown_reasons(std::move(problem));
    return verdict;
  }
  const Facts facts(history);
  *verdict.mutable_counts() = facts.counts();
  RunChecks(facts, &verdict);
  if (verdict.anomalies_size() > 0) {
    verdict.set_result(Verdict::INVALID);
  } else if (verdict.unknown_reasons_size() == 0) {
    verdict.set_result(Verdict::VALID);
  }
  return verdict;
}

}  // namespace brokersim::checker
