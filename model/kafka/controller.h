// Controller: registers, fences and elects; the metadata log is its memory. (KRaft, KIP-500, KIP-380)
//
// For now one process stands for the quorum. Its log is on its disk, and a record counts once it is synced; what waits
// for it (answers, brokers' fetches of the metadata log) leaves only then.
#ifndef BROKERSIM_MODEL_KAFKA_CONTROLLER_H_
#define BROKERSIM_MODEL_KAFKA_CONTROLLER_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

inline constexpr std::string_view kMetadataLogFile = "__cluster_metadata-0";

// A block of the metadata log's file.
struct MetadataBatch {
  static constexpr std::string_view kName = "MetadataBatch";
  std::vector<MetadataRecord> records;
  template <class V> void Fields(V& v) const { v("records", records); }
};

class Controller final : public sim::Process {
 public:
  Controller(std::shared_ptr<const ClusterSpec> cluster, sim::Env& env, sim::Effects& out);

  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Controller>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  bool HoldsRole(std::string_view role) const override { return role == "controller"; }
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 private:
  enum TimerKind : uint32_t { kSession };

  struct Broker {
    int64_t incarnation_id = 0;
    int64_t epoch = -1;
    bool fenced = true;
    bool in_controlled_shutdown = false;
    int64_t metadata_offset = 0;  // how far it has read
    // Offset that all others must have read before a controlled shutdown may end.
    int64_t shutdown_offset = -1;
  };
  struct WaitingFetch {
    sim::ConnId conn;
    int32_t correlation_id = 0;
    int64_t offset = 0;
  };

  void On(const BrokerRegistrationRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const BrokerHeartbeatRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const AlterPartitionRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const AllocateProducerIdsRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const MetadataFetchRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);

  void CreateTopics(sim::Effects& out);
  // Applies records to this state and appends them to the log.
  void Write(std::vector<MetadataRecord> records, sim::Effects& out);
  void Replay(const MetadataRecord& record);
  // Answers once what was written last is durable.
  void ReplyDurably(sim::ConnId conn, int32_t id, Body body, sim::Effects& out);
  void AnswerFetches(sim::Effects& out);

  ErrorCode ValidateIsr(const AlterPartitionRequest& m, const PartitionRecord& partition) const;
  void Fence(int32_t broker, std::string_view why, sim::Effects& out);
  bool ElectUnclean(std::string_view partition, sim::Effects& out);
  bool PromoteUnclean(PartitionRecord* partition) const;
  bool IsActive(int32_t broker) const;
  // Elects anew wherever `leaving` leads, or nobody does; takes it out of every ISR but the last place (with KIP-966 out
  // of that too, and with `unclean`, from where a partition lies that lost what it hadn't flushed, out of the ELR).
  void UpdatePartitions(int32_t leaving, std::vector<MetadataRecord>* records, sim::Effects& out, bool unclean = false);
  bool has_elr() const { return config_->eligible_leader_replicas_version > 0; }
  void UpdateEligible(const PartitionRecord& before, int32_t unclean, PartitionRecord* next) const;
  bool ElectFromElr(PartitionRecord* partition) const;
  bool Elect(PartitionRecord* partition, const std::vector<int32_t>& candidates, sim::Effects& out) const;
  bool LeadsAny(int32_t broker) const;
  void ArmSession(int32_t broker, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  // Replaced as a whole, so that copies of this controller may share it.
  std::shared_ptr<const BrokerConfig> config_;
  sim::FileId log_file_;
  // The metadata log, and how much of it is durable.
  std::vector<MetadataRecord> log_;
  int64_t durable_ = 0;
  absl::btree_map<sim::SyncTicket, int64_t> syncs_;  // ticket -> log length that it covers
  sim::SyncTicket last_sync_;

  absl::btree_map<int32_t, Broker> brokers_;
  absl::btree_map<TopicPartition, PartitionRecord> partitions_;
  int64_t next_producer_id_ = 0;
  std::vector<WaitingFetch> waiting_;
};

class ControllerFactory final : public sim::ProcessFactory {
 public:
  explicit ControllerFactory(std::shared_ptr<const ClusterSpec> cluster) : cluster_(std::move(cluster)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Controller>(cluster_, env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CONTROLLER_H_
