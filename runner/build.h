// Which code this is.
#ifndef BROKERSIM_RUNNER_BUILD_H_
#define BROKERSIM_RUNNER_BUILD_H_

#include <string>

namespace brokersim::runner {

// "0.1.0+4f1c09ab77de": the version, and a digest of the sources that decide what a run is (sim, model, formats,
// scenarios; scenario files left out). The same for every compiler and machine: builds of one name give equal runs.
const std::string& Build();

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_BUILD_H_
