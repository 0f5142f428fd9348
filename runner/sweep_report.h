// What a sweep shows: how often which arm fails, why, and the command that shows it. A function of the rows alone.
#ifndef BROKERSIM_RUNNER_SWEEP_REPORT_H_
#define BROKERSIM_RUNNER_SWEEP_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "runner/fault_coverage.h"
#include "runner/statistics.h"
#include "runner/sweep.h"

namespace brokersim::runner {

// Runs that failed alike.
struct FailureGroup {
  std::string cause;
  uint64_t runs = 0;
  // The run with the fewest events, of these the smallest seed.
  uint64_t seed = 0;
  uint64_t events = 0;
  std::string command;  // that shows it
};

// All runs of an arm with a finding of that type.
struct FailureType {
  std::string type;
  uint64_t runs = 0;
  Interval rate;                     // of 95 %
  std::vector<FailureGroup> groups;  // the largest first
};

struct ArmReport {
  std::string arm;  // "fixed, acks=1"
  std::string variant;
  std::vector<std::string> settings;
  uint64_t runs = 0;
  uint64_t failed = 0;  // neither valid nor undecided
  uint64_t undecided = 0;
  Interval rate;                   // of failures, of 95 %; 0 to 1 without runs
  std::vector<FailureType> types;  // the most frequent first
};

struct SweepReport {
  std::string scenario;
  std::string seeds;  // "1..1000", "1..10 and others"
  uint64_t runs = 0;
  ExitCode worst = kHeld;
  std::vector<ArmReport> arms;
  FaultCoverage coverage;
};

SweepReport ReportOf(const SweepResult& result);

enum class ReportFormat { kText, kJson, kCsv, kJunit, kMarkdown };

// A report as text for people, as one JSON object or as Markdown; as CSV a row a run, as JUnit's XML a suite an arm and
// a case a run.
std::string Render(const SweepResult& result, ReportFormat format);

// A field of a CSV file, quoted where it has to be (RFC 4180).
std::string CsvField(const std::string& text);

// "31.2 %", with three digits that count; of 0 "0 %".
std::string Percent(double share);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SWEEP_REPORT_H_
