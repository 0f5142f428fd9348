#include "tests/model/kafka/mutants_hunt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/text_format.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "runner/outcome.h"
#include "sim/base/check.h"

namespace brokersim::kafka {
namespace {

scenarios::LoadedScenario Load(std::string_view name) {
  const std::string path = fmt::format("tests/model/kafka/mutants/{}.textproto", name);
  std::ifstream in(path, std::ios::binary);
  CHECK(in.good(), "can't read {}", path);
  std::ostringstream text;
  text << in.rdbuf();
  auto loaded = scenarios::ParseScenario(text.str(), path);
  CHECK(loaded.ok(), "{}", std::string(loaded.status().message()));
  return *std::move(loaded);
}

}  // namespace

std::string Title(std::string_view scenario) { return Load(scenario).scenario.title(); }

scenarios::ResolvedScenario Plant(std::string_view scenario, const MutantInfo* mutant) {
  scenarios::LoadedScenario loaded = Load(scenario);
  if (mutant == nullptr) return loaded.variants[0];
  const std::string line = fmt::format("mutant={}", mutant->name);
  scenarios::Kafka* kafka = loaded.scenario.mutable_setup()->mutable_kafka();
  if (mutant->home == MutantHome::kServers) {
    kafka->add_config(line);
  } else if (mutant->home == MutantHome::kProducers) {
    for (scenarios::Producer& producer : *kafka->mutable_producer()) producer.add_config(line);
  } else {
    for (scenarios::Consumer& consumer : *kafka->mutable_consumer()) consumer.add_config(line);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(loaded.scenario, &text);
  const auto planted = scenarios::ParseScenario(text, loaded.path);
  CHECK(planted.ok(), "{}", std::string(planted.status().message()));
  return planted->variants[0];
}

Seen RunOnce(const scenarios::ResolvedScenario& scenario, uint64_t seed) {
  Seen seen;
  const runner::Outcome outcome = runner::RunAndCheck(scenario, seed, sim::RecordingLevel::kHistory);
  if (!outcome.run.internal_error.empty()) {
    seen.anomalies.emplace_back("invariant", outcome.run.internal_error);
    return seen;
  }
  for (const formats::Operation& operation : outcome.run.history.operations()) {
    if (operation.f() == "send" && operation.type() == formats::Operation::OK) ++seen.acknowledged;
  }
  for (const formats::Anomaly& anomaly : outcome.verdict.anomalies()) {
    seen.anomalies.emplace_back(anomaly.type(), anomaly.explanation());
  }
  if (outcome.progress.kind == runner::Progress::Kind::kMissing) {
    seen.anomalies.emplace_back("no progress", fmt::format("{}", fmt::join(outcome.progress.reasons, " ")));
  }
  seen.valid = outcome.verdict.result() == formats::Verdict::VALID;
  return seen;
}

std::string SurveyLine(const MutantInfo& mutant, std::string_view scenario, uint64_t seeds) {
  const scenarios::ResolvedScenario planted = Plant(scenario, &mutant);
  std::map<std::string, std::pair<uint64_t, uint64_t>> found;  // first seed, how many
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    std::set<std::string> here;
    for (const auto& [name, why] : RunOnce(planted, seed).anomalies) here.insert(name);
    for (const std::string& name : here) {
      auto& [first, count] = found[name];
      if (count++ == 0) first = seed;
    }
  }
  std::string line = fmt::format("{} {}", mutant.name, scenario);
  for (const auto& [name, seen] : found) line += fmt::format("; {} {}x from {}", name, seen.second, seen.first);
  return line;
}

}  // namespace brokersim::kafka
