#include "checker/history/format.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "checker/history/edn.h"
#include "checker/history/json.h"
#include "checker/history/porcupine.h"
#include "checker/history/proto.h"
#include "checker/history/tables.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// The first characters that aren't blank.
std::string_view Beginning(std::string_view text, size_t size) {
  const size_t first = std::min(text.find_first_not_of(" \t\r\n,"), text.size());
  return text.substr(first, size);
}

bool LooksLikeJson(std::string_view beginning) {
  if (beginning.starts_with('[')) beginning = Beginning(beginning.substr(1), beginning.size());
  if (!beginning.starts_with('{')) return false;
  return Beginning(beginning.substr(1), 1) == "\"";
}

bool HasLine(std::string_view text, std::string_view needle) {
  return text.substr(0, 64 * 1024).find(needle) != text.npos;
}

absl::StatusOr<History> ReadProto(std::string_view bytes) {
  formats::History history;
  if (bytes.size() > INT32_MAX || !history.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("no history.pb of brokersim: protobuf can't read it; is it cut off?");
  }
  return FromProto(history);
}

absl::StatusOr<History> ReadProtoJson(std::string_view text) {
  formats::History history;
  const google::protobuf::util::Status status =
      google::protobuf::util::JsonStringToMessage(std::string(text), &history);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("no history.json of brokersim: {}", std::string(status.message().data(), status.message().size())));
  }
  return FromProto(history);
}

}  // namespace

const std::vector<FormatInfo>& Formats() {
  static const std::vector<FormatInfo>* const formats = new std::vector<FormatInfo>{
      {Format::kEdn, "edn", "Jepsen, Elle, Knossos and Porcupine's kv: one map a line, or a vector of maps", true},
      {Format::kJson, "json", "elle-cli: an array of the same maps as objects", true},
      {Format::kJsonLines, "jsonl", "the same, one object a line", true},
      {Format::kPorcupineLog, "porcupine-log", "register logs of Porcupine's tests", true},
      {Format::kProto, "pb", "brokersim's own, formats/history.proto", true},
      {Format::kProtoJson, "pb-json", "protobuf's JSON of the same", true},
      {Format::kOpenChaos, "openchaos", "OpenChaos: rows of requests and responses, tabs between", false},
      {Format::kFptlin, "fptlin", "fptlin: a line `# queue`, rows of process, start, end, ENQ or DEQ or PEEK, value",
       false},
  };
  return *formats;
}

std::string FormatNames(bool writable) {
  std::string names;
  for (const FormatInfo& info : Formats()) {
    if (writable && !info.writable) continue;
    names.append(names.empty() ? "" : ", ").append(info.name);
  }
  return names;
}

absl::StatusOr<Format> FormatNamed(std::string_view name) {
  for (const FormatInfo& info : Formats()) {
    if (info.name == name) return info.format;
  }
  return absl::InvalidArgumentError(fmt::format("there is no format '{}'; there are: {}", name, FormatNames()));
}

absl::StatusOr<Format> Recognise(std::string_view text) {
  const std::string_view beginning = Beginning(text, 4096);
  if (beginning.starts_with('\x08')) return Format::kProto;  // field 1, the schema's version
  if (LooksLikeJson(beginning)) {
    if (beginning.starts_with('[')) return Format::kJson;
    return HasLine(text, "\"operations\"") || HasLine(text, "\"schemaVersion\"") ? Format::kProtoJson
                                                                                  : Format::kJsonLines;
  }
  if (HasLine(text, "jepsen.util - ")) return Format::kPorcupineLog;
  if (HasLine(text, "\tREQUEST\t")) return Format::kOpenChaos;
  if (beginning.starts_with("# ")) return Format::kFptlin;
  if (!beginning.empty() && std::string_view("{[(;#").find(beginning[0]) != std::string_view::npos) return Format::kEdn;
  if (beginning.empty()) return absl::InvalidArgumentError("the file is empty");
  return absl::InvalidArgumentError(
      fmt::format("this looks like no history; name its format with --format, one of: {}", FormatNames()));
}

absl::StatusOr<History> Read(std::string_view text, Format format) {
  switch (format) {
    case Format::kEdn:
      return ReadEdn(text);
    case Format::kJson:
    case Format::kJsonLines:
      return ReadJson(text);
    case Format::kPorcupineLog:
      return ReadPorcupineLog(text);
    case Format::kProto:
      return ReadProto(text);
    case Format::kProtoJson:
      return ReadProtoJson(text);
    case Format::kOpenChaos:
      return ReadOpenChaos(text);
    case Format::kFptlin:
      return ReadFptlin(text);
  }
  return absl::InternalError("a format without a reader");
}

}  // namespace brokersim::checker
