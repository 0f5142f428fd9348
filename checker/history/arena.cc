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

// Blocks are aligned for anything, so it is enough to align within them.
char* Arena::Allocate(size_t bytes, size_t align) {
  const size_t at = (used_ + align - 1) / align * align;
  if (block_ == nullptr || at + bytes > kBlock) {
    const size_t size = std::max(bytes, kBlock);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    bytes_ += size;
    // What is large gets a block of its own: the rest of the current one stays in use.
    if (bytes > kBlock) return blocks_.back().get();
    block_ = blocks_.back().get();
    used_ = bytes;
    return block_;
  }
  used_ = at + bytes;
  return block_ + at;
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
