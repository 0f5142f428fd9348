// Verdicts over small histories, one file each in testdata/: the history (tests/checker/
// history_text.h), then `----`, then the whole verdict. A line `check NAME ...` names the checks;
// without one the default ones run.
//
// After a change that is meant to change verdicts, rewrite the files and read the difference:
//   bazel run //tests/checker:golden_test -- --rewrite
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "checker/check.h"
#include "gtest/gtest.h"
#include "tests/checker/history_text.h"

namespace brokersim::checker {
namespace {

constexpr std::string_view kFolder = "tests/checker/testdata";
constexpr std::string_view kLine = "----\n";

bool rewrite = false;

// Sorted, because a folder has no order of its own.
std::vector<std::filesystem::path> Files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Takes the `check` lines out of the history.
std::vector<std::string> TakeChecks(std::string* history) {
  std::vector<std::string> checks;
  std::istringstream in(*history);
  std::string rest;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("check ", 0) != 0) {
      rest += line + "\n";
      continue;
    }
    std::istringstream words(line.substr(6));
    for (std::string word; words >> word;) checks.push_back(word);
  }
  *history = rest;
  return checks;
}

void RunFile(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const std::string text = ReadFile(path);
  const size_t at = text.find(kLine);
  const std::string input = text.substr(0, at);
  std::string history_text = input;
  const std::vector<std::string> checks = TakeChecks(&history_text);
  const std::string verdict = PrintVerdict(Check(ParseHistory(history_text), checks));
  if (rewrite) {
    std::ofstream(path, std::ios::binary) << input << kLine << verdict;
    return;
  }
  ASSERT_NE(at, std::string::npos) << "it has no line ----";
  EXPECT_EQ(text.substr(at + kLine.size()), verdict)
      << "if this is meant: bazel run //tests/checker:golden_test -- --rewrite";
}

TEST(Golden, EveryFile) {
  std::filesystem::path folder(kFolder);
  if (rewrite) {
    const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
    ASSERT_NE(workspace, nullptr) << "--rewrite works under `bazel run` only";
    folder = std::filesystem::path(workspace) / folder;
  }
  const std::vector<std::filesystem::path> files = Files(folder);
  EXPECT_GE(files.size(), 10u);
  for (const std::filesystem::path& path : files) RunFile(path);
}

}  // namespace
}  // namespace brokersim::checker

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--rewrite") brokersim::checker::rewrite = true;
  }
  return RUN_ALL_TESTS();
}
