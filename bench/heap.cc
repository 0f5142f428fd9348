#include "bench/heap.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

int64_t now = 0;
int64_t peak = 0;
bool asking = false;

// tcmalloc takes some itself when it is asked the first time; nobody counts that.
int64_t SizeOf(void* block) {
  if (asking) return 0;
  asking = true;
  const auto size = static_cast<int64_t>(malloc_usable_size(block));
  asking = false;
  return size;
}

void* Take(size_t bytes) {
  void* const block = std::malloc(bytes);
  if (block == nullptr) std::abort();
  now += SizeOf(block);
  peak = std::max(peak, now);
  return block;
}

void Give(void* block) {
  now -= SizeOf(block);
  std::free(block);
}

}  // namespace

void* operator new(size_t bytes) { return Take(bytes); }
void* operator new[](size_t bytes) { return Take(bytes); }
void operator delete(void* block) noexcept { Give(block); }
void operator delete[](void* block) noexcept { Give(block); }
void operator delete(void* block, size_t) noexcept { Give(block); }
void operator delete[](void* block, size_t) noexcept { Give(block); }

namespace brokersim::bench {

int64_t HeapBytes() { return now; }

int64_t HeapPeak() {
  const int64_t most = peak;
  peak = now;
  return most;
}

}  // namespace brokersim::bench
