// What pages show was really printed: each block of a page that begins with "$ ./brokersim ..." is that command's
// output.
//
// The commands of one page run in one folder, in their order. A line "..." stands for lines that are left out.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

struct Block {
  std::vector<std::string> words;
  std::string command;
  std::vector<std::string> output;
};

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::vector<Block> BlocksOf(const std::string& page) {
  constexpr std::string_view kPrompt = "$ ./brokersim ";
  std::vector<Block> blocks;
  bool inside = false;
  for (const std::string& line : Lines(page)) {
    if (line.rfind("```", 0) == 0) {
      inside = false;
    } else if (line.rfind(kPrompt, 0) == 0) {
      blocks.push_back({Words(line.substr(kPrompt.size())), line, {}});
      inside = true;
    } else if (inside) {
      blocks.back().output.push_back(line);
    }
  }
  return blocks;
}

// Whether `shown` is `printed`, but for lines that "..." stands for.
testing::AssertionResult IsOutput(const std::vector<std::string>& shown, const std::vector<std::string>& printed) {
  size_t at = 0;
  bool skips = false;
  for (const std::string& line : shown) {
    if (line == "...") {
      skips = true;
      continue;
    }
    while (skips && at < printed.size() && printed[at] != line) ++at;
    skips = false;
    if (at == printed.size()) return testing::AssertionFailure() << "is not printed: " << line;
    if (printed[at] != line) {
      return testing::AssertionFailure() << "the page has:\n" << line << "\nprinted is:\n" << printed[at];
    }
    ++at;
  }
  if (!skips && at < printed.size()) return testing::AssertionFailure() << "is missing: " << printed[at];
  return testing::AssertionSuccess();
}

class Printed : public testing::TestWithParam<const char*> {};

TEST_P(Printed, IsWhatThePageShows) {
  Sandbox sandbox;
  const std::vector<Block> blocks = BlocksOf(ReadSource(GetParam()));
  EXPECT_FALSE(blocks.empty());
  for (const Block& block : blocks) {
    const Result result = sandbox.Run(block.words);
    EXPECT_TRUE(IsOutput(block.output, Lines(result.out))) << block.command << "\n" << result.out << result.err;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Printed, testing::Values("docs/explain.md"));

}  // namespace
}  // namespace brokersim::cli
