#include "runner/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace brokersim::runner {
namespace {

absl::Status Problem(const std::string& path) {
  const int error = errno;
  const std::string text = fmt::format("can't read {}: {}", path, std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
}

bool ReadAll(int file, std::string* bytes) {
  char buffer[64 * 1024];
  while (true) {
    const ssize_t got = read(file, buffer, sizeof buffer);
    if (got == 0) return true;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    bytes->append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

absl::StatusOr<TextFile> TextFile::Open(const std::string& path) {
  const bool standard_input = path == "-";
  const int file = standard_input ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Problem(path);
  TextFile result;
  struct stat info = {};
  if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
    void* const at = mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    if (at != MAP_FAILED) {
      madvise(at, static_cast<size_t>(info.st_size), MADV_SEQUENTIAL);
      result.mapped_ = static_cast<const char*>(at);
      result.size_ = static_cast<size_t>(info.st_size);
    }
  }
  const bool good = result.mapped_ != nullptr || ReadAll(file, &result.bytes_);
  const absl::Status problem = good ? absl::OkStatus() : Problem(path);
  if (!standard_input) close(file);
  if (!good) return problem;
  return result;
}

TextFile::TextFile(TextFile&& other) noexcept
    : mapped_(std::exchange(other.mapped_, nullptr)), size_(other.size_), bytes_(std::move(other.bytes_)) {}

TextFile::~TextFile() {
  if (mapped_ != nullptr) munmap(const_cast<char*>(mapped_), size_);
}

}  // namespace brokersim::runner
