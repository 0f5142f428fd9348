// Consumer: the Java consumer client with the classic group protocol, and the application around it:
// poll, process, commit, in the order that it was told.
// (KafkaConsumer.java, AbstractCoordinator.java, ConsumerCoordinator.java, Fetcher.java, RangeAssignor.java)
//
// Code by subject: consumer.cc (the application, events), consumer_group.cc (membership and commits), consumer_fetch.cc
// (positions and fetching).
//
// The effect of a record takes place in a ledger (model/app), as if in a database.
#ifndef BROKERSIM_MODEL_KAFKA_CONSUMER_H_
#define BROKERSIM_MODEL_KAFKA_CONSUMER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/app/ledger.h"
#include "model/kafka/client.h"
#include "model/kafka/fetch_position.h"
#include "model/kafka/group_member.h"
#include "sim/random/distributions.h"

namespace brokersim::kafka {

// When the application commits what it got from a poll. With enable.auto.commit, poll() does it instead.
enum class CommitPolicy { kNever, kBeforeProcessing, kAfterProcessing };

struct ConsumerSpec {
  ConsumerConfig config;
  std::vector<std::string> topics;  // without their cluster
  // Mirrors of these topics too, as the pattern "(.*[.])?orders" would subscribe to them.
  bool mirrors = false;
  CommitPolicy commit = CommitPolicy::kAfterProcessing;
  // Time to process a record, before its effect.
  sim::Distribution processing;
  // Where effects take place; invalid: processing has none.
  sim::NodeId ledger;
  // Effects are applied once for each value, however often a record comes.
  bool idempotent_effects = false;
  sim::Time start;
  // Records go to a thread of their own, and poll() is called again at once, whatever has been processed.
  bool hands_over = false;
  // How likely processing a record fails; it is tried again, or the record is left and the next one taken.
  sim::Ratio failure = sim::Ratio::Never();
  bool skips_failures = false;
  // Under which name the ledger knows its effects; empty: its group's.
  std::string effects_of;
};

class Consumer : public Client, private GroupMember::Owner {
 public:
  Consumer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ConsumerSpec> spec, sim::Env& env,
           sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Consumer>(*this); }
  void OnStop(sim::Env& env, sim::Effects& out) override;
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  void Describe(sim::Describer& d) const override;

