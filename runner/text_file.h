// A file's bytes, without a copy of them where the system can map it: histories may be larger than memory.
#ifndef BROKERSIM_RUNNER_TEXT_FILE_H_
#define BROKERSIM_RUNNER_TEXT_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace brokersim::runner {

class TextFile {
 public:
  // "-" is standard input. Errors: kNotFound, kUnavailable with the path and the reason.
  static absl::StatusOr<TextFile> Open(const std::string& path);

  TextFile(TextFile&& other) noexcept;
  TextFile& operator=(TextFile&&) = delete;
  ~TextFile();

  std::string_view text() const { return mapped_ != nullptr ? std::string_view(mapped_, size_) : bytes_; }

 private:
  TextFile() = default;

  const char* mapped_ = nullptr;
  size_t size_ = 0;
  std::string bytes_;  // of what can't be mapped
};

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_TEXT_FILE_H_
