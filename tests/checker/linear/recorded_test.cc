// All verdicts on histories that others recorded are as they expect.
#include "tests/checker/linear/recorded.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "checker/history/format.h"
#include "checker/linear/linear.h"
#include "checker/linear/verify.h"

namespace brokersim::checker {
namespace {

TEST(RecordedTest, VerdictsAreAsExpected) {
  for (const Recorded& recorded : RecordedHistories()) {
    SCOPED_TRACE(recorded.name);
    const std::string text = ReadAll(recorded.path);
    const absl::StatusOr<Format> format = Recognise(text);
    ASSERT_TRUE(format.ok()) << format.status();
    const absl::StatusOr<History> history = Read(text, *format);
    ASSERT_TRUE(history.ok()) << history.status();
    for (const std::string& model : {recorded.model, recorded.model + "-strict"}) {
      if (FindLinearModel(model) == nullptr) continue;
      const absl::StatusOr<formats::Verdict> verdict = CheckLinearizable(model, *history, {});
      ASSERT_TRUE(verdict.ok()) << verdict.status();
      EXPECT_EQ(verdict->result(),
                recorded.linearizable ? formats::Verdict::VALID : formats::Verdict::INVALID)
          << model;
      if (verdict->result() == formats::Verdict::VALID) {
        const absl::Status proved = VerifyOrder(*FindLinearModel(model), *history, verdict->order());
        EXPECT_TRUE(proved.ok()) << proved;
      } else {
        EXPECT_EQ(verdict->anomalies_size(), 1);
        std::printf("%s %s: %s\n", recorded.name.c_str(), model.c_str(),
                    verdict->anomalies(0).explanation().c_str());
      }
    }
  }
}

}  // namespace
}  // namespace brokersim::checker
