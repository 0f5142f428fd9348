#include "runner/memory.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace brokersim::runner {

void KeepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  // The most that it accepts. What is larger is given back as soon as it is free.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}

}  // namespace brokersim::runner
