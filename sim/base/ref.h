// Ref<T>: a counted reference to an immutable thing of one simulation.
//
// The count is not atomic: a simulation, its copies and whatever they share belong to one thread.
#ifndef BROKERSIM_SIM_BASE_REF_H_
#define BROKERSIM_SIM_BASE_REF_H_

#include <cstdint>
#include <utility>

namespace brokersim::sim {

class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  virtual ~Counted() = default;

 private:
  template <class T>
  friend class Ref;
  mutable uint32_t references_ = 0;
};

template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) { Take(); }
  Ref(const Ref& other) : object_(other.object_) { Take(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(const Ref<U>& other) : object_(other.get()) {  // NOLINT: an upcast, as of pointers
    Take();
  }
  Ref& operator=(const Ref& other) noexcept { return *this = Ref(other); }
  Ref& operator=(Ref&& other) noexcept {
    Drop(std::exchange(object_, std::exchange(other.object_, nullptr)));
    return *this;
  }
  ~Ref() { Drop(object_); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  // Nobody else holds it. REQUIRES: not null.
  bool unique() const { return object_->references_ == 1; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  static void Drop(T* object) {
    if (object != nullptr && --object->references_ == 0) [[unlikely]] delete object;
  }
  void Take() {
    if (object_ != nullptr) ++object_->references_;
  }
  T* object_ = nullptr;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_REF_H_
