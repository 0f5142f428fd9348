// docs/anomalies.md holds exactly the table that the registry says.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "checker/check.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

namespace brokersim::checker {
namespace {

std::string Table() {
  std::string table =
      "| Name | Code | Meaning | By default | Implemented |\n"
      "|---|---|---|---|---|\n";
  const std::vector<std::string>& defaults = DefaultChecks();
  for (const AnomalyInfo& anomaly : Anomalies()) {
    const bool by_default =
        std::find(defaults.begin(), defaults.end(), anomaly.name) != defaults.end();
    table +=
        fmt::format("| {} | {} | {} | {} | {} |\n", anomaly.name, anomaly.code, anomaly.meaning,
                    by_default ? "yes" : "", anomaly.implemented ? "yes" : "");
  }
  return table;
}

TEST(AnomaliesPage, EqualsTheRegistry) {
  std::ifstream in("docs/anomalies.md");
  std::string lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] == '|') lines += line + "\n";
  }
  EXPECT_EQ(lines, Table()) << "the table should be:\n" << Table();
}

TEST(AnomaliesPage, NamesAndCodesAreUnique) {
  std::set<std::string_view> names, codes;
  for (const AnomalyInfo& anomaly : Anomalies()) {
    EXPECT_TRUE(names.insert(anomaly.name).second) << anomaly.name;
    EXPECT_TRUE(codes.insert(anomaly.code).second) << anomaly.code;
    EXPECT_FALSE(anomaly.meaning.empty()) << anomaly.name;
  }
}

TEST(AnomaliesPage, DefaultsAreImplemented) {
  EXPECT_TRUE(ValidateChecks(DefaultChecks()).ok());
  EXPECT_EQ(DefaultChecks(), (std::vector<std::string>{"lost-write", "duplicate", "reordered",
                                                       "aborted-read", "inconsistent-offsets"}));
}

}  // namespace
}  // namespace brokersim::checker
