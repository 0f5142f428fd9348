#include "runner/trace_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "runner/files.h"

namespace brokersim::runner {
namespace {

namespace fs = std::filesystem;
using formats::DecodedTrace;
using formats::TraceEvent;
using nlohmann::ordered_json;

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string Beside(const std::string& given, const char* name) {
  const fs::path folder = IsFolder(given) ? fs::path(given) : fs::path(given).parent_path();
  return (folder / name).string();
}

template <class Message>
std::optional<Message> ReadBeside(const std::string& given, const char* name) {
  const absl::StatusOr<std::string> bytes = ReadFile(Beside(given, name));
  Message message;
  if (!bytes.ok() || !message.ParseFromString(*bytes)) return std::nullopt;
  return message;
}

// The enumerator of that name among those from 0 to `count`; throws if there is none.
template <class Enum>
Enum Named(const std::string& name, int count, std::string_view (*name_of)(Enum)) {
  for (int i = 1; i < count; ++i) {
    if (name_of(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  throw std::invalid_argument(fmt::format("'{}' is no name of a trace", name));
}

// Numbers nodes in the order in which they are named.
class Nodes {
 public:
  explicit Nodes(formats::TraceHeader* header) : header_(*header) {}
  uint32_t Number(const std::string& name) {
    if (name.empty()) return 0;
    const auto [found, is_new] = numbers_.try_emplace(name, static_cast<uint32_t>(numbers_.size()) + 1);
    if (is_new) header_.add_nodes()->set_name(name);
    return found->second;
  }

 private:
  formats::TraceHeader& header_;
  std::map<std::string, uint32_t> numbers_;
};

TraceEvent EventOf(const ordered_json& json, Nodes* nodes) {
  TraceEvent event;
  event.id = json.at("id").get<uint64_t>();
  event.time_ns = json.at("time_ns").get<int64_t>();
  event.kind = Named(json.at("kind").get<std::string>(), formats::kEventKindCount, formats::EventKindName);
  event.node = nodes->Number(json.at("node").get<std::string>());
  event.peer = nodes->Number(json.value("peer", ""));
  event.cause = json.value("cause", uint64_t{0});
  event.message = json.value("message", uint64_t{0});
  if (json.contains("operation")) event.operation = json["operation"].get<uint64_t>() + 1;
  event.type = json.value("type", "");
  event.text = json.value("text", "");
  event.fault = json.value("fault", "");
  for (const ordered_json& change : json.value("changes", ordered_json::array())) {
    event.changes.push_back({change.at("path"), change.at("before"), change.at("after")});
  }
  for (const ordered_json& note : json.value("records", ordered_json::array())) {
    event.records.push_back({Named(note.at("verb").get<std::string>(), formats::kRecordVerbCount,
                                   formats::RecordVerbName),
                             note.at("log"), note.at("offset"), note.at("value")});
  }
  return event;
}

// An object on a line of JSON. Traces have many: nothing is built only to be written, and the library is asked only
// for texts that need escapes.
class Line {
 public:
  explicit Line(std::string* out) : out_(*out) {}

  void Add(std::string_view key, std::string_view text) {
    Key(key);
    const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
    if (std::all_of(text.begin(), text.end(), plain)) {
      (((out_ += '"') += text) += '"');
    } else {
      out_ += ordered_json(text).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    }
  }
  template <std::integral Number>
  void Add(std::string_view key, Number number) {
    Key(key);
    out_ += fmt::format_int(number).c_str();
  }
  // An array of objects; none if there is nothing in it.
  template <class All, class AddFields>
  void AddAll(std::string_view key, const All& all, AddFields add_fields) {
    if (all.empty()) return;
    Key(key);
    char before = '[';
    for (const auto& one : all) {
      out_ += std::exchange(before, ',');
      Line object(&out_);
      add_fields(one, &object);
      object.End();
    }
    out_ += ']';
  }
  void End() { out_ += '}'; }

 private:
  void Key(std::string_view key) {
    out_ += std::exchange(before_, ',');
    (((out_ += '"') += key) += "\":");
  }

  std::string& out_;
  char before_ = '{';
};

}  // namespace

std::string TraceLines(const DecodedTrace& trace) {
  std::string lines;
  for (const TraceEvent& event : trace.events) {
    Line line(&lines);
    line.Add("id", event.id);
    line.Add("time_ns", event.time_ns);
    line.Add("node", trace.NodeName(event.node));
    line.Add("kind", formats::EventKindName(event.kind));
    if (event.cause != 0) line.Add("cause", event.cause);
    if (event.peer != 0) line.Add("peer", trace.NodeName(event.peer));
    if (event.message != 0) line.Add("message", event.message);
    if (event.operation != 0) line.Add("operation", event.operation - 1);
    if (!event.type.empty()) line.Add("type", event.type);
    if (!event.text.empty()) line.Add("text", event.text);
    if (!event.fault.empty()) line.Add("fault", event.fault);
    line.AddAll("changes", event.changes, [](const formats::StateChange& change, Line* object) {
      object->Add("path", change.path);
      object->Add("before", change.before);
      object->Add("after", change.after);
    });
    line.AddAll("records", event.records, [](const formats::RecordNote& note, Line* object) {
      object->Add("verb", formats::RecordVerbName(note.verb));
      object->Add("log", note.log);
      object->Add("offset", note.offset);
      object->Add("value", note.value);
    });
    line.End();
    lines += '\n';
  }
  return lines;
}

absl::StatusOr<DecodedTrace> ParseTraceLines(std::string_view text) {
  DecodedTrace trace;
  Nodes nodes(&trace.header);
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    try {
      trace.events.push_back(EventOf(ordered_json::parse(line), &nodes));
    } catch (const std::exception& error) {
      return absl::InvalidArgumentError(fmt::format("line {}: no event of a trace: {}", number, error.what()));
    }
    if (trace.events.back().id != trace.events.size()) {
      return absl::InvalidArgumentError(fmt::format("line {}: event {} stands where {} should", number,
                                                    trace.events.back().id, trace.events.size()));
    }
  }
  if (trace.events.empty()) return absl::InvalidArgumentError("line 1: no event of a trace");
  trace.end_ns = trace.events.back().time_ns;
  return trace;
}

absl::StatusOr<DecodedTrace> ReadTrace(const std::string& given) {
  const std::string path = IsFolder(given) ? Beside(given, "trace.pb") : given;
  const absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok()) {
    return absl::NotFoundError(fmt::format("{}; give a trace.pb, or the folder where `brokersim run` left one",
                                           std::string(bytes.status().message())));
  }
  absl::StatusOr<DecodedTrace> trace =
      fs::path(path).extension() == ".jsonl" ? ParseTraceLines(*bytes) : formats::DecodeTrace(*bytes);
  if (trace.ok()) return trace;
  return absl::InvalidArgumentError(fmt::format("{}: {}", path, std::string(trace.status().message())));
}

std::optional<formats::History> HistoryBeside(const std::string& given) {
  return ReadBeside<formats::History>(given, "history.pb");
}

std::optional<formats::Verdict> VerdictBeside(const std::string& given) {
  return ReadBeside<formats::Verdict>(given, "verdict.pb");
}

}  // namespace brokersim::runner
