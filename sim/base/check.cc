#include "sim/base/check.h"

namespace brokersim::sim {

void FailCheck(std::string_view condition, std::string_view file, int line,
               const std::string& details) {
  throw CheckFailure(
      fmt::format("{}:{}: CHECK failed: {}: {}", file, line, condition, details));
}

}  // namespace brokersim::sim
