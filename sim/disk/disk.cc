#include "sim/disk/disk.h"

#include <algorithm>
#include <utility>

namespace brokersim::sim {

FileId Disk::Open(std::string_view name) {
  for (size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].name == name) return FileId{static_cast<uint32_t>(i)};
  }
  files_.push_back(File{std::string(name), {}, 0});
  return FileId{static_cast<uint32_t>(files_.size() - 1)};
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
}

void Disk::Replace(FileId id, PayloadRef content) {
  File& file = mutable_file(id);
  file.blocks.clear();
  if (content) file.blocks.push_back(Block{std::move(content), false});
  file.synced = file.size();
}

void Disk::MarkSynced(FileId id, int64_t blocks) {
  File& file = mutable_file(id);
  file.synced = std::max(file.synced, std::min(blocks, file.size()));
}

std::vector<DiskLoss> Disk::LosePower(UnsyncedFate fate, Stream& stream) {
  std::vector<DiskLoss> losses;
  for (size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    const int64_t unsynced = file.size() - file.synced;
    if (unsynced == 0) continue;
    int64_t kept = 0;
    bool torn = false;
    switch (fate) {
      case UnsyncedFate::kDrawn:
        kept = stream.Between(0, unsynced);
        torn = kept < unsynced && stream.Chance(Ratio{1, 4});
        break;
      case UnsyncedFate::kLost:
        break;
      case UnsyncedFate::kKept:
        kept = unsynced;
        break;
    }
    // A torn block is there, broken, behind the last whole one.
    file.blocks.resize(static_cast<size_t>(file.synced + kept + (torn ? 1 : 0)));
    if (torn) file.blocks.back().torn = true;
    if (kept < unsynced) {
      losses.push_back({FileId{static_cast<uint32_t>(i)}, unsynced - kept, torn});
    }
    file.synced = file.size();
  }
  return losses;
}

}  // namespace brokersim::sim
