#include "tests/cli/command.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"

namespace brokersim::cli {

namespace fs = std::filesystem;

namespace {

// Tests begin at the root of the source tree's runfiles.
std::string Root() {
  static const std::string& root = *new std::string(fs::current_path().string());
  return root;
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "can't read " << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void Redirect(const std::string& path, int descriptor) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
}

}  // namespace

Sandbox::Sandbox() : folder_((fs::path(testing::TempDir()) / "cli-XXXXXX").string()) {
  if (mkdtemp(folder_.data()) == nullptr) ADD_FAILURE() << "can't create " << folder_;
}

Sandbox::~Sandbox() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Result Sandbox::RunUntil(const std::vector<std::string>& words, int signal, const std::function<bool()>& now) const {
  const std::string program = Root() + "/cli/brokersim";
  // Beside the folder, so that it holds only what the command leaves there.
  const std::string out = folder_ + ".out";
  const std::string err = folder_ + ".err";
  std::vector<std::string> own = words;
  own.insert(own.begin(), "brokersim");
  std::vector<char*> arguments;
  for (std::string& word : own) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    Redirect(out, STDOUT_FILENO);
    Redirect(err, STDERR_FILENO);
    setenv("BROKERSIM_HOME", Root().c_str(), 1);
    if (chdir(folder_.c_str()) != 0) _exit(126);
    execv(program.c_str(), arguments.data());
    _exit(127);
  }
  int status = 0;
  bool ended = false;
  while (signal != 0 && !ended && !now()) {
    ended = waitpid(child, &status, WNOHANG) == child;
    usleep(1000);
  }
  if (signal != 0 && !ended) kill(child, signal);
  if (!ended) ended = waitpid(child, &status, 0) == child;
  EXPECT_TRUE(ended);
  Result result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = ReadAll(out);
  result.err = ReadAll(err);
  fs::remove(out);
  fs::remove(err);
  EXPECT_NE(result.exit_code, 127) << "there is no " << program;
  return result;
}

void Sandbox::Write(const std::string& name, std::string_view bytes) const {
  fs::create_directories(fs::path(Path(name)).parent_path());
  std::ofstream(Path(name), std::ios::binary) << bytes;
}

std::string Sandbox::Read(const std::string& name) const { return ReadAll(Path(name)); }

std::vector<std::string> Sandbox::Files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), folder_).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ReadSource(const std::string& path) { return ReadAll(Root() + "/" + path); }

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "nothing like " << from;
  if (at == std::string::npos) return text;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << "more than one " << from;
  return text.replace(at, from.size(), to);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace brokersim::cli
