#include "bench/actors.h"

#include <memory>
#include <utility>

#include "sim/base/recycler.h"

namespace brokersim::bench {

using sim::Effects;
using sim::Env;
using sim::NodeId;
using sim::Process;
using sim::Received;
using sim::Simulation;
using sim::Timer;

namespace {

class Alarm final : public Process {
 public:
  std::unique_ptr<Process> Clone() const override { return std::make_unique<Alarm>(*this); }
  void OnMessage(const Received&, Env&, Effects&) override {}
  void OnTimer(Timer, Env& env, Effects& out) override { Set(env, out); }
  std::string_view TimerName(Timer) const override { return "alarm"; }
  static void Set(Env& env, Effects& out) {
    const uint64_t delay = env.Random("delay").Below(uint64_t{1} << kDelayBits);
    out.SetTimer({}, sim::Nanoseconds(static_cast<int64_t>(delay) + 1));
  }
};

class Player final : public Process {
 public:
  explicit Player(NodeId peer) : peer_(peer) {}
  std::unique_ptr<Process> Clone() const override { return std::make_unique<Player>(*this); }
  void OnMessage(const Received& message, Env&, Effects& out) override {
    Play(message.payload.As<Ball>()->strokes + 1, out);
  }
  void OnTimer(Timer, Env&, Effects&) override {}
  std::string_view TimerName(Timer) const override { return "none"; }
  void Play(int64_t strokes, Effects& out) { out.SendDatagram(peer_, balls_.Make(Ball{strokes})); }

 private:
  NodeId peer_;
  sim::Recycler<Ball> balls_;
};

class AlarmFactory final : public sim::ProcessFactory {
 public:
  std::unique_ptr<Process> Boot(Env& env, Effects& out) const override {
    Alarm::Set(env, out);
    return std::make_unique<Alarm>();
  }
};

class PlayerFactory final : public sim::ProcessFactory {
 public:
  explicit PlayerFactory(int playing) : playing_(playing) {}
  std::unique_ptr<Process> Boot(Env& env, Effects& out) const override {
    auto player = std::make_unique<Player>(NodeId{env.self().value ^ 1});
    const bool serves = env.self().value % 2 == 0 && env.self().value / 2 < static_cast<uint32_t>(playing_);
    if (serves) player->Play(1, out);
    return player;
  }

 private:
  int playing_;
};

Simulation Populate(int nodes, uint64_t max_events, sim::SimulationSettings settings,
                    std::shared_ptr<const sim::ProcessFactory> factory, const sim::LinkSpec* link) {
  settings.max_events = max_events;
  Simulation simulation(std::move(settings));
  for (int i = 0; i < nodes; ++i) {
    const NodeId added = simulation.AddNode({.name = fmt::format("n{}", i)});
    simulation.Install(added, factory);
  }
  if (link != nullptr) simulation.SetLink("", "", *link);
  simulation.Begin({});
  return simulation;
}

}  // namespace

Simulation TimerWorld(int actors, uint64_t max_events, sim::SimulationSettings settings) {
  return Populate(actors, max_events, std::move(settings), std::make_shared<AlarmFactory>(), nullptr);
}

Simulation BallWorld(int pairs, int playing, uint64_t max_events, sim::SimulationSettings settings) {
  const sim::LinkSpec link = {.latency = sim::Distribution::Uniform(kShortest, kLongest)};
  return Populate(2 * pairs, max_events, std::move(settings), std::make_shared<PlayerFactory>(playing), &link);
}

}  // namespace brokersim::bench
