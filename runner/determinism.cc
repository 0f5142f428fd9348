#include "runner/determinism.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "formats/trace_diff.h"
#include "runner/files.h"
#include "runner/outcome.h"

// tcmalloc's; null in a program without it.
extern "C" [[gnu::weak]] int tc_version(int* major, int* minor, const char** patch);

namespace brokersim::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrinted = "printed";

struct Variable {
  const char* name;
  const char* plain;
  const char* strange;
};
constexpr Variable kVariables[] = {
    // What malloc fills memory with: another value for whatever is read before it is written.
    {"MALLOC_PERTURB_", "85", "170"},
    {"MALLOC_TOP_PAD_", "0", "102947"},
    // Without its caches malloc gives freed memory out in another order.
    {"GLIBC_TUNABLES", "glibc.malloc.tcache_count=7", "glibc.malloc.tcache_count=0"},
    {"LC_ALL", "C", "C.UTF-8"},
    {"TZ", "UTC", "XYZ-11:30"},
    {"HOME", "/", "/nobody/here"},
};
constexpr size_t kPadding = 7919;  // bytes in the environment, which moves the stack

std::string_view FolderOf(Surroundings surroundings) {
  return surroundings == Surroundings::kPlain ? "a" : "a-much-longer-name/and/deeper";
}

// Runs the command in the child process; never returns.
[[noreturn]] void Exec(std::vector<std::string> command, Surroundings surroundings, const std::string& executable,
                       const std::string& printed) {
  const bool strange = surroundings == Surroundings::kStrange;
  for (const Variable& variable : kVariables) setenv(variable.name, strange ? variable.strange : variable.plain, 1);
  // The C library's allocator instead of tcmalloc, which knows nothing of the variables above.
  if (strange && tc_version != nullptr) setenv("LD_PRELOAD", "libstdc++.so.6:libc.so.6", 1);
  setenv("BROKERSIM_PADDING", std::string(strange ? kPadding : 0, 'x').c_str(), 1);
  const int out = open(printed.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out < 0 || dup2(out, STDOUT_FILENO) < 0) _exit(127);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(executable.c_str(), arguments.data());
  _exit(127);
}

absl::StatusOr<int> RunOnce(std::vector<std::string> command, Surroundings surroundings, const fs::path& root) {
  const fs::path folder = root / FolderOf(surroundings);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::InternalError(fmt::format("can't create {}: {}", folder.string(), error.message()));
  // The child's /proc/self/exe would be itself, which is right; but its folder changes before it is resolved.
  std::string executable = command[0] == "/proc/self/exe" ? fs::read_symlink(command[0], error).string() : command[0];
  if (!error) executable = fs::absolute(executable, error).string();
  if (error || !fs::exists(executable)) return absl::InternalError(fmt::format("there is no program {}", command[0]));
  // What the user gave relative to this folder is meant so.
  for (size_t i = 1; i < command.size(); ++i) {
    std::string& word = command[i];
    if (!word.empty() && word[0] != '-' && fs::exists(word, error)) word = fs::absolute(word).string();
  }
  command.push_back("--out=" + folder.string());
  const pid_t child = fork();
  if (child < 0) return absl::InternalError(fmt::format("can't start a process: {}", std::strerror(errno)));
  if (child == 0) {
    if (chdir(folder.c_str()) != 0) _exit(127);
    Exec(std::move(command), surroundings, executable, (root / kPrinted).string());
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return absl::InternalError("lost a process");
  }
  if (!WIFEXITED(status)) return absl::InternalError(fmt::format("the process died of signal {}", WTERMSIG(status)));
  const int code = WEXITSTATUS(status);
  if (code > kNoProgress) return absl::InternalError(fmt::format("the process ended with exit code {}", code));
  return code;
}

absl::StatusOr<Left> Collect(int exit_code, Surroundings surroundings, const fs::path& root) {
  Left left;
  left.exit_code = exit_code;
  absl::StatusOr<std::string> printed = ReadFile((root / kPrinted).string());
  if (!printed.ok()) return absl::InternalError(printed.status().message());
  left.printed = *std::move(printed);
  const fs::path folder = root / FolderOf(surroundings);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    absl::StatusOr<std::string> bytes = ReadFile(entry.path().string());
    if (!bytes.ok()) return absl::InternalError(bytes.status().message());
    left.files.emplace(entry.path().lexically_relative(folder).string(), *std::move(bytes));
  }
  return left;
}

