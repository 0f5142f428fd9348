#include "scenarios/locator.h"

namespace brokersim::scenarios {
namespace {

Place Descend(Place place, const Steps& steps) {
  for (const Step& step : steps) {
    if (!place.valid()) break;
    place = step.key.empty() ? place.Nested(step.field) : place.Element(step.field, step.key, step.value);
  }
  return place;
}

}  // namespace

absl::Status Locator::Error(const Steps& steps, const std::string& field, std::string_view what,
                            std::string_view text) const {
  // As deep as the file goes: a part that isn't there is reported where it should be.
  for (size_t depth = steps.size() + 1; depth-- > 0;) {
    const Steps shorter(steps.begin(), steps.begin() + static_cast<int64_t>(depth));
    for (const Place* setup : {&over_, &base_}) {
      const Place place = Descend(*setup, shorter);
      if (!place.valid()) continue;
      if (depth < steps.size()) return place.Error("", what);
      const int index = place.Find(field, text);
      if (index < 0 && setup == &over_ && Descend(base_, shorter).valid()) continue;
      return place.Error(field, index < 0 ? 0 : index, what);
    }
  }
  return base_.Error("", what);
}

}  // namespace brokersim::scenarios
