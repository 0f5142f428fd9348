#include "runner/judge.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/check.h"
#include "checker/history/proto.h"
#include "checker/models.h"
#include "checker/options.h"
#include "fmt/format.h"

namespace brokersim::runner {
namespace {

using formats::Verdict;
using scenarios::ModelPlan;

absl::Status At(const std::string& place, const absl::Status& status) {
  return status.ok() ? status : absl::InvalidArgumentError(place + std::string(status.message()));
}

absl::Status Validate(const ModelPlan& model) {
  if (auto status = checker::ValidateModel(model.name); !status.ok()) return At(model.place, status);
  checker::CheckOptions options;
  for (size_t i = 0; i < model.options.size(); ++i) {
    const auto status = checker::SetOption(model.options[i], &options);
    if (!status.ok()) return At(model.option_places[i], status);
  }
  return absl::OkStatus();
}

bool Finds(const ModelPlan& model, const std::string& anomaly) {
  const std::vector<std::string> all = checker::AnomaliesOf(model.name);
  return std::find(all.begin(), all.end(), anomaly) != all.end();
}

absl::StatusOr<Verdict> JudgeBy(const ModelPlan& model, const checker::History& history) {
  const absl::StatusOr<checker::CheckOptions> options = OptionsOf(model);
  if (!options.ok()) return options.status();
  return checker::Judge(history, model.name, *options);
}

void Merge(const std::string& model, absl::StatusOr<Verdict> judged, Verdict* verdict) {
  verdict->add_checks(model);
  if (!judged.ok()) {
    verdict->add_unknown_reasons(fmt::format("{}: {}", model, std::string(judged.status().message())));
    return;
  }
  for (formats::Anomaly& anomaly : *judged->mutable_anomalies()) *verdict->add_anomalies() = std::move(anomaly);
  for (const std::string& reason : judged->unknown_reasons()) {
    verdict->add_unknown_reasons(fmt::format("{}: {}", model, reason));
  }
  if (judged->result() == Verdict::INVALID) verdict->set_result(Verdict::INVALID);
}

}  // namespace

absl::StatusOr<checker::CheckOptions> OptionsOf(const ModelPlan& model) {
  checker::CheckOptions options;
  for (const std::string& option : model.options) {
    if (auto status = checker::SetOption(option, &options); !status.ok()) return status;
  }
  return options;
}

absl::Status ValidateNames(const scenarios::ResolvedScenario& scenario) {
  const scenarios::World& world = *scenario.world;
  for (size_t i = 0; i < world.checks().size(); ++i) {
    const auto status = At(world.check_places()[i], checker::ValidateChecks({world.checks()[i]}));
    if (!status.ok()) return status;
  }
  for (const ModelPlan& model : world.models()) {
    if (auto status = Validate(model); !status.ok()) return status;
  }
  for (int i = 0; i < scenario.expect.anomaly_size(); ++i) {
    const std::string& name = scenario.expect.anomaly(i);
    const auto finds = [&](const ModelPlan& model) { return Finds(model, name); };
    if (std::any_of(world.models().begin(), world.models().end(), finds)) continue;
    const auto status = At(scenario.anomaly_places[static_cast<size_t>(i)], checker::ValidateChecks({name}));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

Verdict JudgeHistory(const formats::History& history, const scenarios::World& world) {
  Verdict verdict = checker::Check(history, world.checks());
  if (world.models().empty()) return verdict;
  const absl::StatusOr<checker::History> lines = checker::FromProto(history);
  for (const ModelPlan& model : world.models()) {
    Merge(model.name, lines.ok() ? JudgeBy(model, *lines) : lines.status(), &verdict);
  }
  if (verdict.result() == Verdict::VALID && verdict.unknown_reasons_size() > 0) verdict.set_result(Verdict::UNKNOWN);
  return verdict;
}

bool ModelsFind(const formats::History& history, const scenarios::World& world) {
  if (history.operations_size() == 0) return false;
  const absl::StatusOr<checker::History> lines = checker::FromProto(history);
  for (const ModelPlan& model : world.models()) {
    if (checker::TellsOnlyAtTheEnd(model.name)) continue;
    const absl::StatusOr<Verdict> verdict = lines.ok() ? JudgeBy(model, *lines) : lines.status();
    if (!verdict.ok()) continue;
    const auto stays = [&](const formats::Anomaly& anomaly) {
      return !checker::WaitsForTheEnd(model.name, anomaly.type());
    };
    if (std::any_of(verdict->anomalies().begin(), verdict->anomalies().end(), stays)) return true;
  }
  return false;
}

}  // namespace brokersim::runner
