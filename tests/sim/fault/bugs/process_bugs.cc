// Planted bugs that faults of processes reveal. Node a is alone unless said; z is there for those who hit others.
#include <algorithm>

#include "tests/sim/fault/bugs/bugs.h"

namespace brokersim::sim::bugs {
namespace {

constexpr int64_t kMs = 1'000'000;

const BotNode kIdle{"z", "z", {}};

std::vector<BotNode> Alone(Program program, Duration service_time = {}) {
  return {{"a", "x", program, service_time}, kIdle};
}

int64_t Now(const Env& env) { return (env.monotonic() - Time()).nanos(); }

int64_t Stored(const Env& env, std::string_view name) {
  const File* file = env.disk().Find(name);
  return file == nullptr || file->blocks.empty() ? 0 : file->blocks.front().content->As<Num>()->n;
}

// Two files that always hold the same, but for a crash between them.
Program Pair() {
  Program p;
  p.boot = [](Bot&, Env& env, Effects& out) {
    if (Stored(env, "1") != Stored(env, "2")) Bot::Misbehave(out);
  };
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    const int64_t next = ++bot.v[0] + env.incarnation() * 1000;
    out.Replace(env.Open("1"), MakePayload(Num{next}));
    out.Point("point");
    out.Replace(env.Open("2"), MakePayload(Num{next}));
  };
  return p;
}

// A node that notes durably whether it ended in good order.
std::vector<BotNode> Orderly() {
  Program a;
  a.boot = [](Bot&, Env& env, Effects& out) {
    const bool clean = Stored(env, "clean") == 1;
    if (env.incarnation() > 1 && !clean && env.settings().empty()) Bot::Misbehave(out);
    out.Replace(env.Open("clean"), MakePayload(Num{0}));
  };
  a.stop = [](Bot&, Env& env, Effects& out) {
    out.Replace(env.Open("clean"), MakePayload(Num{1}));
    out.Exit();
  };
  a.tick = [](Bot&, Env&, Effects&) {};
  return {{"a", "x", a}, kIdle};
}

Bug Crash() {
  return {"crash", "recovery after an unclean end skips the check", {"kill_power", "restart", "replace_node",
                                                                     "duplicate_id", "stop"},
          "each is a crash with something more, or a stop that is killed when it takes too long",
          {"io_error", "disk_full"}, Orderly(), PlanFor({"a"})};
}

Bug Restart() {
  Bug bug = Crash();
  bug.kind = "restart";
  bug.text = "a second incarnation takes the first one's locks for its own";
  bug.alike = {"crash", "kill_power", "replace_node", "duplicate_id", "stop"};
  return bug;
}

Bug CrashAt() {
  return {"crash_at", "two files that belong together are written one after the other",
          {"io_error", "slow_disk"}, "the second write fails or hangs, and a crash follows",
          {"crash", "restart"}, Alone(Pair()), PlanFor({"a"})};
}

Bug ClientCrashAt() {
  Bug bug{"client_crash_at", "a client that has processed has not yet acknowledged", {}, "", {}, Alone(Pair()),
          PlanFor({"z"})};
  bug.plan.clients = {"a"};
  return bug;
}

// Shutdown, and the settings that it was told of: by its start, or by a change.
Program Stopping(bool with_news) {
  Program p;
  p.boot = [](Bot& bot, Env& env, Effects&) { bot.v[0] = env.settings().contains("key") ? 1 : 0; };
  p.asked = [](Bot& bot, const Operation& operation, Env& env, Effects&) {
    bot.v[0] = env.settings().contains("key") ? 1 : 0;
    return operation.name == "config";
  };
  p.tick = [](Bot&, Env&, Effects&) {};
  if (with_news) {
    p.stop = [](Bot& bot, Env& env, Effects& out) {
      if (env.settings().contains("key") && bot.v[0] == 0) Bot::Misbehave(out);
      out.Exit();
    };
  } else {
    p.stop = [](Bot& bot, Env& env, Effects& out) {
      if (env.settings().contains("key") == (bot.v[0] == 1)) Bot::Misbehave(out);
      out.Exit();
    };
  }
  return p;
}

Bug Stop() {
  return {"stop", "the shutdown protocol forgets to hand over", {"rolling_restart", "rolling_upgrade"},
          "they stop nodes too (an upgrade a second time, when its value is known)", {}, Alone(Stopping(false)),
          PlanFor({"a"})};
}

Bug RollingRestart() {
  Bug bug = Stop();
  bug.kind = "rolling_restart";
  bug.text = "a node that is stopped by an operator forgets to hand over";
  bug.alike = {"stop", "rolling_upgrade"};
  return bug;
}

Bug RollingUpgrade() {
  return {"rolling_upgrade", "shutdown writes the new version's format although the process is the old one", {}, "",
          {}, Alone(Stopping(true)), PlanFor({"a"})};
}

Bug RebalanceStorm() {
  Bug bug{"rebalance_storm", "a member that leaves keeps its partitions", {}, "", {}, Alone(Stopping(false)),
          PlanFor({"z"})};
  bug.plan.clients = {"a"};
  return bug;
}

Bug Pause() {
  Program p;  // v0: the last tick
  p.boot = [](Bot& bot, Env& env, Effects&) { bot.v[0] = Now(env); };
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    if (Now(env) - bot.v[0] > 25 * kMs) Bot::Misbehave(out);
    bot.v[0] = Now(env);
  };
  return {"pause", "a lease is used after a stop of the world without a look at the clock", {}, "", {}, Alone(p),
          PlanFor({"a"})};
}

