// What an anomaly of a history looks like: its operations as bars, what must come before what as arrows.
#ifndef BROKERSIM_RUNNER_HISTORY_PICTURE_H_
#define BROKERSIM_RUNNER_HISTORY_PICTURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "formats/verdict.pb.h"

namespace brokersim::runner {

// An SVG of at most kMostBars operations of the anomaly. Errors: kInternal if it can't be drawn.
inline constexpr int kMostBars = 60;
absl::StatusOr<std::string> AnomalySvg(const checker::History& history, const formats::Anomaly& anomaly);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_HISTORY_PICTURE_H_
