// Times and probabilities as scenarios write them.
#include "scenarios/quantity.h"

#include <string>

#include "gtest/gtest.h"

namespace brokersim::scenarios {
namespace {

// The product of the digits and the unit's nanoseconds left 64 bits.
TEST(ParseDuration, TakesNanosecondsOfLongTimes) {
  EXPECT_EQ(*ParseDuration("15.105433582s"), sim::Nanoseconds(15'105'433'582));
  EXPECT_EQ(*ParseDuration("-8759.5h"), sim::Seconds(-8759 * 3600 - 1800));
}

TEST(ParseDuration, ExactValues) {
  struct Case {
    const char* text;
    int64_t nanos;
  };
  for (const Case& c : {Case{"0s", 0},
                        {"1ns", 1},
                        {"500us", 500'000},
                        {"20ms", 20'000'000},
                        {"1.5s", 1'500'000'000},
                        {"-2m", -120'000'000'000},
                        {"-0.5s", -500'000'000},
                        {"1h", 3'600'000'000'000},
                        {"0.1h", 360'000'000'000},
                        {"0.000000001s", 1},
                        {"007ms", 7'000'000},
                        {"1.s", 1'000'000'000},
                        {".5s", 500'000'000},
                        {"8760h", 31'536'000'000'000'000}}) {
    const auto duration = ParseDuration(c.text);
    ASSERT_TRUE(duration.ok()) << c.text << ": " << duration.status();
    EXPECT_EQ(duration->nanos(), c.nanos) << c.text;
  }
}

TEST(ParseDuration, BadOnes) {
  for (const char* text : {"", "s", "5", "5 s", " 5s", "5s ", "5sec", "5S", "5Ms", "1.2.3s", "--5s", "+5s", "1e3s", "-",
                           "-s", ".s", "5d", "0x5s", "1,5s", "0.5ns", "0.0000000001s", "9999999999999999s",
                           "1s1ms", "\xC2\xB5s"}) {
    const auto duration = ParseDuration(text);
    ASSERT_FALSE(duration.ok()) << text << " gives " << duration->nanos();
    EXPECT_EQ(duration.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(duration.status().message(),
              "'" + std::string(text) +
                  "' is no duration; write a number and a unit (ns, us, ms, s, m, h), e.g. \"1.5s\"");
  }
}

TEST(ParseDuration, NoLongerThanAYear) {
  for (const char* text : {"8761h", "-8761h", "8760.5h", "31536001s", "2500000h", "999999999999999h"}) {
    const auto duration = ParseDuration(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_EQ(duration.status().message(),
              "'" + std::string(text) + "' is longer than a year (8760h); write a shorter time");
  }
}

TEST(ParseProbability, ExactValues) {
  struct Case {
    const char* text;
    uint64_t numerator;
    uint64_t denominator;
  };
  for (const Case& c : {Case{"1%", 1, 100},
                        {"0.5%", 5, 1000},
                        {"0.25%", 25, 10000},
                        {"100%", 100, 100},
                        {"0%", 0, 100},
                        {"1/1000", 1, 1000},
                        {"3/3", 3, 3},
                        {"0", 0, 1},
                        {"1", 1, 1},
                        {"0.125", 125, 1000}}) {
    const auto ratio = ParseProbability(c.text);
    ASSERT_TRUE(ratio.ok()) << c.text << ": " << ratio.status();
    EXPECT_EQ(ratio->numerator, c.numerator) << c.text;
    EXPECT_EQ(ratio->denominator, c.denominator) << c.text;
  }
}

TEST(ParseProbability, BadOnes) {
  for (const char* text : {"", "%", "/", "1/", "/2", "1/0", "0/0", "2/1", "101%", "1.01", "2", "-1%", "1 %", "1/2%",
                           "0.5/2", "1/2.5", "one", "1%%", "1e-3", "9999999999999999%", "1//2", "1/-2"}) {
    const auto ratio = ParseProbability(text);
    ASSERT_FALSE(ratio.ok()) << text;
    EXPECT_EQ(ratio.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ratio.status().message(),
              "'" + std::string(text) + "' is no probability; write \"1%\", \"0.5%\" or \"1/1000\" (at most 1)");
  }
}

}  // namespace
}  // namespace brokersim::scenarios
