// Payload: an immutable, shared piece of content: a message, or a block of a file.
//
// The kernel moves payloads and never looks inside; a model wraps its own plain structs:
//
//   MessageRef m = MakePayload(KafkaMessage{FetchRequest{...}});
//   if (const auto* body = m->As<KafkaMessage>()) ...
#ifndef BROKERSIM_SIM_BASE_PAYLOAD_H_
#define BROKERSIM_SIM_BASE_PAYLOAD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "sim/base/fields.h"
#include "sim/base/ref.h"

namespace brokersim::sim {

class Payload : public Counted {
 public:
  // Name of the type, e.g. "FetchRequest".
  virtual std::string_view name() const = 0;
  // The fields, for people. Not cached: only traces ask.
  std::string Text() const {
    std::string text;
    AppendText(&text);
    return text;
  }
  virtual void AppendText(std::string* text) const = 0;

  // Digest of the name and all fields. Computed once.
  uint64_t digest() const {
    if (digest_ == 0) digest_ = ComputeDigest() | 1;
    return digest_;
  }
  // Modelled size in bytes. Computed once.
  int64_t bytes() const {
    if (bytes_ < 0) bytes_ = ComputeBytes();
    return bytes_;
  }

  // The content if it is a T, else null.
  template <class T>
  const T* As() const;

 protected:
  explicit Payload(const char* tag) : tag_(tag) {}

 private:
  template <class T>
  friend class Boxed;
  virtual uint64_t ComputeDigest() const = 0;
  virtual int64_t ComputeBytes() const = 0;

  // Compared for equality only.
  const char* tag_;
  mutable uint64_t digest_ = 0;
  mutable int64_t bytes_ = -1;
};

using PayloadRef = Ref<const Payload>;
using MessageRef = PayloadRef;

namespace payload_internal {

template <class T>
struct Tag {
  static constexpr char kAddress = 0;
};

// The name of the struct's type or, of an envelope, of what it carries.
template <class T>
std::string_view NameOf(const T& value) {
  if constexpr (requires { value.Name(); }) {
    return value.Name();
  } else {
    return T::kName;
  }
}
template <class... T>
std::string_view NameOf(const std::variant<T...>& value) {
  return std::visit([](const auto& alternative) { return NameOf(alternative); }, value);
}

// A digest that has begun with that name.
template <class T>
Digest BeginDigest(const T& value) {
  if constexpr (requires { value.Name(); }) {
    return Digest(DigestOf(value.Name()));
  } else {
    static constexpr uint64_t kNamed = DigestOf(T::kName);
    return Digest(kNamed);
  }
}
template <class... T>
Digest BeginDigest(const std::variant<T...>& value) {
  return std::visit([](const auto& alternative) { return BeginDigest(alternative); }, value);
}

}  // namespace payload_internal

template <class T>
class Boxed final : public Payload {
 public:
  explicit Boxed(T value) : Payload(&payload_internal::Tag<T>::kAddress), value_(std::move(value)) {}

  const T& value() const { return value_; }
  // Turns it into another payload. REQUIRES: nobody has it in his hands who counts on what it was.
  void Become(T value) {
    value_ = std::move(value);
    digest_ = 0;
    bytes_ = -1;
  }
  std::string_view name() const override { return payload_internal::NameOf(value_); }
  void AppendText(std::string* text) const override { TextVisitor(text).Visit(value_); }

 private:
  // Length header and checksum of a frame.
  static constexpr int64_t kFrameBytes = 16;

  uint64_t ComputeDigest() const override {
    Digest digest = payload_internal::BeginDigest(value_);
    DigestVisitor visitor(&digest);
    visitor.Visit(value_);
    return digest.value();
  }
  int64_t ComputeBytes() const override {
    SizeVisitor visitor;
    visitor.Visit(value_);
    return kFrameBytes + visitor.bytes();
  }

  T value_;
};

template <class T>
Ref<const Boxed<T>> MakePayload(T value) {
  return Ref<const Boxed<T>>(new Boxed<T>(std::move(value)));
}

template <class T>
const T* Payload::As() const {
  if (tag_ != &payload_internal::Tag<T>::kAddress) return nullptr;
  return &static_cast<const Boxed<T>*>(this)->value();
}

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_PAYLOAD_H_
