// MirrorMaker: a process of MirrorMaker 2 (connect-mirror-maker), which mirrors topics from cluster to cluster.
#ifndef BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_MAKER_H_
#define BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_MAKER_H_

#include <memory>
#include <utility>
#include <vector>

#include "model/kafka/mirror/flow.h"
#include "model/kafka/mirror/mirror_worker.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

struct MirrorMakerSpec {
  std::vector<std::shared_ptr<const MirrorFlowSpec>> flows;
  sim::Time start;
};

class MirrorMaker final : public sim::Process {
 public:
  MirrorMaker(std::shared_ptr<const MirrorMakerSpec> spec, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<MirrorMaker>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnStop(sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  void Describe(sim::Describer& d) const override;

 private:
  enum TimerKind : uint32_t { kStart, kStopTimeout };
  static constexpr uint32_t kFirstFlowTimer = 10;

  static constexpr uint32_t kFirstWorkerTimer = MirrorWorker::kTimers;

  // Whose is it?
  template <class Asked>
  void AnyOf(Asked asked) {
    for (MirrorFlow& flow : flows_) {
      if (asked(flow)) return;
    }
    for (MirrorWorker& worker : workers_) {
      if (asked(worker)) return;
    }
  }
  void ExitIfDone(sim::Env& env, sim::Effects& out);

  // Flows that it has alone. (Its group would have one member, which gets all the work, with its own configuration: it
  // is left out.)
  std::vector<MirrorFlow> flows_;
  // Its parts in the others.
  std::vector<MirrorWorker> workers_;
  bool stopping_ = false;
};

class MirrorMakerFactory final : public sim::ProcessFactory {
 public:
  explicit MirrorMakerFactory(std::shared_ptr<const MirrorMakerSpec> spec) : spec_(std::move(spec)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<MirrorMaker>(spec_, env, out);
  }

 private:
  std::shared_ptr<const MirrorMakerSpec> spec_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_MAKER_H_
