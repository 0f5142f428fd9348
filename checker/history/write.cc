#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "checker/history/format.h"
#include "checker/history/proto.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using Json = nlohmann::ordered_json;

// A process or a name as EDN has it: nil, 3, "p1", :nemesis.
void AppendField(std::string_view key, std::string_view value, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{}:{} {}", out->size() > 1 ? ", " : "", key, value);
}

Json ToJson(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNil:
      return nullptr;
    case Value::Kind::kBool:
      return value.integer() != 0;
    case Value::Kind::kInt:
      return value.integer();
    case Value::Kind::kNumber: {
      Json number = Json::parse(value.text(), nullptr, false);
      return number.is_number() ? number : Json(std::string(value.text()));
    }
    case Value::Kind::kString:
    case Value::Kind::kKeyword:
    case Value::Kind::kSymbol:
      return std::string(value.text());
    case Value::Kind::kMap: {
      Json object = Json::object();
      for (uint32_t i = 0; i < value.entries(); ++i) {
        const Value& key = value.key(i);
        object[key.is_text() ? std::string(key.text()) : ToText(key)] = ToJson(value.value(i));
      }
      return object;
    }
    case Value::Kind::kList:
    case Value::Kind::kVector:
    case Value::Kind::kSet:
      break;
  }
  Json array = Json::array();
  for (const Value& item : value.items()) array.push_back(ToJson(item));
  return array;
}

// The index of a line's invocation, where the process alone doesn't tell; -1 where it does.
int64_t InvocationOf(const History& history, const Op& op, const std::vector<bool>& overlapping) {
  if (!overlapping[op.process] || !op.client) return -1;
  const bool completes = op.type != OpType::kInvoke && op.pair != kNoOp;
  return static_cast<int64_t>(completes ? history.op(op.pair).index : op.index);
}

std::string JsonLine(const History& history, const Op& op, int64_t invocation) {
  Json line = Json::object();
  line["index"] = op.index;
  if (op.time != kNoTime) line["time"] = op.time;
  const Value& process = history.Process(op.process);
  if (!process.is_nil()) line["process"] = ToJson(process);
  line["type"] = std::string(ToText(op.type));
  if (!history.FName(op.f).empty()) line["f"] = std::string(history.FName(op.f));
  line["value"] = ToJson(op.value);
  if (invocation >= 0) line["invocation"] = invocation;
  for (const Extra& extra : history.ExtrasOf(op)) {
    line[extra.key.is_text() ? std::string(extra.key.text()) : ToText(extra.key)] = ToJson(extra.value);
  }
  // What isn't UTF-8 is replaced, rather than the file refused.
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// False for lines that the log's shape can't hold.
bool PorcupineLine(const History& history, const Op& op, std::string* out) {
  const std::string_view f = history.FName(op.f);
  if (f != "read" && f != "write" && f != "cas") return false;
  const bool timed_out = op.value.is_nil() && !history.ExtraOf(op, "error").is_nil();
  *out = fmt::format("INFO  jepsen.util - {}\t:{}\t:{}\t{}\n", history.ProcessName(op.process), ToText(op.type), f,
                     timed_out ? ":timed-out" : ToText(op.value));
  return true;
}

absl::Status WritePorcupine(const History& history, absl::FunctionRef<void(std::string_view)> sink) {
  std::string text;
  for (const Op& op : history.ops()) {
    if (!op.client || history.MadeUp(op)) continue;
    if (!PorcupineLine(history, op, &text)) {
      return absl::InvalidArgumentError(fmt::format(
          "index {}: :{} is no operation of a register (:read, :write, :cas), and porcupine-log holds no other; "
          "convert to edn or json",
          op.index, std::string(history.FName(op.f))));
    }
    sink(text);
  }
  return absl::OkStatus();
}

absl::Status WriteProtoJson(const History& history, absl::FunctionRef<void(std::string_view)> sink) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  if (!google::protobuf::util::MessageToJsonString(ToProto(history), &text, options).ok()) {
    return absl::InvalidArgumentError("a text of the history isn't UTF-8, which protobuf's JSON wants; convert to pb");
  }
  sink(text);
  return absl::OkStatus();
}

}  // namespace

std::string LineText(const History& history, const Op& op, int64_t invocation) {
  std::string out = "{";
  AppendField("index", fmt::format("{}", op.index), &out);
  if (op.time != kNoTime) AppendField("time", fmt::format("{}", op.time), &out);
  const Value& process = history.Process(op.process);
  if (!process.is_nil()) AppendField("process", ToText(process), &out);
  AppendField("type", fmt::format(":{}", ToText(op.type)), &out);
  if (!history.FName(op.f).empty()) AppendField("f", fmt::format(":{}", history.FName(op.f)), &out);
  AppendField("value", ToText(op.value), &out);
  if (invocation >= 0) AppendField("invocation", fmt::format("{}", invocation), &out);
  for (const Extra& extra : history.ExtrasOf(op)) {
    out.append(", ");
    AppendText(extra.key, &out);
    out.push_back(' ');
    AppendText(extra.value, &out);
  }
  return out + "}";
}

absl::Status Write(const History& history, Format format, absl::FunctionRef<void(std::string_view)> sink) {
  switch (format) {
    case Format::kProto:
      sink(ToProto(history).SerializeAsString());
      return absl::OkStatus();
    case Format::kProtoJson:
      return WriteProtoJson(history, sink);
    case Format::kPorcupineLog:
      return WritePorcupine(history, sink);
    case Format::kOpenChaos:
    case Format::kFptlin:
      return absl::InvalidArgumentError("this format can be read, not written; convert to edn or json");
    case Format::kEdn:
    case Format::kJson:
    case Format::kJsonLines:
      break;
  }
  const bool array = format == Format::kJson;
  if (array) sink("[");
  bool first = true;
  const std::vector<bool> overlapping = history.Overlapping();
  for (const Op& op : history.ops()) {
    if (history.MadeUp(op)) continue;
    if (!first) sink(array ? ",\n" : "\n");
    const int64_t invocation = InvocationOf(history, op, overlapping);
    sink(format == Format::kEdn ? LineText(history, op, invocation) : JsonLine(history, op, invocation));
    first = false;
  }
  sink(array ? "]\n" : "\n");
  return absl::OkStatus();
}

}  // namespace brokersim::checker
