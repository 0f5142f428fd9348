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
  void OnTimer(Timer timer, Env& env, Effects& out) override { Set(timer, env, out); }
  std::string_view TimerName(Timer) const override { return "alarm"; }
  static void Set(Timer timer, Env& env, Effects& out) {
    const uint64_t delay = env.Random("delay").Below(uint64_t{1} << kDelayBits);
    out.SetTimer(timer, sim::Nanoseconds(static_cast<int64_t>(delay) + 1));
  }
};

class Player final : public Process {
 public:
  Player(NodeId peer, bool connects) : peer_(peer), connects_(connects) {}
  std::unique_ptr<Process> Clone() const override { return std::make_unique<Player>(*this); }
  void OnMessage(const Received& message, Env&, Effects& out) override {
    conn_ = message.conn;
    Play(message.payload.As<Ball>()->strokes + 1, out);
  }
  void OnTimer(Timer, Env&, Effects&) override {}
  std::string_view TimerName(Timer) const override { return "none"; }
  void Serve(Effects& out) {
    if (connects_) conn_ = out.Connect(peer_);
    Play(1, out);
  }

 private:
  void Play(int64_t strokes, Effects& out) {
    if (connects_) {
      out.Send(conn_, balls_.Make(Ball{strokes}));
    } else {
      out.SendDatagram(peer_, balls_.Make(Ball{strokes}));
    }
  }

  NodeId peer_;
  bool connects_;
  sim::ConnId conn_;
  sim::Recycler<Ball> balls_;
};

class AlarmFactory final : public sim::ProcessFactory {
 public:
  explicit AlarmFactory(int timers) : timers_(timers) {}
  std::unique_ptr<Process> Boot(Env& env, Effects& out) const override {
    for (int i = 0; i < timers_; ++i) Alarm::Set({.arg = i}, env, out);
    return std::make_unique<Alarm>();
  }

 private:
  int timers_;
};

class PlayerFactory final : public sim::ProcessFactory {
 public:
  PlayerFactory(int playing, bool connects) : playing_(playing), connects_(connects) {}
  std::unique_ptr<Process> Boot(Env& env, Effects& out) const override {
    auto player = std::make_unique<Player>(NodeId{env.self().value ^ 1}, connects_);
    const bool serves = env.self().value % 2 == 0 && env.self().value / 2 < static_cast<uint32_t>(playing_);
    if (serves) player->Serve(out);
    return player;
  }

 private:
  int playing_;
  bool connects_;
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

Simulation TimerWorld(int actors, uint64_t max_events, sim::SimulationSettings settings, int timers) {
  return Populate(actors, max_events, std::move(settings), std::make_shared<AlarmFactory>(timers), nullptr);
}

Simulation BallWorld(int pairs, int playing, uint64_t max_events, sim::SimulationSettings settings) {
  const sim::LinkSpec link = {.latency = sim::Distribution::Uniform(kShortest, kLongest)};
  return Populate(2 * pairs, max_events, std::move(settings), std::make_shared<PlayerFactory>(playing, false), &link);
}

Simulation ConnectedBallWorld(int pairs, uint64_t max_events, sim::SimulationSettings settings) {
  const sim::LinkSpec link = {.latency = sim::Distribution::Uniform(kShortest, kLongest)};
  return Populate(2 * pairs, max_events, std::move(settings), std::make_shared<PlayerFactory>(pairs, true), &link);
}

}  // namespace brokersim::bench
