#include "checker/history/edn_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

bool IsBlank(char c) { return c == ' ' || c == ',' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool EndsToken(char c) {
  return IsBlank(c) || c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' || c == '"' || c == ';';
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

}  // namespace

absl::Status EdnParser::ErrorAt(const char* place, std::string_view what) const {
  const char* line_begin = place;
  while (line_begin != begin_ && line_begin[-1] != '\n') --line_begin;
  return absl::InvalidArgumentError(fmt::format("line {}, column {}: {}", std::count(begin_, place, '\n') + 1,
                                                place - line_begin + 1, what));
}

bool EdnParser::More() {
  while (at_ != end_) {
    if (IsBlank(*at_)) {
      ++at_;
    } else if (*at_ == ';') {
      at_ = std::find(at_, end_, '\n');
    } else if (*at_ == '#' && end_ - at_ > 1 && at_[1] == '_') {
      at_ += 2;
      Value dropped;
      if (status_ = Read(&dropped); !status_.ok()) return false;
    } else {
      return true;
    }
  }
  return false;
}

bool EdnParser::Enter() {
  if (!More() || (*at_ != '[' && *at_ != '(')) return false;
  ++at_;
  return true;
}

bool EdnParser::AtClose() {
  if (!More() || (*at_ != ']' && *at_ != ')')) return false;
  ++at_;
  return true;
}

absl::Status EdnParser::Read(Value* value) { return ReadDatum(value, 0); }

absl::Status EdnParser::SkipTags() {
  while (More() && *at_ == '#' && end_ - at_ > 1 && at_[1] != '{') {
    ++at_;
    if (Token().empty()) return Error("a '#' without a tag");
  }
  return status_;
}

absl::Status EdnParser::ReadMap(absl::Span<const Value>* items) {
  *items = {};
  if (absl::Status status = SkipTags(); !status.ok()) return status;
  if (!More()) return Error("the text ends where a map should be");
  datum_ = at_;
  if (*at_ != '{') return Error("a history's line is a map: {:type :invoke, :process 0, :f :read, :value nil}");
  ++at_;
  stack_.clear();
  if (absl::Status status = ReadItems('}', 1); !status.ok()) return status;
  if (stack_.size() % 2 != 0) return ErrorAtDatum("a map with a key that has no value");
  *items = stack_;
  return absl::OkStatus();
}

absl::Status EdnParser::ReadItems(char close, int depth) {
  const char* const opened = at_ - 1;
  while (true) {
    if (!More()) return status_.ok() ? ErrorAt(opened, fmt::format("nothing closes this; a '{}' is missing", close))
                                     : status_;
    if (*at_ == close) {
      ++at_;
      return absl::OkStatus();
    }
    Value item;
    if (absl::Status status = ReadDatum(&item, depth); !status.ok()) return status;
    stack_.push_back(item);
  }
}

absl::Status EdnParser::ReadCollection(Value::Kind kind, char close, int depth, Value* value) {
  const size_t first = stack_.size();
  if (absl::Status status = ReadItems(close, depth + 1); !status.ok()) return status;
  const absl::Span<const Value> items = absl::MakeConstSpan(stack_).subspan(first);
  if (kind == Value::Kind::kMap && items.size() % 2 != 0) return Error("a map with a key that has no value");
  *value = arena_->Items(kind, items);
  stack_.resize(first);
  return absl::OkStatus();
}

absl::Status EdnParser::ReadDatum(Value* value, int depth) {
  if (depth > kDeepestValue) return Error(fmt::format("data nested deeper than {} levels", kDeepestValue));
  if (!More()) return status_.ok() ? Error("the text ends where a datum should be") : status_;
  switch (*at_) {
    case '{':
      ++at_;
      return ReadCollection(Value::Kind::kMap, '}', depth, value);
    case '[':
      ++at_;
      return ReadCollection(Value::Kind::kVector, ']', depth, value);
    case '(':
      ++at_;
      return ReadCollection(Value::Kind::kList, ')', depth, value);
    case '}':
    case ']':
    case ')':
      return Error(fmt::format("a '{}' that closes nothing", *at_));
    case '"':
      ++at_;
      return ReadString(value);
    case '\\':
      ++at_;
      return ReadCharacter(value);
    case '#':
      return ReadDispatch(value, depth);
    case '^': {  // metadata, and what it is about
      ++at_;
      Value dropped;
      if (absl::Status status = ReadDatum(&dropped, depth + 1); !status.ok()) return status;
      return ReadDatum(value, depth + 1);
    }
    default:
      return ReadAtom(value);
  }
}

absl::Status EdnParser::ReadDispatch(Value* value, int depth) {
  ++at_;
  if (at_ == end_) return Error("a '#' at the end of the text");
  if (*at_ == '{') {
    ++at_;
    return ReadCollection(Value::Kind::kSet, '}', depth, value);
  }
  if (*at_ == '#') {  // ##NaN, ##Inf
    ++at_;
    *value = arena_->Text(Value::Kind::kNumber, Token());
    return absl::OkStatus();
  }
  if (*at_ == '"') return ReadDatum(value, depth + 1);  // a regular expression: its text
  if (Token().empty()) return Error("a '#' without a tag");
  return ReadDatum(value, depth + 1);
}

absl::Status EdnParser::ReadString(Value* value) {
  const char* const opened = at_ - 1;
  const char* const plain = std::find_if(at_, end_, [](char c) { return c == '"' || c == '\\'; });
  if (plain != end_ && *plain == '"') {
    *value = arena_->String(std::string_view(at_, static_cast<size_t>(plain - at_)));
    at_ = plain + 1;
    return absl::OkStatus();
  }
  scratch_.clear();
  while (at_ != end_ && *at_ != '"') {
    if (*at_ != '\\') {
      scratch_.push_back(*at_++);
      continue;
    }
    ++at_;
    if (absl::Status status = ReadEscape(); !status.ok()) return status;
  }
  if (at_ == end_) return ErrorAt(opened, "a string that doesn't end; a '\"' is missing");
  ++at_;
  *value = arena_->String(scratch_);
  return absl::OkStatus();
}

absl::Status EdnParser::ReadEscape() {
  constexpr std::string_view kEscapes = "\"\"\\\\n\nt\tr\rb\bf\f//";
  if (at_ == end_) return Error("a string that doesn't end; a '\"' is missing");
  if (*at_ == 'u' && end_ - at_ > 4) {
    uint32_t code = 0;
    const auto [stop, error] = std::from_chars(at_ + 1, at_ + 5, code, 16);
    if (error == std::errc() && stop == at_ + 5) {
      AppendUtf8(code, &scratch_);
      at_ += 5;
      return absl::OkStatus();
    }
  }
  for (size_t i = 0; i < kEscapes.size(); i += 2) {
    if (kEscapes[i] != *at_) continue;
    scratch_.push_back(kEscapes[i + 1]);
    ++at_;
    return absl::OkStatus();
  }
  return Error(fmt::format("\\{} is no escape that EDN knows", *at_));
}

absl::Status EdnParser::ReadCharacter(Value* value) {
  if (at_ == end_) return Error("a '\\' at the end of the text");
  const char* const first = at_++;
  while (at_ != end_ && !EndsToken(*at_)) ++at_;
  std::string_view name(first, static_cast<size_t>(at_ - first));
  constexpr std::pair<std::string_view, std::string_view> kNamed[] = {
      {"newline", "\n"}, {"space", " "}, {"tab", "\t"}, {"return", "\r"}};
  for (const auto& [word, character] : kNamed) {
    if (name == word) name = character;
  }
  *value = arena_->String(name);
  return absl::OkStatus();
}

std::string_view EdnParser::Token() {
  const char* const first = at_;
  while (at_ != end_ && !EndsToken(*at_)) ++at_;
  return std::string_view(first, static_cast<size_t>(at_ - first));
}

absl::Status EdnParser::ReadAtom(Value* value) {
  const char* const first = at_;
  const std::string_view token = Token();
  if (token.empty()) return Error(fmt::format("'{}' begins no datum", *at_));
  const bool digits = IsDigit(token[0]);
  if (digits || ((token[0] == '-' || token[0] == '+') && token.size() > 1 && IsDigit(token[1]))) {
    const char* const from = token[0] == '+' ? first + 1 : first;
    int64_t number = 0;
    const auto [stop, error] = std::from_chars(from, at_, number);
    *value = error == std::errc() && stop == at_ ? Value::Int(number) : arena_->Text(Value::Kind::kNumber, token);
    return absl::OkStatus();
  }
  if (token[0] == ':') {
    if (token.size() == 1) return ErrorAt(first, "a ':' without a name");
    *value = arena_->Keyword(token.substr(1));
  } else if (token == "nil") {
    *value = Value::Nil();
  } else if (token == "true" || token == "false") {
    *value = Value::Bool(token == "true");
  } else {
    *value = arena_->Text(Value::Kind::kSymbol, token);
  }
  return absl::OkStatus();
}

}  // namespace brokersim::checker
