// Faults that operators and clients make.
#ifndef BROKERSIM_SIM_FAULT_OPERATOR_KINDS_H_
#define BROKERSIM_SIM_FAULT_OPERATOR_KINDS_H_

#include <string>
#include <vector>

#include "sim/fault/vocabulary.h"

namespace brokersim::sim {

// ---- operators

struct RollingRestart {
  static constexpr KindInfo kInfo{
      "rolling_restart",
      "8.7",
      kOnSettings | kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "Nodes are stopped and started one after another, with or without waiting until each says that it "
      "is healthy again."};
  Selector nodes = {};
  Wait wait = Wait::kHealthy;
  Duration down = Seconds(1);
  Duration gap = Seconds(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("wait", f.wait, "none, or healthy: the next one only when every node that was restarted is healthy");
    v("down", f.down, "from a node's stop to its start");
    v("gap", f.gap, "from a node's start to the next one's stop");
  }
};

struct RollingUpgrade {
  static constexpr KindInfo kInfo{
      "rolling_upgrade",
      "8.7",
      kOnSettings | kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "Nodes are restarted one after another with a new value of a setting (a version), so that both "
      "coexist; at the end a gate is set on all of them, live."};
  Selector nodes = {};
  std::string key = {};
  std::string value = {};
  std::string gate_key = {};
  std::string gate_value = {};
  Duration over = Seconds(10);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("key", f.key, "the setting that a restarted node has anew");
    v("value", f.value, "its value");
    v("gate_key", f.gate_key, "the setting that all get when the last one is up; empty: none");
    v("gate_value", f.gate_value, "its value");
    v("over", f.over, "from the first restart to the gate");
  }
};

struct ConfigChange {
  static constexpr KindInfo kInfo{
      "config_change",
      "8.7",
      kOnSettings,
      Budget::kTolerable,
      true,
      false,
      "A setting is changed: at once where the process can, at its next start where it can't. At the end, "
      "if there is one, it is taken back."};
  Selector nodes = {};
  std::string key = {};
  std::string value = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("key", f.key, "the setting");
    v("value", f.value, "its value");
  }
};

struct BadRollout {
  static constexpr KindInfo kInfo{"bad_rollout",
                                  "8.7",
                                  kOnSettings,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "As config_change, but only a drawn part of the nodes gets it."};
  Selector nodes = {};
  Ratio probability = Ratio::Percent(50);
  std::string key = {};
  std::string value = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("probability", f.probability, "that a node gets it");
    v("key", f.key, "the setting");
    v("value", f.value, "its value");
  }
};

struct UncleanElection {
  static constexpr KindInfo kInfo{"unclean_election",
                                  "8.7",
                                  kOnSettings,
                                  Budget::kBeyond,
                                  true,
                                  true,
                                  "The operator has a replica promoted that isn't in sync."};
  Selector nodes = {};
  std::string partition = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "who is asked, e.g. controller");
    v("partition", f.partition, "of what, e.g. orders-0");
  }
};

struct Reassign {
  static constexpr KindInfo kInfo{
      "reassign", "8.7", kOnSettings, Budget::kTolerable, true, true, "The operator moves replicas."};
  Selector nodes = {};
  std::string partition = {};
  std::string replicas = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "who is asked, e.g. controller");
    v("partition", f.partition, "of what, e.g. orders-0");
    v("replicas", f.replicas, "where its replicas shall be, e.g. 2 3 4");
  }
};

struct ReplaceNode {
  static constexpr KindInfo kInfo{
      "replace_node",
      "8.7",
      kOnStored | kOnSettings,
      Budget::kBeyond,
      true,
      true,
      "The node dies, and one with the same identity and an empty disk takes its place: it has forgotten "
      "its promises."};
  Selector nodes = {};
  Duration down = Seconds(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("down", f.down, "how long until it starts");
  }
};

struct DuplicateId {
  static constexpr KindInfo kInfo{
      "duplicate_id",
      "8.7",
      kOnSettings | kOnProcesses,
      Budget::kBeyond,
      true,
      false,
      "A node is restarted under the identity of another one: two live processes with one identity."};
  Selector nodes = {};
  std::string key = "identity";
  std::string value = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "who takes another's identity");
    v("key", f.key, "the setting that holds it, e.g. node.id or transactional.id");
    v("value", f.value, "the other's");
  }
};

