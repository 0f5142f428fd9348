// The commands on pages of docs/ print what the page says. A block that begins with "```LANGUAGE NAME" is a file of
// that name, there for the commands below it. To print them anew:
//   BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/cli:page_test
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

constexpr const char* kPrompt = "$ ./brokersim ";

// What a command says of how far it is, every ten seconds of a machine that takes so long, is no part of the page.
std::string WithoutProgress(const std::string& text) {
  std::string rest;
  for (const std::string& line : Lines(text)) {
    const bool progress = line.starts_with("brokersim: ") && line.ends_with(" left");
    if (!progress) rest += line + "\n";
  }
  return rest;
}

// The page with every output as it is now.
std::string Printed(const std::string& page) {
  Sandbox sandbox;
  std::string printed;
  bool inside = false;  // of a block whose first line is a command
  const std::vector<std::string> lines = Lines(page);
  std::string file;
  std::string content;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (!file.empty()) {
      if (line != "```") content += line + "\n";
      if (line == "```") sandbox.Write(file, content);
    }
    if (line == "```") file.clear();
    if (const size_t space = line.find(' '); line.starts_with("```") && space != std::string::npos) {
      file = line.substr(space + 1);
      content.clear();
    }
    if (line.starts_with("```")) inside = !inside && i + 1 < lines.size() && lines[i + 1].starts_with(kPrompt);
    if (!inside || line.starts_with("```")) {
      printed += line + "\n";
    } else if (line.starts_with(kPrompt)) {
      std::istringstream words(line.substr(std::string(kPrompt).size()));
      std::vector<std::string> command;
      for (std::string word; words >> word;) command.push_back(word);
      const Result result = sandbox.Run(command);
      printed += line + "\n" + result.out + WithoutProgress(result.err);
    }
  }
  return printed;
}

class Page : public testing::TestWithParam<const char*> {};

TEST_P(Page, SaysWhatIsPrinted) {
  const std::string path = GetParam();
  const std::string page = ReadSource(path);
  const std::string printed = Printed(page);
  if (const char* root = std::getenv("BROKERSIM_REWRITE_GOLDENS"); root != nullptr) {
    std::ofstream(std::string(root) + "/" + path, std::ios::binary) << printed;
    FAIL() << "rewritten; read the difference";
  }
  EXPECT_EQ(page, printed) << "BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/cli:page_test";
}

INSTANTIATE_TEST_SUITE_P(Docs, Page, testing::Values("docs/sweep.md", "docs/dr.md"));

}  // namespace
}  // namespace brokersim::cli
