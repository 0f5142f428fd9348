// Each rule on a sample that breaks it and on one that doesn't.
#include "tests/tidy/rules.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim::tidy {
namespace {

// "rule:line" of each finding in `path`, when its package's BUILD file names it.
std::vector<std::string> Check(const std::string& path, std::string_view text) {
  const size_t slash = path.rfind('/');
  const std::string build = "srcs = [\"" + path.substr(slash + 1) + "\"]\n";
  const std::vector<SourceFile> files = {MakeSourceFile(path, text),
                                         MakeSourceFile(path.substr(0, slash) + "/BUILD", build)};
  std::vector<std::string> out;
  for (const Finding& finding : CheckAll(files)) {
    EXPECT_EQ(finding.path, path);
    EXPECT_NE(finding.message.find("Remedy: "), std::string::npos) << finding.message;
    out.push_back(finding.rule + ":" + std::to_string(finding.line));
  }
  return out;
}

using Found = std::vector<std::string>;

TEST(Width, CountsCharactersNotBytes) {
  EXPECT_EQ(Check("sim/a.cc", std::string(121, 'x') + "\n"), Found{"width:1"});
  EXPECT_EQ(Check("sim/a.cc", std::string(120, 'x') + "\n"), Found{});
  std::string accents;
  for (int i = 0; i < 120; ++i) accents += "\u00e9";
  EXPECT_EQ(Check("sim/a.cc", "// " + accents.substr(6) + "\n"), Found{});
}

TEST(Length, SixHundredLines) {
  std::string text;
  for (int i = 0; i < 600; ++i) text += "x\n";
  EXPECT_EQ(Check("sim/a.cc", text), Found{});
  EXPECT_EQ(Check("sim/a.cc", text + "x\n"), Found{"length:601"});
}

TEST(Blanks, AtTheEndAndTabs) {
  EXPECT_EQ(Check("sim/a.cc", "x \ny\r\n\tz\n"), (Found{"blanks:1", "blanks:2", "blanks:3"}));
  EXPECT_EQ(Check("tools/a.sh", "\tz\n"), Found{});
}

TEST(Unfinished, WholeWordsInCommentsToo) {
  EXPECT_EQ(Check("sim/a.cc", "// TODO: all\n// FIXME\nXXX\n"),
            (Found{"unfinished:1", "unfinished:2", "unfinished:3"}));
  EXPECT_EQ(Check("sim/a.cc", "// TODOS MAXXXL\n"), Found{});
}

TEST(Guard, IsNamedAfterThePath) {
  const std::string body = "int F();\n";
  const std::string guard = "BROKERSIM_SIM_A_B_H_";
  const std::string good = "// What.\n#ifndef " + guard + "\n#define " + guard + "\n" + body +
                           "#endif  // " + guard + "\n";
  EXPECT_EQ(Check("sim/a_b.h", good), Found{});
  EXPECT_EQ(Check("sim/c.h", good), (Found{"guard:2", "guard:3", "guard:5"}));
  EXPECT_EQ(Check("sim/a_b.h", "// What.\n#pragma once\n"), Found{"guard:1"});
}

TEST(Contract, AHeaderOpensWithAComment) {
  const auto header = [](const std::string& body) {
    const std::string guard = "BROKERSIM_SIM_A_H_";
    return "#ifndef " + guard + "\n#define " + guard + "\n" + body + "#endif  // " + guard + "\n";
  };
  EXPECT_EQ(Check("sim/a.h", header("#include <map>\nnamespace x {\n// What.\nint F();\n}\n")),
            Found{});
  EXPECT_EQ(Check("sim/a.h", header("#include <map>\nint F();  // too late\n")),
            Found{"contract:4"});
}

TEST(Determinism, BannedNamesInTheirRoomsOnly) {
  const std::string text = "std::unordered_map<int, int> m;\n";
  for (const char* room : {"sim", "model", "scenarios", "checker", "visualize", "formats"}) {
    EXPECT_EQ(Check(std::string(room) + "/a.cc", text), Found{"determinism:1"}) << room;
  }
  for (const char* room : {"cli", "runner", "tests", "bench"}) {
    EXPECT_EQ(Check(std::string(room) + "/a.cc", text), Found{}) << room;
  }
}

TEST(Determinism, EachBannedName) {
  for (const char* line : {"std::unordered_set<int> s;",
                           "absl::flat_hash_map<int, int> m;",
                           "absl::node_hash_set<int> s;",
                           "std::hash<int>()(1);",
                           "absl::HashOf(1);",
                           "int x = rand();",
                           "std::random_device d;",
                           "std::mt19937_64 e;",
                           "std::uniform_int_distribution<int> d;",
                           "std::normal_distribution d(0);",
                           "std::shuffle(a, b, e);",
                           "absl::BitGen g;",
                           "std::chrono::system_clock::now();",
                           "steady_clock::now();",
                           "high_resolution_clock::now();",
                           "absl::Now();",
                           "std::getenv(name);",
                           "thread_local int x;",
                           "std::thread t;",
                           "std::async(f);",
                           "const char* d = __DATE__;",
                           "const char* t = __TIME__;",
                           "std::minstd_rand e;",
                           "clock_gettime(0, &t);",
                           "fs::last_write_time(f);",
                           "setlocale(LC_ALL, s);",
                           "std::locale l;",
                           "fs::current_path();",
                           "getpid();",
                           "fs::directory_iterator i(f);",
                           "std::this_thread::yield();",
                           "reinterpret_cast<uintptr_t>(p);",
                           "reinterpret_cast<size_t>(p);",
                           "double x = 0;",
                           "float y;"}) {
    EXPECT_EQ(Check("sim/a.cc", std::string(line) + "\n"), Found{"determinism:1"}) << line;
  }
}

TEST(Determinism, OtherNamesCommentsAndTextAreFree) {
  for (const char* line :
       {"operand(1);", "// no std::hash here, and no double", "/* double */ int x;",
        "Print(\"double \\\" float\");", "Print(R\"(double)\");", "int doubled = 1'000'000;",
        "char c = '\"';  // double"}) {
    EXPECT_EQ(Check("sim/a.cc", std::string(line) + "\n"), Found{}) << line;
  }
  EXPECT_EQ(Check("sim/a.cc", "/* from here\n double\n to here */ double x;\n"),
            Found{"determinism:3"});
  EXPECT_EQ(Check("sim/a.cc", "auto x = R\"q(\n double \" )\"\n)q\"; double y;\n"),
            Found{"determinism:3"});
  EXPECT_EQ(Check("sim/a.cc", "int x = 1'000; double y;\n"), Found{"determinism:1"});
  // Reports may hold doubles: they decide nothing.
  EXPECT_EQ(Check("checker/a.cc", "double seconds = 0;\n"), Found{});
}

TEST(Determinism, Hazards) {
  for (const char* line :
       {"std::set<const Node*> waiting;", "absl::btree_map<Node*, int> m;", "static int64_t next = 0;",
        "inline static std::string last;", "std::sort(v.begin(), v.end(), [](A a, A b) { return a.x < b.x; });",
        "std::sort(v.begin(),\n  v.end(), ByLoad());", "F(random.Next(), random.Next());",
        "int x = a.Below(3) +\n  b.Sample(r);"}) {
    EXPECT_EQ(Check("sim/a.cc", std::string(line) + "\n"), Found{"determinism:1"}) << line;
    EXPECT_EQ(Check("runner/a.cc", std::string(line) + "\n"), Found{}) << line;
  }
  for (const char* line :
       {"std::map<int, Node*> m;", "static constexpr int kMax = 3;", "static const auto& names = *new Names;",
        "static int64_t Next(int x);", "std::sort(v.begin(), v.end());",
        "// no two are equal\nstd::sort(v.begin(), v.end(), ByName());",
        "std::stable_sort(v.begin(), v.end(), ByLoad());", "bool x = a.Chance(p) && a.Chance(q);",
        "int x = a.Next(); int y = a.Next();", "int x = c ? a.Next() : b.Next();"}) {
    EXPECT_EQ(Check("sim/a.cc", std::string(line) + "\n"), Found{}) << line;
  }
}

TEST(Determinism, NoMapsInProtos) {
  EXPECT_EQ(Check("tests/a.proto", "map<string, int64> counts = 1;\n"), Found{"determinism:1"});
  EXPECT_EQ(Check("tests/a.proto", "// map<string, int64>\nrepeated Count counts = 1;\n"), Found{});
}

TEST(Arrows, WhoMayKnowWhom) {
  const auto include = [](const std::string& from, const std::string& to) {
    return Check(from + "/a.cc", "#include <vector>\n#include \"" + to + "/b.h\"\n");
  };
  using Pair = std::pair<const char*, const char*>;
  for (const auto& [from, to] :
       {Pair{"sim", "formats"}, Pair{"model", "sim"}, Pair{"scenarios", "model"},
        Pair{"checker", "formats"}, Pair{"visualize", "formats"}, Pair{"runner", "checker"},
        Pair{"runner", "scenarios"}, Pair{"cli", "runner"}, Pair{"tests", "runner"},
        Pair{"bench", "runner"}, Pair{"sim", "absl"}}) {
    EXPECT_EQ(include(from, to), Found{}) << from << " -> " << to;
  }
  for (const auto& [from, to] :
       {Pair{"sim", "model"}, Pair{"sim", "checker"}, Pair{"model", "scenarios"},
        Pair{"model", "checker"}, Pair{"scenarios", "runner"}, Pair{"scenarios", "checker"},
        Pair{"checker", "sim"}, Pair{"checker", "visualize"}, Pair{"visualize", "model"},
        Pair{"visualize", "checker"}, Pair{"formats", "sim"}, Pair{"runner", "cli"},
        Pair{"cli", "tests"}, Pair{"sim", "runner"}}) {
    EXPECT_EQ(include(from, to), Found{"arrows:2"}) << from << " -> " << to;
  }
  EXPECT_EQ(Check("sim/a.cc", "// #include \"model/b.h\"\n"), Found{});
}

TEST(Dead, FilesThatNoBuildFileNames) {
  const std::vector<SourceFile> files = {
      MakeSourceFile("sim/BUILD", "srcs = [\n  \"base/a.cc\",\n  # \"base/b.cc\",\n]\n"),
      MakeSourceFile("sim/base/a.cc", "int a;\n"),
      MakeSourceFile("sim/base/b.cc", "int b;\n"),
      MakeSourceFile("model/x/c.cc", "int c;\n"),
  };
  std::vector<std::string> dead;
  for (const Finding& finding : CheckAll(files)) dead.push_back(finding.rule + " " + finding.path);
  EXPECT_EQ(dead, (std::vector<std::string>{"dead sim/base/b.cc", "dead model/x/c.cc"}));
}

TEST(Exceptions, OfAFileOrOfAFolder) {
  const Finding finding = {"sim/base/a.cc", 3, "width", "Remedy: none."};
  EXPECT_TRUE(Excuses({"sim/base/a.cc", "width", "why"}, finding));
  EXPECT_TRUE(Excuses({"sim/base/", "width", "why"}, finding));
  EXPECT_FALSE(Excuses({"sim/base/", "length", "why"}, finding));
  EXPECT_FALSE(Excuses({"sim/base/a.c", "width", "why"}, finding));
  EXPECT_FALSE(Excuses({"sim/b", "width", "why"}, finding));
}

}  // namespace
}  // namespace brokersim::tidy
