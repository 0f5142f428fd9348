#include "sim/fault/swarm.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/fault/catalogue.h"

namespace brokersim::sim {
namespace {

// A kind that is on comes so often at most.
constexpr int64_t kMostOfAKind = 3;

// Draws a kind's fields around their defaults.
class Drawer {
 public:
  Drawer(const SwarmPlan& plan, const KindInfo& kind, Stream* stream) : plan_(plan), kind_(kind), stream_(*stream) {}

  // False: the plan lacks what the kind needs.
  bool possible() const { return possible_; }

  void operator()(std::string_view name, Selector& value, std::string_view text) {
    if (name == "keep") return;
    // Every node, half of the time, where that is allowed.
    if (text.find("empty:") != std::string_view::npos && stream_.Chance({1, 2})) return;
    value.terms = {One(Candidates(name))};
  }
  void operator()(std::string_view, std::vector<Selector>& value, std::string_view) {
    Selector group;
    const int64_t most = std::max<int64_t>(1, static_cast<int64_t>(plan_.nodes.size()) / 2);
    for (int64_t left = stream_.Between(1, most); left > 0; --left) {
      std::string term = One(plan_.nodes);
      if (std::find(group.terms.begin(), group.terms.end(), term) == group.terms.end()) group.terms.push_back(term);
    }
    value = {std::move(group)};
  }
  void operator()(std::string_view, Distribution& value, std::string_view) {
    const Duration scale = std::max({value.first(), value.second(), Milliseconds(10)});
    const Duration low = Wild(scale, 5);
    value = stream_.Chance({1, 2}) ? Distribution::Constant(low) : Distribution::Exponential(Duration(), low);
  }
  void operator()(std::string_view, Ratio& value, std::string_view) { value = {1, uint64_t{1} << stream_.Below(8)}; }
  void operator()(std::string_view name, Duration& value, std::string_view) {
    const Duration scale = value > Duration() ? value : Milliseconds(500);
    value = Wild(scale, name == "offset" ? 6 : 3);
    if (name == "offset" && kind_.name != "mono_jump" && stream_.Chance({1, 2})) value = -value;
  }
  void operator()(std::string_view name, int64_t& value, std::string_view) {
    if (name == "ppm") {
      value = stream_.Between(10, 200'000);
      if (stream_.Chance({1, 2})) value = -value;
    } else if (name == "factor") {
      value = int64_t{2} << stream_.Below(7);
    } else if (name == "nth") {
      value = stream_.Between(1, 20);
    } else if (name == "bytes") {
      value = stream_.Between(20, 1500);
    } else if (name == "rate") {
      value = int64_t{1'000} << stream_.Below(10);
    } else if (name == "queue") {
      value = int64_t{1'000} << stream_.Below(7);
    } else if (value != 0) {
      value = stream_.Between(1, 4);
    }
  }
  void operator()(std::string_view, bool& value, std::string_view) { value = stream_.Chance({1, 2}); }
  void operator()(std::string_view name, std::string& value, std::string_view) {
    if (name == "type") value = plan_.types.empty() ? "" : One(plan_.types);
    if (name == "point") value = One(plan_.points);
    if (name == "partition") value = One(plan_.partitions);
    if (name == "key" || name == "gate_key") {
      if (plan_.settings.empty())
        possible_ = false;
      else
        setting_ = stream_.Below(plan_.settings.size());
      if (possible_) value = plan_.settings[setting_].first;
    }
    if ((name == "value" || name == "gate_value") && possible_) value = plan_.settings[setting_].second;
  }
  void operator()(std::string_view, std::vector<std::string>& value, std::string_view) { value = {One(plan_.types)}; }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(std::string_view, E& value, std::string_view) {
    value = static_cast<E>(stream_.Below(std::size(EnumNames<E>::kNames)));
  }

 private:
  const std::vector<std::string>& Candidates(std::string_view field) const {
    if (kind_.follows_role) return plan_.roles;
    if (kind_.name == "majority_dc_lost" || kind_.name == "data_cut") return plan_.voters;
    if (kind_.name == "control_cut") return field == "to" ? plan_.control : plan_.nodes;
    if (kind_.name == "mirror_lag") return plan_.nodes;
    if (kind_.name == "unclean_election" || kind_.name == "reassign") return plan_.control;
    if (kind_.section == "8.6") return plan_.zones;
    if (kind_.section == "8.8" && kind_.name != "double_processing") return plan_.clients;
    return plan_.nodes;
  }
  std::string One(const std::vector<std::string>& some) {
    if (some.empty()) {
      possible_ = false;
      return "";
    }
    return some[stream_.Below(some.size())];
  }
  // `scale` times 2 to a power from -spread to spread, and a bit.
  Duration Wild(Duration scale, int64_t spread) {
    const int64_t power = stream_.Between(-spread, spread);
    const int64_t nanos = power < 0 ? scale.nanos() >> -power : scale.nanos() << power;
    return Duration::FromNanos(std::max<int64_t>(1'000, nanos / 1'000 * stream_.Between(700, 1'400)));
  }

  const SwarmPlan& plan_;
  const KindInfo& kind_;
  Stream& stream_;
  size_t setting_ = 0;
  bool possible_ = true;
};

struct Drawn {
  uint64_t priority = 0;
  Fault fault;
};

void DrawKind(const SwarmPlan& plan, const KindText& kind, uint64_t seed, std::vector<Drawn>* drawn) {
  Stream stream(seed, fmt::format("swarm/{}", kind.info->name));
  if (stream.Chance({1, 2})) return;
  const int64_t times = stream.Between(1, kMostOfAKind);
  const int64_t window = (plan.end - plan.begin).nanos();
  for (int64_t i = 1; i <= times; ++i) {
    Fault fault;
    fault.id = fmt::format("swarm-{}-{}", kind.info->name, i);
    fault.action = kind.prototype;
    fault.trigger.at = plan.begin + Duration::FromNanos(stream.Between(0, window - 1));
    // Short ones are more frequent than long ones.
    const int64_t most = (plan.end - fault.trigger.at).nanos();
    const int64_t lasts = std::max<int64_t>(1, most >> stream.Below(6));
    if (!kind.info->instant) fault.lasts = Duration::FromNanos(stream.Between(lasts / 2, lasts));
    Drawer drawer(plan, *kind.info, &stream);
    std::visit([&](auto& action) { std::decay_t<decltype(action)>::Fields(action, drawer); }, fault.action);
    const uint64_t priority = stream.Next();
    if (drawer.possible()) drawn->push_back({priority, std::move(fault)});
  }
}

}  // namespace

std::vector<Fault> DrawSwarm(const SwarmPlan& plan, uint64_t seed) {
  std::vector<Drawn> drawn;
  if (plan.end <= plan.begin) return {};
  for (const KindText& kind : AllFaultKinds()) {
    if (std::find(plan.kinds.begin(), plan.kinds.end(), kind.info->name) == plan.kinds.end()) continue;
    DrawKind(plan, kind, seed, &drawn);
  }
  std::stable_sort(drawn.begin(), drawn.end(),
                   [](const Drawn& a, const Drawn& b) { return a.priority < b.priority; });
  if (static_cast<int64_t>(drawn.size()) > plan.faults) drawn.resize(static_cast<size_t>(plan.faults));
  std::vector<Fault> faults;
  for (Drawn& one : drawn) faults.push_back(std::move(one.fault));
  std::stable_sort(faults.begin(), faults.end(),
                   [](const Fault& a, const Fault& b) { return a.trigger.at < b.trigger.at; });
  return faults;
}

}  // namespace brokersim::sim
