#include "checker/txn/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "checker/stable_sort.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// What a cycle means, by the beginning of its name. The longer names come first.
struct Meaning {
  std::string_view begins;
  std::string_view text;
};
constexpr Meaning kMeanings[] = {
    {"G0", "their writes are interleaved: each wrote before the next one, in a circle"},
    {"G1c", "each one's effects were there before the next one's, in a circle, so none can have been the first"},
    {"G-single", "one of them missed a write of another one that must have come before it"},
    {"G-nonadjacent",
     "each of some of them missed a write of the next one, which no snapshot taken at one moment allows"},
    {"G2", "each missed a write of another one, in a circle, so no order one after the other explains them"},
};

std::string_view MeaningOf(std::string_view name) {
  for (const Meaning& meaning : kMeanings) {
    if (name.starts_with(meaning.begins)) return meaning.text;
  }
  return "they must each come before the next one, in a circle";
}

std::string_view VariantOf(std::string_view name) {
  if (name.ends_with("-process")) return ", counting that a process does one thing after the other";
  if (name.ends_with("-realtime")) return ", counting that one was over before another one began";
  return "";
}

}  // namespace

absl::StatusOr<Promise> Promise::Of(const TxnOptions& options) {
  Promise promise;
  for (const std::string& name : options.levels) {
    absl::StatusOr<int> level = FindLevel(name);
    if (!level.ok()) return level.status();
    promise.levels |= NameSet{1} << *level;
  }
  NameSet further = 0;
  for (const std::string& name : options.anomalies) {
    absl::StatusOr<int> anomaly = FindAnomaly(name);
    if (!anomaly.ok()) return anomaly.status();
    further |= NameSet{1} << *anomaly;
  }
  promise.forbidden = AnomaliesForbiddenBy(promise.levels) | AnomaliesImplying(further);
  promise.kinds = kDataKinds;
  for (int i = 0; i < 64; ++i) {
    if (!(promise.forbidden >> i & 1)) continue;
    promise.checks.emplace_back(AnomalyName(i));
    if (AnomalyName(i).ends_with("-process")) promise.kinds |= Bit(EdgeKind::kProcess);
    if (AnomalyName(i).ends_with("-realtime")) promise.kinds |= Bit(EdgeKind::kRealtime);
  }
  return promise;
}

bool Report::Found(int anomaly) {
  found_ |= NameSet{1} << anomaly;
  const bool forbidden = promise_.forbidden >> anomaly & 1;
  if (!limits_.explain) {
    if (forbidden && ++count_[static_cast<size_t>(anomaly)] == 1) {
      anomalies_.emplace_back().set_type(std::string(AnomalyName(anomaly)));
    }
    return false;
  }
  return ++count_[static_cast<size_t>(anomaly)] <= options_.examples && forbidden;
}

formats::Anomaly& Report::Add(int anomaly, const std::vector<Node>& ops, std::string explanation) {
  formats::Anomaly& added = anomalies_.emplace_back();
  added.set_type(std::string(AnomalyName(anomaly)));
  added.set_explanation(std::move(explanation));
  std::vector<uint64_t> indices;
  for (Node node : ops) indices.push_back(txns_.Index(node));
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  for (uint64_t index : indices) added.add_operations(index);
  return added;
}

void Report::AddRecord(Id key, const Value& value, formats::Anomaly* anomaly) const {
  formats::RecordId* record = anomaly->add_records();
  record->set_log(txns_.KeyText(key));
  record->set_offset(-1);
  record->set_value(ToText(value));
}

void Report::AddCycles(const CycleSearch& search, const Why& why) {
  components_ += search.components;
  largest_ = std::max(largest_, search.largest);
  steps_ += search.steps;
  for (const Cycle& cycle : search.cycles) {
    if (!cycle.joined_by_data) AddCycle(cycle, why);
  }
  // Where data join the pair as well, the cycle matters only if nothing else says as much.
  for (const Cycle& cycle : search.cycles) {
    const NameSet self = NameSet{1} << cycle.anomaly;
    if (cycle.joined_by_data && (LevelsRuledOutBy(self) & ~LevelsRuledOutBy(found_ & ~self))) AddCycle(cycle, why);
  }
}

