#include "checker/options.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using Guarantee = DeliveryOptions::Guarantee;
using Order = DeliveryOptions::Order;

absl::Status Bad(std::string_view value, std::string_view wanted) {
  return absl::InvalidArgumentError(fmt::format("'{}' should be {}", value, wanted));
}

absl::Status Set(bool* flag, std::string_view value) {
  if (!value.empty() && value != "true" && value != "false") return Bad(value, "true or false");
  *flag = value != "false";
  return absl::OkStatus();
}

absl::Status Set(std::vector<std::string>* words, std::string_view value) {
  *words = absl::StrSplit(absl::string_view(value.data(), value.size()), ',', absl::SkipEmpty());
  return absl::OkStatus();
}

template <typename Number>
absl::Status Set(Number* number, std::string_view value) {
  if (absl::SimpleAtoi(absl::string_view(value.data(), value.size()), number)) return absl::OkStatus();
  return Bad(value, "a whole number");
}

absl::Status SetDuration(int64_t* nanoseconds, std::string_view value) {
  absl::Duration duration;
  const bool read = absl::ParseDuration(absl::string_view(value.data(), value.size()), &duration);
  if (!read || duration < absl::ZeroDuration() || duration > absl::Hours(1 << 20)) {
    return Bad(value, "a duration such as 500us, 20ms, 1.5s, 2m or 1h");
  }
  *nanoseconds = absl::ToInt64Nanoseconds(duration);
  return absl::OkStatus();
}

template <typename Enum, size_t kSize>
absl::Status SetWord(const std::pair<std::string_view, Enum> (&words)[kSize], std::string_view value, Enum* chosen) {
  std::string known;
  for (const auto& [word, meaning] : words) {
    if (word == value) {
      *chosen = meaning;
      return absl::OkStatus();
    }
    known.append(known.empty() ? "" : ", ").append(word);
  }
  return Bad(value, "one of: " + known);
}

template <typename T, typename Setter>
absl::Status SetOptional(std::optional<T>* target, Setter set) {
  T value{};
  const absl::Status status = set(&value);
  if (status.ok()) *target = value;
  return status;
}

struct Row {
  OptionInfo info;
  absl::Status (*set)(std::string_view, CheckOptions*);
};

constexpr std::pair<std::string_view, Guarantee> kGuarantees[] = {{"at-most-once", Guarantee::kAtMostOnce},
                                                                  {"at-least-once", Guarantee::kAtLeastOnce},
                                                                  {"exactly-once", Guarantee::kExactlyOnce}};
constexpr std::pair<std::string_view, Order> kOrders[] = {
    {"none", Order::kNone}, {"queue", Order::kQueue}, {"group", Order::kGroup}, {"key", Order::kKey}};

constexpr Row kRows[] = {
    {{"consistency-models", "c", "LEVELS",
      "list-append, rw-register: levels that must hold (default: strict-serializable)"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->txn.levels, value); }},
    {{"anomalies", "a", "NAMES", "list-append, rw-register: what else must not be seen"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->txn.anomalies, value); }},
    {{"wfr-keys", "", "", "rw-register: who reads and then writes a register replaces what it read"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->txn.wfr_keys, value); }},
    {{"sequential-keys", "", "", "rw-register: each register is sequentially consistent"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->txn.sequential_keys, value); }},
    {{"linearizable-keys", "", "", "rw-register: each register is linearizable"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->txn.linearizable_keys, value); }},
    {{"subscribe", "", "",
      "kafka: between two polls a rebalance may move a consumer (default: if the history has a :subscribe)"},
     [](std::string_view value, CheckOptions* options) {
       return SetOptional(&options->kafka.subscribe, [value](bool* flag) { return Set(flag, value); });
     }},
    {{"ww-deps", "", "", "kafka: sends to a log depend on one another by their offsets"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->kafka.ww_deps, value); }},
    {{"rw-deps", "", "", "kafka: a poll comes before what lies behind its end"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->kafka.rw_deps, value); }},
    {{"allow", "", "NAMES", "kafka: anomalies that don't make the verdict invalid"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->kafka.allow, value); }},
    {{"total-amount", "o", "N", "bank: what all accounts hold together"},
     [](std::string_view value, CheckOptions* options) {
       return SetOptional(&options->total_amount, [value](int64_t* number) { return Set(number, value); });
     }},
    {{"allow-negative-balances", "n", "", "bank: balances may be below zero"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->negative_balances, value); }},
    {{"allow-duplicates", "", "", "reconciliation: a message may be in the topic more than once"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->allow_duplicates, value); }},
    {{"linearizable", "", "", "set-full: stale reads are violations"},
     [](std::string_view value, CheckOptions* options) { return Set(&options->linearizable, value); }},
    {{"guarantee", "", "WORD", "delivery: at-most-once, at-least-once (default), exactly-once"},
     [](std::string_view value, CheckOptions* options) {
       return SetWord(kGuarantees, value, &options->delivery.guarantee);
     }},
    {{"order", "", "WORD", "delivery: none (default), or in each queue, group or key"},
     [](std::string_view value, CheckOptions* options) { return SetWord(kOrders, value, &options->delivery.order); }},
    {{"max-receives", "", "N", "delivery: after this many a message is a dead letter"},
     [](std::string_view value, CheckOptions* options) {
       return SetOptional(&options->delivery.max_receives, [value](uint32_t* number) { return Set(number, value); });
     }},
    {{"dedup-window", "", "DURATION", "delivery: how long deduplication ids are remembered (default: 5m)"},
     [](std::string_view value, CheckOptions* options) {
       return SetDuration(&options->delivery.dedup_window, value);
     }},
    {{"lateness", "", "DURATION", "delivery: how long after it is due a delayed message may come"},
     [](std::string_view value, CheckOptions* options) {
       return SetOptional(&options->delivery.lateness, [value](int64_t* ns) { return SetDuration(ns, value); });
     }},
    {{"max-staleness", "", "DURATION", "session: how long ago what a read misses may have been acknowledged"},
     [](std::string_view value, CheckOptions* options) {
       return SetOptional(&options->session.max_staleness, [value](int64_t* ns) { return SetDuration(ns, value); });
     }},
};

}  // namespace

const std::vector<OptionInfo>& Options() {
  static const std::vector<OptionInfo>* const options = [] {
    auto* all = new std::vector<OptionInfo>;
    for (const Row& row : kRows) all->push_back(row.info);
    return all;
  }();
  return *options;
}

absl::Status SetOption(std::string_view name, std::string_view value, CheckOptions* options) {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) {
    if (row.info.name == name) {
      const absl::Status status = row.set(value, options);
      if (status.ok()) return status;
      return absl::InvalidArgumentError(fmt::format("{}: {}", name, std::string(status.message())));
    }
    names.push_back(row.info.name);
  }
  return absl::NotFoundError(fmt::format("models take no option '{}'; did you mean '{}'?", name, Nearest(name, names)));
}

absl::Status SetOption(std::string_view assignment, CheckOptions* options) {
  const size_t equals = std::min(assignment.find('='), assignment.size());
  const std::string_view value = equals < assignment.size() ? assignment.substr(equals + 1) : "";
  return SetOption(assignment.substr(0, equals), value, options);
}

}  // namespace brokersim::checker
