// Planted bugs that faults of disks and clocks reveal. Node a is alone; z is there for those who hit others.
#include "tests/sim/fault/bugs/bugs.h"

namespace brokersim::sim::bugs {
namespace {

constexpr int64_t kMs = 1'000'000;

const BotNode kIdle{"z", "z", {}};

std::vector<BotNode> Alone(Program program) { return {{"a", "x", program}, kIdle}; }

bool Damaged(const Env& env) {
  const File* log = env.disk().Find("log");
  if (log == nullptr) return false;
  for (const Block& block : log->blocks) {
    if (block.damaged) return true;
  }
  return false;
}

// A journal: each tick appends a block that is never synced, and then notes durably how many there are.
Program Journal() {
  Program p;
  p.boot = [](Bot&, Env& env, Effects& out) {
    const File* log = env.disk().Find("log");
    const File* count = env.disk().Find("count");
    if (log == nullptr || count == nullptr || count->blocks.empty()) return;
    if (log->size() < count->blocks.front().content->As<Num>()->n) Bot::Misbehave(out);
  };
  p.tick = [](Bot&, Env& env, Effects& out) {
    const FileId log = env.Open("log");
    out.Append(log, MakePayload(Num{}));
    out.Replace(env.Open("count"), MakePayload(Num{env.disk().file(log).size() + 1}));
  };
  return p;
}

Bug IoError() {
  Program p;
  p.tick = [](Bot&, Env& env, Effects& out) {
    out.Append(env.Open("log"), MakePayload(Num{}));
    out.Sync(env.Open("log"));
  };
  p.error = [](Bot&, const DiskError& error, Env&, Effects& out) {
    if (error.error == "I/O error") Bot::Misbehave(out);
  };
  return {"io_error", "a failed write or sync is taken for done", {}, "", {}, Alone(p), PlanFor({"a"})};
}

Bug DiskFull() {
  Bug bug = IoError();
  bug.kind = "disk_full";
  bug.text = "an append without space is taken for done";
  bug.nodes[0].program.error = [](Bot&, const DiskError& error, Env&, Effects& out) {
    if (error.error == "no space left on device") Bot::Misbehave(out);
  };
  return bug;
}

Bug SlowDisk() {
  Program p;  // v0: ticks since the sync began, v1: one is under way
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    ++bot.v[0];
    if (bot.v[1] != 0) return;
    bot.v = {0, 1};
    out.Sync(env.Open("log"));
  };
  p.synced = [](Bot& bot, Env&, Effects& out) {
    bot.v[1] = 0;
    if (bot.v[0] >= 2) Bot::Misbehave(out);
  };
  return {"slow_disk", "a sync that takes two ticks is given up while it still runs", {}, "", {}, Alone(p),
          PlanFor({"a"})};
}

Bug BitRot() {
  Program p;
  p.tick = [](Bot&, Env& env, Effects& out) {
    if (env.incarnation() == 1 && Damaged(env)) Bot::Misbehave(out);
    out.Append(env.Open("log"), MakePayload(Num{}));
  };
  return {"bit_rot", "a block that the same process wrote is read without its checksum", {}, "", {}, Alone(p),
          PlanFor({"a"})};
}

Bug TornWrite() {
  Program p;
  p.boot = [](Bot&, Env& env, Effects& out) {
    int64_t torn = 0;
    for (uint32_t f = 0; f < env.disk().files(); ++f) {
      const File& file = env.disk().file(FileId{f});
      torn += file.size() > 0 && file.blocks.back().damaged ? 1 : 0;
    }
    if (torn >= 8) Bot::Misbehave(out);
  };
  p.tick = [](Bot&, Env& env, Effects& out) {
    for (const std::string_view name : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
      // Rewritten, so that rot doesn't stay.
      const FileId file = env.Open(name);
      out.Truncate(file, 0);
      out.Append(file, MakePayload(Num{}));
    }
  };
  Bug bug{"torn_write", "recovery gives up at the eighth broken tail", {"kill_power", "bit_rot"},
          "a power cut may tear every tail by itself; rot before a crash looks the same",
          {"crash", "restart"}, Alone(p), PlanFor({"a"})};
  bug.plan.zones = {"dc(x)"};
  bug.plan.faults = 24;
  return bug;
}

Bug PowerLoss() {
  return {"power_loss", "what a killed process had not synced is counted as there", {"kill_power"},
          "a crash and a power loss in one", {"crash", "restart"}, Alone(Journal()), PlanFor({"a"})};
}

Bug KillPower() {
  return {"kill_power", "what the machine had not synced is counted as there", {"power_loss"},
          "with any crash it is a kill_power", {"crash", "restart"}, Alone(Journal()), PlanFor({"a"})};
}

Bug ZonePower() {
  Bug bug{"zone_power", "replicas of one zone are counted as independent", {}, "", {}, Alone(Journal()),
          PlanFor({"z"})};
  bug.plan.zones = {"dc(x)"};
  return bug;
}

Bug MajorityDcLost() {
  Bug bug{"majority_dc_lost", "a majority of one datacenter counts as durable", {}, "", {}, Alone(Journal()),
          PlanFor({"z"})};
  bug.plan.voters = {"a"};
  return bug;
}

Bug Failback() {
  Program p = Journal();
  p.boot = [](Bot&, Env& env, Effects& out) {
    if (env.incarnation() > 1) Bot::Misbehave(out);
  };
  Bug bug{"failback", "an old primary that comes back counts what it never replicated", {"zone_power"},
          "a zone that comes back from a power loss does too", {}, Alone(p), PlanFor({"z"})};
  bug.plan.end = Time() + Seconds(4);
  bug.until = Seconds(5);
  bug.plan.zones = {"dc(x)"};
  return bug;
}

// ---- clocks

Bug Offset() {
  Program p;  // v0: wall minus monotonic before, v1: the last jump, v2: ticks without one since
  p.boot = [](Bot& bot, Env& env, Effects&) { bot.v[0] = (env.wall() - env.monotonic()).nanos(); };
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    const int64_t difference = (env.wall() - env.monotonic()).nanos();
    const int64_t jump = difference - bot.v[0];
    bot.v[0] = difference;
    if (jump == 0) {
      ++bot.v[2];
      return;
    }
    if (jump == -bot.v[1] && bot.v[2] >= 2) Bot::Misbehave(out);
    bot.v[1] = jump;
    bot.v[2] = 0;
  };
  return {"offset", "a wall clock that comes back to where it was expires leases twice", {}, "", {}, Alone(p),
          PlanFor({"a"})};
}

