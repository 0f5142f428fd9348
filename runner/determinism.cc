#include "runner/determinism.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "formats/trace_codec.h"
#include "formats/trace_diff.h"
#include "runner/files.h"
#include "runner/outcome.h"

namespace brokersim::runner {
namespace {

namespace fs = std::filesystem;

// How the two processes' surroundings differ.
struct Surroundings {
  int padding = 0;             // bytes in the environment, which moves the stack
  const char* heap_fill = "";  // what malloc fills memory with, which changes uninitialised reads
  const char* folder = "";     // working folder
};
constexpr Surroundings kSurroundings[2] = {{0, "85", "a"}, {7919, "170", "a-much-longer-name/and/deeper"}};

// Runs the command in the child process; never returns.
[[noreturn]] void Exec(std::vector<std::string> command, const Surroundings& s, const std::string& executable) {
  setenv("BROKERSIM_PADDING", std::string(static_cast<size_t>(s.padding), 'x').c_str(), 1);
  setenv("MALLOC_PERTURB_", s.heap_fill, 1);
  setenv("MALLOC_TOP_PAD_", fmt::format("{}", s.padding * 13).c_str(), 1);
  const int null = open("/dev/null", O_WRONLY);
  if (null >= 0) dup2(null, STDOUT_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(executable.c_str(), arguments.data());
  _exit(127);
}

absl::Status RunOnce(std::vector<std::string> command, const Surroundings& s, const std::string& root) {
  const fs::path folder = fs::path(root) / s.folder;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::InternalError(fmt::format("can't create {}: {}", folder.string(), error.message()));
  // The child's /proc/self/exe would be itself, which is right; but its folder changes before it is resolved.
  std::string executable = command[0] == "/proc/self/exe" ? fs::read_symlink(command[0], error).string() : command[0];
  if (!error) executable = fs::absolute(executable, error).string();
  if (error || !fs::exists(executable)) return absl::InternalError(fmt::format("there is no program {}", command[0]));
  command.push_back("--out=" + folder.string());
  // What the user gave relative to this folder is meant so.
  for (std::string& word : command) {
    if (word != command[0] && !word.empty() && word[0] != '-' && fs::exists(word, error))
      word = fs::absolute(word).string();
  }
  const pid_t child = fork();
  if (child < 0) return absl::InternalError(fmt::format("can't start a process: {}", std::strerror(errno)));
  if (child == 0) {
    if (chdir(folder.c_str()) != 0) _exit(127);
    Exec(std::move(command), s, executable);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return absl::InternalError("lost a process");
  }
  if (!WIFEXITED(status)) return absl::InternalError(fmt::format("the process died of signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) > kNoProgress) {
    return absl::InternalError(fmt::format("the process ended with exit code {}", WEXITSTATUS(status)));
  }
  return absl::OkStatus();
}

absl::StatusOr<DeterminismReport> Compare(const std::string& root) {
  std::string traces[2];
  std::string histories[2];
  for (int i = 0; i < 2; ++i) {
    const fs::path folder = fs::path(root) / kSurroundings[i].folder;
    for (const auto& [name, bytes] :
         {std::make_pair("trace.pb", &traces[i]), std::make_pair("history.pb", &histories[i])}) {
      absl::StatusOr<std::string> content = ReadFile((folder / name).string());
      if (!content.ok()) return absl::InternalError(content.status().message());
      *bytes = *std::move(content);
    }
  }
  const absl::StatusOr<formats::DecodedTrace> first = formats::DecodeTrace(traces[0]);
  const absl::StatusOr<formats::DecodedTrace> second = formats::DecodeTrace(traces[1]);
  if (!first.ok()) return absl::InternalError(first.status().message());
  if (!second.ok()) return absl::InternalError(second.status().message());
  DeterminismReport report;
  report.equal = traces[0] == traces[1] && histories[0] == histories[1];
  if (report.equal) {
    report.text = fmt::format("hash {}, {} events, equal to the byte", HashText(first->hash), first->events.size());
    return report;
  }
  const std::optional<formats::TraceDifference> difference = formats::FirstDifference(*first, *second);
  report.text = difference.has_value() ? "the first difference:\n" + formats::Describe(*difference)
                                       : "the traces agree, but not the histories";
  return report;
}

}  // namespace

absl::StatusOr<DeterminismReport> RunTwice(const std::vector<std::string>& command) {
  std::string root = (fs::temp_directory_path() / "brokersim-XXXXXX").string();
  if (mkdtemp(root.data()) == nullptr) return absl::InternalError(fmt::format("can't create a folder like {}", root));
  absl::StatusOr<DeterminismReport> report = absl::InternalError("nothing was run");
  absl::Status status;
  for (const Surroundings& s : kSurroundings) {
    if (status.ok()) status = RunOnce(command, s, root);
  }
  report = status.ok() ? Compare(root) : absl::StatusOr<DeterminismReport>(status);
  std::error_code ignored;
  fs::remove_all(root, ignored);
  return report;
}

}  // namespace brokersim::runner
