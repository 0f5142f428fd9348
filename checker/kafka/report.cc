#include "checker/kafka/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "checker/stable_sort.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

struct Class {
  std::string_view name;
  std::string_view meaning;
  bool always_allowed = false;
};

constexpr Class kClasses[] = {
    {"inconsistent-offsets", "one offset of a log holds two different records"},
    {"duplicate", "one record lies at two offsets of a log"},
    {"G1a", "a record was read whose sends all failed"},
    {"phantom-read", "a record was read that nobody ever sent"},
    {"precommitted-read", "an operation read what it sent itself, before that was committed"},
    {"lost-write", "a record that was certainly stored was never read, though what lies at or above it was"},
    {"torn-transaction", "of one operation's records some were read and another one is lost"},
    {"unseen", "an acknowledged record was never read by the end: it is late, or lost"},
    {"zombie-write", "a sender that was fenced had its record stored all the same"},
    {"offset-inversion", "a record was acknowledged before another one was sent, and lies above it"},
    {"poll-skip", "a process' next poll begins beyond a record that it hasn't read"},
    {"nonmonotonic-poll", "a process' next poll begins at or before where its last one ended"},
    {"nonmonotonic-send", "of two operations of a process, the later one's records lie at or before the earlier one's"},
    {"int-poll-skip", "within one operation, polls left out a record"},
    {"int-nonmonotonic-poll", "within one operation, polls went back"},
    {"int-send-skip", "within one operation's records lie those of others", true},
    {"int-nonmonotonic-send", "within one operation, a later send lies lower"},
    {"commit-regression", "a committed offset of a group went back"},
};
static_assert(std::size(kClasses) == static_cast<size_t>(LogAnomaly::kCount));

}  // namespace

std::vector<KafkaClass> KafkaClasses() {
  std::vector<KafkaClass> classes;
  for (const Class& c : kClasses) classes.push_back({std::string(c.name), std::string(c.meaning), c.always_allowed});
  return classes;
}

std::string KafkaReport::NameOf(size_t anomaly) {
  return std::string(anomaly < kOwn ? kClasses[anomaly].name : AnomalyName(static_cast<int>(anomaly - kOwn)));
}

KafkaReport::KafkaReport(const Events& events, const KafkaOptions& options, const Limits& limits)
    : events_(events), options_(options), limits_(limits) {
  for (size_t i = 0; i < kOwn; ++i) allowed_[i] = kClasses[i].always_allowed || Allowed(kClasses[i].name);
}

bool KafkaReport::Allowed(std::string_view name) const {
  if (std::find(options_.allow.begin(), options_.allow.end(), name) != options_.allow.end()) return true;
  // Logs don't isolate writers from one another.
  if (name.starts_with("G0")) return true;
  if (name.starts_with("G1c")) return options_.ww_deps;
  if (name == "poll-skip" || name == "nonmonotonic-poll") return options_.subscribe.value_or(events_.subscribes());
  return false;
}

absl::Status KafkaReport::CheckNames() const {
  for (const std::string& name : options_.allow) {
    const auto known = [&](const Class& c) { return c.name == name; };
    if (std::any_of(std::begin(kClasses), std::end(kClasses), known) || FindAnomaly(name).ok()) continue;
    return absl::InvalidArgumentError(fmt::format("there is no anomaly {:?} to allow; see KafkaClasses()", name));
  }
  return absl::OkStatus();
}

bool KafkaReport::Count(size_t anomaly) {
  ++count_[anomaly];
  if (anomaly >= kOwn) allowed_[anomaly] = Allowed(NameOf(anomaly));
  if (allowed_[anomaly]) return false;
  if (limits_.explain) return count_[anomaly] <= options_.examples;
  if (count_[anomaly] == 1) anomalies_.emplace_back().set_type(NameOf(anomaly));
  return false;
}

formats::Anomaly& KafkaReport::AddNamed(std::string name, const std::vector<Node>& ops, std::string explanation) {
  formats::Anomaly& added = anomalies_.emplace_back();
  added.set_type(std::move(name));
  added.set_explanation(std::move(explanation));
  std::vector<uint64_t> lines;
  for (Node node : ops) {
    if (node != kNoNode) lines.push_back(Line(node));
  }
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  for (uint64_t line : lines) added.add_operations(line);
  return added;
}

