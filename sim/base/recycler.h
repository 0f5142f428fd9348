// Recycler<T>: payloads of one type whose memory is used again when nobody holds them any more.
//
//   sim::Recycler<Heartbeat> heartbeats_;                    // a member of a process
//   out.SendDatagram(peer, heartbeats_.Make(Heartbeat{n}));  // no allocation in the long run
//
// A copy shares the payloads and so leaves them alone: two futures never see each other's content.
#ifndef BROKERSIM_SIM_BASE_RECYCLER_H_
#define BROKERSIM_SIM_BASE_RECYCLER_H_

#include <array>
#include <cstdint>
#include <utility>

#include "sim/base/payload.h"

namespace brokersim::sim {

template <class T>
class Recycler {
 public:
  PayloadRef Make(T value) {
    Ref<Boxed<T>>& oldest = made_[next_];
    next_ = (next_ + 1) % kKept;
    if (oldest && oldest.unique()) {
      oldest->Become(std::move(value));
    } else {
      oldest = Ref<Boxed<T>>(new Boxed<T>(std::move(value)));
    }
    return oldest;
  }

 private:
  // How many of the last ones are tried again, the oldest first.
  static constexpr uint32_t kKept = 2;

  std::array<Ref<Boxed<T>>, kKept> made_;
  uint32_t next_ = 0;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_RECYCLER_H_
