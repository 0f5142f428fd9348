// Bytes that needn't stay in memory: a file without a name, gone with the process.
#ifndef BROKERSIM_CHECKER_ONLINE_TEMP_FILE_H_
#define BROKERSIM_CHECKER_ONLINE_TEMP_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace brokersim::checker {

class TempFile {
 public:
  // In `folder`, once there is something to write. Empty: there is no file.
  explicit TempFile(std::string folder) : folder_(std::move(folder)) {}
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  // Where they begin. Without a value, now and ever after: there is no file, or it takes no more.
  std::optional<uint64_t> Append(const void* bytes, size_t size);
  // Of what was appended.
  bool Read(uint64_t position, void* bytes, size_t size) const;
  uint64_t size() const { return size_; }

 private:
  std::string folder_;
  int file_ = -1;
  bool failed_ = false;
  uint64_t size_ = 0;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_TEMP_FILE_H_
