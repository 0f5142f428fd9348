// The log of one replica: epochs (KIP-101), truncation, recovery, and what it knows of producers (KIP-98).
#include "model/kafka/replica_log.h"

#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random/stream.h"

namespace brokersim::kafka {

// For gtest's messages and comparisons.
bool operator==(const EpochStart& a, const EpochStart& b) {
  return a.epoch == b.epoch && a.start_offset == b.start_offset;
}
void PrintTo(const EpochStart& entry, std::ostream* out) { *out << entry.epoch << "@" << entry.start_offset; }
void PrintTo(const EpochEndOffset& end, std::ostream* out) { *out << end.epoch << " ends at " << end.end_offset; }
void PrintTo(ErrorCode error, std::ostream* out) { *out << Name(error); }

namespace {

using Epochs = std::vector<EpochStart>;

RecordBatch Batch(int64_t records) {
  RecordBatch batch;
  for (int64_t i = 0; i < records; ++i) batch.records.push_back({"k", "v", 0});
  return batch;
}

RecordBatch FromProducer(int64_t producer, int16_t epoch, int32_t sequence, int64_t records = 1) {
  RecordBatch batch = Batch(records);
  batch.producer_id = producer;
  batch.producer_epoch = epoch;
  batch.base_sequence = sequence;
  return batch;
}

BatchRef At(int64_t offset, int32_t epoch, int64_t records) {
  RecordBatch batch = Batch(records);
  batch.base_offset = offset;
  batch.partition_leader_epoch = epoch;
  return sim::MakePayload(std::move(batch));
}

// [0,3) in epoch 1, [3,5) in epoch 3, [5,9) in epoch 4.
ReplicaLog ThreeEpochs() {
  ReplicaLog log;
  log.AppendAsFollower(At(0, 1, 2));
  log.AppendAsFollower(At(2, 1, 1));
  log.AppendAsFollower(At(3, 3, 2));
  log.AppendAsFollower(At(5, 4, 4));
  return log;
}

// ---- Appending

TEST(ReplicaLogAppend, LeaderGivesOffsetsAndItsEpoch) {
  ReplicaLog log;
  log.BeginEpoch(7);
  EXPECT_EQ(log.AppendAsLeader(Batch(3), 7)->value().base_offset, 0);
  const BatchRef second = log.AppendAsLeader(Batch(2), 7);
  EXPECT_EQ(second->value().base_offset, 3);
  EXPECT_EQ(second->value().partition_leader_epoch, 7);
  EXPECT_EQ(log.log_end_offset(), 5);
  EXPECT_EQ(log.last_epoch(), 7);
}

TEST(ReplicaLogAppend, FollowerKeepsTheLeadersOffsetsAndEpochs) {
  const ReplicaLog log = ThreeEpochs();
  EXPECT_EQ(log.log_end_offset(), 9);
  EXPECT_EQ(log.epoch_starts(), (Epochs{{1, 0}, {3, 3}, {4, 5}}));
}

TEST(ReplicaLogAppend, AFollowersGapIsRefused) {
  ReplicaLog log;
  log.AppendAsFollower(At(0, 1, 2));
  EXPECT_THROW(log.AppendAsFollower(At(3, 1, 1)), sim::CheckFailure);
  EXPECT_THROW(log.AppendAsFollower(At(1, 1, 1)), sim::CheckFailure);
}

// ---- Epochs

TEST(ReplicaLogEpochs, AnEpochWithoutRecordsMakesRoomForTheNext) {
  ReplicaLog log;
  EXPECT_TRUE(log.BeginEpoch(1));
  log.AppendAsLeader(Batch(2), 1);
  EXPECT_TRUE(log.BeginEpoch(2));
  EXPECT_TRUE(log.BeginEpoch(5));
  EXPECT_EQ(log.epoch_starts(), (Epochs{{1, 0}, {5, 2}}));
}

TEST(ReplicaLogEpochs, AnEpochBeginsOnce) {
  ReplicaLog log;
  EXPECT_TRUE(log.BeginEpoch(4));
  log.AppendAsLeader(Batch(2), 4);
  EXPECT_FALSE(log.BeginEpoch(4));
  EXPECT_FALSE(log.BeginEpoch(3));
  EXPECT_EQ(log.epoch_starts(), (Epochs{{4, 0}}));
}

// LeaderEpochFileCache.assign: see testdata/empty_epoch.txt for what happens otherwise.
TEST(ReplicaLogEpochs, RecordsOfAnOlderEpochReplaceAnEpochWithoutRecords) {
  ReplicaLog log;
  log.AppendAsFollower(At(0, 1, 2));
  log.BeginEpoch(5);
  log.AppendAsFollower(At(2, 1, 1));
  EXPECT_EQ(log.epoch_starts(), (Epochs{{1, 0}}));
  log.BeginEpoch(6);
  log.AppendAsFollower(At(3, 2, 1));
  EXPECT_EQ(log.epoch_starts(), (Epochs{{1, 0}, {2, 3}}));
}

TEST(ReplicaLogEpochs, EndOffsetForEpoch) {
  const ReplicaLog log = ThreeEpochs();
  const std::map<int32_t, EpochEndOffset> expected = {
      {0, {0, 0}},  // below all: where the first one begins
      {1, {1, 3}},  // the start of the next one
      {2, {1, 3}},  // KIP-279: the largest at or below
      {3, {3, 5}},
      {4, {4, 9}},  // the log's end
      {5, {4, 9}},
  };
  for (const auto& [epoch, end] : expected) EXPECT_EQ(log.EndOffsetForEpoch(epoch), end) << "epoch " << epoch;
}

// Before KIP-279, of an epoch that the log never had.
TEST(ReplicaLogEpochs, StartOffsetAfterEpoch) {
  const ReplicaLog log = ThreeEpochs();
  const std::map<int32_t, EpochEndOffset> expected = {
      {1, {1, 3}}, {2, {2, 3}}, {3, {3, 5}}, {4, {4, 9}}, {5, {-1, -1}},
  };
  for (const auto& [epoch, end] : expected) EXPECT_EQ(log.StartOffsetAfterEpoch(epoch), end) << "epoch " << epoch;
  EXPECT_EQ(ReplicaLog().StartOffsetAfterEpoch(3), (EpochEndOffset{-1, -1}));
}

TEST(ReplicaLogEpochs, ALogWithoutEpochsKnowsNoEnd) {
  EXPECT_EQ(ReplicaLog().EndOffsetForEpoch(3), (EpochEndOffset{-1, -1}));
}

TEST(ReplicaLogEpochs, AnEpochThatJustBeganEndsWhereItBegan) {
  ReplicaLog log = ThreeEpochs();
  log.BeginEpoch(8);
  EXPECT_EQ(log.EndOffsetForEpoch(8), (EpochEndOffset{8, 9}));
  EXPECT_EQ(log.EndOffsetForEpoch(7), (EpochEndOffset{4, 9}));
}

// ---- Truncation

TEST(ReplicaLogTruncation, DropsWhatReachesBeyond) {
  struct Case {
    int64_t offset;
    int64_t end;
    int64_t records_removed;
    Epochs epochs;
  };
  const std::vector<Case> cases = {
      {9, 9, 0, {{1, 0}, {3, 3}, {4, 5}}},
      {20, 9, 0, {{1, 0}, {3, 3}, {4, 5}}},
      {8, 5, 4, {{1, 0}, {3, 3}}},  // within a batch: all of it goes
      {5, 5, 4, {{1, 0}, {3, 3}}},
      {3, 3, 6, {{1, 0}}},
      {2, 2, 7, {{1, 0}}},
      {1, 0, 9, {}},
      {0, 0, 9, {}},
  };
  for (const Case& c : cases) {
    ReplicaLog log = ThreeEpochs();
    int64_t records = 0;
    for (const BatchRef& batch : log.TruncateTo(c.offset)) records += batch->value().count();
    EXPECT_EQ(log.log_end_offset(), c.end) << "to " << c.offset;
    EXPECT_EQ(records, c.records_removed) << "to " << c.offset;
    EXPECT_EQ(log.epoch_starts(), c.epochs) << "to " << c.offset;
  }
}

// UnifiedLog.truncateTo: "Always truncate epoch cache since we may have a conflicting epoch entry at the end of the
// log".
TEST(ReplicaLogTruncation, ToTheEndDropsAnEpochWithoutRecords) {
  ReplicaLog log = ThreeEpochs();
  log.BeginEpoch(8);
  EXPECT_TRUE(log.TruncateTo(9).empty());
  EXPECT_EQ(log.epoch_starts(), (Epochs{{1, 0}, {3, 3}, {4, 5}}));
}

TEST(ReplicaLogTruncation, TakesBackWhatIsKnownOfProducers) {
  ReplicaLog log;
  int64_t duplicate = 0;
  log.AppendAsLeader(FromProducer(7, 0, 0), 1);
  log.AppendAsLeader(FromProducer(7, 0, 1), 1);
  log.TruncateTo(1);
  EXPECT_EQ(log.CheckProducer(FromProducer(7, 0, 1), &duplicate), ErrorCode::kNone);
  EXPECT_EQ(duplicate, -1);
  EXPECT_EQ(log.CheckProducer(FromProducer(7, 0, 2), &duplicate), ErrorCode::kOutOfOrderSequenceNumber);
  log.TruncateTo(0);
  EXPECT_EQ(log.CheckProducer(FromProducer(7, 0, 2), &duplicate), ErrorCode::kNone) << "unknown again";
}

// ---- Reading

TEST(ReplicaLogRead, WholeBatchesFromTheOneThatHoldsTheOffset) {
  const ReplicaLog log = ThreeEpochs();
  ASSERT_EQ(log.Read(1, 9, INT64_MAX).size(), 4u);
  EXPECT_EQ(log.Read(1, 9, INT64_MAX)[0]->value().base_offset, 0);
  ASSERT_EQ(log.Read(6, 9, INT64_MAX).size(), 1u);
  EXPECT_EQ(log.Read(6, 9, INT64_MAX)[0]->value().base_offset, 5);
  EXPECT_TRUE(log.Read(9, 9, INT64_MAX).empty());
}

TEST(ReplicaLogRead, NothingThatReachesBeyondTheLimit) {
  const ReplicaLog log = ThreeEpochs();
  EXPECT_EQ(log.Read(0, 5, INT64_MAX).size(), 3u);
  EXPECT_EQ(log.Read(0, 4, INT64_MAX).size(), 2u) << "half of a batch is not to be seen";
  EXPECT_TRUE(log.Read(0, 0, INT64_MAX).empty());
}

TEST(ReplicaLogRead, OneBatchAtLeastHoweverLarge) {
  const ReplicaLog log = ThreeEpochs();
  EXPECT_EQ(log.Read(0, 9, 1).size(), 1u);
}

// ---- Producers (B1.7)

class ReplicaLogProducer : public testing::Test {
 protected:
  ErrorCode Check(const RecordBatch& batch) { return log_.CheckProducer(batch, &duplicate_of_); }
  void Append(const RecordBatch& batch) {
    ASSERT_EQ(Check(batch), ErrorCode::kNone);
    ASSERT_EQ(duplicate_of_, -1);
    log_.AppendAsLeader(batch, 1);
  }

