// MirrorWorker: a MirrorMaker process's part in a flow that it shares with other processes, by a group of Kafka Connect
// in the target cluster. (MirrorHerder.java, DistributedHerder.java, WorkerCoordinator.java; KIP-382, KIP-415)
//
// Connectors' configurations stand in the group's config topic. Whoever becomes the leader writes its own there, over
// what another process may have written; everybody runs what it is assigned with what was written last. Connectors make
// configurations of tasks, which the leader alone can write down: one that runs elsewhere asks in vain, again and again
// (dedicated.mode.enable.internal.rest=false, the default; KIP-710).
#ifndef BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_WORKER_H_
#define BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_WORKER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/kafka/connect/assignor.h"
#include "model/kafka/connect/config_state.h"
#include "model/kafka/group_member.h"
#include "model/kafka/mirror/flow.h"
#include "model/kafka/mirror/mirror_client.h"

namespace brokersim::kafka {

class MirrorWorker final : private MirrorClient::Owner, private GroupMember::Owner {
 public:
  // Kinds of timers that a worker needs: each start of a task has some of its own.
  static constexpr uint32_t kTimers = 1'000'000;

  MirrorWorker(std::shared_ptr<const MirrorFlowSpec> spec, uint32_t first_timer);

  // As of a MirrorFlow.
  void Begin(sim::Env& env, sim::Effects& out);
  bool OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out);
  bool OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out);
  bool OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out);
  std::string_view TimerName(uint32_t kind) const;
  void Stop(sim::Effects& out);
  bool ProceedToStop(sim::Env& env, sim::Effects& out);
  void Describe(sim::Describer& d) const;

 private:
  enum TimerKind : uint32_t {
    kScheduledRebalance,
    kTaskStopTimeout,
    kReconfigure,  // arg: connector
    kCoordinatorTimeout,
  };
  struct Task {
    MirrorFlow flow;
    bool stopping = false;
  };

  // MirrorClient::Owner: the config topic is read and written
  void OnFetched(MirrorClient& client, const FetchResponse::Partition& part, int64_t position, sim::Env& env,
                 sim::Effects& out) override;
  void OnWritten(MirrorClient&, const TopicPartition&, std::vector<MirrorClient::Write>, int64_t, sim::Env&,
                 sim::Effects&) override {}
  void OnAnswer(MirrorClient& client, NetworkClient::Tag tag, const Body* body, sim::Env& env,
                sim::Effects& out) override;
  // GroupMember::Owner
  void PrepareJoin(JoinGroupRequest* request, sim::Env& env, sim::Effects& out) override;
  std::vector<MemberAssignment> AssignAll(const JoinGroupResponse& m, sim::Env& env, sim::Effects& out) override;
  void OnAssigned(const SyncGroupResponse& m, sim::Env& env, sim::Effects& out) override;
  void OnRejoinNeeded(sim::Env&, sim::Effects&) override {}  // Proceed looks

  // What is to be done after each event (DistributedHerder.tick).
  void Proceed(sim::Env& env, sim::Effects& out);
  // False: the group is to be joined again, or the config topic read further (handleRebalanceCompleted).
  bool ResolveRebalance(sim::Env& env, sim::Effects& out);
  void StartWork(sim::Env& env, sim::Effects& out);
  void StartTask(const std::string& task, sim::Env& env, sim::Effects& out);
  // Of what has no coordinator for long: nobody knows who else runs it by now.
  void WatchCoordinator(sim::Effects& out);
  void GiveUpWork(sim::Effects& out);
  void StopTasks(const absl::btree_set<std::string>& tasks, sim::Effects& out);
  // Whether some are still stopping.
  bool AwaitStops(sim::Env& env, sim::Effects& out);
  // It has become the leader (MirrorHerder.configureConnectors).
  void Configure(sim::Env& env, sim::Effects& out);
  // False: nothing has changed (updateConfigsWithIncrementalCooperative).
  bool TakeUpdates(sim::Env& env, sim::Effects& out);
  // The connector's tasks are to be configured as it is (reconfigureConnector).
  void Reconfigure(const std::string& connector, sim::Env& env, sim::Effects& out);
  void Write(Record record, sim::Env& env, sim::Effects& out);
  std::string OwnConfig() const { return ConnectorConfigText(spec_->config); }
  sim::Timer Own(TimerKind kind, int64_t arg = 0) const { return {first_timer_ + kind, arg}; }

  std::shared_ptr<const MirrorFlowSpec> spec_;
  MirrorClient client_;
  GroupMember member_;
  uint32_t first_timer_;
  uint32_t next_task_timer_;
  TopicPartition configs_log_;
  ConnectAssignor assignor_;

  bool begun_ = false;  // the config topic has been read to its end
  bool coordinator_lost_ = false;
  bool stopping_ = false;
  bool has_left_ = false;
  ConnectConfigState configs_;   // as it was read
  ConnectConfigState snapshot_;  // as it was looked at last
  // What is new in it.
  bool needs_rebalance_ = false;
  absl::btree_set<std::string> updated_connectors_;
  absl::btree_set<std::string> updated_tasks_;  // by their connector

  WorkerAssignment assignment_;  // `assigned`: all that it has
  std::optional<int32_t> generation_;  // of the assignment
  ConnectWork running_;
  absl::btree_set<std::string> tasks_to_restart_;
  bool resolved_ = true;
  bool rebalance_due_ = false;  // the scheduled one
  bool was_leader_ = false;
  bool had_first_rebalance_ = false;
  absl::btree_map<std::string, Task> tasks_;
  absl::btree_map<std::string, int64_t> attempts_;  // to write down a connector's tasks, in vain
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_WORKER_H_
