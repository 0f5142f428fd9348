#include "tests/visualize/golden.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"

namespace brokersim::visualize {

std::string ReadSource(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << "can't read " << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void ExpectGolden(std::string_view name, const std::string& actual) {
  const std::string path = "tests/visualize/testdata/" + std::string(name);
  if (const char* root = std::getenv("BROKERSIM_REWRITE_GOLDENS"); root != nullptr) {
    const std::string target = std::string(root) + "/" + path;
    std::ofstream(target, std::ios::binary) << actual;
    ADD_FAILURE() << "rewrote " << target << "; run again without BROKERSIM_REWRITE_GOLDENS";
    return;
  }
  EXPECT_EQ(ReadSource(path), actual)
      << "differs from " << path << "; if that is intended, see tests/visualize/golden.h";
}

}  // namespace brokersim::visualize
