#include "tests/model/kafka/mutants_hunt.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <fstream>
#include <map>
#include <sstream>

#include "checker/check.h"
#include "checker/history/proto.h"
#include "checker/models.h"
#include "scenarios/run.h"
#include "sim/base/check.h"

namespace brokersim::kafka {
namespace {

struct Place {
  std::string_view name;
  std::string_view scenario;
  std::string_view anomaly;
};

// PLACES
constexpr Place kPlaces[] = {
    {"", "", ""},
};

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

void Judged(std::string_view model, const checker::History& history, Seen* seen) {
  // Sends of one process overlap here, and may end in another order than they began; a group may go back to what was
  // read and not committed (at least once).
  checker::CheckOptions options;
  options.kafka.allow = {"nonmonotonic-send", "nonmonotonic-poll"};
  const auto verdict = checker::Judge(history, model, options);
  if (!verdict.ok()) {
    seen->internal_error = "judge: " + std::string(verdict.status().message());
    return;
  }
  for (const formats::Anomaly& anomaly : verdict->anomalies()) {
    seen->anomalies.emplace_back(fmt::format("{} ({})", anomaly.type(), model), anomaly.explanation());
  }
}

}  // namespace

const std::vector<Hunt>& Hunts() {
  static const std::vector<Hunt> hunts = [] {
    std::vector<Hunt> all;
    for (const MutantInfo& info : AllMutants()) {
      for (const Place& place : kPlaces) {
        if (place.name == info.name) all.push_back({info, place.scenario, place.anomaly});
      }
    }
    return all;
  }();
  return hunts;
}

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
  const scenarios::RunResult run =
      scenarios::RunScenario(scenario, seed, sim::RecordingLevel::kHistory, "test");
  seen.internal_error = run.internal_error;
  for (const formats::Operation& operation : run.history.operations()) {
    if (operation.f() == "send" && operation.type() == formats::Operation::OK) ++seen.acknowledged;
  }
  const formats::Verdict verdict = checker::Check(run.history, scenario.world->checks());
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    seen.anomalies.emplace_back(anomaly.type(), anomaly.explanation());
  }
  const auto history = checker::FromProto(run.history);
  CHECK(history.ok(), "{}", std::string(history.status().message()));
  for (const char* model : {"kafka", "exactly-once"}) Judged(model, *history, &seen);
  return seen;
}

Catch Catch1(const Hunt& hunt) {
  const scenarios::ResolvedScenario scenario = Plant(hunt.scenario, &hunt.info);
  for (uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    const Seen seen = RunOnce(scenario, seed);
    if (!seen.internal_error.empty()) continue;
    for (const auto& [name, why] : seen.anomalies) {
      if (fmt::format(", {}, ", hunt.anomaly).find(fmt::format(", {}, ", name)) != std::string::npos) return {seed, name};
    }
  }
  return {};
}

std::string SurveyLine(const MutantInfo& mutant, std::string_view scenario) {
  constexpr uint64_t kSeeds = 20;
  const scenarios::ResolvedScenario planted = Plant(scenario, mutant.mutant == Mutant::kNone ? nullptr : &mutant);
  std::map<std::string, std::pair<uint64_t, uint64_t>> found;  // first seed, how many
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    std::map<std::string, bool> here;
    const Seen seen = RunOnce(planted, seed);
    if (!seen.internal_error.empty()) here["INTERNAL " + seen.internal_error.substr(0, 60)] = true;
    for (const auto& [name, why] : seen.anomalies) here[name] = true;
    for (const auto& [name, yes] : here) {
      auto& [first, count] = found[name];
      if (count++ == 0) first = seed;
    }
  }
  std::string line = fmt::format("{:32} {:7}", mutant.name, scenario);
  for (const auto& [name, seeds] : found) line += fmt::format("; {} {}x from {}", name, seeds.second, seeds.first);
  return line;
}

}  // namespace brokersim::kafka
