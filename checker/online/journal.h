// A history while it is being recorded: its last operations in memory, the others in a file.
#ifndef BROKERSIM_CHECKER_ONLINE_JOURNAL_H_
#define BROKERSIM_CHECKER_ONLINE_JOURNAL_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "checker/online/temp_file.h"
#include "formats/history.pb.h"

namespace brokersim::checker {

class Journal {
 public:
  // Of so many operations the earlier ones go into a file in `folder`; if that can't be, they stay in memory.
  static constexpr int kInMemory = 4096;
  explicit Journal(std::string folder) : file_(std::move(folder)) {}

  void Add(formats::Operation&& operation);
  // All of it, which may be put into `room`. kUnavailable if the file can't be read.
  absl::StatusOr<const formats::History*> Read(formats::History* room) const;
  // All of it; nothing is left.
  absl::StatusOr<formats::History> Take();

 private:
  TempFile file_;
  formats::History last_;
  std::string bytes_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_JOURNAL_H_
