// The style rules over the whole source tree. A failure names the file, the line and the remedy.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/tidy/rules.h"
#include "tests/tidy/source_file.h"

namespace brokersim::tidy {
namespace {

// The test is given this file as data: a link that leads into the source tree.
std::filesystem::path Root() {
  const std::filesystem::path here = std::filesystem::canonical("tests/tidy/tidy_test.cc");
  return here.parent_path().parent_path().parent_path();
}

TEST(Tidy, SourceTree) {
  const std::vector<SourceFile> files = ReadTree(Root());
  // A tree without its own sources is not the tree.
  ASSERT_GT(files.size(), 50) << "read " << Root();

  std::set<const Exception*> used;
  for (const Finding& finding : CheckAll(files)) {
    bool excused = false;
    for (const Exception& exception : Exceptions()) {
      if (!Excuses(exception, finding)) continue;
      excused = true;
      used.insert(&exception);
    }
    if (!excused) {
      ADD_FAILURE_AT(finding.path.c_str(), finding.line)
          << "[" << finding.rule << "] " << finding.message;
    }
  }
  for (const Exception& exception : Exceptions()) {
    EXPECT_TRUE(used.contains(&exception))
        << "The exception of " << exception.path << " from [" << exception.rule
        << "] excuses nothing. Remedy: delete it in tests/tidy/exceptions.cc.";
    EXPECT_FALSE(exception.reason.empty()) << exception.path;
  }
}

}  // namespace
}  // namespace brokersim::tidy