// Node a leads; its peer takes over when it hears nothing for 40 ms, and says so.
Bug Zombie() {
  Program a;  // v0: the last tick, v1: it has come back from a gap
  a.boot = [](Bot& bot, Env& env, Effects&) { bot.v[0] = Now(env); };
  a.tick = [](Bot& bot, Env& env, Effects& out) {
    bot.v[1] = Now(env) - bot.v[0] > 30 * kMs ? 1 : 0;
    bot.v[0] = Now(env);
    out.SendDatagram(NodeId{1}, MakePayload(Num{1}));
  };
  a.hear = [](Bot& bot, NodeId, const Num& num, Env&, Effects& out) {
    if (num.n == 2 && bot.v[1] == 1) Bot::Misbehave(out);
  };
  a.role = "lead";
  Program peer;  // v0: ticks without a word
  peer.tick = [](Bot& bot, Env&, Effects& out) {
    if (++bot.v[0] >= 4) out.SendDatagram(NodeId{0}, MakePayload(Num{2}));
  };
  peer.hear = [](Bot& bot, NodeId, const Num&, Env&, Effects&) { bot.v[0] = 0; };
  peer.boot = [](Bot&, Env&, Effects&) {};
  return {"zombie", "a leader that comes back acts before it reads that it was replaced", {"pause"},
          "a zombie is a pause that ends when the successor has acted", {},
          {{"a", "x", a}, {"z", "z", peer}}, PlanFor({"a"})};
}

// Messages to itself, one a tick; list: which have come.
Program Selfish() {
  Program p;
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    if (bot.v[0] < 60) out.SendDatagram(env.self(), MakePayload(Num{++bot.v[0], env.incarnation()}));
  };
  return p;
}

Bug Stuck() {
  Program p = Selfish();
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    if (bot.v[0] - bot.v[1] > 20) Bot::Misbehave(out);
    out.SendDatagram(env.self(), MakePayload(Num{++bot.v[0], 0}));
  };
  p.hear = [](Bot& bot, NodeId, const Num& num, Env&, Effects&) { bot.v[1] = std::max(bot.v[1], num.n); };
  return {"stuck", "heartbeats go on although nothing is handled any more", {}, "", {}, Alone(p), PlanFor({"a"})};
}

Bug LateFencing() {
  Bug bug = Stuck();
  bug.kind = "late_fencing";
  bug.text = "a leader goes on although nothing reaches it any more";
  bug.nodes[0].program.role = "lead";
  bug.plan = PlanFor({"z"});
  return bug;
}

