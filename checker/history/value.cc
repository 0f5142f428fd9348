#include "checker/history/value.h"

#include <algorithm>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

uint64_t Mix(uint64_t hash, uint64_t more) {
  hash = (hash ^ more) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\t':
        out->append("\\t");
        break;
      case '\r':
        out->append("\\r");
        break;
      default:
        out->push_back(c);
    }
  }
  out->push_back('"');
}

void AppendItems(const Value& value, std::string_view open, char close, std::string* out) {
  out->append(open);
  const absl::Span<const Value> items = value.items();
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out->append(value.is_map() && i % 2 == 0 ? ", " : " ");
    AppendText(items[i], out);
  }
  out->push_back(close);
}

}  // namespace

Value Value::Get(std::string_view name) const {
  if (!is_map()) return Nil();
  for (uint32_t i = 0; i < entries(); ++i) {
    if (key(i).IsWord(name)) return value(i);
  }
  return Nil();
}

bool Value::SameData(const Value& other) const {
  if (kind_ != other.kind_) {
    const auto listed = [](const Value& v) { return v.kind_ == Kind::kVector || v.kind_ == Kind::kList; };
    if (!listed(*this) || !listed(other)) return false;
  }
  if (kind_ <= Kind::kInt) return integer_ == other.integer_;
  if (size_ != other.size_) return false;
  if (is_text()) return text_ == other.text_ || text() == other.text();
  const absl::Span<const Value> left = items();
  return left.data() == other.items().data() || std::equal(left.begin(), left.end(), other.items().begin());
}

uint64_t Value::Hash() const {
  // Lists and vectors of the same elements are equal.
  const Kind kind = kind_ == Kind::kList ? Kind::kVector : kind_;
  uint64_t hash = Mix(0x51ed270b0a1f39c1u, static_cast<uint64_t>(kind));
  if (kind_ <= Kind::kInt) return Mix(hash, static_cast<uint64_t>(integer_));
  if (is_text()) {
    for (char c : text()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return Mix(hash, size_);
  }
  for (const Value& item : items()) hash = Mix(hash, item.Hash());
  return Mix(hash, size_);
}

void AppendText(const Value& value, std::string* out) {
  switch (value.kind()) {
    case Value::Kind::kNil:
      out->append("nil");
      return;
    case Value::Kind::kBool:
      out->append(value.integer() != 0 ? "true" : "false");
      return;
    case Value::Kind::kInt:
      fmt::format_to(std::back_inserter(*out), "{}", value.integer());
      return;
    case Value::Kind::kString:
      AppendQuoted(value.text(), out);
      return;
    case Value::Kind::kKeyword:
      out->push_back(':');
      [[fallthrough]];
    case Value::Kind::kNumber:
    case Value::Kind::kSymbol:
      out->append(value.text());
      return;
    case Value::Kind::kList:
      AppendItems(value, "(", ')', out);
      return;
    case Value::Kind::kVector:
      AppendItems(value, "[", ']', out);
      return;
    case Value::Kind::kSet:
      AppendItems(value, "#{", '}', out);
      return;
    case Value::Kind::kMap:
      AppendItems(value, "{", '}', out);
      return;
  }
}

std::string ToText(const Value& value) {
  std::string out;
  AppendText(value, &out);
  return out;
}

Id ValueInterner::Intern(const Value& value) {
  if (values_.size() * 2 >= slots_.size()) Grow();
  const uint64_t hash = value.Hash();
  const size_t slot = Slot(hash, value);
  if (slots_[slot] == kNoId) {
    slots_[slot] = size();
    values_.push_back(value);
    hashes_.push_back(hash);
  }
  return slots_[slot];
}

Id ValueInterner::Find(const Value& value) const {
  if (slots_.empty()) return kNoId;
  return slots_[Slot(value.Hash(), value)];
}

size_t ValueInterner::Slot(uint64_t hash, const Value& value) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != kNoId) {
    const Id id = slots_[slot];
    if (hashes_[id] == hash && values_[id] == value) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void ValueInterner::Grow() {
  const size_t count = slots_.empty() ? 64 : slots_.size() * 2;
  slots_.assign(count, kNoId);
  for (Id id = 0; id < size(); ++id) {
    size_t slot = hashes_[id] & (count - 1);
    while (slots_[slot] != kNoId) slot = (slot + 1) & (count - 1);
    slots_[slot] = id;
  }
}

}  // namespace brokersim::checker
