#include "checker/words.h"

#include "fmt/format.h"

namespace brokersim::checker {

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

}  // namespace brokersim::checker
