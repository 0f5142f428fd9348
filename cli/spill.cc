#include "cli/spill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <new>

namespace brokersim::cli {
namespace {

constexpr size_t kLarge = 64 << 10;          // smaller blocks stay in memory
constexpr size_t kRegion = size_t{1} << 42;  // addresses, not memory: no block's is used twice
constexpr size_t kPage = 4096;
constexpr size_t kHead = 64;                 // before each block: how large it is, pages and all

// Blocks of a file, each at an address of its own within one region.
class SpillFile {
 public:
  absl::Status Open(uint64_t budget, const std::string& folder) {
    const auto problem = [&folder](std::string_view what) {
      return absl::UnavailableError(fmt::format("can't {} in {}: {}", what, folder, std::strerror(errno)));
    };
    std::string name = folder + "/brokersim-XXXXXX";
    file_ = mkostemp(name.data(), O_CLOEXEC);
    if (file_ < 0) return problem("create a file");
    unlink(name.c_str());
    void* const region = mmap(nullptr, kRegion, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) return problem("reserve addresses for a file");
    begin_ = static_cast<char*>(region);
    budget_ = budget;
    end_.store(begin_ + kRegion, std::memory_order_release);
    return absl::OkStatus();
  }

  bool active() const { return end_.load(std::memory_order_acquire) != nullptr; }
  bool Holds(const void* at) const { return at >= begin_ && at < end_.load(std::memory_order_acquire); }

  // Null: the block belongs into memory, or the file can't take it.
  void* Allocate(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t size = (bytes + kHead + kPage - 1) / kPage * kPage;
    if (in_memory_ + bytes <= budget_ || size < bytes || size > kRegion - used_) return nullptr;
    // Space is taken now, so that a full disk is a failed allocation and not a signal in the middle of something.
    if (posix_fallocate(file_, static_cast<off_t>(used_), static_cast<off_t>(size)) != 0) return nullptr;
    void* const block = mmap(begin_ + used_, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file_,
                             static_cast<off_t>(used_));
    if (block == MAP_FAILED) return nullptr;
    used_ += size;
    *static_cast<size_t*>(block) = size;
    return static_cast<char*>(block) + kHead;
  }

  void Free(void* at) {
    const std::lock_guard<std::mutex> lock(mutex_);
    char* const block = static_cast<char*>(at) - kHead;
    const size_t size = *reinterpret_cast<size_t*>(block);
    mmap(block, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, block - begin_, static_cast<off_t>(size));
  }

  // Blocks of the library's own.
  void CountInMemory(void* block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    in_memory_ += malloc_usable_size(block);
  }
  void FreedInMemory(void* block) {
    const size_t bytes = malloc_usable_size(block);
    if (bytes < kLarge) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    in_memory_ -= std::min(bytes, in_memory_);
  }

 private:
  std::mutex mutex_;
  char* begin_ = nullptr;
  std::atomic<char*> end_{nullptr};  // null until it is open
  int file_ = -1;
  uint64_t budget_ = 0;
  size_t in_memory_ = 0;  // bytes of large blocks
  size_t used_ = 0;
};

// Needs no construction at run time: the first allocations come before everything.
constinit SpillFile spill_file;

// A number at the beginning of a file such as memory.max; UINT64_MAX if there is none.
uint64_t NumberIn(const char* path) {
  std::ifstream in(path);
  uint64_t number = UINT64_MAX;
  return in >> number ? number : UINT64_MAX;
}

uint64_t FreeOfMachine() {
  std::ifstream in("/proc/meminfo");
  std::string name;
  uint64_t kib = 0;
  for (std::string unit; in >> name >> kib; std::getline(in, unit)) {
    if (name == "MemAvailable:") return kib << 10;
  }
  return UINT64_MAX;
}

}  // namespace

absl::Status SpillBeyond(uint64_t bytes, const std::string& folder) { return spill_file.Open(bytes, folder); }

uint64_t HalfOfFreeMemory() {
  const uint64_t most = NumberIn("/sys/fs/cgroup/memory.max");
  const uint64_t now = NumberIn("/sys/fs/cgroup/memory.current");
  const uint64_t of_group = most == UINT64_MAX || now == UINT64_MAX ? UINT64_MAX : most - std::min(most, now);
  return std::min(FreeOfMachine(), of_group) / 2;
}

std::string SpillFolder() {
  const char* const named = std::getenv("TMPDIR");
  return named != nullptr && *named != '\0' ? named : "/var/tmp";
}

}  // namespace brokersim::cli

// The program's own, instead of the library's. Blocks with an alignment of their own stay the library's.

void* operator new(size_t size) {
  using brokersim::cli::spill_file;
  const bool large = size >= brokersim::cli::kLarge && spill_file.active();
  void* block = large ? spill_file.Allocate(size) : nullptr;
  if (block != nullptr) return block;
  block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  if (large) spill_file.CountInMemory(block);
  return block;
}

void operator delete(void* block) noexcept {
  using brokersim::cli::spill_file;
  if (spill_file.Holds(block)) return spill_file.Free(block);
  if (block != nullptr && spill_file.active()) spill_file.FreedInMemory(block);
  std::free(block);
}

void operator delete(void* block, size_t) noexcept { operator delete(block); }
