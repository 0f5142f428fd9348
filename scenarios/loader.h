// Reads scenario files: protobuf text in, a checked scenario out, or one error that says where, what, and what to do.
#ifndef BROKERSIM_SCENARIOS_LOADER_H_
#define BROKERSIM_SCENARIOS_LOADER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "scenarios/scenario.pb.h"
#include "scenarios/world.h"

namespace brokersim::scenarios {

// A scenario with one of its variants laid over its setup.
struct ResolvedScenario {
  std::string name;     // with its family: "kafka/unclean_leader_election"
  std::string variant;  // name of the variant
  // "KEY=VALUE" lines that were laid over it since (scenarios/settings.h).
  std::vector<std::string> settings;
  // How a command names the scenario: its name if it lies below `home`, else the path.
  std::string reference;
  Setup setup;
  Expectation expect;
  std::vector<std::string> anomaly_places;  // "PATH:LINE:COLUMN: " of each of expect.anomaly
  std::shared_ptr<const World> world;
};

struct LoadedScenario {
  std::string name;    // with its family
  std::string family;  // "kafka"
  std::string path;
  Scenario scenario;
  std::vector<ResolvedScenario> variants;  // in the file's order, each checked

  // Errors: kNotFound, naming the nearest one and all.
  absl::StatusOr<ResolvedScenario> Variant(std::string_view name) const;
};

// `text` is the file's content, `path` where it came from; the family is the name of its folder. Topologies are named
// as below `home`.
// Errors: kInvalidArgument: "PATH:LINE:COLUMN: what is wrong; what to do". Names of checks and anomalies are the
// checker's to judge: their places are handed over.
absl::StatusOr<LoadedScenario> ParseScenario(std::string_view text, std::string_view path,
                                             std::string_view home = ".");

// SCENARIO as on the command line: a path, or a name below `home`/scenarios.
// Errors: kNotFound, naming the nearest scenario; and as ParseScenario.
absl::StatusOr<LoadedScenario> LoadScenario(std::string_view scenario, std::string_view home);

// Names of all scenarios below `home`/scenarios, sorted.
std::vector<std::string> ListScenarios(std::string_view home);

// Laid over: see Variant.setup in scenario.proto.
void Overlay(const Setup& over, Setup* base);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_LOADER_H_
