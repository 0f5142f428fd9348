#include "sim/base/sim_time.h"

#include <string_view>

namespace brokersim::sim {

std::string ToText(Duration d) {
  struct Unit {
    int64_t nanos;
    int digits;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{1'000'000'000, 9, "s"}, {1'000'000, 6, "ms"}, {1'000, 3, "us"}};
  const int64_t ns = d.nanos();
  // Not -ns: the smallest int64 has no counterpart.
  const uint64_t size = ns < 0 ? ~static_cast<uint64_t>(ns) + 1 : static_cast<uint64_t>(ns);
  const std::string_view sign = ns < 0 ? "-" : "";
  for (const Unit& unit : kUnits) {
    const auto one = static_cast<uint64_t>(unit.nanos);
    if (size < one) continue;
    std::string fraction = fmt::format("{:0{}}", size % one, unit.digits);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return fmt::format("{}{}{}{}{}", sign, size / one, fraction.empty() ? "" : ".", fraction,
                       unit.name);
  }
  return fmt::format("{}{}ns", sign, size);
}

std::string ToText(Time t) { return ToText(Duration::FromNanos(t.nanos())); }

}  // namespace brokersim::sim
