// Every planted leak is found, each by what the catalogue says. Prints the table, and the first differing event of each
// leak that running finds. To print docs/determinism.md's table anew:
//   bazel run //tests/determinism/zoo:zoo_test -- --rewrite
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "runner/determinism.h"
#include "tests/determinism/zoo/catalogue.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/source_file.h"

namespace brokersim::zoo {
namespace {

using runner::Left;
using runner::Surroundings;

bool rewrite = false;

const std::string kFolder = "tests/determinism/zoo/";
const std::string kPage = "docs/determinism.md";

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "can't read " << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string Source(std::string_view leak) { return ReadAll(kFolder + "leaks/" + std::string(leak) + ".cc"); }

// As if it stood among the models.
bool ScanFinds(std::string_view leak) {
  const std::vector<tidy::SourceFile> files = {tidy::MakeSourceFile("model/leak.cc", Source(leak))};
  for (const tidy::Finding& finding : tidy::CheckAll(files)) {
    if (finding.rule == "determinism") return true;
  }
  return false;
}

Left Run(Surroundings surroundings, const std::string& library, std::string_view leak, std::vector<std::string> more) {
  std::vector<std::string> command = {kFolder + "zoo", kFolder + library + ".so", std::string(leak)};
  command.insert(command.end(), more.begin(), more.end());
  const auto left = runner::RunIn(surroundings, command);
  EXPECT_TRUE(left.ok()) << leak << ": " << left.status();
  return left.ok() ? *left : Left();
}

struct Seen {
  bool scan = false;
  bool twice = false;
  bool order = false;
  bool cross = false;
  bool end_draw = false;
  bool draw_bytes = false;
  std::string first_event;
};

// Whether they differ; if so, and none did before, `first_event` learns where.
bool Differ(const Left& a, const Left& b, std::string* first_event) {
  const auto report = runner::Compare(a, b);
  EXPECT_TRUE(report.ok()) << report.status();
  if (!report.ok() || report->equal) return false;
  if (first_event->empty()) *first_event = report->text;
  return true;
}

Seen Look(std::string_view leak) {
  Seen seen;
  seen.scan = ScanFinds(leak);
  const Left plain = Run(Surroundings::kPlain, "leaks_gcc", leak, {});
  const Left strange = Run(Surroundings::kStrange, "leaks_gcc", leak, {});
  seen.twice = Differ(plain, strange, &seen.first_event);
  seen.end_draw = plain.files.at("end_draw") != strange.files.at("end_draw");
  seen.draw_bytes = plain.files.at("draw_bytes") != strange.files.at("draw_bytes");
  seen.order = Run(Surroundings::kPlain, "leaks_gcc", leak, {"order"}).printed == "different\n";
  for (const char* build : {"leaks_gcc_plain", "leaks_clang"}) {
    const bool differs = Differ(plain, Run(Surroundings::kPlain, build, leak, {}), &seen.first_event);
    seen.cross = seen.cross || differs;
  }
  return seen;
}

void Expect(Found expected, bool seen, std::string_view leak, const char* by) {
  if (expected == Found::kByChance) return;
  EXPECT_EQ(expected == Found::kAlways, seen) << leak << " by " << by;
}

TEST(Zoo, EachLeakIsFoundAsTheCatalogueSays) {
  for (const Leak& leak : kLeaks) {
    const Seen seen = Look(leak.name);
    Expect(leak.scan, seen.scan, leak.name, "scan");
    Expect(leak.twice, seen.twice, leak.name, "twice");
    Expect(leak.order, seen.order, leak.name, "order");
    Expect(leak.cross, seen.cross, leak.name, "cross");
    Expect(leak.end_draw, seen.end_draw, leak.name, "end draw");
    Expect(leak.draw_bytes, seen.draw_bytes, leak.name, "draw bytes");
    const bool sure = leak.scan == A || leak.twice == A || leak.order == A || leak.cross == A;
    EXPECT_TRUE(sure) << leak.name << " may get away";
    // Whatever the two processes or builds show, they show by its first event.
    const bool ran = seen.twice || seen.cross;
    EXPECT_EQ(ran, seen.first_event.starts_with("the first difference is at event")) << leak.name << seen.first_event;
    std::printf("%-21s scan %d  twice %d  order %d  cross %d  end draw %d  draw bytes %d\n%s",
                std::string(leak.name).c_str(), seen.scan, seen.twice, seen.order, seen.cross, seen.end_draw,
                seen.draw_bytes, seen.first_event.c_str());
  }
}

TEST(Zoo, NothingFindsALeakWhereThereIsNone) {
  const Seen seen = Look("none");
  EXPECT_FALSE(seen.scan || seen.twice || seen.order || seen.cross || seen.end_draw || seen.draw_bytes)
      << seen.first_event;
}

// ---- The page

std::string Mark(Found found) {
  return found == Found::kAlways ? "yes" : found == Found::kByChance ? "by chance" : "";
}

std::string Table() {
  const auto row = [](std::vector<std::string> cells) {
    std::string line = "|";
    for (const std::string& cell : cells) line += " " + cell + (cell.empty() ? "|" : " |");
    return line + "\n";
  };
  std::string table = row({"leak", "what it does", "source scan", "run twice", "another order", "cross build",
                           "a draw at the end", "a byte a draw"});
  table += "|---|---|---|---|---|---|---|---|\n";
  std::map<int, int> sure, luck;
  int any = 0;
  for (const Leak& leak : kLeaks) {
    const std::string source = Source(leak.name);
    std::string what = source.substr(3, source.find('\n') - 4);
    if (leak.decides) what += " (*)";
    const std::vector<Found> found = {leak.scan, leak.twice, leak.order, leak.cross, leak.end_draw, leak.draw_bytes};
    std::vector<std::string> cells = {"`" + std::string(leak.name) + "`", what};
    for (size_t i = 0; i < found.size(); ++i) {
      cells.push_back(Mark(found[i]));
      if (found[i] == Found::kAlways) ++sure[static_cast<int>(i)];
      if (found[i] != Found::kNever) ++luck[static_cast<int>(i)];
    }
    if (leak.scan == A || leak.twice == A || leak.order == A || leak.cross == A) ++any;
    table += row(cells);
  }
  const std::string of = " of " + std::to_string(std::size(kLeaks));
  std::vector<std::string> cells = {"**surely**", "by any of the first four: **" + std::to_string(any) + of + "**"};
  std::vector<std::string> lucky = {"with luck", ""};
  for (int i = 0; i < 6; ++i) cells.push_back(std::to_string(sure[i]) + of);
  for (int i = 0; i < 6; ++i) lucky.push_back(std::to_string(luck[i]) + of);
  return table + row(cells) + row(lucky);
}

TEST(Page, ShowsTheTable) {
  const std::string open = "<!-- the zoo -->\n";
  const std::string close = "<!-- end of the zoo -->\n";
  const std::string page = ReadAll(kPage);
  const size_t begin = page.find(open);
  const size_t end = page.find(close);
  ASSERT_NE(begin, page.npos);
  ASSERT_NE(end, page.npos);
  const std::string wanted = page.substr(0, begin + open.size()) + Table() + page.substr(end);
  if (rewrite) {
    const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
    ASSERT_NE(workspace, nullptr) << "--rewrite works under `bazel run` only";
    std::ofstream(std::string(workspace) + "/" + kPage, std::ios::binary) << wanted;
    return;
  }
  EXPECT_EQ(page, wanted) << kPage << " is old: bazel run //tests/determinism/zoo:zoo_test -- --rewrite";
}

}  // namespace
}  // namespace brokersim::zoo

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) brokersim::zoo::rewrite |= std::string(argv[i]) == "--rewrite";
  return RUN_ALL_TESTS();
}
