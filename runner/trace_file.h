// Reads traces as `brokersim run` leaves them.
#ifndef BROKERSIM_RUNNER_TRACE_FILE_H_
#define BROKERSIM_RUNNER_TRACE_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"

namespace brokersim::runner {

// One event a line, as in trace.jsonl.
std::string TraceLines(const formats::DecodedTrace& trace);
// What of a trace such lines hold: no header, hashes or draws. Errors: kInvalidArgument: "line N: what is wrong".
absl::StatusOr<formats::DecodedTrace> ParseTraceLines(std::string_view text);

// `given` is a trace.pb, a trace.jsonl, or the folder that holds one. Errors: kNotFound, kInvalidArgument.
absl::StatusOr<formats::DecodedTrace> ReadTrace(const std::string& given);

// What lies beside it, if it is there and can be read.
std::optional<formats::History> HistoryBeside(const std::string& given);
std::optional<formats::Verdict> VerdictBeside(const std::string& given);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_TRACE_FILE_H_
