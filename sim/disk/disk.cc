#include "sim/disk/disk.h"

#include <algorithm>
#include <utility>

namespace brokersim::sim {

FileId Disk::Open(std::string_view name) {
  for (size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].name == name) return FileId{static_cast<uint32_t>(i)};
  }
  files_.emplace_back().name = std::string(name);
  return FileId{static_cast<uint32_t>(files_.size() - 1)};
}

bool Disk::holds_anything() const {
  return std::any_of(files_.begin(), files_.end(), [](const File& file) { return !file.blocks.empty(); });
}

const File* Disk::Find(std::string_view name) const {
  for (const File& file : files_) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

const File& Disk::file(FileId id) const {
  CHECK(id.value < files_.size(), "no file {}", id.value);
  return files_[id.value];
}

File& Disk::mutable_file(FileId id) {
  CHECK(id.value < files_.size(), "no file {}", id.value);
  return files_[id.value];
}

void Disk::Append(FileId id, PayloadRef content) {
  mutable_file(id).blocks.push_back(Block{std::move(content), false});
}

void Disk::Truncate(FileId id, int64_t blocks) {
  File& file = mutable_file(id);
  CHECK(blocks >= 0, "truncating {} to {}", file.name, blocks);
  CHECK(blocks <= file.size(), "truncating {} of {} blocks to {}", file.name, file.size(), blocks);
  file.blocks.resize(static_cast<size_t>(blocks));
  file.synced = std::min(file.synced, blocks);
  file.promised = std::min(file.promised, blocks);
}

void Disk::Replace(FileId id, PayloadRef content) {
  File& file = mutable_file(id);
  file.blocks.clear();
  if (content) file.blocks.push_back(Block{std::move(content), false});
  file.synced = file.promised = file.size();
}

void Disk::MarkSynced(FileId id, int64_t blocks) {
  File& file = mutable_file(id);
  file.synced = std::max(file.synced, std::min(blocks, file.size()));
  file.promised = std::max(file.promised, file.synced);
}

void Disk::MarkPromised(FileId id, int64_t blocks) {
  File& file = mutable_file(id);
  file.promised = std::max(file.promised, std::min(blocks, file.size()));
}

void Disk::MarkPhantom(FileId id, int64_t blocks) {
  File& file = mutable_file(id);
  const int64_t end = std::min(blocks, file.size());
  for (int64_t i = file.synced; i < end; ++i) file.blocks[static_cast<size_t>(i)].phantom = true;
  MarkSynced(id, blocks);
}

void Disk::Damage(FileId id, int64_t block) {
  File& file = mutable_file(id);
  CHECK(block >= 0 && block < file.size(), "block {} of {} in {}", block, file.size(), file.name);
  file.blocks[static_cast<size_t>(block)].damaged = true;
}

void Disk::Wipe() {
  for (File& file : files_) {
    file.blocks.clear();
    file.synced = file.promised = 0;
  }
}

std::vector<DiskLoss> Disk::LosePower(PowerCut cut, Stream& stream) {
  std::vector<DiskLoss> losses;
  for (size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    DiskLoss loss;
    loss.file = FileId{static_cast<uint32_t>(i)};
    for (Block& block : file.blocks) {
      if (!std::exchange(block.phantom, false) || block.damaged) continue;
      block.damaged = true;
      ++loss.blocks_lost;
      loss.promised = true;
    }
    const int64_t unsynced = file.size() - file.synced;
    int64_t kept = unsynced;
    if (unsynced > 0 && cut.unsynced == UnsyncedFate::kLost) kept = 0;
    if (unsynced > 0 && cut.unsynced == UnsyncedFate::kDrawn) kept = stream.Between(0, unsynced);
    if (unsynced > 0 && cut.unsynced == UnsyncedFate::kSubset) {
      // The gaps before the last survivor are there, damaged.
      kept = 0;
      for (int64_t b = 0; b < unsynced; ++b) {
        Block& block = file.blocks[static_cast<size_t>(file.synced + b)];
        if (!stream.Chance(Ratio{1, 2})) {
          block.damaged = true;
        } else {
          kept = b + 1;
        }
      }
      for (int64_t b = 0; b < kept; ++b) {
        if (!file.blocks[static_cast<size_t>(file.synced + b)].damaged) continue;
        ++loss.blocks_lost;
        loss.promised |= file.synced + b < file.promised;
      }
    }
    // Where the length isn't drawn, a block is torn only if that is asked for.
    const bool certain = cut.torn.numerator >= cut.torn.denominator;
    const bool tears = cut.unsynced == UnsyncedFate::kDrawn || (cut.unsynced == UnsyncedFate::kLost && certain);
    loss.torn = tears && kept < unsynced && stream.Chance(cut.torn);
    loss.blocks_lost += unsynced - kept;
    loss.promised |= file.synced + kept < file.promised;
    // A torn block is there, broken, behind the last whole one.
    file.blocks.resize(static_cast<size_t>(file.synced + kept + (loss.torn ? 1 : 0)));
    if (loss.torn) file.blocks.back().damaged = true;
    file.synced = file.promised = file.size();
    if (loss.blocks_lost > 0) losses.push_back(loss);
  }
  return losses;
}

}  // namespace brokersim::sim
