#include "scenarios/fault_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/quantity.h"
#include "sim/base/suggest.h"
#include "sim/fault/catalogue.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;

// A range that a number must lie in, by its parameter's name.
struct Range {
  std::string_view name;
  int64_t low;
  int64_t high;
};
constexpr int64_t kMost = 1'000'000'000;
constexpr Range kRanges[] = {
    {"factor", 1, 1'000'000},        {"copies", 1, 100}, {"bytes", 1, kMost}, {"rate", 1, 1'000'000'000'000},
    {"queue", 0, 1'000'000'000'000}, {"nth", 1, kMost},  {"count", 0, kMost}, {"times", 0, kMost},
    {"ppm", -500'000, 500'000}};

// Reads a kind's fields from the message's; the first error stays.
class Reader {
 public:
  Reader(const Parameters& given, const FieldContext& context)
      : given_(given), context_(context), descriptor_(*given.GetDescriptor()), reflection_(*given.GetReflection()) {}

  template <class T>
  void operator()(std::string_view name, T& value, std::string_view text) {
    if (!status_.ok()) return;
    const pb::FieldDescriptor* field = descriptor_.FindFieldByName(std::string(name));
    CHECK(field != nullptr, "Parameters has no field {}", name);
    name_ = std::string(name);
    taken_.push_back(name_);
    Read(*field, value, text);
  }

  absl::Status Finish(std::string_view kind) {
    if (!status_.ok()) return status_;
    std::vector<const pb::FieldDescriptor*> fields;
    reflection_.ListFields(given_, &fields);
    for (const pb::FieldDescriptor* field : fields) {
      if (std::find(taken_.begin(), taken_.end(), field->name()) != taken_.end()) continue;
      return context_.error(
          field->name(),
          fmt::format("{} takes no {}{}; it takes {}", kind, field->name(), sim::DidYouMean(field->name(), taken_),
                      taken_.empty() ? "nothing" : absl::StrJoin(taken_, ", ")),
          "");
    }
    return absl::OkStatus();
  }

 private:
  void Fail(const std::string& what, const std::string& at = "") { status_ = context_.error(name_, what, at); }
  void Fail(const absl::Status& status) { Fail(std::string(status.message())); }
  bool Has(const pb::FieldDescriptor& field) const {
    return field.is_repeated() ? reflection_.FieldSize(given_, &field) > 0 : reflection_.HasField(given_, &field);
  }
  std::string Text(const pb::FieldDescriptor& field) const { return reflection_.GetString(given_, &field); }
  // A parameter that has no default and must not be left out says nothing of being empty or 0.
  void Need(std::string_view text, const std::string& what) {
    if (text.find("empty:") != std::string_view::npos) return;
    Fail(text == sim::kNodesText ? what : fmt::format("{} ({})", what, text));
  }

