// Streams of one owner, by purpose. A value.
#ifndef BROKERSIM_SIM_RANDOM_STREAMS_H_
#define BROKERSIM_SIM_RANDOM_STREAMS_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sim/random/stream.h"

namespace brokersim::sim {

class Streams {
 public:
  // The stream for this purpose, or null. It stays where it is until the Streams are cleared or gone.
  Stream* Find(std::string_view purpose) {
    for (uint32_t i = 0; i < few_used_; ++i) {
      if (few_[i].first == purpose) return &few_[i].second;
    }
    if (few_used_ < kFew) return nullptr;
    const auto found = more_.find(purpose);
    return found == more_.end() ? nullptr : &found->second;
  }
  // REQUIRES: there is none for it yet.
  Stream& Add(std::string_view purpose, Stream stream) {
    if (few_used_ == kFew) return more_.emplace(std::string(purpose), stream).first->second;
    few_[few_used_] = {std::string(purpose), stream};
    return few_[few_used_++].second;
  }
  // Calls see(purpose, stream) for each, in no order that means anything.
  template <class F>
  void ForEach(F see) const {
    for (uint32_t i = 0; i < few_used_; ++i) see(few_[i].first, few_[i].second);
    for (const auto& [purpose, stream] : more_) see(purpose, stream);
  }
  void clear() {
    few_used_ = 0;
    more_.clear();
  }
  // Random numbers drawn from all of them.
  uint64_t draws() const {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < few_used_; ++i) sum += few_[i].second.draws();
    for (const auto& [purpose, stream] : more_) sum += stream.draws();
    return sum;
  }

 private:
  static constexpr uint32_t kFew = 2;  // most processes have no more

  uint32_t few_used_ = 0;
  std::array<std::pair<std::string, Stream>, kFew> few_;
  std::map<std::string, Stream, std::less<>> more_;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_RANDOM_STREAMS_H_
