#include "runner/run_row.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "runner/cause.h"
#include "sim/fault/catalogue.h"

namespace brokersim::runner {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string CauseOfFinding(const Outcome& outcome, const std::string& type) {
  if (type == kInternalType) return WithoutParticulars(outcome.run.internal_error);
  if (type == kNoProgressType && !outcome.progress.reasons.empty()) {
    return WithoutParticulars(outcome.progress.reasons.front());
  }
  if (type == kUndecidedType && outcome.verdict.unknown_reasons_size() > 0) {
    return WithoutParticulars(outcome.verdict.unknown_reasons(0));
  }
  const auto cause = outcome.causes.find(type);
  return cause == outcome.causes.end() ? "" : cause->second;
}

// The kind's own name, which lives as long as the program; empty if this version has no such kind.
std::string_view KindNamed(const std::string& kind, sim::Budget* budget) {
  const std::optional<sim::FaultAction> action = sim::MakeFaultAction(kind);
  if (!action.has_value()) return "";
  *budget = sim::InfoOf(*action).budget;
  return sim::InfoOf(*action).name;
}

Finding FindingFrom(const Json& json) {
  return {json.at("type").get<std::string>(), json.at("count").get<uint64_t>(), json.at("cause").get<std::string>()};
}

sim::FaultReport FaultFrom(const Json& json) {
  sim::FaultReport fault;
  fault.id = json.at("id").get<std::string>();
  fault.kind = KindNamed(json.at("kind").get<std::string>(), &fault.budget);
  fault.effects = json.at("effects").get<int64_t>();
  fault.fired = json.contains("began_ns");
  if (fault.fired) fault.began = sim::Time::FromNanos(json.at("began_ns").get<int64_t>());
  if (json.contains("ended_ns")) fault.ended = sim::Time::FromNanos(json.at("ended_ns").get<int64_t>());
  if (json.contains("meant")) fault.meant = json.at("meant").get<std::vector<std::vector<std::string>>>();
  return fault;
}

template <class Element, class Read>
absl::StatusOr<std::vector<Element>> ParseList(std::string_view text, const Read& read) {
  std::vector<Element> elements;
  try {
    for (const Json& json : Json::parse(text)) elements.push_back(read(json));
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return elements;
}

}  // namespace

RunRow RowOf(const Outcome& outcome, uint32_t arm) {
  RunRow row;
  row.arm = arm;
  row.seed = outcome.seed;
  row.code = ExitCodeOf(outcome);
  row.verdict = outcome.verdict.result();
  for (const std::string& type : FindingsOf(outcome)) {
    const auto& anomalies = outcome.verdict.anomalies();
    const auto count = std::count_if(anomalies.begin(), anomalies.end(),
                                     [&](const formats::Anomaly& anomaly) { return anomaly.type() == type; });
    row.findings.push_back({type, std::max<uint64_t>(1, static_cast<uint64_t>(count)), CauseOfFinding(outcome, type)});
  }
  row.hash = outcome.run.hash;
  row.events = outcome.run.events;
  row.end_ns = outcome.run.end.nanos();
  row.metrics = MetricsOf(outcome.run.history);
  row.faults = outcome.run.faults;
  return row;
}

std::string FindingsJson(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"type", finding.type}, {"count", finding.count}, {"cause", finding.cause}});
  }
  return Dump(list);
}

std::string FaultsJson(const std::vector<sim::FaultReport>& faults) {
  Json list = Json::array();
  for (const sim::FaultReport& fault : faults) {
    Json json;
    json["id"] = fault.id;
    json["kind"] = fault.kind;
    if (fault.fired) json["began_ns"] = fault.began.nanos();
    if (fault.ended.has_value()) json["ended_ns"] = fault.ended->nanos();
    json["effects"] = fault.effects;
    if (!fault.meant.empty()) json["meant"] = fault.meant;
    list.push_back(std::move(json));
  }
  return Dump(list);
}

absl::StatusOr<std::vector<Finding>> ParseFindings(std::string_view json) {
  return ParseList<Finding>(json, FindingFrom);
}

absl::StatusOr<std::vector<sim::FaultReport>> ParseFaults(std::string_view json) {
  return ParseList<sim::FaultReport>(json, FaultFrom);
}

}  // namespace brokersim::runner
