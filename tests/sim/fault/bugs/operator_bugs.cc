// Planted bugs that operators and clients reveal: node a is asked something; z is there for those who hit others.
#include "tests/sim/fault/bugs/bugs.h"

namespace brokersim::sim::bugs {
namespace {

const BotNode kIdle{"z", "z", {}};

std::vector<BotNode> Alone(Program program) { return {{"a", "x", program}, kIdle}; }

Program Asked(bool (*asked)(Bot&, const Operation&, Env&, Effects&)) {
  Program p;
  p.asked = asked;
  p.tick = [](Bot&, Env&, Effects&) {};
  return p;
}

Bug ConfigChange() {
  return {"config_change", "a setting that is taken back live stays", {}, "", {},
          Alone(Asked([](Bot&, const Operation& operation, Env& env, Effects& out) {
            if (operation.name != "config") return false;
            if (!operation.begins && env.incarnation() == 1) Bot::Misbehave(out);
            return true;
          })),
          PlanFor({"a"})};
}

Bug Controlled(std::string_view kind, std::string_view text, bool (*asked)(Bot&, const Operation&, Env&, Effects&)) {
  Bug bug{kind, text, {}, "", {}, Alone(Asked(asked)), PlanFor({"a"})};
  bug.plan.control = {"a"};
  return bug;
}

Bug UncleanElection() {
  return Controlled("unclean_election", "a promoted replica's missing records are not noticed",
                    [](Bot&, const Operation& operation, Env&, Effects& out) {
                      if (operation.name != "unclean_election") return false;
                      Bot::Misbehave(out);
                      return true;
                    });
}

Bug Reassign() {
  return Controlled("reassign", "a replica that moves away still counts",
                    [](Bot&, const Operation& operation, Env&, Effects& out) {
                      if (operation.name != "reassign") return false;
                      Bot::Misbehave(out);
                      return true;
                    });
}

Bug PrematureFailover() {
  return Controlled("premature_failover", "a promoted standby does not fence the one that serves",
                    [](Bot&, const Operation& operation, Env&, Effects& out) {
                      if (operation.name != "failover") return false;
                      Bot::Misbehave(out);
                      return true;
                    });
}

Bug OfClient(std::string_view kind, std::string_view text, Program program) {
  Bug bug{kind, text, {}, "", {}, Alone(program), PlanFor({"z"})};
  bug.plan.clients = {"a"};
  return bug;
}

Bug RetryPolicy() {
  // v0: the timeout in ms, v1: how often it tries. The service answers after 700 ms.
  Program p = Asked([](Bot& bot, const Operation& operation, Env&, Effects&) {
    if (operation.name != "retry_policy") return false;
    bot.v = {operation.begins ? operation.duration.millis() : 1000, operation.number};
    return true;
  });
  p.boot = [](Bot& bot, Env&, Effects&) { bot.v = {1000, 0}; };
  p.tick = [](Bot& bot, Env&, Effects& out) {
    if (bot.v[0] < 700 && bot.v[1] > 0) Bot::Misbehave(out);
  };
  return OfClient("retry_policy", "a request that is tried again before its answer is done twice", p);
}

Bug SlowConsumer() {
  // v0: what one message takes in ms. The lease holds for 300 ms.
  Program p = Asked([](Bot& bot, const Operation& operation, Env& env, Effects&) {
    if (operation.name != "slow_consumer") return false;
    bot.v[0] = operation.begins ? operation.distribution.Sample(env.Random("work")).millis() : 1;
    return true;
  });
  p.tick = [](Bot& bot, Env&, Effects& out) {
    if (bot.v[0] > 300) Bot::Misbehave(out);
  };
  return OfClient("slow_consumer", "a message whose lease ran out is acknowledged", p);
}

Bug CheckBackUnknown() {
  // v0: how often it says "unknown". The broker gives up at the second time.
  Program p = Asked([](Bot& bot, const Operation& operation, Env&, Effects&) {
    if (operation.name != "check_back_unknown") return false;
    bot.v[0] = operation.begins ? operation.number : 0;
    return true;
  });
  p.tick = [](Bot& bot, Env&, Effects& out) {
    if (bot.v[0] > 1) Bot::Misbehave(out);
  };
  return OfClient("check_back_unknown", "the second unknown is taken for a no", p);
}

Bug ReplaceNode() {
  Program p;
  p.boot = [](Bot&, Env& env, Effects& out) {
    const File* vote = env.disk().Find("vote");
    if (env.incarnation() > 1 && vote != nullptr && vote->blocks.empty()) Bot::Misbehave(out);
    if (env.incarnation() == 1) out.Replace(env.Open("vote"), MakePayload(Num{1}));
  };
  p.tick = [](Bot&, Env&, Effects&) {};
  return {"replace_node", "a node that has forgotten its vote votes again", {}, "", {}, Alone(p), PlanFor({"a"})};
}

Bug DuplicateId() {
  Program p;  // v0: it started under another's identity
  p.boot = [](Bot& bot, Env& env, Effects&) { bot.v[0] = env.settings().contains("key") ? 1 : 0; };
  p.asked = [](Bot& bot, const Operation& operation, Env& env, Effects& out) {
    if (operation.name != "config") return false;
    if (!operation.begins && bot.v[0] == 1 && env.incarnation() > 1) Bot::Misbehave(out);
    return true;
  };
  p.tick = [](Bot&, Env&, Effects&) {};
  return {"duplicate_id", "two that believe to be the same commit for each other", {"config_change"},
          "an identity is a setting, taken over at the next start", {"crash", "restart"}, Alone(p), PlanFor({"a"})};
}

}  // namespace

std::vector<Bug> OperatorBugs() {
  return {ConfigChange(), UncleanElection(),   Reassign(),    ReplaceNode(),      DuplicateId(),
          PrematureFailover(), RetryPolicy(), SlowConsumer(), CheckBackUnknown()};
}

}  // namespace brokersim::sim::bugs
