// A toy world to try the kernel with: nodes that follow a script, and what happened as lines of text.
//
//   ToyWorld world;
//   world.Add("a").At(Milliseconds(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); toy.Say("hi", out); });
//   world.Add("b");
//   EXPECT_EQ(world.Run(Seconds(1)), Lines({"2ms ..."}));
//
// Links take exactly 1 ms, syncs 1 ms and handlers no time unless a test says otherwise.
#ifndef BROKERSIM_TESTS_SIM_TOY_H_
#define BROKERSIM_TESTS_SIM_TOY_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "sim/kernel/simulation.h"

namespace brokersim::sim {

struct Word {
  static constexpr std::string_view kName = "Word";
  std::string text;
  template <class V>
  void Fields(V& v) const { v("text", text); }
};

class Toy;

struct ToyScript {
  using Act = std::function<void(Toy&, Env&, Effects&)>;
  using Hear = std::function<void(Toy&, const Received&, const std::string& text, Env&, Effects&)>;

  NodeSpec spec;
  std::vector<std::pair<Duration, Act>> acts;  // of the first incarnation only, by the node's clock
  Act boot;
  Act tick;  // at timers of kind 2
  Hear hear;
  std::function<void(Toy&, ConnId, Env&, Effects&)> connected;
  std::function<void(Toy&, SyncTicket, Env&, Effects&)> synced;
  Act stop;  // by default: exits
  std::function<void(Toy&, const DiskError&, Env&, Effects&)> disk_error;  // by default: exits
  std::function<bool(Toy&, const Operation&, Env&, Effects&)> operation;   // by default: means nothing to it
  std::function<bool(const Toy&)> healthy;                                 // by default: always

  ToyScript& At(Duration when, Act act) {
    acts.emplace_back(when, std::move(act));
    return *this;
  }
  ToyScript& OnWord(Hear act) {
    hear = std::move(act);
    return *this;
  }
  // Answers each word with the same, on its connection or as a datagram.
  ToyScript& Echo();
};

class Toy final : public Process {
 public:
  explicit Toy(const ToyScript* script) : script_(script) {}

  ConnId conn;
  std::string role;
  int64_t number = 0;
  std::vector<std::string> heard;

  void Dial(uint32_t to, Effects& out) { conn = out.Connect(NodeId{to}); }
  void Say(std::string text, Effects& out) { out.Send(conn, MakePayload(Word{std::move(text)})); }
  void Throw(uint32_t to, std::string text, Effects& out) {
    out.SendDatagram(NodeId{to}, MakePayload(Word{std::move(text)}));
  }
  void Start(Env& env, Effects& out);

  std::unique_ptr<Process> Clone() const override { return std::make_unique<Toy>(*this); }
  void OnMessage(const Received& message, Env& env, Effects& out) override;
  void OnTimer(Timer timer, Env& env, Effects& out) override;
  void OnConnected(ConnId id, Env& env, Effects& out) override;
  void OnSynced(SyncTicket ticket, Env& env, Effects& out) override;
  void OnStop(Env& env, Effects& out) override;
  void OnDiskError(const DiskError& error, Env& env, Effects& out) override;
  bool OnOperation(const Operation& operation, Env& env, Effects& out) override;
  bool Healthy() const override { return !script_->healthy || script_->healthy(*this); }
  std::string_view TimerName(Timer timer) const override { return timer.kind == 1 ? "alarm" : "act"; }
  bool HoldsRole(std::string_view name) const override { return !role.empty() && name == role; }
  void Describe(Describer& to) const override { to.Set("number", number); }

 private:
  const ToyScript* script_;
};

using Lines = std::vector<std::string>;

class ToyWorld {
 public:
  explicit ToyWorld(SimulationSettings settings = {});

  // Scripts stay where they are; `sim` and its copies must not outlive this.
  ToyScript& Add(std::string name, NodeSpec spec = {});
  void AddFault(std::string id, FaultAction action, Duration at, std::optional<Duration> lasts = std::nullopt);

  // Creates the simulation, so that links and more faults can still be set.
  Simulation& Build();
  Simulation BuildAt(SimulationSettings settings) const;
  // Runs to the end and returns what happened, without sends, acts, syncs' beginnings and the like.
  Lines Run(Duration until);
  // Those lines that contain any of these texts.
  static Lines Only(const Lines& lines, const std::vector<std::string>& texts);

  int64_t Effects(std::string_view fault) const;
  const formats::DecodedTrace& trace() const { return trace_; }
  const std::string& trace_bytes() const { return trace_bytes_; }

  LinkSpec link = {.latency = Distribution::Constant(Milliseconds(1))};
  std::vector<Fault> faults;
  std::unique_ptr<Simulation> sim;

 private:
  SimulationSettings settings_;
  std::vector<std::unique_ptr<ToyScript>> scripts_;
  std::string trace_bytes_;
  formats::DecodedTrace trace_;
};

// One event as a line, or "" for the kinds that only clutter.
std::string LineOf(const formats::TraceEvent& event, const formats::DecodedTrace& trace);

}  // namespace brokersim::sim

#endif  // BROKERSIM_TESTS_SIM_TOY_H_
