// In the middle of a long valid history of logs, a few operations go wrong: that is found and named, and nothing else
// is.
#include <algorithm>
#include <vector>

#include "checker/history/edn.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/checker/kafka/kafka_text.h"

namespace brokersim::checker {
namespace {

// Lines in kafka_text's notation: producers 0 and 1, consumers 2 and 3 that read all of :x and :y; holes in the
// offsets, sends that crash and fail, polls that abort and go back.
std::vector<std::string> Valid(uint64_t seed) {
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  const auto below = [&](int n) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<int>((state >> 33) % static_cast<uint64_t>(n));
  };
  std::vector<std::pair<int, int>> logs[2];  // offset and value
  size_t read[2][2] = {};
  int committed[2] = {};
  std::vector<std::string> lines = {"2 ok assign x y", "3 ok assign x y"};
  int next = 1;
  const auto poll = [&](int consumer, size_t most, std::string_view outcome) {
    std::string line = fmt::format("{} {} txn", 2 + consumer, outcome);
    for (int key = 0; key < 2; ++key) {
      size_t at = read[consumer][key];
      std::string pairs;
      for (size_t n = 0; n < most && at < logs[key].size(); ++n, ++at) {
        pairs += fmt::format("{}{}_{}", pairs.empty() ? "" : " ", logs[key][at].first, logs[key][at].second);
      }
      line += fmt::format(" {}[{}]", key == 0 ? "x" : "y", pairs);
      if (outcome == "ok") read[consumer][key] = at;
    }
    lines.push_back(line);
  };
  for (int step = 0; step < 120; ++step) {
    const int what = below(8);
    if (what < 4) {
      const int fate = below(8);
      std::string line = fmt::format("{} {}", below(2), fate == 0 ? "fail" : fate == 1 ? "info" : "ok");
      for (int n = 1 + below(3); n > 0; --n) {
        const int key = below(2);
        const int offset = (logs[key].empty() ? 0 : logs[key].back().first) + 1 + (below(5) == 0 ? 1 : 0);
        line += fmt::format(" {}={}", key == 0 ? "x" : "y", next);
        if (fate > 0) logs[key].emplace_back(offset, next);
        if (fate > 1 && below(6) > 0) line += fmt::format("@{}", offset);
        ++next;
      }
      lines.push_back(line);
    } else if (what < 7) {
      poll(below(2), static_cast<size_t>(1 + below(4)), below(6) == 0 ? "fail" : "ok");
    } else {
      const int key = below(2);
      committed[key] += below(3);
      lines.push_back(fmt::format("2 ok commit {}={}", key == 0 ? "x" : "y", committed[key]));
    }
  }
  poll(0, 10'000, "ok");
  poll(1, 10'000, "ok");
  return lines;
}

struct Plant {
  std::string_view lines;  // with keys p and q, and processes 5 to 9
  std::string_view expected;
};

// What else each implies, by its definition, stands beside it.
constexpr Plant kPlants[] = {
    {"", "VALID"},
    {"5 invoke p=a; 6 invoke p=b; 5 ok p=a@1; 6 ok p=b@1; 7 ok p[1a]; 8 ok p[1b]", "inconsistent-offsets"},
    {"5 ok p=a@1; 7 ok p[1a]; 8 ok p[5a]", "duplicate"},
    {"5 fail p=a; 7 ok p[1a]", "G1a"},
    {"5 ok p=a@1; 7 ok p[1a 2b]", "phantom-read"},
    {"5 ok txn p=a@1 p[1a]", "precommitted-read"},
    {"5 ok p=a@1; 5 ok p=b@2; 7 ok p[2b]", "lost-write unseen"},
    {"5 ok p=a@1 q=b@1; 5 ok q=c@2; 7 ok p[1a]; 7 ok q[2c]", "lost-write torn-transaction unseen"},
    {"5 info p=a@1 q=b@1; 5 ok q=c@2; 7 ok p[1a]; 7 ok q[2c]", "lost-write torn-transaction"},
    {"5 ok p=a@1; 5 ok p=b@2; 7 ok p[1a]", "unseen"},
    {"5 info p=a | :error [:fenced]; 7 ok p[1a]", "zombie-write"},
    {"5 ok p=a@1 | :transactional-id 1 :epoch 1; 6 ok p=b@2 | :transactional-id 1 :epoch 2;"
     "5 ok p=c@3 | :transactional-id 1 :epoch 1; 7 ok p[1a 2b 3c]",
     "zombie-write"},
    {"5 ok p=a@2; 6 ok p=b@1; 7 ok p[1b 2a]", "offset-inversion"},
    {"5 ok p=a@1 p=b@2 p=c@3; 7 ok p[1a]; 7 ok p[3c]; 8 ok p[2b]", "poll-skip"},
    {"5 ok p=a@1 p=b@2; 7 ok p[1a 2b]; 7 ok p[2b]", "nonmonotonic-poll"},
    {"5 ok p=a@2; 5 ok p=b@1; 7 ok p[1b 2a]", "nonmonotonic-send offset-inversion"},
    {"5 ok p=a@1 p=b@2 p=c@3; 7 ok p[1a 3c]; 8 ok p[2b]", "int-poll-skip"},
    {"5 ok p=a@1 p=b@2; 7 ok p[2b 1a]", "int-nonmonotonic-poll"},
    {"5 ok p=a@2 p=b@1; 7 ok p[1b 2a]", "int-nonmonotonic-send"},
    {"5 invoke p=a p=c; 6 ok p=b@2; 5 ok p=a@1 p=c@3; 7 ok p[1a 2b 3c]", "VALID"},
    {"7 ok commit p=5; 8 ok commit p=4", "commit-regression"},
    {"7 ok p[1a]; 5 ok p=a@1", "G1c-realtime"},
    {"7 ok p[1a]; 7 ok p=a@1", "G1c-process"},
    {"5 invoke txn p=a; 6 invoke txn q=b; 5 ok txn p=a@1 q[1b]; 6 ok txn q=b@1 p[1a]", "G1c"},
};

TEST(MutationTest, WhatIsPlantedIsFoundAndNothingElse) {
  for (const Plant& plant : kPlants) {
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      std::vector<std::string> lines = Valid(seed);
      const size_t at = 2 + seed * 37 % (lines.size() - 2);
      lines.insert(lines.begin() + static_cast<ptrdiff_t>(at), std::string(plant.lines));
      const std::string text = fmt::format("{}", fmt::join(lines, ";"));
      ASSERT_EQ(Kafka(text), plant.expected) << plant.lines << " seed " << seed << "\n" << text;
    }
  }
}

// Histories cut anywhere, and with one line changed, are judged or refused, never more than that.
TEST(MutationTest, OddOnesAreRefused) {
  constexpr std::string_view kNonsense[] = {"nil", "[]", "{}", ":x", "-1", "[[:poll nil]]", "[[:poll {nil nil}]]",
                                            "#{1}"};
  int refused = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    const std::vector<std::string> lines = Valid(seed % 7 + 1);
    std::string edn = KafkaEdn(fmt::format("{}", fmt::join(lines, ";")));
    const size_t begin = edn.find(":value ", seed * 7919 % edn.size());
    if (begin == edn.npos) continue;
    const size_t end = edn.find('\n', begin);
    edn.replace(begin + 7, end - begin - 8, kNonsense[seed % std::size(kNonsense)]);
    const absl::StatusOr<History> history = ReadEdn(edn);
    if (!history.ok()) continue;
    const absl::StatusOr<formats::Verdict> verdict = CheckKafka(*history, {}, {});
    refused += !verdict.ok();
    if (!verdict.ok()) {
      EXPECT_EQ(verdict.status().code(), absl::StatusCode::kInvalidArgument) << verdict.status();
    }
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace brokersim::checker
