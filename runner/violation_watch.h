// Ends a run within the event that first breaks a promise.
#ifndef BROKERSIM_RUNNER_VIOLATION_WATCH_H_
#define BROKERSIM_RUNNER_VIOLATION_WATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checker/online/model_suspicion.h"
#include "checker/online/online.h"
#include "formats/history.pb.h"
#include "scenarios/world.h"
#include "sim/record/recorder.h"

namespace brokersim::runner {

// Checks and models are asked about the history so far whenever an operation could have made it invalid, which cheap
// tables notice with the memory of what is open (checker/online). A model for which nobody knows what to look out for
// is asked when the history is twice as long as it last saw it, and in the end: if it finds something then, first() is
// the operation that showed it, and who wants the run to end there runs it again, for one seed is one execution. A
// model that tells only at the end isn't asked.
class ViolationWatch {
 public:
  // `world` must outlive it. What needn't stay in memory lies in files in `folder`.
  ViolationWatch(const scenarios::World& world, const std::string& folder);

  // Ends the run with this operation whatever it shows, and asks no models: the run is the second one.
  void StopAfter(uint64_t operations) { stop_after_ = operations; }
  // Hands it the operations of a run. It must outlive the run.
  sim::Recorder::Watch Watch();

  // After the run: after how many operations a model first found something. Absent: after no fewer than the run had.
  std::optional<uint64_t> first();
  // How often models were asked.
  uint64_t asked() const { return asked_; }

 private:
  bool Add(formats::Operation&& operation);
  formats::History Take();
  bool FindIn(const formats::History& history);
  // All operations up to now, perhaps in `room`.
  const formats::History& SoFar(formats::History* room) const;
  // Finds the first operation in (looked_, operations_] that shows something to a model, if any does.
  void LookBack();

  const scenarios::World& world_;
  checker::OnlineCheck checks_;
  std::vector<std::unique_ptr<checker::ModelSuspicion>> suspicions_;
  bool looks_back_ = false;  // there is a model for which nobody knows what to look out for
  uint64_t operations_ = 0;
  uint64_t asked_ = 0;
  std::optional<uint64_t> stop_after_;
  uint64_t looked_ = 0;  // so many operations have nothing for models
  std::optional<uint64_t> first_;
};

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_VIOLATION_WATCH_H_