Bug Step() {
  Program p;
  p.tick = [](Bot&, Env& env, Effects& out) {
    if (env.monotonic().millis() >= 1200 && env.wall() > env.monotonic()) Bot::Misbehave(out);
  };
  return {"step", "timestamps stay ahead for good", {}, "", {}, Alone(p), PlanFor({"a"})};
}

Bug ClockFreeze() {
  Program p;  // v0: wall, v1: ticks at which it was the same
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    const int64_t wall = (env.wall() - Time()).nanos();
    bot.v[1] = wall == bot.v[0] ? bot.v[1] + 1 : 0;
    bot.v[0] = wall;
    if (bot.v[1] >= 3) Bot::Misbehave(out);
  };
  return {"clock_freeze", "ids made of wall time repeat", {}, "", {}, Alone(p), PlanFor({"a"})};
}

Bug Drift() {
  Program a;
  a.hear = [](Bot&, NodeId, const Num& num, Env& env, Effects& out) {
    if ((env.monotonic() - Time()).nanos() + kMs < num.x) Bot::Misbehave(out);
  };
  Program z;
  z.tick = [](Bot&, Env& env, Effects& out) {
    out.SendDatagram(NodeId{0}, MakePayload(Num{0, (env.monotonic() - Time()).nanos()}));
  };
  return {"drift", "a message from the future makes an age negative", {"pause"},
          "a clock that stops with its machine runs at another rate", {}, {{"a", "x", a}, {"z", "z", z}},
          PlanFor({"a"})};
}

}  // namespace

std::vector<Bug> DiskAndClockBugs() {
  return {PowerLoss(), TornWrite(), IoError(), BitRot(),      DiskFull(),  SlowDisk(),      Offset(),
          Drift(),     Step(),      ClockFreeze(), KillPower(), ZonePower(), MajorityDcLost(), Failback()};
}

}  // namespace brokersim::sim::bugs
