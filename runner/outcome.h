// Outcome: one run of a scenario, judged.
#ifndef BROKERSIM_RUNNER_OUTCOME_H_
#define BROKERSIM_RUNNER_OUTCOME_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/history.pb.h"
#include "formats/verdict.pb.h"
#include "runner/progress.h"
#include "scenarios/run.h"
#include "sim/base/probe.h"

namespace brokersim::runner {

// Exit codes of the command line. Where several runs differ, the worst counts: 70, 4, 1, 3, 2, 0.
enum ExitCode : int {
  kHeld = 0,
  kViolation = 1,
  kUnknown = 2,
  kNoProgress = 3,
  kNondeterminism = 4,
  kUsage = 64,
  kBadInput = 65,
  kInternal = 70,
  kInterrupted = 130,
};
ExitCode Worse(ExitCode a, ExitCode b);
// Neither valid nor undecided.
bool IsFailure(ExitCode code);

struct Outcome {
  std::string scenario;
  std::string variant;
  std::vector<std::string> settings;  // "KEY=VALUE" lines laid over the variant
  std::string reference;              // how a command names the scenario
  uint64_t seed = 0;
  scenarios::RunResult run;
  sim::ProbeCounts probes;  // the rare branches that it reached
  formats::Verdict verdict;
  Progress progress;
  // Of the first anomaly of each type, if there is a trace: what brought it about (cause.h).
  std::map<std::string, std::string> causes;
};

// Simulates and checks. At RecordingLevel::kTrace the anomalies get their stories. `stop_at_violation`: the run ends
// within the event that first breaks a promise, as checks and models see it; the verdict is then that of the history so
// far. It names a folder: what the checks needn't keep in memory lies in files there.
Outcome RunAndCheck(const scenarios::ResolvedScenario& scenario, uint64_t seed, sim::RecordingLevel recording,
                    const std::optional<std::string>& stop_at_violation = std::nullopt);

// What a run that is over came to, without stories and probes.
Outcome Judged(const scenarios::ResolvedScenario& scenario, uint64_t seed, scenarios::RunResult run);

ExitCode ExitCodeOf(const Outcome& outcome);

// The types of its anomalies, each once: those of the vocabulary first, in its order, then what models found.
std::vector<std::string> AnomalyTypes(const formats::Verdict& verdict);

// The types that a run shows, the gravest first; no-progress is one, too.
std::vector<std::string> ShownTypes(const Outcome& outcome);

// What a run that isn't valid shows: its anomalies' types, the gravest first, or one of these.
inline constexpr std::string_view kNoProgressType = "no-progress";
inline constexpr std::string_view kUndecidedType = "undecided";
inline constexpr std::string_view kInternalType = "internal-error";
inline constexpr std::string_view kNondeterminismType = "nondeterminism";
std::vector<std::string> FindingsOf(const Outcome& outcome);

// Index of the anomaly to show if only one can be: the first of the gravest type. -1: none.
int GravestAnomaly(const formats::Verdict& verdict);

// "valid", "invalid" or "unknown".
std::string_view ResultName(formats::Verdict::Result result);
// 16 hexadecimal digits.
std::string HashText(uint64_t hash);
// The command that gives this very run.
std::string ReproduceCommand(const Outcome& outcome);
std::string ReproduceCommand(const std::string& reference, const std::string& variant,
                             const std::vector<std::string>& settings, uint64_t seed);
// One JSON object without line breaks.
std::string ToJson(const Outcome& outcome);

// Version of brokersim, e.g. "0.1.0".
std::string_view Version();

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_OUTCOME_H_