  void Read(const pb::FieldDescriptor& field, sim::Selector& value, std::string_view text) {
    if (!Has(field)) {
      if (value.any()) Need(text, fmt::format("which nodes? give {}, e.g. \"b1\" or \"leader(orders-0)\"", name_));
      return;
    }
    value.terms.clear();
    for (int i = 0; i < reflection_.FieldSize(given_, &field) && status_.ok(); ++i) {
      value.terms.push_back(reflection_.GetRepeatedString(given_, &field, i));
      status_ = context_.check_term(name_, value.terms.back());
    }
  }
  void Read(const pb::FieldDescriptor&, std::vector<sim::Selector>& value, std::string_view) {
    if (given_.group().empty()) return Fail("it needs a group { node: ... }; all other nodes form one more");
    for (const Nodes& group : given_.group()) {
      if (group.node().empty()) return Fail("which nodes? give node, e.g. \"b1\" or \"leader(orders-0)\"");
      sim::Selector& selector = value.emplace_back();
      for (const std::string& term : group.node()) {
        selector.terms.push_back(term);
        status_ = context_.check_term("group", term);
        if (!status_.ok()) return;
      }
    }
  }
  void Read(const pb::FieldDescriptor& field, sim::Distribution& value, std::string_view) {
    if (!Has(field)) return;
    absl::StatusOr<sim::Distribution> parsed =
        ToDistribution(static_cast<const Distribution&>(reflection_.GetMessage(given_, &field)));
    if (!parsed.ok()) return Fail(parsed.status());
    value = *std::move(parsed);
  }
  void Read(const pb::FieldDescriptor& field, sim::Ratio& value, std::string_view) {
    if (!Has(field)) return;
    const absl::StatusOr<sim::Ratio> parsed = ParseProbability(Text(field));
    if (!parsed.ok()) return Fail(parsed.status());
    value = *parsed;
  }
  void Read(const pb::FieldDescriptor& field, sim::Duration& value, std::string_view text) {
    if (!Has(field)) return;
    const absl::StatusOr<sim::Duration> parsed = ParseDuration(Text(field));
    if (!parsed.ok()) return Fail(parsed.status());
    value = *parsed;
    const bool signed_one = name_ == "offset" && text.find("not negative") == std::string_view::npos;
    if (value < sim::Duration() && !signed_one) Fail(fmt::format("'{}' must not be negative", Text(field)));
    if (value == sim::Duration() && name_ == "period") Fail("a period must be longer than 0s");
  }
  void Read(const pb::FieldDescriptor& field, int64_t& value, std::string_view) {
    if (!Has(field)) return;
    value = reflection_.GetInt64(given_, &field);
    for (const Range& range : kRanges) {
      if (range.name != name_ || (value >= range.low && value <= range.high)) continue;
      Fail(fmt::format("{} must lie between {} and {}", name_, range.low, range.high));
    }
  }
  void Read(const pb::FieldDescriptor& field, bool& value, std::string_view) {
    if (Has(field)) value = reflection_.GetBool(given_, &field);
  }
  void Read(const pb::FieldDescriptor& field, std::string& value, std::string_view text) {
    if (Has(field)) {
      value = Text(field);
      if (name_ == "type" && !value.empty()) status_ = context_.check_type(name_, value);
    } else if (value.empty() && name_ != "type" && name_ != "contains") {
      Need(text, fmt::format("give {}", name_));
    }
  }
  void Read(const pb::FieldDescriptor& field, std::vector<std::string>& value, std::string_view text) {
    for (int i = 0; i < reflection_.FieldSize(given_, &field); ++i) {
      value.push_back(reflection_.GetRepeatedString(given_, &field, i));
    }
    if (value.empty()) Need(text, fmt::format("give {}", name_));
  }
  template <class E>
  requires std::is_enum_v<E>
  void Read(const pb::FieldDescriptor& field, E& value, std::string_view) {
    if (!Has(field)) return;
    constexpr auto& kNames = sim::EnumNames<E>::kNames;
    for (size_t i = 0; i < std::size(kNames); ++i) {
      if (kNames[i] != Text(field)) continue;
      value = static_cast<E>(i);
      return;
    }
    const std::vector<std::string> names(std::begin(kNames), std::end(kNames));
    Fail(fmt::format("'{}' is none of {}{}", Text(field), absl::StrJoin(names, ", "),
                     sim::DidYouMean(Text(field), names)));
  }

  const Parameters& given_;
  const FieldContext& context_;
  const pb::Descriptor& descriptor_;
  const pb::Reflection& reflection_;
  std::string name_;
  std::vector<std::string> taken_;
  absl::Status status_;
};

void Write(const sim::Distribution& d, Distribution* text) {
  using Kind = sim::Distribution::Kind;
  const std::string first = sim::ToText(d.first());
  const std::string second = sim::ToText(d.second());
  if (d.kind() == Kind::kConstant) text->set_constant(first);
  if (d.kind() == Kind::kUniform) {
    text->mutable_uniform()->set_low(first);
    text->mutable_uniform()->set_high(second);
  } else if (d.kind() == Kind::kExponential) {
    text->mutable_exponential()->set_low(first);
    text->mutable_exponential()->set_mean(second);
  } else if (d.kind() == Kind::kLogNormal) {
    text->mutable_log_normal()->set_median(first);
    text->mutable_log_normal()->set_sigma_milli(d.shape_milli());
  } else if (d.kind() == Kind::kPareto) {
    text->mutable_pareto()->set_low(first);
    text->mutable_pareto()->set_alpha_milli(d.shape_milli());
  }
}

