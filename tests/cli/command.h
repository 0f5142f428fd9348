// Runs the brokersim that Bazel built, as a user would: in a folder of its own, with words.
//
//   Sandbox sandbox;
//   const Result result = sandbox.Run({"run", "kafka/calm", "--seed=7"});
//   EXPECT_EQ(result.exit_code, 0) << result.err;
#ifndef BROKERSIM_TESTS_CLI_COMMAND_H_
#define BROKERSIM_TESTS_CLI_COMMAND_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::cli {

struct Result {
  int exit_code = -1;  // 128 + the signal's number if one ended it
  std::string out;
  std::string err;
};

// A folder that is the current one of the commands, and gone with the object. Scenarios are found
// by name in the source tree (BROKERSIM_HOME).
class Sandbox {
 public:
  Sandbox();
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  Result Run(const std::vector<std::string>& words) const { return RunUntil(words, 0, [] { return false; }); }
  // Sends it `signal` as soon as `now` says so, unless it ends before that.
  Result RunUntil(const std::vector<std::string>& words, int signal, const std::function<bool()>& now) const;

  const std::string& folder() const { return folder_; }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // Writes a file into the folder.
  void Write(const std::string& name, std::string_view bytes) const;
  // The content of a file in the folder; fails the running test if it isn't there.
  std::string Read(const std::string& name) const;
  // Names of all files in the folder and below, sorted.
  std::vector<std::string> Files() const;

 private:
  std::string folder_;
};

// A file of the source tree.
std::string ReadSource(const std::string& path);

// `text` with its only `from` replaced; fails the running test if there isn't exactly one.
std::string Replaced(std::string text, std::string_view from, std::string_view to);

// Without the line ends; the last one may lack it.
std::vector<std::string> Lines(const std::string& text);

}  // namespace brokersim::cli

#endif  // BROKERSIM_TESTS_CLI_COMMAND_H_