// Where two histories part.
std::string HistoryDifference(const std::string& a, const std::string& b) {
  formats::History one;
  formats::History two;
  if (!one.ParseFromString(a) || !two.ParseFromString(b)) return "a history can't be read";
  for (int i = 0; i < std::max(one.operations_size(), two.operations_size()); ++i) {
    const auto text = [i](const formats::History& history) -> std::string {
      return i < history.operations_size() ? history.operations(i).ShortDebugString() : "has ended";
    };
    if (text(one) != text(two)) {
      return fmt::format("the events agree; the first difference of the histories is at operation {}\n"
                         "  a: {}\n  b: {}\n", i, text(one), text(two));
    }
  }
  return "the events and operations agree, but not the histories' heads\n";
}

std::string FileDifference(std::string_view name, const std::string& a, const std::string& b) {
  const size_t same = std::mismatch(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin()).first - a.begin();
  return fmt::format("the events agree; {} differs from byte {} on ({} and {} bytes)\n", name, same, a.size(),
                     b.size());
}

// The first thing that isn't the same beside the events; empty: nothing.
std::string OtherDifference(const Left& a, const Left& b) {
  if (a.exit_code != b.exit_code) {
    return fmt::format("the events agree, but not the exit codes: {} and {}\n", a.exit_code, b.exit_code);
  }
  for (const auto& [name, bytes] : a.files) {
    const auto other = b.files.find(name);
    if (other == b.files.end()) return fmt::format("only a left {}\n", name);
    if (bytes == other->second) continue;
    return name == "history.pb" ? HistoryDifference(bytes, other->second) : FileDifference(name, bytes, other->second);
  }
  for (const auto& [name, bytes] : b.files) {
    if (!a.files.contains(name)) return fmt::format("only b left {}\n", name);
  }
  return a.printed == b.printed ? "" : FileDifference("what was printed", a.printed, b.printed);
}

absl::StatusOr<formats::DecodedTrace> TraceOf(const Left& left) {
  const auto found = left.files.find("trace.pb");
  if (found == left.files.end()) return absl::InternalError("the process left no trace.pb");
  absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(found->second);
  return trace.ok() ? std::move(trace) : absl::InternalError(trace.status().message());
}

}  // namespace

absl::StatusOr<Left> RunIn(Surroundings surroundings, const std::vector<std::string>& command) {
  std::string root = (fs::temp_directory_path() / "brokersim-XXXXXX").string();
  if (mkdtemp(root.data()) == nullptr) return absl::InternalError(fmt::format("can't create a folder like {}", root));
  const absl::StatusOr<int> code = RunOnce(command, surroundings, root);
  absl::StatusOr<Left> left = code.ok() ? Collect(*code, surroundings, root) : absl::StatusOr<Left>(code.status());
  std::error_code ignored;
  fs::remove_all(root, ignored);
  return left;
}

absl::StatusOr<DeterminismReport> Compare(const Left& a, const Left& b) {
  const absl::StatusOr<formats::DecodedTrace> first = TraceOf(a);
  const absl::StatusOr<formats::DecodedTrace> second = TraceOf(b);
  if (!first.ok()) return first.status();
  if (!second.ok()) return second.status();
  DeterminismReport report;
  if (const auto difference = formats::FirstDifference(*first, *second); difference.has_value()) {
    report.text = formats::Describe(*difference);
    return report;
  }
  report.text = OtherDifference(a, b);
  report.equal = report.text.empty();
  if (!report.equal) return report;
  report.text = fmt::format("hash {}, {} events, equal to the byte", HashText(first->hash), first->events.size());
  return report;
}

absl::StatusOr<DeterminismReport> RunTwice(const std::vector<std::string>& command) {
  const absl::StatusOr<Left> a = RunIn(Surroundings::kPlain, command);
  if (!a.ok()) return a.status();
  const absl::StatusOr<Left> b = RunIn(Surroundings::kStrange, command);
  if (!b.ok()) return b.status();
  return Compare(*a, *b);
}

}  // namespace brokersim::runner
