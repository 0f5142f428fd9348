// Ends a run within the event that first breaks a promise.
#ifndef BROKERSIM_RUNNER_VIOLATION_WATCH_H_
#define BROKERSIM_RUNNER_VIOLATION_WATCH_H_

#include <cstdint>
#include <optional>
#include <string>

#include "checker/online.h"
#include "formats/history.pb.h"
#include "runner/judge.h"
#include "scenarios/world.h"
#include "sim/record/recorder.h"

namespace brokersim::runner {

// The checks look at each operation. Models are asked when the history is twice as long as they last saw it, and in the
// end: if one finds something then, first() is the operation that showed it, and who wants the run to end there runs
// it again, for one seed is one execution. A model that tells only at the end isn't asked.
class ViolationWatch {
 public:
  // `world` must outlive it. What needn't stay in memory lies in files in `folder`.
  ViolationWatch(const scenarios::World& world, const std::string& folder)
      : world_(world), asks_models_(ModelsTellEarly(world)), checks_(world.checks(), folder) {}

  // Ends the run with this operation whatever it shows, and asks no models: the run is the second one.
  void StopAfter(uint64_t operations) { stop_after_ = operations; }
  // Hands it the operations of a run. It must outlive the run.
  sim::Recorder::Watch Watch();

  // After the run: after how many operations a model first found something. Absent: after no fewer than the run had.
  std::optional<uint64_t> first();

 private:
  bool Add(formats::Operation&& operation);
  formats::History Take();
  // Looks at the history so far, which had nothing for models after `looked_` operations.
  void Look();

  const scenarios::World& world_;
  const bool asks_models_;
  checker::OnlineCheck checks_;
  uint64_t operations_ = 0;
  std::optional<uint64_t> stop_after_;
  uint64_t looked_ = 0;
  std::optional<uint64_t> first_;
};

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_VIOLATION_WATCH_H_
