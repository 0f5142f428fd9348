// MirrorFlow: what MirrorMaker does from one cluster to another.
//
// Code by subject: flow.cc (records and how far they are copied: MirrorSourceTask.java, OffsetSyncWriter.java),
// flow_checkpoints.cc (positions of groups: MirrorCheckpointTask.java). One task of each, as with tasks.max=1, or one
// of the two.
#ifndef BROKERSIM_MODEL_KAFKA_MIRROR_FLOW_H_
#define BROKERSIM_MODEL_KAFKA_MIRROR_FLOW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/kafka/mirror/config.h"
#include "model/kafka/mirror/mirror_client.h"
#include "model/kafka/mirror/offset_syncs.h"

namespace brokersim::kafka {

struct MirrorFlowSpec {
  std::shared_ptr<const ClusterSpec> source;
  std::shared_ptr<const ClusterSpec> target;
  MirrorConfig config;
  // Several processes have this flow: they share it, as a group of Connect's workers (mirror_worker.h).
  bool shared = false;
  // Which of its tasks these are: MirrorSourceTask, MirrorCheckpointTask.
  bool copies = true;
  bool translates = true;
};

class MirrorFlow final : private MirrorClient::Owner {
 public:
  // Kinds of timers that a flow needs.
  static constexpr uint32_t kTimers = 20;

  MirrorFlow(std::shared_ptr<const MirrorFlowSpec> spec, uint32_t first_timer);

  void Begin(sim::Env& env, sim::Effects& out);
  // False: not ours.
  bool OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out);
  bool OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
    source_.network().OnConnected(conn, env, out);
    target_.network().OnConnected(conn, env, out);
  }
  bool OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out);
  std::string_view TimerName(uint32_t kind) const;
  // It ends in good order: nothing is read any more; when all that was read is stored, that is written down.
  void Stop() { stopping_ = true; }
  // One step of that, after each event; true: it is done.
  bool ProceedToStop(sim::Env& env, sim::Effects& out);
  // It is given up: nothing more is heard of it, but for its timers.
  void Close(sim::Effects& out);
  void Describe(sim::Describer& d) const;

 private:
  enum TimerKind : uint32_t { kFlushOffsets, kCheckpoint, kSyncGroups, kRefreshGroups };
  // arg: the group's place in groups_
  enum TagKind : int {
    kListTag = MirrorClient::kFirstTag,  // arg: the broker
    kFindTag,
    kOffsetsTag,
    kFindAtTargetTag,
    kOffsetsAtTargetTag,
    kCommitTag,
  };
  // Of a partition of the source.
  struct Copied {
    std::optional<int64_t> next;     // the next offset to copy: all before is stored
    std::optional<int64_t> flushed;  // as it was written down last
    std::optional<SyncDecision> decision;
  };
  struct Checkpoint {
    int64_t upstream = -1;
    int64_t downstream = -1;
  };
  struct Group {
    std::string id;  // without its cluster
    absl::btree_map<TopicPartition, Checkpoint> checkpoints;  // by partition of the target
    std::vector<PartitionOffset> to_commit;                   // under way
    std::optional<sim::OpId> commit_op;
  };

  // MirrorClient::Owner
  void OnFetched(MirrorClient& client, const FetchResponse::Partition& part, int64_t position, sim::Env& env,
                 sim::Effects& out) override;
  void OnWritten(MirrorClient& client, const TopicPartition& tp, std::vector<MirrorClient::Write> writes,
                 int64_t base_offset, sim::Env& env, sim::Effects& out) override;
  void OnAnswer(MirrorClient& client, NetworkClient::Tag tag, const Body* body, sim::Env& env,
                sim::Effects& out) override;

  // flow.cc
  void Restore(const TopicPartition& tp, const Record& record);
  void BeginMirroring(sim::Env& env, sim::Effects& out);
  void Copy(const TopicPartition& tp, const FetchResponse::Partition& part, int64_t position, sim::Env& env,
            sim::Effects& out);
  void NoteCopied(const TopicPartition& source, OffsetSync copied);
  void FireOffsetSyncs(sim::Env& env, sim::Effects& out);
  void FlushOffsets(sim::Env& env, sim::Effects& out);
  void PauseIfFull(sim::Env& env, sim::Effects& out);
  TopicPartition MirrorOf(const TopicPartition& source) const;
  sim::Timer Own(TimerKind kind) const { return {first_timer_ + kind}; }

  // flow_checkpoints.cc
  void RefreshGroups(sim::Env& env, sim::Effects& out);
  void FindGroups(MirrorClient& client, int tag, sim::Env& env, sim::Effects& out);
  void OnGroupAnswer(MirrorClient& client, NetworkClient::Tag tag, const Body& body, sim::Env& env, sim::Effects& out);
  void EmitCheckpoints(Group* group, const OffsetFetchResponse& m, sim::Env& env, sim::Effects& out);
  void SyncGroup(int64_t index, const OffsetFetchResponse& m, int32_t coordinator, sim::Env& env, sim::Effects& out);
  void ConcludeSync(Group* group, ErrorCode error, sim::Effects& out);
  Group& GroupNamed(const std::string& id);

  std::shared_ptr<const MirrorFlowSpec> spec_;
  uint32_t first_timer_;
  MirrorClient source_;
  MirrorClient target_;
  TopicPartition offsets_log_;
  TopicPartition checkpoints_log_;
  TopicPartition syncs_log_;
  bool restoring_ = true;
  bool stopping_ = false;
  bool offsets_final_ = false;
  absl::btree_map<TopicPartition, Copied> copied_;             // by partition of the source
  absl::btree_map<TopicPartition, TopicPartition> source_of_;  // of each mirror
  absl::btree_map<TopicPartition, OffsetSync> pending_syncs_;
  absl::btree_map<TopicPartition, OffsetSync> delayed_syncs_;
  int64_t syncs_outstanding_ = 0;
  // Of the checkpoint task.
  OffsetSyncStore syncs_;
  std::vector<Group> groups_;
  absl::btree_map<int64_t, int32_t> coordinator_;  // at the target, by the group's place
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MIRROR_FLOW_H_
