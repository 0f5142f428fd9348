#include "sim/base/sim_time.h"

#include <string_view>

namespace brokersim::sim {

std::string ToText(Duration d) {
  struct Unit {
    uint64_t nanos;
    size_t digits;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{1'000'000'000, 9, "s"}, {1'000'000, 6, "ms"}, {1'000, 3, "us"}, {1, 0, "ns"}};
  const int64_t ns = d.nanos();
  // Not -ns: the smallest int64 has no counterpart.
  const uint64_t size = ns < 0 ? ~static_cast<uint64_t>(ns) + 1 : static_cast<uint64_t>(ns);
  const Unit* unit = kUnits;
  while (unit->nanos > 1 && size < unit->nanos) ++unit;
  std::string text = ns < 0 ? "-" : "";
  const fmt::format_int whole(size / unit->nanos);
  text.append(whole.data(), whole.size());
  if (const uint64_t rest = size % unit->nanos; rest > 0) {
    const fmt::format_int fraction(rest);
    text += '.';
    text.append(unit->digits - fraction.size(), '0');
    text.append(fraction.data(), fraction.size());
    text.erase(text.find_last_not_of('0') + 1);
  }
  text += unit->name;
  return text;
}

std::string ToText(Time t) { return ToText(Duration::FromNanos(t.nanos())); }

}  // namespace brokersim::sim