formats::Anomaly& KafkaReport::Add(LogAnomaly anomaly, const std::vector<Node>& ops, std::string explanation) {
  return AddNamed(NameOf(static_cast<size_t>(anomaly)), ops, std::move(explanation));
}

void KafkaReport::AddRecord(Id record, int64_t offset, formats::Anomaly* anomaly) const {
  formats::RecordId* added = anomaly->add_records();
  added->set_log(events_.KeyText(events_.KeyOf(record)));
  added->set_offset(offset == kNoOffset ? -1 : offset);
  added->set_value(events_.RecordText(record));
}

formats::Anomaly* KafkaReport::AddCycle(const Cycle& cycle) {
  if (!Count(kOwn + static_cast<size_t>(cycle.anomaly))) return nullptr;
  std::vector<Node> ops;
  std::string names;
  for (const Step& step : cycle.steps) {
    ops.push_back(step.from);
    names += (names.empty() ? "" : ", ") + Name(step.from);
  }
  return &AddNamed(std::string(AnomalyName(cycle.anomaly)), ops,
                   fmt::format("{}: each must have come before the next one, and the last before the first.", names));
}

std::string KafkaReport::Name(Node node) const { return fmt::format("T{}", Line(node)); }

void KafkaReport::AddMetric(std::string_view name, double value, std::string_view unit) {
  formats::Metric& metric = metrics_.emplace_back();
  metric.set_name(std::string(name));
  metric.set_value(value);
  metric.set_unit(std::string(unit));
}

formats::Verdict KafkaReport::Finish() {
  formats::Verdict verdict;
  verdict.set_schema_version(1);
  verdict.set_model("kafka");
  verdict.set_steps(steps_);
  for (const Class& c : kClasses) verdict.add_checks(std::string(c.name));
  for (std::string_view cycle : {"G0", "G1c"}) verdict.add_checks(std::string(cycle));
  if (options_.rw_deps) {
    for (std::string_view cycle : {"G-single", "G-nonadjacent", "G2"}) verdict.add_checks(std::string(cycle));
  }
  formats::Counts* counts = verdict.mutable_counts();
  counts->set_operations(events_.size());
  uint64_t sent[3] = {0, 0, 0};
  uint64_t read = 0;
  uint64_t commits = 0;
  for (Node node = 0; node < events_.size(); ++node) {
    for (const Item& item : events_.Of(node)) {
      if (item.kind == Item::Kind::kSend) ++sent[events_.IsOk(node) ? 0 : events_.IsFail(node) ? 1 : 2];
      read += item.kind == Item::Kind::kPoll;
      commits += item.kind == Item::Kind::kCommit;
    }
  }
  counts->set_sends_acknowledged(sent[0]);
  counts->set_sends_failed(sent[1]);
  counts->set_sends_unknown(sent[2]);
  counts->set_records_read(read);
  counts->set_commits(commits);

  bool bad = false;
  for (size_t i = 0; i < count_.size(); ++i) {
    if (count_[i] == 0) continue;
    bad |= !allowed_[i];
    AddMetric((allowed_[i] ? "allowed: " : "") + NameOf(i), static_cast<double>(count_[i]), "");
  }
  for (formats::Metric& metric : metrics_) *verdict.add_metrics() = std::move(metric);
  StableSort(&anomalies_, [](const formats::Anomaly& a, const formats::Anomaly& b) {
    const uint64_t first_a = a.operations_size() > 0 ? a.operations(0) : 0;
    const uint64_t first_b = b.operations_size() > 0 ? b.operations(0) : 0;
    return std::tie(first_a, a.type()) < std::tie(first_b, b.type());
  });
  for (formats::Anomaly& anomaly : anomalies_) *verdict.add_anomalies() = std::move(anomaly);
  if (bad) {
    verdict.set_result(formats::Verdict::INVALID);
  } else if (sent[0] + sent[1] + sent[2] + read == 0) {
    verdict.set_result(formats::Verdict::UNKNOWN);
    verdict.add_unknown_reasons("The history sends and polls nothing, so there is nothing to judge.");
  } else {
    verdict.set_result(formats::Verdict::VALID);
  }
  return verdict;
}

}  // namespace brokersim::checker
