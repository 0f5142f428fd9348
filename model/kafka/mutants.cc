#include "model/kafka/mutants.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kWrites = "writes";
constexpr std::string_view kReplication = "replication";
constexpr std::string_view kController = "controller";
constexpr std::string_view kReads = "reads";
constexpr std::string_view kGroups = "group coordinator";
constexpr std::string_view kProducer = "producer";
constexpr std::string_view kConsumer = "consumer";

constexpr MutantInfo kMutants[] = {
    {Mutant::kAckBeforeReplication, "ack-before-replication", kWrites, "Partition.checkEnoughReplicasReachOffset",
     "A write with acks=all is acknowledged as soon as the leader has it."},
    {Mutant::kAckAtTimeout, "ack-at-timeout", kWrites, "DelayedProduce.onExpiration",
     "A write that isn't replicated in time is acknowledged instead of refused."},
    {Mutant::kAckOnLeadershipLoss, "ack-on-leadership-loss", kWrites, "DelayedProduce.tryComplete",
     "Writes that wait when the leader loses its place are acknowledged."},
    {Mutant::kAckWithoutAppend, "ack-without-append", kWrites, "Partition.appendRecordsToLeader",
     "An append that is refused for want of replicas is answered as a success."},
    {Mutant::kMinIsrIgnored, "min-isr-ignored", kWrites, "min.insync.replicas", "min.insync.replicas isn't looked at."},
    {Mutant::kAckOneTooEarly, "ack-one-too-early", kWrites, "Partition.checkEnoughReplicasReachOffset",
     "A batch is acknowledged when all but its last record is replicated."},
    {Mutant::kAckBeforeSync, "ack-before-sync", kWrites, "log.flush.interval.messages",
     "The leader acknowledges before the flush that log.flush.interval.messages demands."},
    {Mutant::kWrongBaseOffset, "wrong-base-offset", kWrites, "ProduceResponse: base_offset",
     "The answer has the offset behind the batch instead of its first."},
    {Mutant::kDuplicateAnsweredAtEnd, "duplicate-answered-at-end", kWrites,
     "UnifiedLog.analyzeAndValidateProducerState",
     "A repeated batch is answered with the log's end instead of its own offset."},
    {Mutant::kDedupOff, "dedup-off", kWrites, "KIP-98", "Sequences of idempotent producers aren't looked at."},
    {Mutant::kDedupRemembersOne, "dedup-remembers-one", kWrites, "ProducerStateEntry.NUM_BATCHES_TO_RETAIN",
     "Of a producer only the last batch is known, and an older one is taken for new."},
    {Mutant::kDedupNotReplicated, "dedup-not-replicated", kWrites, "UnifiedLog.appendAsFollower",
     "Followers don't note the sequences of what they copy."},
    {Mutant::kDedupKeptAtTruncation, "dedup-kept-at-truncation", kWrites, "ProducerStateManager.truncateAndReload",
     "Truncation leaves the sequences of what it removes."},
    {Mutant::kSequenceGapAccepted, "sequence-gap-accepted", kWrites, "ProducerAppendInfo.checkSequence",
     "A batch beyond the next sequence is appended, as is one below."},

    {Mutant::kHighWatermarkOfFastest, "high-watermark-of-fastest", kReplication, "Partition.maybeIncrementLeaderHW",
     "The high watermark follows the fastest follower, not the slowest of the ISR."},
    {Mutant::kSentCountsAsReplicated, "sent-counts-as-replicated", kReplication, "Partition.updateFollowerFetchState",
     "What a fetch is answered with counts as replicated at once, not with the follower's next fetch."},
    {Mutant::kIsrShrinkUnconfirmed, "isr-shrink-unconfirmed", kReplication, "KIP-497, PendingShrinkIsr",
     "The leader goes by a smaller ISR before the controller has agreed."},
    {Mutant::kIsrExpandUnchecked, "isr-expand-unchecked", kReplication, "Partition.isFollowerInSync",
     "A follower joins the ISR by fetching, however far behind."},
    {Mutant::kFollowerFetchesBeforeSync, "follower-fetches-before-sync", kReplication,
     "ReplicaFetcherThread.processPartitionData",
     "A follower confirms what it hasn't flushed, though log.flush.interval.messages demands it."},
    {Mutant::kFollowerWaitsForLastSync, "follower-waits-for-last-sync", kReplication, "UnifiedLog.append",
     "Of the flushes that a fetch makes necessary, a follower waits for the last one only."},
    {Mutant::kTruncatesToHighWatermark, "truncates-to-high-watermark", kReplication, "KIP-101",
     "A new follower cuts its log to its own high watermark (before KIP-101)."},
    {Mutant::kTruncatesOneBatchMore, "truncates-one-batch-more", kReplication, "KIP-279",
     "A new follower drops its last batch, whether the leader has it or not."},
    {Mutant::kKeepsDivergentTail, "keeps-divergent-tail", kReplication, "KIP-595, truncation on fetch",
     "Nobody looks at where the follower's log and the leader's part."},
    {Mutant::kFollowerTrustsItsEnd, "follower-trusts-its-end", kReplication, "UnifiedLog.maybeUpdateHighWatermark",
     "A follower takes the end of its log for the high watermark."},
    {Mutant::kRecoveryDropsLastBatch, "recovery-drops-last-batch", kReplication, "LogLoader.recoverLog",
     "After a restart the log lacks its last batch, and its offsets are given again."},
    {Mutant::kHighWatermarkIgnoresPending, "high-watermark-ignores-pending", kReplication,
     "KIP-497, PartitionState.maximalIsr",
     "The high watermark doesn't wait for a follower whose entry into the ISR is under way."},

    {Mutant::kElectsOutsideIsr, "elects-outside-isr", kController, "unclean.leader.election.enable",
     "Any live replica is elected, in the ISR or not, whatever unclean.leader.election.enable says."},
    {Mutant::kIsrShrinkNotStored, "isr-shrink-not-stored", kController, "ReplicationControlManager.alterPartition",
     "A smaller ISR is confirmed to the leader and not written down."},
    {Mutant::kIsrKeptAtFencing, "isr-kept-at-fencing", kController, "ReplicationControlManager.handleBrokerFenced",
     "A broker that is fenced stays in the ISR."},
    {Mutant::kEpochNotBumped, "epoch-not-bumped", kController, "PartitionChangeBuilder.triggerLeaderEpochBumpIfNeeded",
     "A new leader goes on in its predecessor's epoch."},
    {Mutant::kProducerIdsReused, "producer-ids-reused", kController, "KIP-730",
     "Every broker gets the same block of producer ids."},

    {Mutant::kFetchBeyondHighWatermark, "fetch-beyond-high-watermark", kReads, "FetchIsolation.HIGH_WATERMARK",
     "Consumers are given what isn't replicated yet."},
    {Mutant::kFetchSkipsBatch, "fetch-skips-batch", kReads, "LogSegment.read",
     "A consumer's fetch that begins at a batch's first record, with more behind it, begins with the next batch."},
    {Mutant::kStartOffsetOneTooMany, "start-offset-one-too-many", kReads, "ListOffsetsRequest: EARLIEST_TIMESTAMP",
     "The start of a log is given as the offset behind its first record."},
    {Mutant::kOutOfRangeAboveHighWatermark, "out-of-range-above-high-watermark", kReads, "KIP-207",
     "A fetch between high watermark and log end is refused as out of range."},

    {Mutant::kCommitBeforeReplication, "commit-before-replication", kGroups, "GroupMetadataManager.storeOffsets",
     "An offset commit is confirmed as soon as the coordinator has it."},
    {Mutant::kCommitNotStored, "commit-not-stored", kGroups, "GroupMetadata.onOffsetCommitAppend",
     "An offset commit is confirmed and not applied."},
    {Mutant::kCommitOneTooFar, "commit-one-too-far", kGroups, "OffsetCommitRequest: committed_offset",
     "Committed offsets are stored one too high."},
    {Mutant::kCommitOfOtherPartition, "commit-of-other-partition", kGroups, "OffsetFetchResponse",
     "All partitions are answered with the highest committed offset of any."},
    {Mutant::kCommitOfOtherGroup, "commit-of-other-group", kGroups, "GroupMetadataManager.getOffsets",
     "A group is answered with another group's offsets where that has any."},
    {Mutant::kCommitsReadBackwards, "commits-read-backwards", kGroups, "GroupMetadataManager.doLoadGroupsAndOffsets",
     "A new coordinator takes the oldest commit of the log for the newest."},
    {Mutant::kOffsetsForgottenAtFailover, "offsets-forgotten-at-failover", kGroups,
     "GroupMetadataManager.doLoadGroupsAndOffsets", "A new coordinator knows the members and not the offsets."},
    {Mutant::kOffsetsForgottenAtRebalance, "offsets-forgotten-at-rebalance", kGroups,
     "GroupMetadata.initNextGeneration", "A rebalance clears the group's offsets."},
    {Mutant::kGenerationUnchecked, "generation-unchecked", kGroups, "GroupCoordinator.validateOffsetCommit",
     "A commit is accepted from whoever sends it, of any generation."},

    {Mutant::kRetryAsNew, "retry-as-new", kProducer, "KIP-98", "A repeated batch gets a new sequence.",
     MutantHome::kProducers},
    {Mutant::kRetryAtBack, "retry-at-back", kProducer, "RecordAccumulator.insertInSequenceOrder",
     "A repeated batch goes to the end of the queue, with a sequence of its place there.", MutantHome::kProducers},
    {Mutant::kWindowOfUnanswered, "window-of-unanswered", kProducer, "KIP-98, max.in.flight.requests.per.connection",
     "Five batches may wait for answers, however many were answered behind the oldest of them.",
     MutantHome::kProducers},
    {Mutant::kEpochBumpRenumbers, "epoch-bump-renumbers", kProducer, "TransactionManager.maybeResolveSequences",
     "A new epoch gives new sequences to batches that wait to be repeated and may be stored.", MutantHome::kProducers},
    {Mutant::kAckOnLostConnection, "ack-on-lost-connection", kProducer, "Sender.handleProduceResponse",
     "A request whose connection is lost counts as done.", MutantHome::kProducers},
    {Mutant::kAckOnExpiry, "ack-on-expiry", kProducer, "Sender.failBatch",
     "After delivery.timeout.ms the application is told success.", MutantHome::kProducers},
    {Mutant::kFailThoughAppended, "fail-though-appended", kProducer, "DelayedProduce",
     "The application is told that a record isn't stored when that isn't known.", MutantHome::kProducers},
    {Mutant::kLostLeadershipIsCertain, "lost-leadership-is-certain", kProducer, "DelayedProduce.tryComplete",
     "NOT_LEADER_OR_FOLLOWER counts as a proof that nothing was appended.", MutantHome::kProducers},
    {Mutant::kOneOffsetForAll, "one-offset-for-all", kProducer, "FutureRecordMetadata",
     "All records of a batch are reported at its first offset.", MutantHome::kProducers},

    {Mutant::kCommitsBeforeProcessing, "commits-before-processing", kConsumer, "KafkaConsumer: at least once",
     "What a poll returned is committed before it is processed.", MutantHome::kConsumers},
    {Mutant::kCommitsWhatItFetched, "commits-what-it-fetched", kConsumer, "SubscriptionState.allConsumed",
     "The position of the fetcher is committed, not that of the application.", MutantHome::kConsumers},
    {Mutant::kCommitsAsNobody, "commits-as-nobody", kConsumer, "ConsumerCoordinator.sendOffsetCommitRequest",
     "A consumer that the group has dropped commits without a generation, which an empty group accepts.",
     MutantHome::kConsumers},
    {Mutant::kRefusedCommitCountsAsDone, "refused-commit-counts-as-done", kConsumer, "OffsetCommitResponseHandler",
     "A commit that the coordinator refuses is reported as done.", MutantHome::kConsumers},
    {Mutant::kPollDropsRest, "poll-drops-rest", kConsumer, "Fetcher.collectFetch",
     "What max.poll.records leaves over is thrown away.", MutantHome::kConsumers},
    {Mutant::kReturnsRecordTwice, "returns-record-twice", kConsumer, "Fetcher.fetchRecords",
     "The last record of a poll stays in the buffer and is returned again.", MutantHome::kConsumers},
    {Mutant::kResetsToEndOnError, "resets-to-end-on-error", kConsumer, "Fetcher.initializeCompletedFetch",
     "Any error of a fetch moves the position to the log's end.", MutantHome::kConsumers},
    {Mutant::kResetsToStartOnError, "resets-to-start-on-error", kConsumer, "Fetcher.initializeCompletedFetch",
     "Any error of a fetch moves the position to the log's start.", MutantHome::kConsumers},
    {Mutant::kLedgerFailureIgnored, "ledger-failure-ignored", kConsumer, "KafkaConsumer: at least once",
     "A record whose effect failed counts as processed.", MutantHome::kConsumers},
    {Mutant::kRemembersOldPositions, "remembers-old-positions", kConsumer,
     "ConsumerCoordinator.refreshCommittedOffsetsIfNeeded",
     "A partition that comes back is read on from where it was left, not from what is committed.",
     MutantHome::kConsumers},
    {Mutant::kResetsBeforeOffsets, "resets-before-offsets", kConsumer, "SubscriptionState.resetInitializingPositions",
     "auto.offset.reset is applied while the committed offsets are still being asked for.", MutantHome::kConsumers},
    {Mutant::kAssignsTwice, "assigns-twice", kConsumer, "RangeAssignor",
     "The group's leader assigns the first partition to every member.", MutantHome::kConsumers},
};

}  // namespace

const std::vector<MutantInfo>& AllMutants() {
  static const std::vector<MutantInfo> all(std::begin(kMutants), std::end(kMutants));
  return all;
}

std::optional<Mutant> FindMutant(std::string_view name, MutantHome home) {
  if (name == "none") return Mutant::kNone;
  for (const MutantInfo& info : kMutants) {
    if (info.name == name && info.home == home) return info.mutant;
  }
  return std::nullopt;
}

}  // namespace brokersim::kafka
