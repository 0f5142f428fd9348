// Every kind of fault has a unit test: the tests' sources are searched for the fault that each of them makes.
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "sim/fault/catalogue.h"

namespace brokersim::sim {
namespace {

// "power_loss": "PowerLoss", as its struct is named.
std::string StructName(std::string_view kind) {
  std::string name;
  bool upper = true;
  for (const char c : kind) {
    if (c != '_') name += upper ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '_';
  }
  return name;
}

std::string TestSources() {
  std::string all;
  for (const char* name : {"fault", "network_kinds", "connection_kinds", "disk_kinds", "clock_kinds", "process_kinds",
                           "domain_kinds", "operator_kinds"}) {
    const std::string path = "tests/sim/fault/" + std::string(name) + "_test.cc";
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in.good()) << "can't read " << path;
    std::ostringstream text;
    text << in.rdbuf();
    all += text.str();
  }
  return all;
}

// Kinds whose struct no source makes.
std::vector<std::string> Untested(const std::string& sources) {
  std::vector<std::string> untested;
  for (const KindText& kind : AllFaultKinds()) {
    const std::regex made("\\b" + StructName(kind.info->name) + "\\{");
    if (!std::regex_search(sources, made)) untested.push_back(StructName(kind.info->name));
  }
  return untested;
}

TEST(EveryKind, HasAUnitTest) {
  for (const std::string& kind : Untested(TestSources())) {
    ADD_FAILURE() << kind << " has no unit test. Remedy: one that adds a " << kind
                  << "{...}, in the *_kinds_test.cc of its subject.";
  }
}

TEST(EveryKind, ThatIsMissingIsNamed) {
  std::string sources = TestSources();
  for (size_t at = 0; (at = sources.find("MonoJump{", at)) != std::string::npos;) sources.erase(at, 8);
  EXPECT_EQ(Untested(sources), std::vector<std::string>({"MonoJump"}));
}

}  // namespace
}  // namespace brokersim::sim
