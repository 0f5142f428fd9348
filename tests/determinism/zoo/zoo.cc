// Runs a small world with one planted leak in it.
//
//   zoo LIBRARY LEAK --out=FOLDER         leaves history.pb, trace.pb, and what others' checks would compare
//   zoo LIBRARY LEAK order --out=FOLDER   prints whether a few seeds give the same hashes in two orders
//
// LIBRARY is the leaks (leaks/*.cc) as some compiler has built them.
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/simulation.h"
#include "tests/determinism/zoo/catalogue.h"
#include "tests/determinism/zoo/rig.h"

namespace brokersim::zoo {
namespace {

using Sample = int64_t (*)(Rig&);

struct Number {
  static constexpr std::string_view kName = "Number";
  int64_t number = 0;
  template <class V>
  void Fields(V& v) const { v("number", number); }
};

// What others compare.
struct Peers {
  uint64_t end_draw = 0;   // FoundationDB: a number below 100,000, drawn when the run ends
  std::string draw_bytes;  // madsim: a byte of each draw, with the time
};

// The world draws from one stream, as others do; each draw is noted for their checks.
class NotedDraws final : public Rig {
 public:
  NotedDraws(sim::Stream* stream, sim::Time now, Peers* peers) : stream_(stream), now_(now), peers_(peers) {}
  uint64_t Next() override {
    const uint64_t drawn = stream_->Next();
    uint64_t time = static_cast<uint64_t>(now_.nanos());
    for (int shift = 32; shift >= 8; shift /= 2) time ^= time >> shift;
    peers_->draw_bytes += static_cast<char>((drawn ^ time) & 0xff);
    return drawn;
  }

 private:
  sim::Stream* stream_;
  sim::Time now_;
  Peers* peers_;
};

// Sends itself forty numbers. The pauses between them are drawn; a leak that decides adds a draw now and then.
class Animal final : public sim::Process {
 public:
  Animal(Sample sample, bool decides, Peers* peers, sim::Effects& out)
      : sample_(sample), decides_(decides), peers_(peers) {
    out.SetTimer({0}, sim::Milliseconds(1));
  }
  std::unique_ptr<Process> Clone() const override { return std::make_unique<Animal>(*this); }
  void OnMessage(const sim::Received&, sim::Env&, sim::Effects&) override {}
  std::string_view TimerName(sim::Timer) const override { return "tick"; }

  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override {
    sim::Stream& stream = env.Random("all");
    NotedDraws draws(&stream, env.monotonic(), peers_);
    int64_t number = sample_(draws);
    sim::Duration pause = sim::Microseconds(static_cast<int64_t>(draws.Next() % 1000));
    if (decides_) {
      number %= 2;
      if (number != 0) pause = pause + sim::Microseconds(static_cast<int64_t>(draws.Next() % 100));
    }
    out.SendDatagram(env.self(), sim::MakePayload(Number{number}));
    if (++ticks_ < 40) {
      out.SetTimer(timer, pause);
    } else {
      peers_->end_draw = stream.Below(100'000);
    }
  }

 private:
  Sample sample_;
  bool decides_;
  Peers* peers_;
  int64_t ticks_ = 0;
};

struct Cage final : public sim::ProcessFactory {
  Cage(Sample sample, bool decides, Peers* peers) : sample(sample), decides(decides), peers(peers) {}
  std::unique_ptr<sim::Process> Boot(sim::Env&, sim::Effects& out) const override {
    return std::make_unique<Animal>(sample, decides, peers, out);
  }
  Sample sample;
  bool decides;
  Peers* peers;
};

struct Run {
  uint64_t hash = 0;
  std::string history;
  std::string trace;
  Peers peers;
};

Run RunSeed(Sample sample, bool decides, uint64_t seed) {
  Run run;
  sim::Simulation simulation({.seed = seed, .recording = sim::RecordingLevel::kTrace});
  simulation.Install(simulation.AddNode({.name = "n1"}), std::make_shared<Cage>(sample, decides, &run.peers));
  simulation.Begin({});
  simulation.Run(sim::Time() + sim::Seconds(1));
  simulation.Finish();
  run.hash = simulation.hash();
  run.history = simulation.recorder().history().SerializeAsString();
  run.trace = simulation.recorder().TakeTrace();
  return run;
}

void Compare(Sample sample, bool decides) {
  constexpr uint64_t kSeeds = 4;
  std::vector<uint64_t> up, down;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) up.push_back(RunSeed(sample, decides, seed).hash);
  for (uint64_t seed = kSeeds; seed >= 1; --seed) down.push_back(RunSeed(sample, decides, seed).hash);
  std::reverse(down.begin(), down.end());
  fmt::print("{}\n", up == down ? "same" : "different");
}

int Main(const std::vector<std::string>& words) {
  const std::string option = "--out=";
  if (words.size() < 3 || words.back().rfind(option, 0) != 0) return 64;
  void* library = dlopen(words[0].c_str(), RTLD_NOW);
  if (library == nullptr) {
    fmt::print(stderr, "zoo: {}\n", dlerror());
    return 65;
  }
  Sample sample = nullptr;
  void* symbol = dlsym(library, ("leak_" + words[1]).c_str());
  std::memcpy(&sample, &symbol, sizeof sample);
  if (sample == nullptr) return 65;
  bool decides = false;
  for (const Leak& leak : kLeaks) decides = decides || (leak.name == words[1] && leak.decides);
  if (words[2] == "order") {
    Compare(sample, decides);
    return 0;
  }
  const std::string folder = words.back().substr(option.size());
  const Run run = RunSeed(sample, decides, 1);
  std::ofstream(folder + "/history.pb", std::ios::binary) << run.history;
  std::ofstream(folder + "/trace.pb", std::ios::binary) << run.trace;
  std::ofstream(folder + "/end_draw", std::ios::binary) << run.peers.end_draw;
  std::ofstream(folder + "/draw_bytes", std::ios::binary) << run.peers.draw_bytes;
  return 0;
}

}  // namespace
}  // namespace brokersim::zoo

int main(int argc, char** argv) { return brokersim::zoo::Main({argv + 1, argv + argc}); }
