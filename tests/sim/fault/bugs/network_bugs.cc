// Planted bugs that faults of links and datacenters reveal. All but z send each other a number each tick; z is there
// for those who hit others.
#include <algorithm>
#include <utility>

#include "tests/sim/fault/bugs/bugs.h"

namespace brokersim::sim::bugs {
namespace {

constexpr int64_t kMs = 1'000'000;

int64_t Now(const Env& env) { return (env.monotonic() - Time()).nanos(); }

// Sends to the first `peers` nodes.
template <uint32_t kPeers>
void Talk(Bot& bot, Env& env, Effects& out) {
  if (env.monotonic().millis() > 700) return out.CancelTimer({0, 0});
  ++bot.v[0];
  for (uint32_t to = 0; to < kPeers; ++to) {
    if (to != env.self().value) out.SendDatagram(NodeId{to}, MakePayload(Num{bot.v[0], Now(env)}));
  }
}

// v1, v2: ticks since something was heard of node 1 and node 2. `far` is silent for long while `near` is not.
template <size_t kFar, size_t kNear, bool kWitness = false>
Program Listener() {
  Program p;
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    Talk<3>(bot, env, out);
    if (env.monotonic().millis() > 700) return;
    ++bot.v[1];
    ++bot.v[2];
    bot.v[3] = bot.v[kNear] <= 1 && bot.v[4] == 1 ? bot.v[3] + 1 : 0;
    if (bot.v[kFar] >= 12 && bot.v[3] >= 12) Bot::Misbehave(out);
  };
  p.hear = [](Bot& bot, NodeId from, const Num& num, Env&, Effects&) {
    bot.v[from.value] = 0;
    if (from.value == kNear) bot.v[4] = kWitness ? num.x : 1;
  };
  return p;
}

// Tells the others whether it hears node 1.
Program Witness() {
  Program p;
  p.tick = [](Bot& bot, Env& env, Effects& out) {
    if (env.monotonic().millis() > 700) return out.CancelTimer({0, 0});
    ++bot.v[1];
    for (uint32_t to = 0; to < 2; ++to) {
      out.SendDatagram(NodeId{to}, MakePayload(Num{++bot.v[0], bot.v[1] <= 2 ? 1 : 0}));
    }
  };
  p.hear = [](Bot& bot, NodeId from, const Num&, Env&, Effects&) {
    if (from.value == 1) bot.v[1] = 0;
  };
  return p;
}

Program Talker() {
  Program p;
  p.tick = Talk<3>;
  return p;
}

Bug ControlCut() {
  Bug bug{"control_cut", "a node without its controller but with its peers goes on as leader", {}, "", {},
          {{"a", "x", Listener<1, 2>()}, {"o", "x", Talker()}, {"p", "x", Talker()}, {"z", "z", {}}},
          PlanFor({"z"})};
  bug.plan.control = {"o"};
  return bug;
}

Bug DcSplit() {
  Bug bug{"dc_split", "two sites that share a third each believe to have the majority", {}, "", {},
          {{"a", "x", Listener<1, 2, true>()}, {"p", "y", Talker()}, {"q", "w", Witness()}, {"z", "z", {}}},
          PlanFor({"z"})};
  bug.plan.zones = {"dc(x)", "dc(y)"};
  return bug;
}

Bug ZoneCut() {
  Bug bug{"zone_cut", "a zone that talks to itself goes on without the others", {"failback", "wan", "mirror_lag"},
          "failback begins with the same cut; a WAN that loses all, or is that late, is one", {},
          {{"a", "x", Listener<1, 2>()}, {"p", "y", Talker()}, {"q", "x", Talker()}, {"z", "z", {}}},
          PlanFor({"z"})};
  bug.plan.zones = {"dc(x)"};
  return bug;
}

Bug Wan() {
  Program a = Talker();  // v1: exact multiples in a row
  a.hear = [](Bot& bot, NodeId from, const Num& num, Env& env, Effects& out) {
    if (from.value != 1) return;
    const int64_t late = Now(env) - num.x;
    const bool multiple = late > kMs && late % kMs == 0 && ((late / kMs) & (late / kMs - 1)) == 0;
    bot.v[1] = multiple ? bot.v[1] + 1 : 0;
    if (bot.v[1] >= 3) Bot::Misbehave(out);
  };
  return {"wan", "a timeout is set once for the usual distance", {}, "", {},
          {{"a", "x", a}, {"p", "y", Talker()}, {"q", "x", Talker()}, {"z", "z", {}}}, PlanFor({"z"})};
}

Bug MirrorLag() {
  Program a = Talker();  // v1: the same lateness of p's in a row while q's are in time, v2: it, v3: q's is late
  a.hear = [](Bot& bot, NodeId from, const Num& num, Env& env, Effects& out) {
    const int64_t late = Now(env) - num.x;
    if (from.value == 2) {
      bot.v[3] = late > kMs ? 1 : 0;
      return;
    }
    const bool multiple = late % kMs == 0 && ((late / kMs) & (late / kMs - 1)) == 0;
    bot.v[1] = late == bot.v[2] && !multiple && bot.v[3] == 0 ? bot.v[1] + 1 : 0;
    bot.v[2] = late;
    if (bot.v[1] >= 10) Bot::Misbehave(out);
  };
  return {"mirror_lag", "a mirror that is steadily behind is taken for complete", {}, "", {},
          {{"a", "x", a}, {"p", "y", Talker()}, {"q", "x", Talker()}, {"z", "z", {}}}, PlanFor({"z"})};
}

Bug Delay() {
  Program a = Talker();  // v1: the same lateness in a row, v2: it
  a.hear = [](Bot& bot, NodeId from, const Num& num, Env& env, Effects& out) {
    if (from.value != 1) return;
    const int64_t late = Now(env) - num.x;
    if (num.n <= bot.v[3]) return;
    bot.v[3] = num.n;
    bot.v[1] = late > kMs && late == bot.v[2] ? bot.v[1] + 1 : 0;
    bot.v[2] = late;
    if (bot.v[1] >= 4) Bot::Misbehave(out);
  };
  return {"delay", "a constant lateness makes every answer miss its round", {"tail"},
          "a tail that comes always is a delay", {}, {{"a", "x", a}, {"p", "x", Talker()}, {"z", "z", {}}},
          PlanFor({"z"})};
}

// Sends to the other one; at 40 s, when whatever is late has come, `judge` looks at `list`: what came, in its order.
Bug Stream(std::string_view kind, std::string_view text, Act judge) {
  Program a;
  a.boot = [](Bot&, Env&, Effects& out) { out.SetTimer({1, 0}, Seconds(40)); };
  a.tick = [](Bot&, Env&, Effects& out) { out.CancelTimer({0, 0}); };
  a.hear = [](Bot& bot, NodeId from, const Num& num, Env&, Effects&) {
    if (from.value == 1) bot.list.push_back(num.n);
  };
  a.other = judge;
  Program p;
  p.tick = Talk<1>;
  return {kind, text, {}, "", {}, {{"a", "x", a}, {"p", "x", p}, {"z", "z", {}}}, PlanFor({"z"}), Seconds(41)};
}

// The lengths of the holes in the list.
std::vector<int64_t> Holes(Bot& bot) {
  std::sort(bot.list.begin(), bot.list.end());
  std::vector<int64_t> holes;
  for (size_t i = 1; i < bot.list.size(); ++i) {
    const int64_t step = bot.list[i] - bot.list[i - 1];
    if (step > 1) holes.push_back(step - 1);
  }
  return holes;
}

// A timeout that follows the usual lateness: what delays all moves it along, and what was lost or came twice is another
// matter. So a few that are late by the same, each between two that came as fast as ever, and nothing is missing.
Bug Tail() {
  constexpr int64_t kOneNumber = int64_t{1} << 40;  // list: number and lateness
  Bug bug = Stream("tail", "a timeout follows the median, and a few answers take a longer road",
                   [](Bot& bot, Env&, Effects& out) {
    std::sort(bot.list.begin(), bot.list.end());
    std::vector<int64_t> lonely;
    for (size_t i = 1; i < bot.list.size(); ++i) {
      if (bot.list[i] / kOneNumber != bot.list[i - 1] / kOneNumber + 1) return;
      const auto late = [&](size_t at) { return bot.list[at] % kOneNumber; };
      if (i > 1 && late(i - 2) == kMs && late(i - 1) > 20 * kMs && late(i) == kMs) lonely.push_back(late(i - 1));
    }
    if (lonely.size() >= 3 && std::count(lonely.begin(), lonely.end(), lonely[0]) >= 3) Bot::Misbehave(out);
  });
  bug.nodes[0].program.hear = [](Bot& bot, NodeId from, const Num& num, Env& env, Effects&) {
    if (from.value == 1) bot.list.push_back(num.n * kOneNumber + Now(env) - num.x);
  };
  return bug;
}

Bug Loss() {
  return Stream("loss", "a stream with many small holes is taken for whole", [](Bot& bot, Env&, Effects& out) {
    int64_t small = 0;
    for (const int64_t hole : Holes(bot)) small += hole <= 2 ? 1 : 0;
    if (small >= 7) Bot::Misbehave(out);
  });
}

void LongHole(Bot& bot, Env&, Effects& out) {
  for (const int64_t hole : Holes(bot)) {
    if (hole >= 16) return Bot::Misbehave(out);
  }
}

Bug OneWay() {
  Bug bug = Stream("one_way", "a sender that hears the other goes on although nobody hears it", LongHole);
  bug.alike = {"loss"};
  bug.why = "a link that loses all is a cut";
  return bug;
}

Bug Cut(std::string_view kind, std::string_view text, std::vector<std::string_view> alike) {
  Bug bug = Stream(kind, text, LongHole);
  bug.plan = PlanFor({"p"});
  bug.alike = std::move(alike);
  bug.why = "of one node that is cut off, all of them are the same";
  return bug;
}

Bug Partition() {
  return Cut("partition", "a node on the other side is still counted", {"isolate", "flap", "one_way", "loss"});
}

Bug Isolate() {
  return Cut("isolate", "a node that nobody reaches is still counted", {"partition", "flap", "one_way", "loss"});
}

Bug Flap() {
  return Cut("flap", "a cut in which the other end was forgotten ends", {"partition", "isolate", "one_way", "loss"});
}

Bug Clog() {
  Bug bug = Stream("clog", "a burst overflows the queue", LongHole);
  bug.nodes[0].program.hear = [](Bot& bot, NodeId from, const Num& num, Env& env, Effects& out) {
    if (from.value != 1) return;
    // v1: when the last ones came, v2: how many, v3: the last new one.
    if (num.n <= bot.v[3]) return;
    bot.v[3] = num.n;
    bot.v[2] = Now(env) - bot.v[1] < 1'000 ? bot.v[2] + 1 : 0;
    bot.v[1] = Now(env);
    if (bot.v[2] >= 16) Bot::Misbehave(out);
  };
  bug.alike = {"one_way"};
  bug.why = "one that jams is a clog";
  return bug;
}

Bug Reorder() {
  Bug bug = Stream("reorder", "the last one that came is taken for the newest", [](Bot& bot, Env&, Effects& out) {
    std::vector<int64_t> seen;
    for (const int64_t n : bot.list) {
      if (std::find(seen.begin(), seen.end(), n) != seen.end()) continue;
      if (!seen.empty() && n < *std::max_element(seen.begin(), seen.end())) return Bot::Misbehave(out);
      seen.push_back(n);
    }
  });
  bug.alike = {"delay", "tail", "hold_if", "duplicate"};
  bug.why = "lateness that differs lets others pass; so does a copy of what was lost";
  bug.helpers = {"loss"};
  return bug;
}

// Node a asks p over a connection each tick; list: the answers.
Bug Asking(std::string_view kind, std::string_view text) {
  Program a;
  a.boot = [](Bot& bot, Env&, Effects& out) { bot.conn = out.Connect(NodeId{1}); };
  a.tick = [](Bot& bot, Env& env, Effects& out) {
    if (env.monotonic().millis() > 700) return out.CancelTimer({0, 0});
    out.Send(ConnId{env.self().value, 0}, MakePayload(Num{++bot.v[0], 0}));
  };
  Program p;
  p.hear = [](Bot& bot, NodeId, const Num& num, Env&, Effects& out) { out.Send(bot.conn, MakePayload(num)); };
  return {kind, text, {}, "", {}, {{"a", "x", a}, {"p", "x", p}, {"z", "z", {}}}, PlanFor({"z"})};
}

Bug Reset() {
  Bug bug = Asking("reset", "a connection that is reset is taken for a peer that died");
  bug.nodes[0].program.lost = [](Bot&, Env&, Effects& out) { Bot::Misbehave(out); };
  return bug;
}

Bug ResponseLost() {
  Bug bug = Asking("response_lost", "requests without an answer pile up behind one that has one");
  bug.alike = {"drop_if"};
  bug.why = "answers are messages that can be dropped by name";
  bug.nodes[0].program.hear = [](Bot& bot, NodeId, const Num& num, Env&, Effects& out) {
    if (num.n > bot.v[1]) bot.v[2] += num.n - bot.v[1] - 1;
    bot.v[1] = std::max(bot.v[1], num.n);
    if (bot.v[2] >= 5) Bot::Misbehave(out);
  };
  return bug;
}

Bug Duplicate() {
  Program a = Talker();  // v1: the last number, v2: how often, v3: since when
  a.hear = [](Bot& bot, NodeId from, const Num& num, Env& env, Effects& out) {
    if (from.value != 1) return;
    if (num.n != bot.v[1]) {
      bot.v[1] = num.n;
      bot.v[2] = 0;
      bot.v[3] = Now(env);
    }
    ++bot.v[2];
    if (bot.v[2] >= 4 && Now(env) - bot.v[3] < 10 * kMs) Bot::Misbehave(out);
  };
  Program p;
  p.tick = Talk<2>;
  return {"duplicate", "a fourth copy overflows the table of duplicates", {}, "", {},
          {{"a", "x", a}, {"p", "x", p}, {"z", "z", {}}}, PlanFor({"z"})};
}

}  // namespace

std::vector<Bug> NetworkBugs() {
  return {Delay(),   Tail(), Loss(),  Duplicate(),    Reorder(), Partition(), OneWay(), Isolate(),    Flap(),
          Clog(),    Reset(), ResponseLost(), ZoneCut(), DcSplit(),   Wan(),    ControlCut(), MirrorLag()};
}

}  // namespace brokersim::sim::bugs
