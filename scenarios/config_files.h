// Files of settings that a scenario names: a user's own server.properties, broker.conf, ...
#ifndef BROKERSIM_SCENARIOS_CONFIG_FILES_H_
#define BROKERSIM_SCENARIOS_CONFIG_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "scenarios/locator.h"
#include "scenarios/scenario.pb.h"

namespace brokersim::scenarios {

// Puts the lines of every `config_file` before those of the `config` beside it, without comments. Paths are relative to
// `folder`. Errors: kInvalidArgument with the place, if a file can't be read.
absl::Status ReadConfigFiles(const std::string& folder, const Locator& locator, Setup* setup);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_CONFIG_FILES_H_
