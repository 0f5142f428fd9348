// Memory for more than the machine has: beyond a budget, large blocks come from a file without a name, which the system
// pages as it pages programs. Whoever allocates doesn't know. Histories larger than memory take time, not lives.
//
// The program's operator new and delete are replaced (spill.cc). Until SpillBeyond is called they are the usual ones.
#ifndef BROKERSIM_CLI_SPILL_H_
#define BROKERSIM_CLI_SPILL_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace brokersim::cli {

// From now on, blocks of at least 64 KiB beyond `bytes` of them lie in a file in `folder`, which is gone with the
// process. Call at most once, before there are threads. kUnavailable with the reason if that can't be.
absl::Status SpillBeyond(uint64_t bytes, const std::string& folder);

// Half of the memory that the machine, or the group of processes that this one is in, has left, bytes.
uint64_t HalfOfFreeMemory();

// $TMPDIR, else /var/tmp, which other than /tmp isn't kept in memory anywhere.
std::string SpillFolder();

}  // namespace brokersim::cli

#endif  // BROKERSIM_CLI_SPILL_H_
