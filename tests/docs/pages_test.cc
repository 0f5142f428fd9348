// The pages of docs/ that are printed from the sources are what the sources say. To print them anew:
//   bazel run //tests/docs:pages_test -- --rewrite
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/fault/catalogue.h"
#include "tests/docs/checker_page.h"
#include "tests/docs/faults_page.h"
#include "tests/docs/scenario_page.h"
#include "tests/docs/settings_page.h"

namespace brokersim::docs {
namespace {

bool rewrite = false;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "can't read " << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void ExpectPage(const std::string& path, const std::string& page) {
  if (rewrite) {
    const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
    ASSERT_NE(workspace, nullptr) << "--rewrite works under `bazel run` only";
    std::ofstream(std::filesystem::path(workspace) / path, std::ios::binary) << page;
    return;
  }
  EXPECT_EQ(ReadAll(path), page) << path << " is old: bazel run //tests/docs:pages_test -- --rewrite";
}

// The schema is in several files; the page is one.
std::string Schema() {
  std::string all = ReadAll("scenarios/scenario.proto");
  for (const char* path : {"scenarios/copies.proto", "scenarios/parameters.proto", "scenarios/drill.proto"}) {
    const std::string text = ReadAll(path);
    all += "\n" + text.substr(text.find('\n', text.find("\npackage ") + 1));
  }
  return all;
}

std::string Scenario() {
  return ScenarioPage(Schema(),
                      ReadAll("scenarios/kafka/unclean_leader_election.textproto"));
}

TEST(Pages, Scenario) { ExpectPage("docs/scenario.md", Scenario()); }

TEST(Pages, Faults) { ExpectPage("docs/faults.md", FaultsPage()); }

// The kernel's kinds and those that a scenario can ask for are the same.
TEST(Pages, EveryKindHasItsPlaceInAScenario) {
  const std::string proto = ReadAll("scenarios/scenario.proto");
  int kinds = 0;
  int first_wave = 0;
  for (const sim::KindText& kind : sim::AllFaultKinds()) {
    const std::string field = "    Parameters " + std::string(kind.info->name) + " = ";
    EXPECT_NE(proto.find(field), std::string::npos) << field;
    EXPECT_FALSE(kind.info->text.empty());
    ++kinds;
    first_wave += kind.info->first_wave ? 1 : 0;
  }
  int asked = 0;
  for (size_t at = 0; (at = proto.find("    Parameters ", at)) != std::string::npos; ++at) ++asked;
  EXPECT_EQ(asked, kinds);
  EXPECT_EQ(first_wave, 58);  // of the study's section 8
}

TEST(Pages, Checker) {
  std::vector<std::string> files;
  for (const char* name : {"delivery", "effects", "kafka", "linear", "session", "txn", "workloads"}) {
    files.push_back(ReadAll(std::string("tests/checker/examples/") + name + ".txt"));
  }
  ExpectPage("docs/checker.md", CheckerPage(files));
}

TEST(Pages, KafkaSettings) { ExpectPage("docs/kafka_settings.md", KafkaSettingsPage()); }
TEST(Pages, RocketMqSettings) { ExpectPage("docs/rocketmq_settings.md", RocketMqSettingsPage()); }

// Guards the reader of the .proto text: every message and enumeration has its heading.
TEST(Pages, NoMessageIsMissed) {
  const std::string page = Scenario();
  std::istringstream proto(Schema());
  int count = 0;
  for (std::string word; proto >> word;) {
    if (word != "message" && word != "enum") continue;
    std::string name;
    std::string brace;
    proto >> name >> brace;
    if (brace != "{") continue;  // the word in a comment
    ++count;
    EXPECT_TRUE(page.find("### " + name + "\n") != std::string::npos ||
                page.find("." + name + "\n") != std::string::npos)
        << name;
  }
  EXPECT_GT(count, 20);
}

TEST(Pages, FieldsHaveTypesAndMeanings) {
  const std::string page = ScenarioPage(
      "// Opening.\nsyntax = \"proto3\";\n\n// A thing.\nmessage Thing {\n  // How many.\n  // Default 3.\n"
      "  int32 count = 1;\n"
      "  enum Kind {\n    SMALL = 0;  // the default\n  }\n  oneof what {\n    string text = 2;\n  }\n"
      "  repeated Kind kind = 3;\n}\n",
      "x\n");
  for (const char* part : {"Opening.\n", "### Thing\n\nA thing.\n", "| `count` | int32 | How many. Default 3. |\n",
                           "### Thing.Kind\n", "| `SMALL` | the default |\n", "| `text` | string | One of `what`. |\n",
                           "| `kind` | repeated Kind |  |\n", "```textproto\nx\n```\n"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part << "\nin:\n" << page;
  }
}

}  // namespace
}  // namespace brokersim::docs

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--rewrite") brokersim::docs::rewrite = true;
  }
  return RUN_ALL_TESTS();
}
