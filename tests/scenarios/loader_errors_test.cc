// What the loader says of bad scenarios. Each file in testdata/ holds some cases, one behind the other: a line
// `# NAME`, changes to a good scenario (`base.txt`), then `----` and the whole message. Changes are lines
//   replace OLD => NEW     the only OLD in the text
//   append TEXT            a line more
//   text                   all that follows is the scenario; nothing of the good one
//
// After a change that is meant to change messages, rewrite the files and read the difference:
//   bazel run //tests/scenarios:loader_errors_test -- --rewrite
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/loader.h"
#include "sim/random/stream.h"

namespace brokersim::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "tests/scenarios/testdata";
constexpr const char* kPath = "kafka/base.textproto";  // what the messages call it

bool rewrite = false;

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Case {
  std::string name;
  std::vector<std::string> changes;
  std::string message;
};

std::vector<Case> ParseCases(const std::string& text) {
  std::vector<Case> cases;
  std::istringstream in(text);
  bool in_message = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("# ", 0) == 0) {
      cases.push_back({line.substr(2), {}, ""});
      in_message = false;
    } else if (cases.empty()) {
      ADD_FAILURE() << "a case begins with `# NAME`, not with: " << line;
      return cases;
    } else if (line == "----") {
      in_message = true;
    } else if (in_message) {
      if (!line.empty()) cases.back().message += line;
    } else {
      cases.back().changes.push_back(line);
    }
  }
  return cases;
}

std::string Apply(const Case& c, std::string text) {
  for (size_t i = 0; i < c.changes.size(); ++i) {
    const std::string& change = c.changes[i];
    if (change == "text") {
      text.clear();
      for (size_t j = i + 1; j < c.changes.size(); ++j) text += c.changes[j] + "\n";
      return text;
    }
    if (change.rfind("append ", 0) == 0) {
      text += change.substr(7) + "\n";
      continue;
    }
    const size_t arrow = change.find(" => ");
    if (change.rfind("replace ", 0) != 0 || arrow == std::string::npos) {
      ADD_FAILURE() << "no change: " << change;
      continue;
    }
    const std::string before = change.substr(8, arrow - 8);
    const size_t at = text.find(before);
    if (at == std::string::npos || text.find(before, at + 1) != std::string::npos) {
      ADD_FAILURE() << "not exactly once in the scenario: " << before;
      continue;
    }
    text.replace(at, before.size(), change.substr(arrow + 4));
  }
  return text;
}

std::string MessageOf(const std::string& text) {
  const auto loaded = ParseScenario(text, kPath);
  if (loaded.ok()) return "(no error)";
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(loaded.status().message());
}

void RunFile(const fs::path& path, const std::string& base) {
  SCOPED_TRACE(path.filename().string());
  std::string rewritten;
  for (const Case& c : ParseCases(ReadAll(path))) {
    SCOPED_TRACE(c.name);
    const std::string message = MessageOf(Apply(c, base));
    rewritten += "# " + c.name + "\n";
    for (const std::string& change : c.changes) rewritten += change + "\n";
    rewritten += "----\n" + message + "\n\n";
    if (rewrite) continue;
    EXPECT_EQ(message, c.message)
        << "if this is meant: bazel run //tests/scenarios:loader_errors_test -- --rewrite";
    EXPECT_EQ(message.find('\n'), std::string::npos) << "one line";
    EXPECT_NE(message, "(no error)");
  }
  if (rewrite) {
    rewritten.pop_back();
    std::ofstream(path, std::ios::binary) << rewritten;
  }
}

TEST(LoaderErrors, EveryCase) {
  fs::path folder(kFolder);
  if (rewrite) {
    const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
    ASSERT_NE(workspace, nullptr) << "--rewrite works under `bazel run` only";
    folder = fs::path(workspace) / folder;
  }
  const std::string base = ReadAll(folder / "base.txt");
  ASSERT_TRUE(ParseScenario(base, kPath).ok()) << ParseScenario(base, kPath).status();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() != "base.txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 5u);
  for (const fs::path& file : files) RunFile(file, base);
}

// ---- Whatever is in a file, it is a scenario or an error with its place.

// One to three of: cut off, a bit flipped, a byte replaced, a piece taken out, a piece doubled, a number made huge.
std::string Mutate(std::string text, sim::Stream* stream) {
  const uint64_t count = 1 + stream->Below(3);
  for (uint64_t i = 0; i < count && !text.empty(); ++i) {
    const size_t at = stream->Below(text.size());
    const size_t length = 1 + stream->Below(40);
    switch (stream->Below(6)) {
      case 0: text.resize(at); break;
      case 1: text[at] = static_cast<char>(text[at] ^ (1 << stream->Below(8))); break;
      case 2: text[at] = "{}\"\\:,0-\n()*=%"[stream->Below(14)]; break;
      case 3: text.erase(at, length); break;
      case 4: text.insert(stream->Below(text.size()), text.substr(at, length)); break;
      default: {
        const size_t digit = text.find_first_of("0123456789", at);
        if (digit != std::string::npos) text.insert(digit, std::string(length % 20, '9'));
      }
    }
  }
  return text;
}

TEST(LoaderErrors, DamagedScenariosAreToldOrHarmless) {
  const std::regex place("kafka/[a-z_0-9]+\\.textproto:[0-9]+:[0-9]+: .+");
  sim::Stream stream(20240607, "mutations");
  int64_t told = 0;
  int64_t harmless = 0;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator("scenarios/kafka")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string good = ReadAll(file);
    for (int i = 0; i < 400; ++i) {
      const std::string text = Mutate(good, &stream);
      SCOPED_TRACE(text);
      const auto loaded = ParseScenario(text, "kafka/" + file.filename().string());
      ++(loaded.ok() ? harmless : told);
      if (loaded.ok()) continue;
      ASSERT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
      const std::string message(loaded.status().message());
      ASSERT_TRUE(std::regex_match(message, place)) << message;
    }
  }
  EXPECT_GT(told, 1000);
  EXPECT_GT(harmless, 100);
}

}  // namespace
}  // namespace brokersim::scenarios

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--rewrite") brokersim::scenarios::rewrite = true;
  }
  return RUN_ALL_TESTS();
}
