#include "checker/online/temp_file.h"

#include <stdlib.h>
#include <unistd.h>

#include <utility>

namespace brokersim::checker {

TempFile::~TempFile() {
  if (file_ >= 0) close(file_);
}

std::optional<uint64_t> TempFile::Append(const void* bytes, size_t size) {
  if (file_ < 0 && !failed_ && !folder_.empty()) {
    std::string name = folder_ + "/brokersim-XXXXXX";
    file_ = mkstemp(name.data());
    if (file_ >= 0) unlink(name.c_str());
  }
  failed_ = failed_ || file_ < 0;
  const auto* const from = static_cast<const char*>(bytes);
  for (size_t done = 0; done < size && !failed_;) {
    const ssize_t written = pwrite(file_, from + done, size - done, static_cast<off_t>(size_ + done));
    failed_ = written <= 0;
    if (!failed_) done += static_cast<size_t>(written);
  }
  if (failed_) return std::nullopt;
  return std::exchange(size_, size_ + size);
}

bool TempFile::Read(uint64_t position, void* bytes, size_t size) const {
  auto* const to = static_cast<char*>(bytes);
  for (size_t done = 0; done < size;) {
    const ssize_t got = pread(file_, to + done, size - done, static_cast<off_t>(position + done));
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

}  // namespace brokersim::checker