struct PrematureFailover {
  static constexpr KindInfo kInfo{"premature_failover",
                                  "8.7",
                                  kOnSettings,
                                  Budget::kTolerable,
                                  true,
                                  true,
                                  "The operator has a standby promoted while the primary still serves."};
  Selector nodes = {};
  std::string partition = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "who is promoted, or asked to promote");
    v("partition", f.partition, "of what; empty: the process knows");
  }
};

struct LateFencing {
  static constexpr KindInfo kInfo{
      "late_fencing",
      "8.7",
      kOnMessages | kOnSettings,
      Budget::kTolerable,
      true,
      false,
      "What would fence the old primary is kept back until some time after its successor's first act.",
      /*follows_role=*/true};
  Selector nodes = {};
  std::vector<std::string> work = {};
  Duration after = Seconds(2);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the primary: a role, e.g. leader(orders-0)");
    v("work", f.work, "types of the messages to it that are kept back");
    v("after", f.after, "from the successor's first act to the end");
  }
};

// ---- clients

struct ClientCrashAt {
  static constexpr KindInfo kInfo{
      "client_crash_at",
      "8.8",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "A client crashes at a step that its model names: after processing and before the acknowledgement, "
      "between send and commit."};
  Selector nodes = {};
  std::string point = {};
  int64_t nth = 1;
  Duration down = Seconds(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "which clients");
    v("point", f.point, "the step's name; empty: any");
    v("nth", f.nth, "at the nth time, from 1");
    v("down", f.down, "how long it stays down; 0: until the end");
  }
};

struct RetryPolicy {
  static constexpr KindInfo kInfo{
      "retry_policy",
      "8.8",
      kOnSettings,
      Budget::kTolerable,
      true,
      false,
      "Replaces what a client does about an answer that doesn't come; without backoff it makes the storm."};
  Selector nodes = {};
  Duration timeout = Milliseconds(500);
  int64_t times = 10;
  Backoff backoff = Backoff::kNone;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "which clients");
    v("timeout", f.timeout, "it waits so long for an answer");
    v("times", f.times, "it tries so often again");
    v("backoff", f.backoff, "none: at once; exponential: after growing pauses");
  }
};

struct SlowConsumer {
  static constexpr KindInfo kInfo{
      "slow_consumer",
      "8.8",
      kOnCpu | kOnSettings,
      Budget::kTolerable,
      true,
      false,
      "A consumer takes so long for each message, so that polls and renewals of leases come late."};
  Selector nodes = {};
  Distribution extra = Distribution::Constant(Seconds(1));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "which clients");
    v("extra", f.extra, "the time for one message, instead of its own");
  }
};

struct RebalanceStorm {
  static constexpr KindInfo kInfo{
      "rebalance_storm",
      "8.8",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "Members of a group leave and join faster than its session timeout: each in turn is stopped and "
      "started."};
  Selector nodes = {};
  Distribution interval = Distribution::Exponential(Duration(), Seconds(2));
  Duration down = Milliseconds(500);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the members");
    v("interval", f.interval, "from one departure to the next");
    v("down", f.down, "from a member's departure to its return");
  }
};

struct DoubleProcessing {
  static constexpr KindInfo kInfo{
      "double_processing",
      "8.8",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "A message is handled a second time while the first handling has not ended: a redelivery and two "
      "threads. Needs a service time."};
  MessageMatch match = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
  }
};

struct CheckBackUnknown {
  static constexpr KindInfo kInfo{
      "check_back_unknown",
      "8.8",
      kOnSettings,
      Budget::kTolerable,
      true,
      false,
      "A producer answers check-backs of half messages with \"unknown\" some times, then with the truth."};
  Selector nodes = {};
  int64_t times = 3;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "which producers");
    v("times", f.times, "how often it doesn't know; 0: always");
  }
};

struct Operate {
  static constexpr KindInfo kInfo{"operate",
                                  "8.7",
                                  kOnSettings,
                                  Budget::kTolerable,
                                  false,
                                  true,
                                  "Any operation that a process's model knows, by its name."};
  Selector nodes = {};
  std::string operation = {};
  std::string key = {};
  std::string value = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "who is asked");
    v("operation", f.operation, "its name");
    v("key", f.key, "what it is about");
    v("value", f.value, "what shall be");
  }
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_OPERATOR_KINDS_H_
