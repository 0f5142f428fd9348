// KafkaController: the controller of ZooKeeper mode, which every broker has in it, and one of them is: who created
// /controller. It elects leaders and tells brokers; ZooKeeper is its memory. (KafkaController.scala of 2.6,
// PartitionStateMachine.scala, ReplicaStateMachine.scala)
//
// Events are handled one after another. Handling one takes steps, most of them a round trip to ZooKeeper; whatever else
// happens meanwhile waits. So a controller that is slow, or paused, goes on with what it began though another one was
// elected. What it then writes is refused (KAFKA-6082) and what it tells brokers is, too: both know a greater epoch.
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_KAFKA_CONTROLLER_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_KAFKA_CONTROLLER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "model/kafka/zookeeper/client.h"
#include "model/kafka/zookeeper/control_channels.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class KafkaController {
 public:
  // What it works with in one handler.
  struct Turn {
    ZooKeeperClient& zookeeper;
    const BrokerConfig& config;
    sim::Env& env;
    sim::Effects& out;
  };

  static constexpr uint32_t kTimers = ControlChannels::kTimers;
  KafkaController(std::shared_ptr<const ClusterSpec> cluster, int32_t id, uint32_t first_timer)
      : cluster_(cluster), id_(id), channels_(std::move(cluster), first_timer) {}

  bool active() const { return active_; }
  int32_t epoch() const { return epoch_; }
  ControlChannels& channels() { return channels_; }

  // ---- Events

  // The broker is registered in this session: it may become the controller.
  void OnRegistered(Turn& turn);
  void OnSessionExpired(Turn& turn);
  void OnWatch(const ZkWatcherEvent& event, Turn& turn);
  // False: it didn't ask this.
  bool OnAnswer(const ZooKeeperClient::Answer& answer, Turn& turn);
  void OnControlledShutdown(const ControlledShutdownRequest& m, sim::ConnId conn, int32_t id, Turn& turn);
  // unclean.leader.election.enable was switched on, or an operator wants such an election of one partition (KIP-460).
  void OnUncleanAllowed(Turn& turn);
  // An operator's wishes; false: this isn't the controller, or there is no such partition.
  bool ElectUnclean(std::string_view partition, Turn& turn);
  bool Reassign(std::string_view partition, std::vector<int32_t> target, Turn& turn);

  void Describe(sim::Describer& d) const;

 private:
  enum class PartitionPhase { kNew, kOnline, kOffline };
  struct Leadership {
    PartitionState state;
    int32_t version = 0;
  };
  using Partitions = std::vector<TopicPartition>;

  // ---- Steps. Those of one event stand before those of the next.
  struct LookWho {};    // who is the controller? resigns if it was this one (maybeResign)
  struct Elect {};      // becomes it, if nobody is
  struct Load {};       // reads everything (initializeControllerContext)
  struct StartPartitions {};
  struct LookAtBrokers {};
  struct BrokersLeft { std::vector<int32_t> brokers; };
  struct BrokersCame { absl::btree_map<int32_t, int64_t> brokers; };  // with their epochs
  struct LookAtIsrChanges {};
  struct ShutDown {
    ControlledShutdownRequest request;
    sim::ConnId conn;
    int32_t id = 0;
  };
  struct ShutDownDone { ShutDown of; };
  // A change of partitions' states in ZooKeeper, and who is told of it.
  struct Change {
    enum class Why { kNoLeader, kUnclean, kShutDown, kLeft, kReassigned };
    Why why = Why::kNoLeader;
    int32_t broker = -1;  // who leaves
    Partitions partitions;
  };
  struct BeginReassigning {
    TopicPartition tp;
    std::vector<int32_t> target;
  };
  struct EndReassigning { Partitions partitions; };  // where the new replicas are in sync
  struct DropReplicas {
    TopicPartition tp;
    std::vector<int32_t> brokers;
  };
  using Step = std::variant<LookWho, Elect, Load, StartPartitions, LookAtBrokers, BrokersLeft, BrokersCame,
                            LookAtIsrChanges, ShutDown, ShutDownDone, Change, BeginReassigning, EndReassigning,
                            DropReplicas>;
  struct Queued {
    int64_t event = 0;
    Step step;
  };

  // ---- Running them (kafka_controller.cc)
  void Add(Step step);                       // the first of an event of its own
  void Next(std::vector<Step> steps);        // the next ones of this event
  void Run(Turn& turn);
  void Ask(std::vector<ZkOp> ops, const TopicPartition& tp, Turn& turn);
  void Read(std::string_view path, bool watch, Turn& turn);
  void ReadChildren(std::string_view path, Turn& turn);
  // A write of the controller's: only while its epoch is the one in ZooKeeper (KAFKA-6082).
  std::vector<ZkOp> Fenced(ZkOp op, Turn& turn) const;
  // Whether such a write wasn't carried out because another controller was elected. Then this event is over.
  bool Moved(const ZkResponse& answer, Turn& turn);
  void Resign(Turn& turn);

  // Each is called when it is the step's turn, and again whenever all that it asked is answered. It is done when it
  // asks nothing more.
  void Do(LookWho& step, Turn& turn);
  void Do(Elect& step, Turn& turn);
  void Do(Load& step, Turn& turn);
  void Do(StartPartitions& step, Turn& turn);
  void Do(LookAtBrokers& step, Turn& turn);
  void Do(BrokersLeft& step, Turn& turn);
  void Do(BrokersCame& step, Turn& turn);
  void Do(LookAtIsrChanges& step, Turn& turn);
  void Do(ShutDown& step, Turn& turn);
  void Do(ShutDownDone& step, Turn& turn);
  void Do(Change& step, Turn& turn);
  void Do(BeginReassigning& step, Turn& turn);
  void Do(EndReassigning& step, Turn& turn);
  void Do(DropReplicas& step, Turn& turn);

  // ---- Becoming the controller (kafka_controller_election.cc)
  void ElectInTwo(Turn& turn);
  void TakeEpoch(const ZkResponse& answer);
  ZkOp ControllerCreation() const;
  ZkOp EpochIncrease() const;
  void CheckElection(Turn& turn);
  void Elected(int32_t version, Turn& turn);
  void TakeContext(Turn& turn);

  // ---- Partitions (kafka_controller_partitions.cc)
  void ReadStates(const Partitions& partitions, Turn& turn);
  void WriteStates(Change& step, Turn& turn);
  void ConcludeStates(Change& step, Turn& turn);
  bool Decide(const Change& step, const TopicPartition& tp, PartitionState* state, Turn& turn) const;
  bool ElectLeader(const TopicPartition& tp, bool unclean, PartitionState* state) const;
  // Whether it moves, and all of its new replicas are in sync.
  bool HasJoined(const TopicPartition& tp) const;
  bool LeaderOfTarget(const TopicPartition& tp, PartitionState* state) const;
  std::vector<int32_t> Recipients(const Change& step, const TopicPartition& tp) const;
  void NoteChange(const TopicPartition& tp, const PartitionState& before, const PartitionState& after,
                  sim::Effects& out) const;
  Partitions WithoutLeader() const;
  Partitions OfBroker(int32_t broker) const;
  bool IsOnline(int32_t broker) const { return live_.contains(broker) && !shutting_down_.contains(broker); }

  // ---- What brokers are told (kafka_controller_partitions.cc)
  PartitionRecord RecordOf(const TopicPartition& tp) const;
  void TellLeaderAndIsr(const std::vector<int32_t>& brokers, const TopicPartition& tp);
  void TellMetadata(const std::vector<int32_t>& brokers, const Partitions& partitions);
  void TellStop(int32_t broker, const TopicPartition& tp, bool delete_partition, const BrokerConfig& config);
  void SendAll(Turn& turn);
  void ForgetUnsent();
  std::vector<int32_t> Live() const;

  std::shared_ptr<const ClusterSpec> cluster_;
  int32_t id_;
  ControlChannels channels_;

  bool active_ = false;
  int32_t epoch_ = 0;
  int32_t epoch_version_ = 0;  // of /controller_epoch

  // The context, while it is active.
  absl::btree_map<int32_t, int64_t> live_;  // by broker: its epoch; those that shut down too
  absl::btree_set<int32_t> shutting_down_;
  absl::btree_map<TopicPartition, ReplicaAssignment> assignments_;
  absl::btree_map<TopicPartition, Leadership> leaderships_;
  absl::btree_map<TopicPartition, PartitionPhase> phases_;

  // The events.
  int64_t events_ = 0;
  std::deque<Queued> steps_;  // the first one is under way, if anything is asked
  int phase_ = 0;             // of that step
  struct Asked {
    TopicPartition tp;
    ZkResponse answer;
  };
  int64_t unanswered_ = 0;
  absl::btree_map<int64_t, Asked> asked_;    // by number
  std::vector<Asked> answers_;               // of what was asked last, in that order
  std::vector<Step> next_;
  bool moved_ = false;
  // Of a change: what was written, to be learnt if it is answered well.
  absl::btree_map<TopicPartition, PartitionState> written_;

  // What the brokers are to be told when the step is done, by broker.
  absl::btree_map<int32_t, absl::btree_set<TopicPartition>> leader_and_isr_;
  absl::btree_map<int32_t, std::vector<StopReplicaRequest::Partition>> stops_;
  absl::btree_set<int32_t> metadata_for_;
  absl::btree_set<TopicPartition> metadata_of_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_KAFKA_CONTROLLER_H_
