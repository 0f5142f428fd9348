#include "scenarios/quantity.h"

#include <fmt/format.h>

#include <string>

#include "sim/base/digest.h"

namespace brokersim::scenarios {
namespace {

// A decimal number as digits and the power of ten below it: "1.25" is {125, 100}.
struct Decimal {
  int64_t digits = 0;
  int64_t scale = 1;
};

constexpr int kMostDigits = 15;
// Sums of some of these stay far from the end of sim::Time.
constexpr sim::Duration kLongest = sim::Seconds(365 * 24 * 3600);

// Reads digits with at most one point from the front of `text`. False if there are none, or too many.
bool TakeDecimal(std::string_view* text, Decimal* decimal) {
  int count = 0;
  bool point = false;
  while (!text->empty()) {
    const char c = text->front();
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      decimal->digits = decimal->digits * 10 + (c - '0');
      if (point) decimal->scale *= 10;
      if (++count > kMostDigits) return false;
    } else {
      break;
    }
    text->remove_prefix(1);
  }
  return count > 0;
}

}  // namespace

absl::StatusOr<sim::Duration> ParseDuration(std::string_view text) {
  const auto fail = [&] {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no duration; write a number and a unit (ns, us, ms, s, m, h), e.g. \"1.5s\"", text));
  };
  struct Unit {
    std::string_view name;
    int64_t nanos;
  };
  constexpr Unit kUnits[] = {{"ns", 1},
                             {"us", 1'000},
                             {"ms", 1'000'000},
                             {"s", 1'000'000'000},
                             {"m", 60'000'000'000},
                             {"h", 3'600'000'000'000}};
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  Decimal decimal;
  if (!TakeDecimal(&rest, &decimal)) return fail();
  for (const Unit& unit : kUnits) {
    if (rest != unit.name) continue;
    const sim::Uint128 scaled = static_cast<sim::Uint128>(decimal.digits) * static_cast<uint64_t>(unit.nanos);
    const auto scale = static_cast<uint64_t>(decimal.scale);
    if (scaled % scale != 0) return fail();
    if (scaled / scale > static_cast<uint64_t>(kLongest.nanos())) {
      return absl::InvalidArgumentError(fmt::format("'{}' is longer than a year (8760h); write a shorter time", text));
    }
    const auto nanos = static_cast<int64_t>(scaled / scale);
    return sim::Duration::FromNanos(negative ? -nanos : nanos);
  }
  return fail();
}

absl::StatusOr<sim::Ratio> ParseProbability(std::string_view text) {
  const auto fail = [&] {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no probability; write \"1%\", \"0.5%\" or \"1/1000\" (at most 1)", text));
  };
  std::string_view rest = text;
  Decimal first;
  if (!TakeDecimal(&rest, &first)) return fail();
  sim::Ratio ratio{static_cast<uint64_t>(first.digits), static_cast<uint64_t>(first.scale)};
  if (rest == "%") {
    ratio.denominator *= 100;
  } else if (!rest.empty() && rest.front() == '/') {
    rest.remove_prefix(1);
    Decimal second;
    if (!TakeDecimal(&rest, &second) || !rest.empty() || second.scale != 1 || first.scale != 1) return fail();
    ratio.denominator = static_cast<uint64_t>(second.digits);
  } else if (!rest.empty()) {
    return fail();
  }
  if (ratio.denominator == 0 || ratio.numerator > ratio.denominator) return fail();
  return ratio;
}

absl::StatusOr<sim::Distribution> ToDistribution(const Distribution& text) {
  const auto two = [](const std::string& a,
                      const std::string& b) -> absl::StatusOr<std::pair<sim::Duration, sim::Duration>> {
    const absl::StatusOr<sim::Duration> first = ParseDuration(a);
    if (!first.ok()) return first.status();
    const absl::StatusOr<sim::Duration> second = ParseDuration(b);
    if (!second.ok()) return second.status();
    if (*first < sim::Duration() || *second < *first) {
      return absl::InvalidArgumentError(fmt::format("'{}' must lie between 0s and '{}'", a, b));
    }
    return std::make_pair(*first, *second);
  };
  const auto one = [](const std::string& a) -> absl::StatusOr<sim::Duration> {
    const absl::StatusOr<sim::Duration> value = ParseDuration(a);
    if (value.ok() && *value < sim::Duration())
      return absl::InvalidArgumentError(fmt::format("'{}' must not be negative", a));
    return value;
  };
  switch (text.kind_case()) {
    case Distribution::kConstant: {
      const auto value = one(text.constant());
      if (!value.ok()) return value.status();
      return sim::Distribution::Constant(*value);
    }
    case Distribution::kUniform: {
      const auto range = two(text.uniform().low(), text.uniform().high());
      if (!range.ok()) return range.status();
      return sim::Distribution::Uniform(range->first, range->second);
    }
    case Distribution::kExponential: {
      const std::string low = text.exponential().low().empty() ? "0s" : text.exponential().low();
      const auto range = two(low, text.exponential().mean());
      if (!range.ok()) return range.status();
      return sim::Distribution::Exponential(range->first, range->second);
    }
    case Distribution::kLogNormal: {
      const auto median = one(text.log_normal().median());
      if (!median.ok()) return median.status();
      if (text.log_normal().sigma_milli() < 0 || text.log_normal().sigma_milli() > 10000) {
        return absl::InvalidArgumentError("sigma_milli must lie between 0 and 10000");
      }
      return sim::Distribution::LogNormal(*median, text.log_normal().sigma_milli());
    }
    case Distribution::kPareto: {
      const auto low = one(text.pareto().low());
      if (!low.ok()) return low.status();
      if (text.pareto().alpha_milli() <= 0) return absl::InvalidArgumentError("alpha_milli must be above 0");
      return sim::Distribution::Pareto(*low, text.pareto().alpha_milli());
    }
    case Distribution::KIND_NOT_SET:
      return absl::InvalidArgumentError(
          "a distribution needs one of constant, uniform, exponential, log_normal, pareto");
  }
  return absl::InvalidArgumentError("unknown distribution");
}

}  // namespace brokersim::scenarios
