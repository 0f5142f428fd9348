#include <algorithm>
#include <cstring>
#include <limits>

#include "checker/history/value.h"

namespace brokersim::checker {
namespace {

constexpr size_t kBlock = 64 * 1024;
// Longer texts are hardly ever said twice, and hashing them costs.
constexpr size_t kKeptOnce = 40;

}  // namespace

char* Arena::Allocate(size_t bytes, size_t align) {
  const size_t skew = reinterpret_cast<uintptr_t>(next_) % align;
  const size_t padding = skew == 0 ? 0 : align - skew;
  if (next_ == nullptr || padding + bytes > left_) {
    const size_t size = std::max(bytes, kBlock);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    bytes_ += size;
    // A block of its own for what is large: the rest of the current one stays in use.
    if (bytes > kBlock) return blocks_.back().get();
    next_ = blocks_.back().get();
    left_ = size;
    return Allocate(bytes, align);
  }
  char* const at = next_ + padding;
  next_ = at + bytes;
  left_ -= padding + bytes;
  return at;
}

Value Arena::Text(Value::Kind kind, std::string_view text) {
  const bool once = text.size() <= kKeptOnce;
  if (once) {
    if (const Id known = texts_.Find(0, text); known != kNoId) return Value::Text(kind, texts_.Text(known));
  }
  char* const at = Allocate(text.size(), 1);
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  const std::string_view kept(at, text.size());
  if (once) texts_.Intern(kept);
  return Value::Text(kind, kept);
}

Value Arena::Items(Value::Kind kind, absl::Span<const Value> items) {
  if (items.empty()) return Value::Items(kind, {});
  auto* const at = reinterpret_cast<Value*>(Allocate(items.size() * sizeof(Value), alignof(Value)));
  std::uninitialized_copy(items.begin(), items.end(), at);
  return Value::Items(kind, absl::MakeConstSpan(at, items.size()));
}

Value Arena::Copy(const Value& value) {
  if (value.is_text()) return Text(value.kind(), value.text());
  if (value.items().empty()) return value;
  std::vector<Value> items;
  items.reserve(value.items().size());
  for (const Value& item : value.items()) items.push_back(Copy(item));
  return Items(value.kind(), items);
}

}  // namespace brokersim::checker
