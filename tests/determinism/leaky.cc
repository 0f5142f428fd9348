// A simulation that isn't deterministic: a process sends a number that comes from outside. For determinism_test.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {
namespace {

struct Leak {
  static constexpr std::string_view kName = "Leak";
  int64_t number = 0;
  template <class V> void Fields(V& v) const { v("number", number); }
};

class Leaky final : public Process {
 public:
  explicit Leaky(Effects& out) { out.SetTimer({0}, Milliseconds(1)); }
  std::unique_ptr<Process> Clone() const override { return std::make_unique<Leaky>(*this); }
  void OnMessage(const Received&, Env&, Effects&) override {}
  void OnTimer(Timer timer, Env& env, Effects& out) override {
    // The twentieth message is the first one that leaks.
    const char* padding = std::getenv("BROKERSIM_PADDING");
    const auto leak = static_cast<int64_t>(padding == nullptr ? 0 : std::strlen(padding));
    out.SendDatagram(env.self(), MakePayload(Leak{++sent_ < 20 ? 0 : leak}));
    if (sent_ < 40) out.SetTimer(timer, Milliseconds(1));
  }
  std::string_view TimerName(Timer) const override { return "tick"; }

 private:
  int64_t sent_ = 0;
};

class LeakyFactory final : public ProcessFactory {
 public:
  std::unique_ptr<Process> Boot(Env&, Effects& out) const override { return std::make_unique<Leaky>(out); }
};

int Run(const std::string& folder) {
  Simulation simulation(SimulationSettings{.seed = 1, .recording = RecordingLevel::kTrace});
  NodeSpec spec;
  spec.name = "n1";
  simulation.Install(simulation.AddNode(spec), std::make_shared<LeakyFactory>());
  simulation.Begin({});
  simulation.Run(Time() + Seconds(1));
  simulation.Finish();
  std::ofstream(folder + "/history.pb") << simulation.recorder().history().SerializeAsString();
  std::ofstream(folder + "/trace.pb") << simulation.recorder().TakeTrace();
  return 0;
}

}  // namespace
}  // namespace brokersim::sim

int main(int argc, char** argv) {
  const std::string last = argv[argc - 1];
  const std::string option = "--out=";
  return last.rfind(option, 0) == 0 ? brokersim::sim::Run(last.substr(option.size())) : 64;
}