void Report::AddCycle(const Cycle& cycle, const Why& why) {
  perhaps_not_shortest_ += !cycle.shortest;
  if (!Found(cycle.anomaly)) return;
  const std::string_view name = AnomalyName(cycle.anomaly);
  std::string names;
  std::vector<Node> ops;
  for (const Step& step : cycle.steps) {
    names += txns_.Name(step.from) + ", ";
    ops.push_back(step.from);
  }
  names.resize(names.size() - 2);
  formats::Anomaly& anomaly =
      Add(cycle.anomaly, ops, fmt::format("{}: {}{}.", names, MeaningOf(name), VariantOf(name)));
  for (const Step& step : cycle.steps) {
    formats::Edge* edge = anomaly.add_edges();
    edge->set_from(txns_.Index(step.from));
    edge->set_to(txns_.Index(step.to));
    edge->set_kind(std::string(ToText(step.kind)));
    edge->set_why(WhyOf(step, why) + ".");
  }
}

std::string Report::WhyOf(const Step& step, const Why& why) const {
  const std::string from = txns_.Name(step.from);
  const std::string to = txns_.Name(step.to);
  const History& history = txns_.history();
  const Op& begun = history.op(txns_.txn(step.to).invocation);
  switch (step.kind) {
    case EdgeKind::kProcess:
      return fmt::format("process {} did {} before {}", history.ProcessName(begun.process), from, to);
    case EdgeKind::kRealtime:
      return fmt::format("{} was over (index {}) before {} began (index {})", from, txns_.Index(step.from), to,
                         begun.index);
    case EdgeKind::kWw:
    case EdgeKind::kWr:
    case EdgeKind::kRw:
    case EdgeKind::kPass:
      break;
  }
  return why(step);
}

formats::Verdict Report::Finish(std::string_view model, bool empty) {
  formats::Verdict verdict;
  verdict.set_schema_version(1);
  verdict.set_model(std::string(model));
  verdict.mutable_counts()->set_operations(txns_.size());
  verdict.set_steps(steps_);
  for (const std::string& check : promise_.checks) verdict.add_checks(check);
  const auto metric = [&](std::string_view name, uint64_t value) {
    formats::Metric* added = verdict.add_metrics();
    added->set_name(std::string(name));
    added->set_value(static_cast<double>(value));
  };
  for (size_t i = 0; i < count_.size(); ++i) {
    if (count_[i] > 0 && (promise_.forbidden >> i & 1)) metric(AnomalyName(static_cast<int>(i)), count_[i]);
  }
  if (components_ > 0) metric("components", components_);
  if (components_ > 0) metric("largest-component", largest_);
  if (perhaps_not_shortest_ > 0) metric("cycles-perhaps-not-shortest", perhaps_not_shortest_);

  if (empty) {
    unknown_.push_back(
        "empty-transaction-graph: no two transactions have anything to do with one another, so there is nothing to "
        "judge by; let them read what others wrote.");
  }
  for (const std::string& reason : unknown_) verdict.add_unknown_reasons(reason);
  if ((found_ & promise_.forbidden) != 0) {
    verdict.set_result(formats::Verdict::INVALID);
    const NameSet ruled_out = LevelsRuledOutBy(found_);
    const NameSet weakest = WeakestOf(ruled_out);
    for (const std::string& name : LevelNames(weakest)) verdict.add_rules_out(name);
    for (const std::string& name : LevelNames(ruled_out & ~weakest)) verdict.add_also_rules_out(name);
  } else {
    verdict.set_result(unknown_.empty() ? formats::Verdict::VALID : formats::Verdict::UNKNOWN);
  }
  StableSort(&anomalies_, [](const formats::Anomaly& a, const formats::Anomaly& b) {
    const uint64_t first_a = a.operations_size() > 0 ? a.operations(0) : 0;
    const uint64_t first_b = b.operations_size() > 0 ? b.operations(0) : 0;
    return std::tie(first_a, a.type()) < std::tie(first_b, b.type());
  });
  for (formats::Anomaly& anomaly : anomalies_) *verdict.add_anomalies() = std::move(anomaly);
  return verdict;
}

}  // namespace brokersim::checker
