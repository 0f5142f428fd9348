#include "checker/judgement.h"

#include <algorithm>
#include <utility>

#include "checker/stable_sort.h"
#include "fmt/format.h"

namespace brokersim::checker {

Judgement::Judgement(std::string_view model, const History& history) : history_(history) {
  verdict_.set_schema_version(1);
  verdict_.set_model(std::string(model));
  verdict_.mutable_counts()->set_operations(history.size());
}

bool Judgement::Told(std::string_view type) const {
  const auto found = found_.find(type);
  return found == found_.end() || found->second < kToldPerType;
}

void Judgement::Count(std::string_view type) { ++found_.try_emplace(std::string(type), 0).first->second; }

formats::Anomaly* Judgement::Add(std::string_view type, std::vector<OpIndex> lines, std::string explanation) {
  const bool told = Told(type);
  Count(type);
  if (!told) return nullptr;
  formats::Anomaly* const anomaly = verdict_.add_anomalies();
  anomaly->set_type(std::string(type));
  anomaly->set_explanation(std::move(explanation));
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  for (OpIndex line : lines) {
    if (line != kNoOp) anomaly->add_operations(history_.op(line).index);
  }
  return anomaly;
}

void Judgement::Undecided(std::string reason) {
  if (++undecided_ <= kToldUndecided) verdict_.add_unknown_reasons(std::move(reason));
}

void Judgement::Measure(std::string_view name, double value, std::string_view unit) {
  formats::Metric* const metric = verdict_.add_metrics();
  metric->set_name(std::string(name));
  metric->set_value(value);
  metric->set_unit(std::string(unit));
}

formats::Verdict Judgement::Finish() && {
  if (undecided_ > kToldUndecided) {
    verdict_.add_unknown_reasons(fmt::format("and {} more that could not be decided", undecided_ - kToldUndecided));
  }
  for (const auto& [type, count] : found_) Measure(type + "-count", static_cast<double>(count));
  std::vector<formats::Anomaly> anomalies(std::make_move_iterator(verdict_.mutable_anomalies()->begin()),
                                          std::make_move_iterator(verdict_.mutable_anomalies()->end()));
  const auto first = [](const formats::Anomaly& anomaly) {
    return anomaly.operations_size() > 0 ? anomaly.operations(0) : 0;
  };
  StableSort(&anomalies, [&first](const formats::Anomaly& a, const formats::Anomaly& b) {
    return first(a) != first(b) ? first(a) < first(b) : a.type() < b.type();
  });
  verdict_.clear_anomalies();
  for (formats::Anomaly& anomaly : anomalies) *verdict_.add_anomalies() = std::move(anomaly);
  verdict_.set_result(verdict_.anomalies_size() > 0        ? formats::Verdict::INVALID
                      : verdict_.unknown_reasons_size() > 0 ? formats::Verdict::UNKNOWN
                                                            : formats::Verdict::VALID);
  return std::move(verdict_);
}

absl::Status BadLine(const History& history, const Op& op, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("index {} (process {}, :{} :{}): {}", op.index,
                                                history.ProcessName(op.process), ToText(op.type),
                                                std::string(history.FName(op.f)), what));
}

std::string Who(const History& history, const Op& op) {
  return fmt::format("process {}", history.ProcessName(op.process));
}

}  // namespace brokersim::checker
