#include "sim/fault/catalogue.h"

#include <fmt/format.h>

#include <utility>

namespace brokersim::sim {

namespace {

// Turns a kind's fields into parameter texts.
class ParameterReader {
 public:
  void operator()(std::string_view name, const Selector& value, std::string_view text) {
    Add(name, "nodes", ToText(value), text);
  }
  void operator()(std::string_view name, const std::vector<Selector>&, std::string_view text) {
    Add(name, "sets of nodes", "", text);
  }
  void operator()(std::string_view name, const Distribution& value, std::string_view text) {
    Add(name, "distribution", ToText(value), text);
  }
  void operator()(std::string_view name, const Ratio& value, std::string_view text) {
    Add(name, "probability", ToText(value), text);
  }
  void operator()(std::string_view name, const Duration& value, std::string_view text) {
    Add(name, "duration", ToText(value), text);
  }
  void operator()(std::string_view name, const int64_t& value, std::string_view text) {
    Add(name, "number", fmt::format("{}", value), text);
  }
  void operator()(std::string_view name, const bool& value, std::string_view text) {
    Add(name, "bool", value ? "true" : "false", text);
  }
  void operator()(std::string_view name, const std::string& value, std::string_view text) {
    Add(name, "text", value, text);
  }
  void operator()(std::string_view name, const std::vector<std::string>&, std::string_view text) {
    Add(name, "texts", "", text);
  }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(std::string_view name, const E& value, std::string_view text) {
    Add(name, "word", std::string(EnumText(value)), text);
  }
  std::vector<ParameterText> Take() { return std::move(parameters_); }

 private:
  void Add(std::string_view name, std::string_view type, std::string value, std::string_view text) {
    parameters_.push_back({name, type, std::move(value), text});
  }
  std::vector<ParameterText> parameters_;
};

template <class Action>
KindText TextOf() {
  KindText kind{&Action::kInfo, Action(), {}};
  const Action prototype;
  ParameterReader reader;
  Action::Fields(prototype, reader);
  kind.parameters = reader.Take();
  return kind;
}

template <class... Actions>
std::vector<KindText> TextsOf(const std::variant<Actions...>*) {
  return {TextOf<Actions>()...};
}

}  // namespace

const std::vector<KindText>& AllFaultKinds() {
  static const std::vector<KindText> kKinds = TextsOf(static_cast<const FaultAction*>(nullptr));
  return kKinds;
}

std::optional<FaultAction> MakeFaultAction(std::string_view name) {
  for (const KindText& kind : AllFaultKinds()) {
    if (kind.info->name == name) return kind.prototype;
  }
  return std::nullopt;
}

std::string_view SectionTitle(std::string_view section) {
  constexpr std::pair<std::string_view, std::string_view> kTitles[] = {{"8.1", "Links and messages"},
                                                                       {"8.2", "Connections and names"},
                                                                       {"8.3", "Disks"},
                                                                       {"8.4", "Clocks"},
                                                                       {"8.5", "Processes, CPU and time"},
                                                                       {"8.6", "Datacenters, zones and regions"},
                                                                       {"8.7", "Operators and deployment"},
                                                                       {"8.8", "Clients and load"}};
  for (const auto& [number, title] : kTitles) {
    if (number == section) return title;
  }
  return "";
}

std::string MechanismNames(uint32_t mechanisms) {
  constexpr std::string_view kNames[] = {"",
                                         "messages",
                                         "capacity",
                                         "connections",
                                         "names",
                                         "file operations",
                                         "unsynced blocks",
                                         "stored blocks",
                                         "clocks",
                                         "processes",
                                         "CPU",
                                         "domains",
                                         "settings"};
  std::string text;
  for (size_t i = 1; i < std::size(kNames); ++i) {
    if ((mechanisms >> i & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

std::string ToText(const Distribution& d) {
  switch (d.kind()) {
    case Distribution::Kind::kConstant:
      return fmt::format("constant {}", ToText(d.first()));
    case Distribution::Kind::kUniform:
      return fmt::format("uniform {} to {}", ToText(d.first()), ToText(d.second()));
    case Distribution::Kind::kExponential:
      return fmt::format("exponential from {}, mean {}", ToText(d.first()), ToText(d.second()));
    case Distribution::Kind::kLogNormal:
      return fmt::format("log-normal, median {}, sigma {}/1000", ToText(d.first()), d.shape_milli());
    case Distribution::Kind::kPareto:
      return fmt::format("Pareto from {}, alpha {}/1000", ToText(d.first()), d.shape_milli());
    case Distribution::Kind::kEmpirical:
      return "empirical";
  }
  return "";
}

std::string ToText(Ratio ratio) {
  if (ratio.numerator == 0) return "0";
  if (ratio.numerator == ratio.denominator) return "1";
  if (ratio.denominator == 100) return fmt::format("{}%", ratio.numerator);
  return fmt::format("{}/{}", ratio.numerator, ratio.denominator);
}

std::string ToText(const Selector& selector) {
  std::string text;
  for (const std::string& term : selector.terms) {
    if (!text.empty()) text += ", ";
    text += term;
  }
  return text;
}

}  // namespace brokersim::sim
