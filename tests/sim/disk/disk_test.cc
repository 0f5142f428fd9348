// A disk has two positions a file, written and synced; a power loss keeps a prefix between them.
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/disk/disk.h"

namespace brokersim::sim {
namespace {

struct Line {
  static constexpr std::string_view kName = "Line";
  int64_t id = 0;
  template <class V>
  void Fields(V& v) const { v("id", id); }
};

PayloadRef Content(int64_t id) { return MakePayload(Line{id}); }
int64_t IdOf(const Block& block) { return block.content->As<Line>()->id; }

TEST(Disk, OpenGivesTheSameFileForTheSameName) {
  Disk disk;
  const FileId log = disk.Open("log");
  EXPECT_EQ(disk.Open("log"), log);
  EXPECT_NE(disk.Open("index"), log);
  EXPECT_EQ(disk.files(), 2);
  EXPECT_EQ(disk.Find("nothing"), nullptr);
  EXPECT_EQ(disk.Find("log")->size(), 0);
  EXPECT_THROW(disk.file(FileId{7}), CheckFailure);
}

TEST(Disk, SyncedBlocksAlwaysSurviveAndOnlyTheCutIsTorn) {
  int torn = 0;
  int kept_some = 0;
  int kept_all = 0;
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    Stream stream(seed, "disk");
    Disk disk;
    const FileId log = disk.Open("log");
    for (int i = 0; i < 10; ++i) disk.Append(log, Content(i));
    disk.MarkSynced(log, 4);
    const std::vector<DiskLoss> losses = disk.LosePower({UnsyncedFate::kDrawn}, stream);
    const File& file = disk.file(log);
    ASSERT_GE(file.size(), 4);
    ASSERT_LE(file.size(), 10);
    ASSERT_EQ(file.synced, file.size());
    for (int64_t i = 0; i < file.size(); ++i) {
      const Block& block = file.blocks[static_cast<size_t>(i)];
      ASSERT_EQ(IdOf(block), i);
      if (block.damaged) {
        ASSERT_EQ(i, file.size() - 1);
        ASSERT_GE(i, 4);
        ++torn;
      }
    }
    const bool cut_torn = file.blocks.back().damaged;
    const int64_t whole = file.size() - (cut_torn ? 1 : 0);
    ASSERT_EQ(losses.empty(), whole == 10);
    if (!losses.empty()) {
      ASSERT_EQ(losses[0].blocks_lost, 10 - whole);
      ASSERT_EQ(losses[0].torn, cut_torn);
    }
    if (whole > 4) ++kept_some;
    if (whole == 10) ++kept_all;
  }
  // A length from 0 to 6 with equal weight; of the six lengths with a cut a quarter is torn.
  EXPECT_NEAR(kept_all, 2'000 / 7, 80);
  EXPECT_NEAR(kept_some, 2'000 * 6 / 7, 80);
  EXPECT_NEAR(torn, 2'000 * 6 / 7 / 4, 100);
}

TEST(Disk, FatesThatAreChosen) {
  Stream stream(1, "disk");
  Disk disk;
  const FileId log = disk.Open("log");
  disk.Append(log, Content(1));
  disk.MarkSynced(log, 1);
  disk.Append(log, Content(2));
  Disk other = disk;
  EXPECT_EQ(disk.LosePower({UnsyncedFate::kLost}, stream).size(), 1u);
  EXPECT_EQ(disk.file(log).size(), 1);
  EXPECT_TRUE(other.LosePower({UnsyncedFate::kKept}, stream).empty());
  EXPECT_EQ(other.file(log).size(), 2);
  EXPECT_EQ(stream.draws(), 0u);
}

TEST(Disk, AFileWithNothingUnsyncedDrawsNothing) {
  Stream stream(1, "disk");
  Disk disk;
  disk.Replace(disk.Open("checkpoint"), Content(1));
  EXPECT_TRUE(disk.LosePower({UnsyncedFate::kDrawn}, stream).empty());
  EXPECT_EQ(stream.draws(), 0u);
}

TEST(Disk, ReplaceIsDurableAndNullEmpties) {
  Disk disk;
  const FileId file = disk.Open("checkpoint");
  disk.Append(file, Content(1));
  disk.Append(file, Content(2));
  disk.Replace(file, Content(3));
  ASSERT_EQ(disk.file(file).size(), 1);
  EXPECT_EQ(IdOf(disk.file(file).blocks[0]), 3);
  EXPECT_EQ(disk.file(file).synced, 1);
  disk.Replace(file, PayloadRef());
  EXPECT_EQ(disk.file(file).size(), 0);
}

TEST(Disk, TruncateKeepsTheHeadAndItsSyncedPart) {
  Disk disk;
  const FileId log = disk.Open("log");
  for (int i = 0; i < 5; ++i) disk.Append(log, Content(i));
  disk.MarkSynced(log, 3);
  disk.Truncate(log, 4);
  EXPECT_EQ(disk.file(log).synced, 3);
  disk.Truncate(log, 2);
  EXPECT_EQ(disk.file(log).synced, 2);
  EXPECT_THROW(disk.Truncate(log, 3), CheckFailure);
  EXPECT_THROW(disk.Truncate(log, -1), CheckFailure);
}

TEST(Disk, ASyncNeverGoesBackNorBeyondTheEnd) {
  Disk disk;
  const FileId log = disk.Open("log");
  for (int i = 0; i < 3; ++i) disk.Append(log, Content(i));
  disk.MarkSynced(log, 2);
  disk.MarkSynced(log, 1);
  EXPECT_EQ(disk.file(log).synced, 2);
  disk.MarkSynced(log, 9);
  EXPECT_EQ(disk.file(log).synced, 3);
}

// The same steps on a disk and on two plain vectors: what was written, and what is durable.
TEST(Disk, BehavesAsAWrittenAndADurableList) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Stream steps(seed, "steps");
    Stream fate(seed, "fate");
    Disk disk;
    const FileId log = disk.Open("log");
    std::vector<int64_t> written;
    size_t durable = 0;
    int64_t next = 0;
    for (int step = 0; step < 2'000; ++step) {
      const uint64_t choice = steps.Below(100);
      if (choice < 60) {
        disk.Append(log, Content(next));
        written.push_back(next++);
      } else if (choice < 75) {
        const uint64_t to = steps.Below(written.size() + 1);
        disk.MarkSynced(log, static_cast<int64_t>(to));
        durable = std::max(durable, static_cast<size_t>(to));
      } else if (choice < 85) {
        const uint64_t to = steps.Below(written.size() + 1);
        disk.Truncate(log, static_cast<int64_t>(to));
        written.resize(to);
        durable = std::min(durable, written.size());
      } else if (choice < 90) {
        disk.Replace(log, Content(next));
        written = {next++};
        durable = 1;
      } else {
        disk.LosePower({UnsyncedFate::kDrawn}, fate);
        const auto size = static_cast<size_t>(disk.file(log).size());
        ASSERT_GE(size, durable);
        ASSERT_LE(size, written.size());
        written.resize(size);
        durable = size;
      }
      const File& file = disk.file(log);
      ASSERT_EQ(static_cast<size_t>(file.size()), written.size());
      ASSERT_EQ(static_cast<size_t>(file.synced), durable);
      for (size_t i = 0; i < written.size(); ++i) ASSERT_EQ(IdOf(file.blocks[i]), written[i]);
    }
  }
}

}  // namespace
}  // namespace brokersim::sim
