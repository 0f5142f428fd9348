#include "scenarios/text_proto.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/scenario.pb.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;
namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".textproto";

// Keeps the first complaint of protobuf's parser.
class FirstError : public pb::io::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (!message_.empty()) return;
    line_ = line;
    column_ = column;
    message_ = message;
  }
  int line() const { return line_; }
  int column() const { return column_; }
  const std::string& message() const { return message_; }

 private:
  int line_ = 0;
  int column_ = 0;
  std::string message_;
};

std::vector<std::string> FieldsOf(const pb::Descriptor* type) {
  std::vector<std::string> names;
  for (int i = 0; i < type->field_count(); ++i) names.push_back(type->field(i)->name());
  return names;
}

// How protobuf's complaints begin, and what to do.
constexpr std::pair<std::string_view, std::string_view> kRemedies[] = {
    {"Expected integer", "write a whole number without quotes"},
    {"Expected string", "put the text in double quotes"},
    {"Integer out of range", "write a smaller number"},
    {"Invalid value for boolean field", "write true or false"},
    {"Unknown enumeration value", "docs/scenario.md lists the values"},
    {"Expected identifier", "write `field: value` or `field { ... }`, and close every brace once"},
    {"Non-repeated field", "keep one of them"},
    {"String literals cannot cross line boundaries", "end each line's part with a quote; parts are joined"},
};

// Protobuf says what it expected; we add what the author may have meant.
std::string Improve(std::string message) {
  if (message.ends_with('.')) message.pop_back();
  const auto quoted = [&](size_t from, size_t* end) {
    const size_t open = message.find('"', from);
    const size_t close = open == std::string::npos ? open : message.find('"', open + 1);
    if (close == std::string::npos) return std::string();
    *end = close + 1;
    return message.substr(open + 1, close - open - 1);
  };
  size_t end = 0;
  if (message.rfind("Message type \"", 0) == 0 && message.find("has no field named") != std::string::npos) {
    const std::string type_name = quoted(0, &end);
    const std::string field = quoted(end, &end);
    const pb::Descriptor* type = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(type_name);
    if (type == nullptr) return message;
    const std::vector<std::string> fields = FieldsOf(type);
    if (type == Fault::descriptor()) {
      return fmt::format("there is no kind of fault, nor field, '{}'{}; docs/faults.md has the kinds", field,
                         sim::DidYouMean(field, fields));
    }
    return fmt::format("there is no field '{}' here{}; the fields of {} are: {}", field, sim::DidYouMean(field, fields),
                       type->name(), absl::StrJoin(fields, ", "));
  }
  for (const auto& [beginning, remedy] : kRemedies) {
    if (message.rfind(beginning, 0) == 0) return fmt::format("{}; {}", message, remedy);
  }
  return fmt::format("{}; docs/scenario.md shows how a scenario is written", message);
}

// Whether the bytes are UTF-8, as protobuf's strings have to be.
bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    const int more = lead < 0x80 ? 0 : lead >> 5 == 0x6 ? 1 : lead >> 4 == 0xe ? 2 : lead >> 3 == 0x1e ? 3 : -1;
    if (more < 0) return false;
    for (int k = 0; k < more; ++k, ++i) {
      if (i >= text.size() || static_cast<unsigned char>(text[i]) >> 6 != 0x2) return false;
    }
  }
  return true;
}

absl::Status CheckText(std::string_view text, std::string_view path) {
  const auto error = [&](std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("{}:1:1: {}", path, what));
  };
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (blank) return error("the file is empty; a scenario needs at least a setup and a variant (see docs/scenario.md)");
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n' && c != '\t' && c != '\r') {
      return error("this is no text; a scenario is a protobuf text file (see docs/scenario.md)");
    }
  }
  if (!IsUtf8(text)) return error("this text isn't UTF-8; save the file in that encoding");
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseTextProto(std::string_view text, std::string_view path, pb::Message* message,
                            pb::TextFormat::ParseInfoTree* tree) {
  if (const absl::Status status = CheckText(text, path); !status.ok()) return status;
  pb::TextFormat::Parser parser;
  FirstError error;
  parser.RecordErrorsTo(&error);
  if (tree != nullptr) parser.WriteLocationsTo(tree);
  if (parser.ParseFromString(std::string(text), message)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}:{}:{}: {}", path, error.line() + 1, error.column() + 1, Improve(error.message())));
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    return absl::NotFoundError(fmt::format("{} is a folder, not a file; name one of the files in it", path));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("can't read {}", path));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> ListTextProtos(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kEnding) names.push_back(it->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> FindTextProto(std::string_view what, const std::string& name, const std::string& folder,
                                          const std::string& beside) {
  std::error_code ignored;
  if (name.ends_with(kEnding)) {
    const std::string path = (fs::path(beside) / name).string();
    if (fs::is_regular_file(path, ignored)) return path;
    return absl::NotFoundError(fmt::format("there is no file {}", path));
  }
  const std::string path = (fs::path(folder) / (name + std::string(kEnding))).string();
  if (fs::is_regular_file(path, ignored)) return path;
  const std::vector<std::string> known = ListTextProtos(folder);
  return absl::NotFoundError(
      fmt::format("there is no {} '{}'{}; there are: {}; a file of your own is named with its "
                  "ending, {}",
                  what, name, sim::DidYouMean(name, known), absl::StrJoin(known, ", "), kEnding));
}

}  // namespace brokersim::scenarios
