// Draws the sample trace, to look at while working on visualize/:
//   bazel run //tests/visualize:draw_sample -- dot|svg|overview|around|busy|terminal [N]
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tests/visualize/sample_trace.h"
#include "visualize/selection.h"
#include "visualize/space_time.h"
#include "visualize/svg.h"
#include "visualize/terminal.h"

namespace brokersim::visualize {
namespace {

int Draw(const std::string& what, int heartbeats) {
  const formats::DecodedTrace trace =
      (what == "busy" ? BusyRun(42, heartbeats) : UncleanElection(heartbeats)).Build();
  const formats::Verdict verdict = UncleanElectionVerdict();
  if (what == "terminal") {
    std::cout << TerminalView(trace, {.anomaly = &verdict.anomalies(0)}).value();
    return EXIT_SUCCESS;
  }
  const bool anomaly = what == "dot" || what == "svg";
  const std::vector<uint64_t> events =
      what == "around"     ? SelectAround(trace, trace.events.size() / 2, 20)
      : what == "overview" ? SelectOverview(trace)
                           : SelectForAnomaly(trace, verdict.anomalies(0));
  const std::string dot = SpaceTimeDot(trace, events, anomaly ? &verdict : nullptr, {});
  std::cout << (what == "dot" ? dot : RenderSvg(dot).value());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace brokersim::visualize

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "svg";
  const int heartbeats = argc > 2 ? std::atoi(argv[2]) : 20;
  return brokersim::visualize::Draw(what, heartbeats);
}
