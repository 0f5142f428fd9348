// One description of a struct's fields serves digests, sizes and text.
//
//   struct FetchRequest {
//     static constexpr std::string_view kName = "FetchRequest";
//     int32_t replica_id = -1;
//     std::vector<FetchPartition> partitions;
//     template <class V> void Fields(V& v) const {
//       v("replica_id", replica_id);
//       v("partitions", partitions);
//     }
//   };
//
// A field is an integer, a bool, a string, an enum with a `Name(e)` found by argument-dependent
// lookup, a Ref to a payload, another such struct, or an optional, a vector or a variant of these.
#ifndef BROKERSIM_SIM_BASE_FIELDS_H_
#define BROKERSIM_SIM_BASE_FIELDS_H_

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "sim/base/digest.h"
#include "sim/base/ref.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {

template <class T, class V>
concept HasFields = requires(const T& t, V& v) { t.Fields(v); };

// Folds every field's value; names don't count, order does.
class DigestVisitor {
 public:
  explicit DigestVisitor(Digest* digest) : digest_(digest) {}

  template <class T>
  void operator()(std::string_view, const T& value) { Visit(value); }

  template <class T>
  void Visit(const T& value) {
    if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
      digest_->Add(static_cast<uint64_t>(value));
    } else if constexpr (HasFields<T, DigestVisitor>) {
      value.Fields(*this);
    } else {
      VisitOther(value);
    }
  }

 private:
  void VisitOther(const std::string& value) { digest_->Add(value); }
  void VisitOther(Time value) { digest_->Add(static_cast<uint64_t>(value.nanos())); }
  void VisitOther(Duration value) { digest_->Add(static_cast<uint64_t>(value.nanos())); }
  template <class T>
  void VisitOther(const Ref<T>& value) {
    digest_->Add(value ? value->digest() : 0);
  }
  template <class T>
  void VisitOther(const std::optional<T>& value) {
    digest_->Add(value.has_value() ? 1 : 0);
    if (value.has_value()) Visit(*value);
  }
  template <class T>
  void VisitOther(const std::vector<T>& values) {
    digest_->Add(values.size());
    for (const T& value : values) Visit(value);
  }
  template <class... T>
  void VisitOther(const std::variant<T...>& value) {
    digest_->Add(value.index());
    std::visit([this](const auto& alternative) { this->Visit(alternative); }, value);
  }

  Digest* digest_;
};

// Adds up what the fields would take on a wire, in bytes: integers 4, strings their length, and so on.
class SizeVisitor {
 public:
  template <class T>
  void operator()(std::string_view, const T& value) { Visit(value); }

  template <class T>
  void Visit(const T& value) {
    if constexpr (HasFields<T, SizeVisitor>) {
      value.Fields(*this);
    } else {
      VisitOther(value);
    }
  }
  int64_t bytes() const { return bytes_; }

 private:
  template <class T>
  void VisitOther(const T&) { bytes_ += 4; }
  void VisitOther(const std::string& value) { bytes_ += 2 + static_cast<int64_t>(value.size()); }
  template <class T>
  void VisitOther(const Ref<T>& value) { bytes_ += value ? value->bytes() : 4; }
  template <class T>
  void VisitOther(const std::optional<T>& value) {
    if (value.has_value()) Visit(*value);
  }
  template <class T>
  void VisitOther(const std::vector<T>& values) {
    bytes_ += 4;
    for (const T& value : values) Visit(value);
  }
  template <class... T>
  void VisitOther(const std::variant<T...>& value) {
    std::visit([this](const auto& alternative) { this->Visit(alternative); }, value);
  }

  int64_t bytes_ = 0;
};

// Prints `name=value` pairs: `replica_id=2 partitions=[{tp=orders-0 ...}]`. A struct with an
// `AppendText(std::string*)` of its own is printed by that.
class TextVisitor {
 public:
  // Appends to `text`, which must outlive this.
  explicit TextVisitor(std::string* text) : text_(*text) {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (!first_) text_ += ' ';
    first_ = true;
    text_ += name;
    text_ += '=';
    Visit(value);
    first_ = false;
  }

  template <class T>
  void Visit(const T& value) {
    if constexpr (requires { value.AppendText(&text_); }) {
      value.AppendText(&text_);
    } else if constexpr (std::is_enum_v<T>) {
      text_ += Name(value);
    } else if constexpr (std::is_same_v<T, bool>) {
      text_ += value ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
      const fmt::format_int digits(value);
      text_.append(digits.data(), digits.size());
    } else if constexpr (HasFields<T, TextVisitor>) {
      text_ += '{';
      first_ = true;
      value.Fields(*this);
      text_ += '}';
    } else {
      VisitOther(value);
    }
  }

 private:
  void VisitOther(const std::string& value) { text_ += value; }
  void VisitOther(Time value) { text_ += ToText(value); }
  void VisitOther(Duration value) { text_ += ToText(value); }
  template <class T>
  void VisitOther(const Ref<T>& value) {
    if (value) {
      value->AppendText(&text_);
    } else {
      text_ += "none";
    }
  }
  template <class T>
  void VisitOther(const std::optional<T>& value) {
    if (value.has_value()) {
      Visit(*value);
    } else {
      text_ += "none";
    }
  }
  template <class T>
  void VisitOther(const std::vector<T>& values) {
    text_ += '[';
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) text_ += ' ';
      first_ = true;
      Visit(values[i]);
    }
    text_ += ']';
  }
  template <class... T>
  void VisitOther(const std::variant<T...>& value) {
    std::visit([this](const auto& alternative) {
      text_ += alternative.kName;
      this->Visit(alternative);
    }, value);
  }

  std::string& text_;
  bool first_ = true;  // nothing before the next field that it must keep apart from
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_FIELDS_H_