// Writes a kind's fields into the message's.
class Writer {
 public:
  explicit Writer(Parameters* to) : to_(*to), descriptor_(*to->GetDescriptor()), reflection_(*to->GetReflection()) {}

  template <class T>
  void operator()(std::string_view name, const T& value, std::string_view) {
    const pb::FieldDescriptor* field = descriptor_.FindFieldByName(std::string(name));
    CHECK(field != nullptr, "Parameters has no field {}", name);
    Write(*field, value);
  }

 private:
  void Write(const pb::FieldDescriptor& field, const sim::Selector& value) { Write(field, value.terms); }
  void Write(const pb::FieldDescriptor&, const std::vector<sim::Selector>& value) {
    for (const sim::Selector& selector : value) {
      Nodes* group = to_.add_group();
      for (const std::string& term : selector.terms) group->add_node(term);
    }
  }
  void Write(const pb::FieldDescriptor& field, const sim::Distribution& value) {
    scenarios::Write(value, static_cast<Distribution*>(reflection_.MutableMessage(&to_, &field)));
  }
  void Write(const pb::FieldDescriptor& field, const sim::Ratio& value) {
    reflection_.SetString(&to_, &field, sim::ToText(value));
  }
  void Write(const pb::FieldDescriptor& field, const sim::Duration& value) {
    reflection_.SetString(&to_, &field, sim::ToText(value));
  }
  void Write(const pb::FieldDescriptor& field, const int64_t& value) { reflection_.SetInt64(&to_, &field, value); }
  void Write(const pb::FieldDescriptor& field, const bool& value) { reflection_.SetBool(&to_, &field, value); }
  void Write(const pb::FieldDescriptor& field, const std::string& value) {
    if (!value.empty()) reflection_.SetString(&to_, &field, value);
  }
  void Write(const pb::FieldDescriptor& field, const std::vector<std::string>& value) {
    for (const std::string& one : value) reflection_.AddString(&to_, &field, one);
  }
  template <class E>
  requires std::is_enum_v<E>
  void Write(const pb::FieldDescriptor& field, const E& value) {
    reflection_.SetString(&to_, &field, std::string(sim::EnumText(value)));
  }

  Parameters& to_;
  const pb::Descriptor& descriptor_;
  const pb::Reflection& reflection_;
};

}  // namespace

absl::Status ReadParameters(const Parameters& given, const FieldContext& context, sim::FaultAction* action) {
  Reader reader(given, context);
  const absl::Status status = std::visit(
      [&](auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        Kind::Fields(kind, reader);
        return reader.Finish(Kind::kInfo.name);
      },
      *action);
  if (!status.ok()) return status;
  if (sim::FaultKindName(*action).ends_with("_if") && !given.has_type() && !given.has_contains()) {
    return context.error("type", "which message? give its type, e.g. \"ProduceRequest\"", "");
  }
  return absl::OkStatus();
}

Fault ToScenario(const sim::Fault& fault) {
  Fault text;
  text.set_id(fault.id);
  if (fault.trigger.moment == sim::Trigger::Moment::kTime) text.set_at(sim::ToText(fault.trigger.at - sim::Time()));
  if (fault.trigger.delay > sim::Duration()) text.set_plus(sim::ToText(fault.trigger.delay));
  if (fault.lasts.has_value()) text.set_lasts(sim::ToText(*fault.lasts));
  const pb::FieldDescriptor* field =
      text.GetDescriptor()->FindFieldByName(std::string(sim::FaultKindName(fault.action)));
  CHECK(field != nullptr, "scenarios know no fault {}", sim::FaultKindName(fault.action));
  Writer writer(static_cast<Parameters*>(text.GetReflection()->MutableMessage(&text, field)));
  std::visit([&](const auto& kind) { std::decay_t<decltype(kind)>::Fields(kind, writer); }, fault.action);
  return text;
}

}  // namespace brokersim::scenarios