  ReplicaLog log_;
  int64_t duplicate_of_ = 0;
};

TEST_F(ReplicaLogProducer, WithoutAnIdIsNeverChecked) {
  Append(Batch(1));
  Append(Batch(1));
  EXPECT_EQ(log_.log_end_offset(), 2);
}

TEST_F(ReplicaLogProducer, UnknownMayBeginAnywhere) {
  EXPECT_EQ(Check(FromProducer(7, 3, 41)), ErrorCode::kNone);
  EXPECT_EQ(duplicate_of_, -1);
}

TEST_F(ReplicaLogProducer, SequencesFollowEachOther) {
  Append(FromProducer(7, 0, 0, 3));
  EXPECT_EQ(Check(FromProducer(7, 0, 4)), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(Check(FromProducer(7, 0, 2)), ErrorCode::kOutOfOrderSequenceNumber);
  Append(FromProducer(7, 0, 3));
}

TEST_F(ReplicaLogProducer, ProducersDontDisturbEachOther) {
  Append(FromProducer(7, 0, 0));
  Append(FromProducer(8, 0, 0));
  Append(FromProducer(7, 0, 1));
  EXPECT_EQ(Check(FromProducer(8, 0, 2)), ErrorCode::kOutOfOrderSequenceNumber);
}

TEST_F(ReplicaLogProducer, BeforeKafka5494OnlyTheLastBatchIsKnownAgain) {
  for (int32_t i = 0; i < 3; ++i) Append(FromProducer(7, 0, i));
  EXPECT_EQ(log_.CheckProducer(FromProducer(7, 0, 2), &duplicate_of_, /*remembers_five=*/false), ErrorCode::kNone);
  EXPECT_EQ(duplicate_of_, 2);
  EXPECT_EQ(log_.CheckProducer(FromProducer(7, 0, 1), &duplicate_of_, /*remembers_five=*/false),
            ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(duplicate_of_, -1);
}

// ProducerStateManager.isProducerExpired
TEST_F(ReplicaLogProducer, AnIdleOneIsForgottenUnlessItsTransactionIsOpen) {
  RecordBatch batch = FromProducer(7, 0, 5);
  batch.records[0].timestamp_ms = 1000;
  Append(batch);
  log_.ForgetExpired(7, 1099, 100);
  EXPECT_EQ(Check(FromProducer(7, 0, 9)), ErrorCode::kOutOfOrderSequenceNumber);
  log_.ForgetExpired(7, 1100, 100);
  EXPECT_EQ(Check(FromProducer(7, 0, 9)), ErrorCode::kNone) << "unknown, and may begin anywhere";
  batch.transactional = true;
  Append(batch);
  log_.ForgetExpired(7, 5000, 100);
  EXPECT_EQ(Check(FromProducer(7, 0, 9)), ErrorCode::kOutOfOrderSequenceNumber);
}

TEST_F(ReplicaLogProducer, TheLastFiveBatchesAreKnownAgain) {
  for (int32_t i = 0; i < 7; ++i) Append(FromProducer(7, 0, 2 * i, 2));
  for (int32_t i = 2; i < 7; ++i) {
    EXPECT_EQ(Check(FromProducer(7, 0, 2 * i, 2)), ErrorCode::kNone);
    EXPECT_EQ(duplicate_of_, 2 * i);
  }
  // KAFKA-5494: older ones are not. (Kafka then says DuplicateSequenceNumber or OutOfOrderSequence.)
  EXPECT_EQ(Check(FromProducer(7, 0, 2, 2)), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(duplicate_of_, -1);
}

TEST_F(ReplicaLogProducer, ABatchOfOtherSizeIsNoDuplicate) {
  Append(FromProducer(7, 0, 0, 2));
  EXPECT_EQ(Check(FromProducer(7, 0, 0, 1)), ErrorCode::kOutOfOrderSequenceNumber);
}

TEST_F(ReplicaLogProducer, SequencesWrapAround) {
  Append(FromProducer(7, 0, INT32_MAX - 1, 2));
  EXPECT_EQ(Check(FromProducer(7, 0, 1)), ErrorCode::kOutOfOrderSequenceNumber);
  Append(FromProducer(7, 0, 0));
}

// DefaultRecordBatch.incrementSequence: a batch may hold the greatest sequence and 0.
TEST_F(ReplicaLogProducer, ABatchMayWrapAround) {
  const RecordBatch across = FromProducer(7, 0, INT32_MAX - 1, 4);
  EXPECT_EQ(across.last_sequence(), 1);
  Append(across);
  EXPECT_EQ(Check(across), ErrorCode::kNone);
  EXPECT_EQ(duplicate_of_, 0);
  Append(FromProducer(7, 0, 2));
}

TEST_F(ReplicaLogProducer, ANewEpochBeginsAtZero) {
  Append(FromProducer(7, 0, 0));
  Append(FromProducer(7, 0, 1));
  EXPECT_EQ(Check(FromProducer(7, 1, 2)), ErrorCode::kOutOfOrderSequenceNumber);
  Append(FromProducer(7, 1, 0));
  EXPECT_EQ(Check(FromProducer(7, 0, 2)), ErrorCode::kInvalidProducerEpoch) << "the former epoch is fenced";
  Append(FromProducer(7, 1, 1));
}

TEST_F(ReplicaLogProducer, BatchesOfAFormerEpochAreNoDuplicates) {
  Append(FromProducer(7, 0, 0));
  EXPECT_EQ(Check(FromProducer(7, 1, 0)), ErrorCode::kNone);
  EXPECT_EQ(duplicate_of_, -1);
}

TEST_F(ReplicaLogProducer, FollowersKnowProducersToo) {
  RecordBatch batch = FromProducer(7, 0, 5);
  batch.partition_leader_epoch = 1;
  log_.AppendAsFollower(sim::MakePayload(std::move(batch)));
  EXPECT_EQ(Check(FromProducer(7, 0, 5)), ErrorCode::kNone);
  EXPECT_EQ(duplicate_of_, 0);
  EXPECT_EQ(Check(FromProducer(7, 0, 7)), ErrorCode::kOutOfOrderSequenceNumber);
}

// ---- Recovery

sim::File FileOf(const ReplicaLog& log) {
  sim::File file;
  file.name = "orders-0/log";
  for (const BatchRef& batch : log.batches()) file.blocks.push_back({batch, false});
  return file;
}

sim::File EpochFile(Epochs epochs) {
  sim::File file;
  file.name = "orders-0/leader-epoch-checkpoint";
  file.blocks.push_back({sim::MakePayload(LeaderEpochCheckpoint{std::move(epochs)}), false});
  return file;
}

TEST(ReplicaLogRecovery, NothingOnDisk) {
  int64_t blocks = -1;
  const ReplicaLog log = ReplicaLog::Recover(nullptr, nullptr, &blocks);
  EXPECT_EQ(blocks, 0);
  EXPECT_EQ(log.log_end_offset(), 0);
  EXPECT_EQ(log.last_epoch(), -1);
}

TEST(ReplicaLogRecovery, WholeFile) {
  const sim::File file = FileOf(ThreeEpochs());
  const sim::File epochs = EpochFile({{1, 0}, {3, 3}, {4, 5}});
  int64_t blocks = -1;
  const ReplicaLog log = ReplicaLog::Recover(&file, &epochs, &blocks);
  EXPECT_EQ(blocks, 4);
  EXPECT_EQ(log.log_end_offset(), 9);
  EXPECT_EQ(log.epoch_starts(), (Epochs{{1, 0}, {3, 3}, {4, 5}}));
}

TEST(ReplicaLogRecovery, StopsAtATornBlock) {
  sim::File file = FileOf(ThreeEpochs());
  file.blocks[2].damaged = true;
  const sim::File epochs = EpochFile({{1, 0}, {3, 3}, {4, 5}});
  int64_t blocks = -1;
  const ReplicaLog log = ReplicaLog::Recover(&file, &epochs, &blocks);
  EXPECT_EQ(blocks, 2);
  EXPECT_EQ(log.log_end_offset(), 3);
  EXPECT_EQ(log.epoch_starts(), (Epochs{{1, 0}})) << "no epoch begins at or beyond the end";
}

// The checkpoint is written when an epoch begins, not when records arrive: it may be behind the log, or before it.
TEST(ReplicaLogRecovery, EpochsComeFromTheLogWhereTheCheckpointIsOld) {
  const sim::File file = FileOf(ThreeEpochs());
  for (const Epochs& written : {Epochs{}, Epochs{{1, 0}}, Epochs{{2, 0}}, Epochs{{1, 0}, {8, 2}}}) {
    const sim::File epochs = EpochFile(written);
    int64_t blocks = -1;
    EXPECT_EQ(ReplicaLog::Recover(&file, &epochs, &blocks).epoch_starts(), (Epochs{{1, 0}, {3, 3}, {4, 5}}));
  }
}

TEST(ReplicaLogRecovery, ProducersAreKnownAgain) {
  ReplicaLog before;
  before.AppendAsLeader(FromProducer(7, 2, 0), 1);
  before.AppendAsLeader(FromProducer(7, 2, 1), 1);
  const sim::File file = FileOf(before);
  int64_t blocks = -1;
  int64_t duplicate = -1;
  const ReplicaLog log = ReplicaLog::Recover(&file, nullptr, &blocks);
  EXPECT_EQ(log.CheckProducer(FromProducer(7, 2, 1), &duplicate), ErrorCode::kNone);
  EXPECT_EQ(duplicate, 1);
  EXPECT_EQ(log.CheckProducer(FromProducer(7, 1, 2), &duplicate), ErrorCode::kInvalidProducerEpoch);
}

// ---- Against a naive model

// One entry a record: its leader epoch. Truncation is by batch, so batches' starts are kept, too.
struct NaiveLog {
  std::vector<int32_t> epochs;
  std::vector<int64_t> batch_starts;

  int64_t end() const { return static_cast<int64_t>(epochs.size()); }
  void Append(int32_t epoch, int64_t records) {
    batch_starts.push_back(end());
    epochs.insert(epochs.end(), static_cast<size_t>(records), epoch);
  }
  void Truncate(int64_t offset) {
    if (offset >= end()) return;
    while (!batch_starts.empty() && batch_starts.back() > offset) batch_starts.pop_back();
    const int64_t cut = batch_starts.empty() ? 0 : batch_starts.back();
    if (!batch_starts.empty()) batch_starts.pop_back();
    epochs.resize(static_cast<size_t>(cut));
  }
  Epochs Starts() const {
    Epochs starts;
    for (size_t i = 0; i < epochs.size(); ++i) {
      if (i == 0 || epochs[i] != epochs[i - 1]) starts.push_back({epochs[i], static_cast<int64_t>(i)});
    }
    return starts;
  }
};

TEST(ReplicaLogProperty, EpochsAndOffsetsAsInANaiveLog) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    sim::Stream random(seed, "replica-log");
    ReplicaLog log;
    NaiveLog naive;
    int32_t epoch = 0;
    for (int step = 0; step < 200; ++step) {
      const uint64_t what = random.Below(10);
      if (what < 6) {
        const int64_t records = random.Between(1, 4);
        log.AppendAsFollower(At(naive.end(), epoch, records));
        naive.Append(epoch, records);
      } else if (what < 8) {
        epoch += static_cast<int32_t>(random.Between(1, 3));
        // Led for a moment, without writing.
        if (random.Chance(sim::Ratio::Percent(30))) log.BeginEpoch(epoch + 1);
      } else {
        const int64_t offset = random.Between(std::max<int64_t>(naive.end() - 6, 0), naive.end() + 1);
        log.TruncateTo(offset);
        naive.Truncate(offset);
        // A log that was cut may go on with an older epoch, but with none below its last.
        epoch = std::max(naive.epochs.empty() ? 0 : naive.epochs.back(), epoch - 1);
      }
      log.CheckInvariants();
      ASSERT_EQ(log.log_end_offset(), naive.end()) << "seed " << seed << ", step " << step;
      ASSERT_EQ(log.last_epoch(), naive.epochs.empty() ? -1 : naive.epochs.back());
      // An epoch without records may be noted at the end; nothing else may differ.
      Epochs starts = log.epoch_starts();
      if (!starts.empty() && starts.back().start_offset == naive.end()) starts.pop_back();
      ASSERT_EQ(starts, naive.Starts()) << "seed " << seed << ", step " << step;
      const sim::File file = FileOf(log);
      int64_t blocks = 0;
      ASSERT_EQ(ReplicaLog::Recover(&file, nullptr, &blocks).epoch_starts(), naive.Starts());
    }
  }
}

}  // namespace
}  // namespace brokersim::kafka
