// docs/dr_matrix.md: every drill over every architecture, over a few seeds. To print it anew, and then read the
// difference:
//   BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/runner:dr_matrix_test
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runner/dr_report.h"
#include "runner/parallel.h"

namespace brokersim::runner {
namespace {

constexpr const char* kPage = "docs/dr_matrix.md";
constexpr uint64_t kSeeds = 5;

constexpr std::string_view kHead = R"(# Disaster recovery: every drill over every architecture

What [dr.md](dr.md) tells of, printed by `//tests/runner:dr_matrix_test`. Five seeds show which cells differ, not how
far their tails reach: `./brokersim dr --seeds=1000 --out=DIR` does, and explains and draws each cell.

)";

std::string Page() {
  std::vector<scenarios::ResolvedScenario> architectures;
  for (const std::string& name : scenarios::ListScenarios(".")) {
    if (!name.starts_with("dr/")) continue;
    const auto loaded = scenarios::LoadScenario(name, ".");
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    architectures.insert(architectures.end(), loaded->variants.begin(), loaded->variants.end());
  }
  std::vector<DrillChoice> drills;
  std::string page(kHead);
  for (const std::string& name : scenarios::ListDrills(".")) {
    const auto drill = scenarios::LoadDrill(name, ".");
    EXPECT_TRUE(drill.ok()) << drill.status();
    drills.push_back({*drill, name});
    page += "- **" + name + "**: " + drill->title() + "\n";
  }
  auto cells = CellsOf(architectures, drills);
  EXPECT_TRUE(cells.ok()) << cells.status();
  DrPlan plan;
  plan.cells = *std::move(cells);
  plan.seeds = {1, kSeeds};
  plan.jobs = Cores();
  const auto result = RunDr(std::move(plan), nullptr, [](const SweepProgress&) { return true; });
  EXPECT_TRUE(result.ok()) << result.status();
  for (const DrRow& row : result->rows) EXPECT_EQ(row.internal_error, "") << result->cells[row.cell].Text();
  page += "\n" + DrMatrixMarkdown(*result, DrReportsOf(*result)) + "\n## Not tried\n\n";
  for (const DrCell& cell : result->cells) {
    if (!cell.laid.has_value()) page += "- " + cell.Text() + ": " + cell.why_not + "\n";
  }
  return page;
}

TEST(Matrix, SaysWhatIsTrueNow) {
  const std::string page = Page();
  if (const char* root = std::getenv("BROKERSIM_REWRITE_GOLDENS"); root != nullptr) {
    std::ofstream(std::string(root) + "/" + kPage, std::ios::binary) << page;
    FAIL() << "rewritten; read the difference";
  }
  std::ostringstream there;
  there << std::ifstream(kPage).rdbuf();
  EXPECT_EQ(there.str(), page) << "BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/runner:dr_matrix_test";
}

}  // namespace
}  // namespace brokersim::runner