Bug DropIf() {
  Program p = Selfish();
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    if (bot.v[0] < 60) {
      out.SendDatagram(env.self(), MakePayload(Num{++bot.v[0], env.incarnation()}));
      return;
    }
    // All faults are over: what has not come never will.
    if (++bot.v[2] >= 20 && Now(env) > 1'500 * kMs && bot.v[1] < bot.v[0]) Bot::Misbehave(out);
  };
  p.hear = [](Bot& bot, NodeId, const Num& num, Env& env, Effects&) {
    if (num.x != env.incarnation()) return;
    for (const int64_t seen : bot.list) {
      if (seen == num.n) return;
    }
    bot.list.push_back(num.n);
    ++bot.v[1];
  };
  return {"drop_if", "a message that a process sends to itself is taken for certain", {}, "", {}, Alone(p),
          PlanFor({"a"})};
}

Bug HoldIf() {
  Program p = Selfish();
  p.hear = [](Bot& bot, NodeId, const Num& num, Env& env, Effects& out) {
    if (num.x != env.incarnation()) return;
    for (const int64_t seen : bot.list) {
      if (seen == num.n) return;
    }
    bot.list.push_back(num.n);
    if (num.n + 2 <= bot.v[1]) Bot::Misbehave(out);
    bot.v[1] = std::max(bot.v[1], num.n);
  };
  return {"hold_if", "an old message that comes after newer ones is applied", {}, "", {}, Alone(p), PlanFor({"a"})};
}

Bug LateDuplicate() {
  Program p = Selfish();
  p.hear = [](Bot& bot, NodeId, const Num& num, Env& env, Effects& out) {
    if (num.x != env.incarnation()) return;
    for (const int64_t seen : bot.list) {
      if (seen == num.n) Bot::Misbehave(out);
    }
    bot.list.push_back(num.n);
  };
  return {"late_duplicate", "the table of duplicates is emptied before the last copy comes", {}, "", {}, Alone(p),
          PlanFor({"a"})};
}

Bug DoubleProcessing() {
  Bug bug = LateDuplicate();
  bug.kind = "double_processing";
  bug.text = "two handlers of one message both find it new";
  bug.alike = {"late_duplicate"};
  bug.why = "a copy too, if it comes early";
  bug.nodes[0].service_time = Milliseconds(3);
  return bug;
}

Bug SlowCpu() {
  Program p;  // v0: the last tick, v1: its gap, v2: equal gaps
  p.boot = [](Bot& bot, Env& env, Effects&) { bot.v[0] = Now(env); };
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    const int64_t gap = Now(env) - bot.v[0];
    const int64_t off = gap - bot.v[1];
    const bool equal = off > -100 && off < 100;
    bot.v[2] = equal && gap > 13'500'000 ? bot.v[2] + 1 : 0;
    bot.v[0] = Now(env);
    bot.v[1] = gap;
    if (bot.v[2] >= 2) Bot::Misbehave(out);
  };
  return {"slow_cpu", "a queue is sized for the usual service time", {}, "", {}, Alone(p, Milliseconds(1)),
          PlanFor({"a"})};
}

Bug Ties() {
  Program p;  // v0: the last alarm
  p.tick = [](Bot& bot, Env&, Effects& out) {
    bot.v[0] = 0;
    for (uint32_t kind = 1; kind <= 3; ++kind) out.SetTimer({kind, 0}, Milliseconds(3));
  };
  p.other = [](Bot& bot, Env&, Effects& out) {
    if (bot.timer < bot.v[0]) Bot::Misbehave(out);
    bot.v[0] = bot.timer;
  };
  return {"ties", "two timers of one instant are expected in the order in which they were set", {}, "", {}, Alone(p),
          PlanFor({"z"})};
}

}  // namespace

std::vector<Bug> ProcessBugs() {
  return {LateDuplicate(), DropIf(),  HoldIf(),         Crash(),          CrashAt(),       Stop(),
          Restart(),       Pause(),   Zombie(),         Stuck(),          Ties(),          SlowCpu(),
          RollingRestart(), RollingUpgrade(), ClientCrashAt(), RebalanceStorm(), DoubleProcessing(), LateFencing()};
}

}  // namespace brokersim::sim::bugs
