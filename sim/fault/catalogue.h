// Every kind of fault with its parameters, for pages, lists and error messages.
#ifndef BROKERSIM_SIM_FAULT_CATALOGUE_H_
#define BROKERSIM_SIM_FAULT_CATALOGUE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/fault/fault.h"

namespace brokersim::sim {

struct ParameterText {
  std::string_view name;
  std::string_view type;      // e.g. "duration", "nodes"
  std::string default_value;  // as a scenario spells it; empty: none
  std::string_view text;
};

struct KindText {
  const KindInfo* info = nullptr;
  FaultAction prototype;  // with every default
  std::vector<ParameterText> parameters;
};

// In the order of FaultAction.
const std::vector<KindText>& AllFaultKinds();

// The kind of that name with every default; empty if there is none.
std::optional<FaultAction> MakeFaultAction(std::string_view kind);

// "8.1" and so on in words: "links and messages".
std::string_view SectionTitle(std::string_view section);
// Names of the mechanisms, e.g. "messages, processes".
std::string MechanismNames(uint32_t mechanisms);

// ---- values as scenarios spell them

std::string ToText(const Distribution& distribution);  // "constant 1s", "uniform 1s 2s", "exponential 0s 2s", ...
std::string ToText(Ratio ratio);                       // "10%", "1/1000", "0", "1"
std::string ToText(const Selector& selector);          // terms, joined by ", "

template <class E>
std::string_view EnumText(E value) {
  return EnumNames<E>::kNames[static_cast<size_t>(value)];
}

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_CATALOGUE_H_
