#include "runner/files.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "formats/trace_codec.h"
#include "runner/trace_file.h"
#include "visualize/selection.h"
#include "visualize/space_time.h"
#include "visualize/svg.h"

namespace brokersim::runner {
namespace {

namespace fs = std::filesystem;

// What fits on a page.
constexpr int kEventsInDiagram = 48;

std::string Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : fmt::format("{{\"error\": \"{}\"}}\n", status.ToString());
}

std::string Temporary(const std::string& path) { return fmt::format("{}.{}.tmp", path, getpid()); }

absl::Status WriteTemporary(const std::string& path, const std::string& temporary, std::string_view bytes) {
  errno = 0;
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) return absl::OkStatus();
  const int error = errno;
  std::error_code ignored;
  fs::remove(temporary, ignored);
  return absl::UnavailableError(fmt::format("can't write {}: {}", path, std::strerror(error)));
}

absl::Status PutInPlace(const std::string& temporary, const std::string& path) {
  std::error_code error;
  fs::rename(temporary, path, error);
  if (!error) return absl::OkStatus();
  std::error_code ignored;
  fs::remove(temporary, ignored);
  return absl::UnavailableError(fmt::format("can't write {}: {}", path, error.message()));
}

}  // namespace

absl::Status WriteFile(const std::string& path, std::string_view bytes) {
  const std::string temporary = Temporary(path);
  if (absl::Status status = WriteTemporary(path, temporary, bytes); !status.ok()) return status;
  return PutInPlace(temporary, path);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return absl::NotFoundError(fmt::format("there is no file {}", path));
  if (fs::is_directory(path, ignored)) return absl::NotFoundError(fmt::format("{} is a folder, not a file", path));
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return absl::UnavailableError(fmt::format("can't read {}", path));
  return text.str();
}

absl::StatusOr<std::vector<std::string>> WriteOutputs(const Outcome& outcome, const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::UnavailableError(fmt::format("can't create the folder {}: {}", folder, error.message()));
  const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(outcome.run.trace);
  if (!trace.ok()) return trace.status();
  const int gravest = GravestAnomaly(outcome.verdict);
  const std::vector<uint64_t> shown =
      gravest >= 0 ? visualize::SelectForAnomaly(*trace, outcome.verdict.anomalies(gravest), kEventsInDiagram)
                   : visualize::SelectOverview(*trace, kEventsInDiagram);
  visualize::DiagramOptions options;
  options.anomaly = std::max(gravest, 0);
  absl::StatusOr<std::string> svg =
      visualize::RenderSvg(visualize::SpaceTimeDot(*trace, shown, &outcome.verdict, options));
  if (!svg.ok()) return svg.status();
  const std::vector<std::pair<std::string, std::string>> files = {
      {"history.pb", outcome.run.history.SerializeAsString()},
      {"history.json", Json(outcome.run.history)},
      {"trace.pb", outcome.run.trace},
      {"trace.jsonl", TraceLines(*trace)},
      {"verdict.pb", outcome.verdict.SerializeAsString()},
      {"verdict.json", Json(outcome.verdict)},
      {"diagram.svg", *std::move(svg)},
  };
  // All are written before the first takes its name: a full disk leaves what was there before.
  std::vector<std::string> paths;
  absl::Status status;
  for (const auto& [name, bytes] : files) {
    const std::string path = (fs::path(folder) / name).string();
    status = fs::is_directory(path, error) ? absl::UnavailableError(fmt::format("can't write {}: it is a folder", path))
                                           : WriteTemporary(path, Temporary(path), bytes);
    if (!status.ok()) break;
    paths.push_back(path);
  }
  for (const std::string& path : paths) {
    if (status.ok()) {
      status = PutInPlace(Temporary(path), path);
    } else {
      fs::remove(Temporary(path), error);
    }
  }
  if (!status.ok()) return status;
  return paths;
}

std::string VerdictJson(const formats::Verdict& verdict) { return Json(verdict); }

}  // namespace brokersim::runner
