// A node's own clocks: a map from virtual time to what the node reads.
//
// Monotonic time starts at 0 with the simulation and runs at (1 + drift) of virtual time. Wall time is
// monotonic time plus an offset that faults can change. Virtual time itself never changes.
#ifndef BROKERSIM_SIM_CLOCK_NODE_CLOCK_H_
#define BROKERSIM_SIM_CLOCK_NODE_CLOCK_H_

#include <algorithm>
#include <cstdint>

#include "sim/base/check.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {

class NodeClock {
 public:
  Time Monotonic(Time now) const {
    const Duration elapsed = now - anchor_;
    return anchor_monotonic_ + Scale(elapsed);
  }
  Time Wall(Time now) const { return wall_frozen_ ? frozen_wall_ : Monotonic(now) + wall_offset_; }

  // Virtual time at which Monotonic reaches `local`; never before `now`.
  Time WhenMonotonic(Time local, Time now) const {
    const Duration left = local - Monotonic(now);
    if (left <= Duration()) return now;
    if (drift_ppm_ == 0) return now + left;
    // Rounded up, so that the clock has certainly reached it.
    const int64_t rate = 1'000'000 + drift_ppm_;
    __extension__ const auto wait = (static_cast<__int128>(left.nanos()) * 1'000'000 + rate - 1) / rate;
    // A clock that all but stands still doesn't get there.
    if (wait > (Time::Max() - now).nanos()) return Time::Max();
    return now + Duration::FromNanos(static_cast<int64_t>(wait));
  }

  // Virtual time at which `after` more have passed on it; never before `now`.
  Time WhenPassed(Duration after, Time now) const {
    if (drift_ppm_ == 0) [[likely]] return after > Duration() ? now + after : now;
    return WhenMonotonic(Monotonic(now) + after, now);
  }

  // Wall time stands still from now on. REQUIRES: it runs.
  void FreezeWall(Time now) {
    CHECK(!wall_frozen_, "a wall clock is frozen twice");
    frozen_wall_ = Wall(now);
    wall_frozen_ = true;
  }
  // It goes on: from where it stands, or from where it would be by now.
  void ThawWall(Time now, bool catches_up) {
    CHECK(wall_frozen_, "a wall clock thaws that runs");
    wall_frozen_ = false;
    if (!catches_up) wall_offset_ = frozen_wall_ - Monotonic(now);
  }
  bool wall_frozen() const { return wall_frozen_; }

  // A frozen wall clock is moved too.
  void SetWallOffset(Duration offset) {
    if (wall_frozen_) frozen_wall_ = frozen_wall_ + (offset - wall_offset_);
    wall_offset_ = offset;
  }
  // Monotonic and wall time jump forward. REQUIRES: by >= 0.
  void JumpForward(Duration by) {
    CHECK(by >= Duration(), "monotonic time jumps back");
    anchor_monotonic_ = anchor_monotonic_ + by;
  }
  Duration wall_offset() const { return wall_offset_; }

  // From `now` on, local time runs at 1 + ppm / 1,000,000. Several that add up to less than a clock can do have it all
  // but stand still.
  void SetDrift(Time now, int64_t ppm) {
    anchor_monotonic_ = Monotonic(now);
    anchor_ = now;
    asked_ppm_ = ppm;
    drift_ppm_ = std::max<int64_t>(ppm, -999'999);
  }
  // What was asked for last.
  int64_t drift_ppm() const { return asked_ppm_; }

  // Monotonic (and so wall) time did not advance between `from` and `now`: a suspended machine.
  void SkipBack(Time now, Time from) {
    const Time then = Monotonic(from);
    anchor_monotonic_ = then;
    anchor_ = now;
  }

 private:
  Duration Scale(Duration elapsed) const {
    if (drift_ppm_ == 0) return elapsed;
    const int64_t whole = elapsed.nanos() / 1'000'000;
    const int64_t rest = elapsed.nanos() % 1'000'000;
    return elapsed + Duration::FromNanos(whole * drift_ppm_ + rest * drift_ppm_ / 1'000'000);
  }

  Time anchor_;
  Time anchor_monotonic_;
  Duration wall_offset_;
  Time frozen_wall_;
  bool wall_frozen_ = false;
  int64_t asked_ppm_ = 0;
  int64_t drift_ppm_ = 0;  // above -1,000,000
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_CLOCK_NODE_CLOCK_H_
