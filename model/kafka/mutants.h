// Mutants: planted bugs, each the change of one rule, by which the checkers are tried. None is Kafka's.
//
// One is planted by the line `mutant=NAME` among a node's settings, off everywhere else; docs/mutants.md says how each
// was caught. The model asks for it at the one place where the bug lives.
#ifndef BROKERSIM_MODEL_KAFKA_MUTANTS_H_
#define BROKERSIM_MODEL_KAFKA_MUTANTS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace brokersim::kafka {

enum class Mutant : uint8_t {
  kNone,
  // Writes
  kAckBeforeReplication,
  kAckAtTimeout,
  kAckOnLeadershipLoss,
  kAckWithoutAppend,
  kMinIsrIgnored,
  kAckOneTooEarly,
  kAckBeforeSync,
  kWrongBaseOffset,
  kDuplicateAnsweredAtEnd,
  kDedupOff,
  kDedupRemembersOne,
  kDedupNotReplicated,
  kDedupKeptAtTruncation,
  kSequenceGapAccepted,
  // Replication
  kHighWatermarkOfFastest,
  kSentCountsAsReplicated,
  kIsrShrinkUnconfirmed,
  kIsrExpandUnchecked,
  kFollowerFetchesBeforeSync,
  kFollowerWaitsForLastSync,
  kTruncatesToHighWatermark,
  kTruncatesOneBatchMore,
  kKeepsDivergentTail,
  kFollowerTrustsItsEnd,
  kRecoveryDropsLastBatch,
  kHighWatermarkIgnoresPending,
  // Controller
  kElectsOutsideIsr,
  kIsrShrinkNotStored,
  kIsrKeptAtFencing,
  kEpochNotBumped,
  kProducerIdsReused,
  // Reads
  kFetchBeyondHighWatermark,
  kFetchSkipsBatch,
  kStartOffsetOneTooMany,
  kOutOfRangeAboveHighWatermark,
  // Group coordinator
  kCommitBeforeReplication,
  kCommitNotStored,
  kCommitOneTooFar,
  kCommitOfOtherPartition,
  kCommitOfOtherGroup,
  kCommitsReadBackwards,
  kOffsetsForgottenAtFailover,
  kOffsetsForgottenAtRebalance,
  kGenerationUnchecked,
  // Producer
  kRetryAsNew,
  kRetryAtBack,
  kWindowOfUnanswered,
  kEpochBumpRenumbers,
  kAckOnLostConnection,
  kAckOnExpiry,
  kFailThoughAppended,
  kLostLeadershipIsCertain,
  kOneOffsetForAll,
  // Consumer
  kCommitsBeforeProcessing,
  kCommitsWhatItFetched,
  kCommitsAsNobody,
  kRefusedCommitCountsAsDone,
  kPollDropsRest,
  kReturnsRecordTwice,
  kResetsToEndOnError,
  kResetsToStartOnError,
  kLedgerFailureIgnored,
  kRemembersOldPositions,
  kResetsBeforeOffsets,
  kAssignsTwice,
};

// Whose settings take it.
enum class MutantHome : uint8_t { kServers, kProducers, kConsumers };

struct MutantInfo {
  Mutant mutant = Mutant::kNone;
  std::string_view name;    // as settings give it
  std::string_view group;   // what it is a bug of
  std::string_view source;  // where Kafka has the rule that it breaks: a class, a setting, a KIP
  std::string_view text;    // one sentence: what it does instead
  MutantHome home = MutantHome::kServers;
};

// All but kNone, in the order of the enumeration.
const std::vector<MutantInfo>& AllMutants();

// The mutant of this name among those of `home`; "none" is one too. Without a value: there is no such mutant.
std::optional<Mutant> FindMutant(std::string_view name, MutantHome home);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MUTANTS_H_
