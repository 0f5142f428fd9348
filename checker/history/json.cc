#include "checker/history/json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "checker/history/op_fields.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// Takes the library's events: whole objects at the level of lines become lines.
class Reader {
 public:
  // `level`: how many brackets are open around a line.
  Reader(size_t level, HistoryBuilder* builder) : level_(level), builder_(builder) {}

  bool null() { return Push(Value::Nil()); }
  bool boolean(bool b) { return Push(Value::Bool(b)); }
  bool number_integer(int64_t i) { return Push(Value::Int(i)); }
  bool number_unsigned(uint64_t i) {
    if (i <= INT64_MAX) return Push(Value::Int(static_cast<int64_t>(i)));
    return Push(arena().Text(Value::Kind::kNumber, std::to_string(i)));
  }
  bool number_float(double, const std::string& text) { return Push(arena().Text(Value::Kind::kNumber, text)); }
  bool string(std::string& text) { return Push(arena().String(text)); }
  bool binary(std::vector<uint8_t>&) { return false; }

  bool start_object(size_t) { return Open(); }
  bool key(std::string& text) {
    int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const bool whole = error == std::errc() && stop == end && std::to_string(number) == text;
    stack_.push_back(whole ? Value::Int(number) : arena().String(text));
    return true;
  }
  bool end_object() {
    const size_t first = opened_.back();
    opened_.pop_back();
    const absl::Span<const Value> items = absl::MakeConstSpan(stack_).subspan(first);
    if (opened_.size() != level_) return Close(arena().Items(Value::Kind::kMap, items), first);
    if (absl::Status status = fields_.Add(items, builder_); !status.ok()) return Fail(std::string(status.message()));
    stack_.resize(first);
    return true;
  }
  bool start_array(size_t) { return opened_.size() < level_ ? OpenLines() : Open(); }
  bool end_array() {
    const size_t first = opened_.back();
    opened_.pop_back();
    if (opened_.size() < level_) return true;
    return Close(arena().Vector(absl::MakeConstSpan(stack_).subspan(first)), first);
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception& error) {
    position_ = position;
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ..."
    const std::string_view text = error.what();
    const size_t colon = text.find(": ");
    return Fail(fmt::format("no JSON: {}", colon == text.npos ? text : text.substr(colon + 2)));
  }

  const std::string& problem() const { return problem_; }
  // Bytes read when the library found an error; 0 if it didn't.
  size_t position() const { return position_; }

 private:
  Arena& arena() { return builder_->arena(); }
  bool Fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool Push(const Value& value) {
    if (opened_.size() <= level_) return Fail("a history's line is an object such as {\"type\": \"invoke\", ...}");
    stack_.push_back(value);
    return true;
  }
  bool OpenLines() {
    opened_.push_back(stack_.size());
    return true;
  }
  bool Open() {
    if (opened_.size() < level_) return Fail("a history is an array of objects, or one object a line");
    if (opened_.size() > kDeepestValue) return Fail(fmt::format("data nested deeper than {} levels", kDeepestValue));
    opened_.push_back(stack_.size());
    return true;
  }
  bool Close(const Value& value, size_t first) {
    stack_.resize(first);
    return Push(value);
  }

  size_t level_;
  HistoryBuilder* builder_;
  OpFields fields_;
  std::vector<Value> stack_;
  std::vector<size_t> opened_;  // where on the stack each open collection begins
  std::string problem_;
  size_t position_ = 0;
};

absl::Status At(std::string_view text, size_t place, std::string_view what) {
  const std::string_view before = text.substr(0, std::min(place, text.size()));
  return absl::InvalidArgumentError(
      fmt::format("line {}: {}", std::count(before.begin(), before.end(), '\n') + 1, what));
}

absl::StatusOr<History> ReadArray(std::string_view text) {
  HistoryBuilder builder;
  Reader reader(1, &builder);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
    // Of an error that we found the place is where the lines so far end.
    if (reader.position() > 0) return At(text, reader.position() - 1, reader.problem());
    return absl::InvalidArgumentError(
        fmt::format("after {} lines of the history: {}", builder.size(), reader.problem()));
  }
  return std::move(builder).Finish();
}

}  // namespace

absl::StatusOr<History> ReadJson(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && text[first] == '[') return ReadArray(text);
  HistoryBuilder builder;
  Reader reader(0, &builder);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.find_first_not_of(" \t\r") != line.npos &&
        !nlohmann::json::sax_parse(line.begin(), line.end(), &reader)) {
      return At(text, begin, reader.problem());
    }
    begin = end + 1;
  }
  return std::move(builder).Finish();
}

}  // namespace brokersim::checker
