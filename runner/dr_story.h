// One run of a drill, told: what happened when, and who believed to own what.
#ifndef BROKERSIM_RUNNER_DR_STORY_H_
#define BROKERSIM_RUNNER_DR_STORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runner/dr.h"
#include "visualize/drill_picture.h"

namespace brokersim::runner {

struct DrStoryLine {
  int64_t time_ns = 0;
  std::string node;  // or empty
  std::string text;
};

struct DrStory {
  uint64_t seed = 0;
  uint64_t hash = 0;
  DrMeasures measures;
  std::vector<DrStoryLine> lines;  // in order of time
  visualize::DrillView view;       // lanes
};

// Runs it again, with a trace. Errors: kInternal if an invariant of brokersim breaks.
absl::StatusOr<DrStory> TellDrill(const DrCell& cell, uint64_t seed);

// A line each, indented.
std::string DrStoryText(const DrStory& story);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DR_STORY_H_