 protected:
  void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) override;
  void OnLost(Tag tag, sim::Env& env, sim::Effects& out) override;
  void OnMetadata(sim::Env& env, sim::Effects& out) override;
  void OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  std::string_view ClientTimerName(uint32_t kind) const override;
  void OnOtherMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnOtherDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;

  // What the application is doing.
  enum class Activity {
    kIdle,
    kPolling,
    kCommittingBefore,
    kProcessing,
    kAwaitingLedger,
    kCommittingAfter,
    kAwaitingProducer,   // these are of other applications: until a transaction may begin,
    kEndingTransaction,  // and until it has ended
  };
  struct Fetched {
    int64_t offset = 0;
    int32_t leader_epoch = -1;
    std::string key;
    std::string value;
  };
  struct Work {
    TopicPartition tp;
    Fetched record;
  };

  // The application; others do it in another way.
  void Poll(sim::Env& env, sim::Effects& out);
  // There are records of a poll.
  virtual void BeginBatch(sim::Env& env, sim::Effects& out);
  void ProcessNext(sim::Env& env, sim::Effects& out);
  void OnProcessed(sim::Env& env, sim::Effects& out);
  // The first one is processed; EffectDone() when that has had its effect.
  virtual void SendEffect(sim::Env& env, sim::Effects& out);
  virtual void EffectDone(sim::Env& env, sim::Effects& out) { FinishFirst(env, out); }
  void FinishFirst(sim::Env& env, sim::Effects& out);
  virtual void AfterBatch(sim::Env& env, sim::Effects& out);
  // Positions as the group has committed them; poll() waits for them.
  void SeekToCommitted(sim::Env& env, sim::Effects& out);
  // The application begins anew with poll(), and the membership, too.
  void Rejoin(sim::Env& env, sim::Effects& out);

  // Consumer.groupMetadata(): as of the last join, whatever was heard since (ConsumerCoordinator.onJoinComplete).
  struct GroupMetadata {
    int32_t generation_id = -1;
    std::string member_id;
  };

  std::shared_ptr<const ConsumerSpec> spec_;
  GroupMetadata group_metadata_;
  Activity activity_ = Activity::kIdle;
  Activity worker_ = Activity::kIdle;  // of the thread that records are handed to
  std::deque<Work> work_;
  // What was processed, or handed over, since the last commit.
  absl::btree_map<TopicPartition, CommittedOffset> to_commit_;

 private:
  // Where those of member_ begin.
  static constexpr uint32_t kFirstMemberTimer = kFirstTimer + 3;
  static constexpr int kFirstMemberTag = 0;
  enum TimerKind : uint32_t {
    kStart = kFirstTimer,
    kPollTimeout,
    kProcessed,
    kFetchRetry = kFirstMemberTimer + GroupMember::kTimers,
    kCommitRetry,
    kPollInterval,
    kLedgerRetry,
    kOffsetsRetry,
  };
  enum TagKind : int {
    kOffsetsTag = kFirstMemberTag + GroupMember::kTags,
    kListTag,       // arg: number of the inquiry
    kEpochEndTag,   // arg: number of the inquiry
    kFetchTag,      // arg: broker
    kCommitTag,     // arg: 1 if the application waits for it
  };
  struct PartitionState {
    // What poll() returns next, and auto-commit commits.
    PartitionPosition at;
    std::deque<Fetched> buffer;
    CommittedOffset behind_buffer;  // what is fetched next, once the buffer is empty
    std::optional<int64_t> high_watermark;
  };
  // A question about a position, on its way.
  struct Inquiry {
    TopicPartition tp;
    FetchPosition position;
  };

  // Of whoever processes records.
  Activity& processing() { return spec_->hands_over ? worker_ : activity_; }
  bool ReturnFromPoll(bool time_is_up, sim::Env& env, sim::Effects& out);

  // Commits.
  // `waits`: commitSync(), the application goes on when the outcome is known; else commitAsync().
  void SendCommit(bool waits, sim::Env& env, sim::Effects& out);
  void ConcludeCommit(bool waits, ErrorCode error, sim::Env& env, sim::Effects& out);
  void EndCommitOperation(ErrorCode error, sim::Effects& out);

  // The group.
  void EnsureGroup(sim::Env& env, sim::Effects& out);
  // GroupMember::Owner
  void PrepareJoin(JoinGroupRequest* request, sim::Env& env, sim::Effects& out) override;
  // RangeAssignor
  std::vector<MemberAssignment> AssignAll(const JoinGroupResponse& m, sim::Env& env, sim::Effects& out) override;
  void OnAssigned(const SyncGroupResponse& m, sim::Env& env, sim::Effects& out) override;
  void OnRejoinNeeded(sim::Env& env, sim::Effects& out) override { EnsureGroup(env, out); }
  void Revoke(sim::Effects& out);
  void Assign(const std::vector<TopicPartition>& partitions, sim::Env& env, sim::Effects& out);
  void RecordAssignment(sim::Effects& out);

  // Positions.
  void FetchOffsets(sim::Env& env, sim::Effects& out);
  void OnOffsets(const OffsetFetchResponse& m, sim::Env& env, sim::Effects& out);
  // What poll() does about positions before it fetches (KafkaConsumer.updateFetchPositions).
  void UpdatePositions(sim::Env& env, sim::Effects& out);
  void CheckLeaders();
  void Ask(const TopicPartition& tp, PartitionPosition* at, sim::Env& env, sim::Effects& out);
  // The partition that the inquiry was about, with what was asked; nullptr if it doesn't matter any more.
  PartitionState* TakeInquiry(int64_t number, Inquiry* inquiry);
  void OnListed(int64_t number, const ListOffsetsResponse& m, sim::Env& env, sim::Effects& out);
  void OnEpochEnd(int64_t number, const OffsetForLeaderEpochResponse& m, sim::Env& env, sim::Effects& out);
  void OnInquiryFailed(PartitionState* state, sim::Env& env, sim::Effects& out);

  // Fetching.
  void SendFetches(sim::Env& env, sim::Effects& out);
  void OnFetchedFrom(int32_t broker, const FetchResponse& m, sim::Env& env, sim::Effects& out);
  // Returns false if it is to be tried again later.
  bool OnFetchedPartition(int64_t asked, const FetchResponse::Partition& got, PartitionState* state);
  void RetryFetches(sim::Effects& out);

  IsolationLevel isolation() const {
    return spec_->config.isolation_level == "read_committed" ? IsolationLevel::kReadCommitted
                                                             : IsolationLevel::kReadUncommitted;
  }
  // What positions know of epochs, which is nothing before KIP-320.
  int32_t EpochOf(int32_t epoch) const { return spec_->config.kip_320 ? epoch : -1; }
  bool in_group() const { return !spec_->config.group_id.empty(); }
  Mutant mutant() const { return spec_->config.mutant; }

  std::vector<std::string> topics_;  // the spec's, in the cluster that is used

  GroupMember member_;
  // Assignments have numbers, so that an answer for a former one is recognised.
  int64_t assignment_ = 0;
  absl::btree_map<TopicPartition, PartitionState> partitions_;

  std::optional<sim::Distribution> slow_;  // the time for a record, while an operation says so
  std::optional<sim::OpId> poll_op_;
  sim::Time last_auto_commit_;
  std::optional<sim::OpId> commit_op_;
  std::vector<PartitionOffset> committing_;
  sim::ConnId ledger_conn_;
  int64_t effect_number_ = 0;
  bool awaits_offsets_ = false;  // the group's committed ones
  bool metadata_is_new_ = false;  // positions haven't been compared with it
  int64_t next_inquiry_ = 1;
  absl::btree_map<int64_t, Inquiry> inquiries_;
  // What each broker was asked for that owes an answer: from which offset on.
  absl::btree_map<int32_t, absl::btree_map<TopicPartition, int64_t>> fetching_;
  absl::btree_map<TopicPartition, int64_t> old_positions_;  // of a mutant
};

using ConsumerFactory = ClientFactory<Consumer, ConsumerSpec>;

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CONSUMER_H_
