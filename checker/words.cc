#include "checker/words.h"

#include <algorithm>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// How many letters must be added, removed or replaced to turn one name into the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Ms(int64_t time_ns) {
  constexpr int64_t kTenth = 100'000;
  const bool negative = time_ns < 0;
  // Dividing first keeps the largest times from overflowing.
  int64_t tenths = time_ns / kTenth;
  const int64_t rest = time_ns % kTenth;
  if (rest >= kTenth / 2) ++tenths;
  if (rest <= -kTenth / 2) --tenths;
  const uint64_t size = negative ? 0 - static_cast<uint64_t>(tenths) : tenths;
  return fmt::format("{}{}.{} ms", negative && size > 0 ? "-" : "", size / 10, size % 10);
}

std::string_view TypeName(formats::Operation::Type type) {
  // The enum is open (proto3): a number from a file need not be one of its names.
  if (type == formats::Operation::INVOKE) return "invoke";
  if (type == formats::Operation::OK) return "ok";
  if (type == formats::Operation::FAIL) return "fail";
  if (type == formats::Operation::INFO) return "info";
  return "?";
}

std::string Count(uint64_t n, std::string_view thing) {
  return fmt::format("{} {}{}", n, thing, n == 1 ? "" : "s");
}

std::string_view Nearest(std::string_view name, const std::vector<std::string_view>& names) {
  std::string_view nearest;
  size_t least = SIZE_MAX;
  for (std::string_view known : names) {
    const size_t distance = Distance(name, known);
    if (distance >= least) continue;
    least = distance;
    nearest = known;
  }
  return nearest;
}

}  // namespace brokersim::checker
