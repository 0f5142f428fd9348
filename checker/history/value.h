// Data as histories hold it: what EDN and JSON can say.
//
// A Value is 16 bytes and copied freely; what it points to belongs to the Arena that made it. Texts of equal content
// need not be the same bytes: compare with ==.
#ifndef BROKERSIM_CHECKER_HISTORY_VALUE_H_
#define BROKERSIM_CHECKER_HISTORY_VALUE_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "checker/interner.h"

namespace brokersim::checker {

// Deeper data are no history's, and each level costs stack.
inline constexpr int kDeepestValue = 200;

class Value {
 public:
  enum class Kind : uint8_t {
    kNil,
    kBool,
    kInt,      // 64 bits
    kNumber,   // any other number, as it was written: 1.5, 2N, 1/3
    kString,   // "x"
    kKeyword,  // :x, held without its colon
    kSymbol,   // x
    kList,     // (1 2)
    kVector,   // [1 2]
    kSet,      // #{1 2}
    kMap,      // {1 2}: keys and values alternate in items()
  };

  constexpr Value() : integer_(0) {}
  static constexpr Value Nil() { return Value(); }
  static constexpr Value Bool(bool b) { return Value(Kind::kBool, b ? 1 : 0); }
  static constexpr Value Int(int64_t i) { return Value(Kind::kInt, i); }
  // `text` and `items` must outlive the value: they are an arena's.
  static Value Text(Kind kind, std::string_view text) { return Value(kind, text); }
  static Value Items(Kind kind, absl::Span<const Value> items) { return Value(kind, items); }

  Kind kind() const { return kind_; }
  bool is_nil() const { return kind_ == Kind::kNil; }
  bool is_int() const { return kind_ == Kind::kInt; }
  // Vectors, lists and sets.
  bool is_sequence() const { return kind_ == Kind::kVector || kind_ == Kind::kList || kind_ == Kind::kSet; }
  bool is_map() const { return kind_ == Kind::kMap; }
  bool is_text() const { return kind_ >= Kind::kNumber && kind_ <= Kind::kSymbol; }

  // Of a kInt or kBool.
  int64_t integer() const { return integer_; }
  // Of what is_text(); empty otherwise.
  std::string_view text() const { return is_text() ? std::string_view(text_, size_) : std::string_view(); }
  // Of collections; empty otherwise.
  absl::Span<const Value> items() const {
    return kind_ >= Kind::kList ? absl::MakeConstSpan(items_, size_) : absl::Span<const Value>();
  }
  // Number of a map's entries.
  uint32_t entries() const { return size_ / 2; }
  const Value& key(uint32_t entry) const { return items_[size_t{2} * entry]; }
  const Value& value(uint32_t entry) const { return items_[size_t{2} * entry + 1]; }
  // A map's value by a key that is the word `name`; nil if there is none.
  Value Get(std::string_view name) const;

  // Whether it is the keyword, string or symbol `name`: JSON has strings where EDN has keywords.
  bool IsWord(std::string_view name) const {
    return kind_ >= Kind::kString && kind_ <= Kind::kSymbol && size_ == name.size() &&
           std::memcmp(text_, name.data(), name.size()) == 0;  // of a literal, a comparison of words
  }

  // Structural. Vectors and lists of equal elements are equal, as in Clojure; sets and maps compare by their
  // elements in the order given. A keyword, a string and a symbol are three different things.
  friend bool operator==(const Value& a, const Value& b) {
    return a.kind_ == b.kind_ && a.kind_ <= Kind::kInt ? a.integer_ == b.integer_ : a.SameData(b);
  }
  uint64_t Hash() const;

 private:
  constexpr Value(Kind kind, int64_t i) : kind_(kind), integer_(i) {}
  Value(Kind kind, std::string_view text)
      : kind_(kind), size_(static_cast<uint32_t>(text.size())), text_(text.data()) {}
  Value(Kind kind, absl::Span<const Value> items)
      : kind_(kind), size_(static_cast<uint32_t>(items.size())), items_(items.data()) {}

  // Of two that aren't both numbers.
  bool SameData(const Value& other) const;

  Kind kind_ = Kind::kNil;
  uint32_t size_ = 0;
  union {
    int64_t integer_;
    const char* text_;
    const Value* items_;
  };
};
static_assert(sizeof(Value) == 16);

// EDN, on one line: `[:append 3 "x"]`.
std::string ToText(const Value& value);
void AppendText(const Value& value, std::string* out);

// Gives texts and items a home for as long as it lives. Short texts are kept once.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  Value Text(Value::Kind kind, std::string_view text);
  Value String(std::string_view text) { return Text(Value::Kind::kString, text); }
  Value Keyword(std::string_view text) { return Text(Value::Kind::kKeyword, text); }
  Value Items(Value::Kind kind, absl::Span<const Value> items);
  Value Vector(absl::Span<const Value> items) { return Items(Value::Kind::kVector, items); }
  // A deep copy of a value of another arena.
  Value Copy(const Value& value);

  size_t bytes() const { return bytes_; }

 private:
  char* Allocate(size_t bytes, size_t align);

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* block_ = nullptr;  // the one that is being filled
  size_t used_ = 0;        // bytes of it
  size_t bytes_ = 0;
  Interner texts_;
};

// Gives values dense numbers in the order of their first appearance. The values must outlive it.
class ValueInterner {
 public:
  Id Intern(const Value& value);
  Id Find(const Value& value) const;  // kNoId if it was never interned
  const Value& Get(Id id) const { return values_[id]; }
  Id size() const { return static_cast<Id>(values_.size()); }

 private:
  size_t Slot(uint64_t hash, const Value& value) const;
  void Grow();

  std::vector<Value> values_;
  std::vector<uint64_t> hashes_;
  std::vector<Id> slots_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_VALUE_H_
