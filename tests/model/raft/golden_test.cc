// Raft as a reader can follow it: each file in testdata/ is a script for a small group (script.h tells the commands)
// with the whole outcome.
//
// To rewrite the files after an intended change, and then read the difference before committing it:
//   BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/model/raft:golden_test
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/model/raft/script.h"

namespace brokersim::raft {
namespace {

constexpr char kFolder[] = "tests/model/raft/testdata";

std::vector<std::string> Scripts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

class RaftGolden : public testing::TestWithParam<std::string> {};

TEST_P(RaftGolden, GivesTheSameOutput) {
  const std::string path = std::string(kFolder) + "/" + GetParam() + ".txt";
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.good()) << "can't read " << path;
  std::ostringstream expected;
  expected << file.rdbuf();
  const std::string actual = RunScript(expected.str());
  if (const char* root = std::getenv("BROKERSIM_REWRITE_GOLDENS"); root != nullptr) {
    const std::string target = std::string(root) + "/" + path;
    std::ofstream(target, std::ios::binary) << actual;
    ADD_FAILURE() << "rewrote " << target << "; run again without BROKERSIM_REWRITE_GOLDENS";
    return;
  }
  EXPECT_EQ(expected.str(), actual) << "differs from " << path << "; if that is intended, see the top of this file";
}

INSTANTIATE_TEST_SUITE_P(Scripts, RaftGolden, testing::ValuesIn(Scripts()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace brokersim::raft
