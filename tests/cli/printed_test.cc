// What pages show was really printed: each block of a page that begins with "$ ./brokersim ..." is that command's
// output.
//
// The commands of one page run in one folder, in their order. A line "..." stands for lines that are left out.
//
// BROKERSIM_REWRITE_GOLDENS=$PWD bazel-bin/tests/cli/printed_test writes what is printed now into the pages; what they
// say around it is for a person to read again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <fstream>

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

// A line without its numbers: by these a rewritten page finds again where it goes on after "...".
std::string Shape(const std::string& line) {
  std::string shape;
  for (const char c : line) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit || shape.empty() || shape.back() != '#') shape += digit ? '#' : c;
  }
  return shape;
}

// What the page would show now: the same parts, as long as before.
std::vector<std::string> Excerpt(const std::vector<std::string>& shown, const std::vector<std::string>& printed) {
  std::vector<std::string> lines;
  size_t at = 0;
  bool skips = false;
  for (const std::string& line : shown) {
    if (line == "...") {
      lines.push_back(line);
      skips = true;
      continue;
    }
    while (skips && at < printed.size() && Shape(printed[at]) != Shape(line)) ++at;
    skips = false;
    if (at == printed.size()) break;
    lines.push_back(printed[at++]);
  }
  while (!skips && at < printed.size()) lines.push_back(printed[at++]);
  return lines;
}

// The page, with the blocks' outputs in place of its own.
std::string Rewritten(const std::string& page, const std::vector<Block>& blocks) {
  std::string text;
  size_t next = 0;
  bool inside = false;
  for (const std::string& line : Lines(page)) {
    if (line.rfind("```", 0) == 0) inside = false;
    if (!inside) text += line + "\n";
    if (next == blocks.size() || line != blocks[next].command) continue;
    for (const std::string& output : blocks[next++].output) text += output + "\n";
    inside = true;
  }
  return text;
}

class Printed : public testing::TestWithParam<const char*> {};

TEST_P(Printed, IsWhatThePageShows) {
  Sandbox sandbox;
  const std::string page = ReadSource(GetParam());
  std::vector<Block> blocks = BlocksOf(page);
  EXPECT_FALSE(blocks.empty());
  if (const char* root = std::getenv("BROKERSIM_REWRITE_GOLDENS"); root != nullptr) {
    for (Block& block : blocks) block.output = Excerpt(block.output, Lines(sandbox.Run(block.words).out));
    std::ofstream(fmt::format("{}/{}", root, GetParam()), std::ios::binary) << Rewritten(page, blocks);
    return;
  }
  for (const Block& block : blocks) {
    const Result result = sandbox.Run(block.words);
    EXPECT_TRUE(IsOutput(block.output, Lines(result.out))) << block.command << "\n" << result.out << result.err;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Printed, testing::Values("docs/explain.md", "docs/reproduce.md"));

}  // namespace
}  // namespace brokersim::cli
