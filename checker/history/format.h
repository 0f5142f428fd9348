// The formats that histories come in, and how to tell them apart.
#ifndef BROKERSIM_CHECKER_HISTORY_FORMAT_H_
#define BROKERSIM_CHECKER_HISTORY_FORMAT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checker/history/history.h"

namespace brokersim::checker {

enum class Format {
  kEdn,            // "edn": Jepsen's maps, one a line, or a vector of them
  kJson,           // "json": elle-cli's array of objects
  kJsonLines,      // "jsonl": the same, one a line
  kPorcupineLog,   // "porcupine-log": register logs of Porcupine's tests
  kProto,          // "pb": formats/history.proto
  kProtoJson,      // "pb-json": protobuf's JSON of the same
  kOpenChaos,      // "openchaos": rows with tabs
  kFptlin,         // "fptlin": rows with blanks, read only
};

// All of them, by name.
struct FormatInfo {
  Format format;
  std::string_view name;
  std::string_view meaning;
  bool writable;
};
const std::vector<FormatInfo>& Formats();

// "edn, json, ...": of all, or of those that can be written.
std::string FormatNames(bool writable = false);

// By its name; kInvalidArgument lists the names.
absl::StatusOr<Format> FormatNamed(std::string_view name);

// What the text looks like; kInvalidArgument with the formats there are.
absl::StatusOr<Format> Recognise(std::string_view text);

// Errors are kInvalidArgument, with line and remedy.
absl::StatusOr<History> Read(std::string_view text, Format format);

// Gives the history to `sink` piece by piece. kInvalidArgument if the format can't hold it.
absl::Status Write(const History& history, Format format, absl::FunctionRef<void(std::string_view)> sink);

// One line, as EDN: `{:index 3, :time 7, :process 0, :type :ok, :f :read, :value 4}`.
// With its `:invocation` unless that is -1.
std::string LineText(const History& history, const Op& op, int64_t invocation = -1);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_FORMAT_H_
