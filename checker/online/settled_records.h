// Records of which nothing more can become known than that they are where they are: they lie in a file, as digests.
#ifndef BROKERSIM_CHECKER_ONLINE_SETTLED_RECORDS_H_
#define BROKERSIM_CHECKER_ONLINE_SETTLED_RECORDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checker/interner.h"
#include "checker/online/temp_file.h"

namespace brokersim::checker {

class SettledRecords {
 public:
  struct Entry {
    int64_t offset = 0;
    uint64_t digest[2] = {};  // of the value
  };
  static Entry Of(int64_t offset, std::string_view value);

  explicit SettledRecords(std::string folder) : file_(std::move(folder)) {}

  // By offset. False: the file takes no more, now and ever after.
  bool Add(Id log, const std::vector<Entry>& entries);
  uint64_t count(Id log) const { return log < logs_.size() ? logs_[log].count : 0; }
  int64_t lowest(Id log) const { return logs_[log].lowest; }  // REQUIRES: count(log) > 0
  // Whether that value lies there, or any at all from the one offset to the other. Once the file can't be read, the one
  // is never so, the other always.
  bool Holds(Id log, int64_t offset, std::string_view value);
  bool HoldsAny(Id log, int64_t first, int64_t last);

 private:
  struct Run {
    int64_t first = 0;
    int64_t last = 0;
    uint64_t position = 0;
    size_t size = 0;
  };
  struct Log {
    uint64_t count = 0;
    int64_t lowest = INT64_MAX;
    int64_t highest = INT64_MIN;
    std::vector<Run> runs;
    // One run, as read.
    size_t loaded = SIZE_MAX;
    std::vector<Entry> entries;
  };
  // Calls `visit` with an entry of each run from the one offset to the other until it is true: the run's first there.
  template <typename Visit>
  bool Any(Id log, int64_t first, int64_t last, Visit visit);

  TempFile file_;
  bool readable_ = true;
  std::vector<Log> logs_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_SETTLED_RECORDS_H_
