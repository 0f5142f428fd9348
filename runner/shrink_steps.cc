#include "runner/shrink_steps.h"

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "absl/strings/str_join.h"
#include "scenarios/quantity.h"
#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

namespace pb = google::protobuf;
using scenarios::Setup;

constexpr sim::Duration kDefaultInterval = sim::Milliseconds(100);
constexpr sim::Duration kDefaultStart = sim::Seconds(2);
constexpr sim::Duration kDefaultHealBeforeAudit = sim::Seconds(10);
constexpr int32_t kDefaultBrokers = 3;

// What clients are promised, or ask for: a run without them breaks no promise.
constexpr std::string_view kPromises[] = {"acks",
                                          "auto.offset.reset",
                                          "eligible.leader.replicas.version",
                                          "enable.auto.commit",
                                          "enable.idempotence",
                                          "group.id",
                                          "isolation.level",
                                          "log.flush.interval.messages",
                                          "max.in.flight.requests.per.connection",
                                          "min.insync.replicas",
                                          "retries",
                                          "transaction.version",
                                          "transactional.id",
                                          "unclean.leader.election.enable"};

sim::Duration DurationOf(const std::string& text, sim::Duration otherwise) {
  if (text.empty()) return otherwise;
  const absl::StatusOr<sim::Duration> parsed = scenarios::ParseDuration(text);
  CHECK(parsed.ok(), "the scenario was built with the duration {}", text);
  return *parsed;
}

sim::Duration Times(sim::Duration one, int64_t count) { return sim::Nanoseconds(one.nanos() * count); }

// Its mean where it has one that is written down, else what is typical.
sim::Duration TypicalOf(const scenarios::Distribution& distribution) {
  const auto read = [](const std::string& text) { return DurationOf(text, sim::Duration()); };
  switch (distribution.kind_case()) {
    case scenarios::Distribution::kConstant:
      return read(distribution.constant());
    case scenarios::Distribution::kUniform:
      return sim::Nanoseconds(
          (read(distribution.uniform().low()).nanos() + read(distribution.uniform().high()).nanos()) / 2);
    case scenarios::Distribution::kExponential:
      return read(distribution.exponential().mean());
    case scenarios::Distribution::kLogNormal:
      return read(distribution.log_normal().median());
    case scenarios::Distribution::kPareto:
      return read(distribution.pareto().low());
    case scenarios::Distribution::KIND_NOT_SET:
      return sim::Duration();
  }
  return sim::Duration();
}

sim::Duration IntervalOf(const scenarios::Producer& producer) {
  return producer.has_interval() ? TypicalOf(producer.interval()) : kDefaultInterval;
}

// The message in which the last step of a path lies.
pb::Message* HolderOf(const FieldPath& path, Setup* setup) {
  pb::Message* message = setup;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const pb::FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(path[i].first);
    const pb::Reflection* reflection = message->GetReflection();
    message = path[i].second < 0 ? reflection->MutableMessage(message, field)
                                 : reflection->MutableRepeatedMessage(message, field, path[i].second);
  }
  return message;
}

const pb::FieldDescriptor* LastField(const FieldPath& path, const pb::Message& holder) {
  return holder.GetDescriptor()->FindFieldByName(path.back().first);
}

void Remove(const FieldPath& path, Setup* setup) {
  pb::Message* holder = HolderOf(path, setup);
  const pb::FieldDescriptor* field = LastField(path, *holder);
  const pb::Reflection* reflection = holder->GetReflection();
  if (path.back().second < 0) return reflection->ClearField(holder, field);
  const int last = reflection->FieldSize(*holder, field) - 1;
  for (int i = path.back().second; i < last; ++i) reflection->SwapElements(holder, field, i, i + 1);
  reflection->RemoveLast(holder, field);
}

FieldPath Under(FieldPath path, const std::string& field, int index = -1) {
  path.emplace_back(field, index);
  return path;
}

// Adds the lines of a repeated field `config` that may be left out.
void AddLines(const pb::RepeatedPtrField<std::string>& lines, const FieldPath& holder, const std::string& whose,
              std::vector<Part>* parts) {
  const auto name = [](const std::string& line) { return line.substr(0, line.find('=')); };
  for (int i = 0; i < lines.size(); ++i) {
    // A later line of the same name is what counts.
    const bool overruled = std::any_of(lines.begin() + i + 1, lines.end(),
                                       [&](const std::string& later) { return name(later) == name(lines[i]); });
    if (overruled || !IsPromise(lines[i])) parts->push_back({whose + lines[i], {Under(holder, "config", i)}});
  }
}

void AddSettings(const Setup& setup, std::vector<Part>* parts) {
  const scenarios::Kafka& kafka = setup.kafka();
  const FieldPath root = {{"kafka", -1}};
  AddLines(kafka.config(), root, "", parts);
  for (int i = 0; i < kafka.broker_size(); ++i) {
    parts->push_back({"what is special about " + kafka.broker(i).name(), {Under(root, "broker", i)}});
    AddLines(kafka.broker(i).config(), Under(root, "broker", i), kafka.broker(i).name() + ": ", parts);
  }
  if (!kafka.service_time().empty()) parts->push_back({"service_time", {Under(root, "service_time")}});
  if (kafka.has_sync_latency()) parts->push_back({"sync_latency", {Under(root, "sync_latency")}});
  for (int i = 0; i < kafka.producer_size(); ++i) {
    const scenarios::Producer& producer = kafka.producer(i);
    const FieldPath at = Under(root, "producer", i);
    AddLines(producer.config(), at, producer.name() + ": ", parts);
    if (producer.records() == 1 && producer.has_interval()) {
      parts->push_back({producer.name() + ": interval", {Under(at, "interval")}});
    }
    if (producer.keys() != 0) parts->push_back({producer.name() + ": keys", {Under(at, "keys")}});
    if (!producer.abort().empty()) parts->push_back({producer.name() + ": abort", {Under(at, "abort")}});
    if (producer.records_per_transaction() != 0) {
      parts->push_back({producer.name() + ": records_per_transaction", {Under(at, "records_per_transaction")}});
    }
  }
  for (int i = 0; i < kafka.consumer_size(); ++i) {
    const scenarios::Consumer& consumer = kafka.consumer(i);
    const FieldPath at = Under(root, "consumer", i);
    AddLines(consumer.config(), at, consumer.name() + ": ", parts);
    if (consumer.has_processing()) parts->push_back({consumer.name() + ": processing", {Under(at, "processing")}});
  }
  if (setup.permute_ties()) parts->push_back({"permute_ties", {{{"permute_ties", -1}}}});
}

// What a fault does: its field and parameters.
const pb::FieldDescriptor* ActionOf(const scenarios::Fault& fault) {
  return fault.GetReflection()->GetOneofFieldDescriptor(fault,
                                                        scenarios::Fault::descriptor()->FindOneofByName("action"));
}

void AddNodesOfFault(const scenarios::Fault& fault, int index, std::vector<Part>* parts) {
  const pb::FieldDescriptor* action = ActionOf(fault);
  if (action == nullptr) return;
  const FieldPath at = {{"fault", index}, {action->name(), -1}};
  const auto& parameters = static_cast<const scenarios::Parameters&>(fault.GetReflection()->GetMessage(fault, action));
  const auto add = [&](const pb::RepeatedPtrField<std::string>& nodes, const FieldPath& holder, const char* field) {
    for (int i = 0; i < nodes.size() && nodes.size() > 1; ++i) {
      parts->push_back({fmt::format("{} of {}: {}", field, fault.id(), nodes[i]), {Under(holder, field, i)}});
    }
  };
  add(parameters.node(), at, "node");
  add(parameters.from(), at, "from");
  add(parameters.to(), at, "to");
  add(parameters.keep(), at, "keep");
  add(parameters.reach(), at, "reach");
  for (int i = 0; i < parameters.group_size(); ++i) add(parameters.group(i).node(), Under(at, "group", i), "node");
}

void AddJudges(const Setup& setup, std::vector<Part>* parts) {
  for (int i = 0; i < setup.model_size(); ++i) {
    parts->push_back({"model " + setup.model(i).name(), {{{"model", i}}}});
  }
  // Without any, the default ones would check.
  for (int i = 1; i < setup.check_size(); ++i) parts->push_back({"check " + setup.check(i), {{{"check", i}}}});
  if (setup.check_size() > 1) parts->push_back({"check " + setup.check(0), {{{"check", 0}}}});
}

void FindVaried(const pb::Message& message, const FieldPath& path, std::vector<FieldPath>* found) {
  if (message.GetDescriptor() == scenarios::Distribution::descriptor()) {
    if (!static_cast<const scenarios::Distribution&>(message).has_constant()) found->push_back(path);
    return;
  }
  const pb::Reflection* reflection = message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) FindVaried(reflection->GetMessage(message, field), Under(path, field->name()), found);
    for (int i = 0; field->is_repeated() && i < reflection->FieldSize(message, field); ++i) {
      FindVaried(reflection->GetRepeatedMessage(message, field, i), Under(path, field->name(), i), found);
    }
  }
}

}  // namespace

std::string KindOf(const scenarios::Fault& fault) {
  const pb::FieldDescriptor* action = ActionOf(fault);
  return action == nullptr ? "" : action->name();
}

bool IsPromise(std::string_view line) {
  const std::string_view name = line.substr(0, line.find('='));
  return std::find(std::begin(kPromises), std::end(kPromises), name) != std::end(kPromises);
}

std::vector<Part> PartsOf(const Setup& setup, PartKind kind) {
  std::vector<Part> parts;
  const scenarios::Kafka& kafka = setup.kafka();
  switch (kind) {
    case PartKind::kJudge:
      AddJudges(setup, &parts);
      break;
    case PartKind::kFault:
      for (int i = 0; i < setup.fault_size(); ++i) parts.push_back({"fault " + setup.fault(i).id(), {{{"fault", i}}}});
      break;
    case PartKind::kClient:
      if (kafka.producer_size() + kafka.consumer_size() < 2) break;
      for (int i = 0; i < kafka.consumer_size(); ++i) {
        parts.push_back({"consumer " + kafka.consumer(i).name(), {{{"kafka", -1}, {"consumer", i}}}});
      }
      for (int i = 0; i < kafka.producer_size(); ++i) {
        parts.push_back({"producer " + kafka.producer(i).name(), {{{"kafka", -1}, {"producer", i}}}});
      }
      break;
    case PartKind::kNodeOfFault:
      for (int i = 0; i < setup.fault_size(); ++i) AddNodesOfFault(setup.fault(i), i, &parts);
      break;
    case PartKind::kTopic:
      for (int i = 0; i < kafka.topic_size() && kafka.topic_size() > 1; ++i) {
        parts.push_back({"topic " + kafka.topic(i).name(), {{{"kafka", -1}, {"topic", i}}}});
      }
      break;
    case PartKind::kLink:
      for (int i = 0; i < setup.network().link_size(); ++i) {
        const scenarios::Link& link = setup.network().link(i);
        parts.push_back({fmt::format("link {} {}", link.from(), link.to()), {{{"network", -1}, {"link", i}}}});
      }
      break;
    case PartKind::kSetting:
      AddSettings(setup, &parts);
      break;
  }
  return parts;
}

Setup Without(const Setup& setup, std::span<const Part> parts) {
  std::vector<FieldPath> paths;
  for (const Part& part : parts) paths.insert(paths.end(), part.fields.begin(), part.fields.end());
  // From the end, so that indexes stay what they are.
  std::sort(paths.rbegin(), paths.rend());
  Setup smaller = setup;
  for (const FieldPath& path : paths) Remove(path, &smaller);
  return smaller;
}

// ---- Records

int64_t RecordsOf(const scenarios::Producer& producer) {
  if (producer.stop().empty()) return producer.records();
  const sim::Duration interval = IntervalOf(producer);
  const sim::Duration span = DurationOf(producer.stop(), {}) - DurationOf(producer.start(), kDefaultStart);
  if (interval <= sim::Duration() || span < sim::Duration()) return 1;
  const int64_t fit = span.nanos() / interval.nanos() + 1;
  return producer.records() > 0 ? std::min(producer.records(), fit) : fit;
}

Setup WithoutFirstRecords(const Setup& setup, int index, int64_t count) {
  Setup smaller = WithoutLastRecords(setup, index, count);
  scenarios::Producer* producer = smaller.mutable_kafka()->mutable_producer(index);
  // Those that are left are sent when they were, or until then.
  *producer->mutable_stop() = setup.kafka().producer(index).stop();
  producer->set_start(sim::ToText(DurationOf(producer->start(), kDefaultStart) + Times(IntervalOf(*producer), count)));
  return smaller;
}

Setup WithoutLastRecords(const Setup& setup, int index, int64_t count) {
  Setup smaller = setup;
  scenarios::Producer* producer = smaller.mutable_kafka()->mutable_producer(index);
  if (producer->records() > 0) producer->set_records(std::max<int64_t>(producer->records() - count, 1));
  if (!producer->stop().empty()) {
    producer->set_stop(sim::ToText(DurationOf(producer->stop(), {}) - Times(IntervalOf(*producer), count)));
  }
  return smaller;
}

Setup EveryNthRecord(const Setup& setup, int index, int64_t step) {
  Setup smaller = setup;
  scenarios::Producer* producer = smaller.mutable_kafka()->mutable_producer(index);
  const sim::Duration interval = Times(IntervalOf(*producer), step);
  producer->mutable_interval()->set_constant(sim::ToText(interval));
  if (producer->records() > 0) producer->set_records((producer->records() - 1) / step + 1);
  return smaller;
}

Setup WithNumberOfRecords(const Setup& setup, int index, bool constant_interval) {
  Setup smaller = setup;
  scenarios::Producer* producer = smaller.mutable_kafka()->mutable_producer(index);
  producer->set_records(RecordsOf(*producer));
  producer->clear_stop();
  if (constant_interval) producer->mutable_interval()->set_constant(sim::ToText(IntervalOf(*producer)));
  return smaller;
}

// ---- Sizes and times

Setup WithFewerBrokers(const Setup& setup) {
  Setup smaller = setup;
  scenarios::Kafka* kafka = smaller.mutable_kafka();
  const int32_t brokers = kafka->brokers() == 0 ? kDefaultBrokers : kafka->brokers();
  kafka->set_brokers(brokers - 1);
  for (int i = kafka->broker_size() - 1; i >= 0; --i) {
    if (kafka->broker(i).name() == fmt::format("b{}", brokers)) kafka->mutable_broker()->DeleteSubrange(i, 1);
  }
  return smaller;
}

Setup WithFewerPartitions(const Setup& setup, int index) {
  Setup smaller = setup;
  scenarios::Topic* topic = smaller.mutable_kafka()->mutable_topic(index);
  if (topic->assignment_size() > 1) topic->mutable_assignment()->RemoveLast();
  topic->set_partitions(topic->partitions() - 1);
  return smaller;
}

sim::Duration HealOf(const Setup& setup) {
  const sim::Duration audit = DurationOf(setup.audit_at(), {});
  const sim::Duration otherwise = audit > kDefaultHealBeforeAudit ? audit - kDefaultHealBeforeAudit : sim::Duration();
  return DurationOf(setup.heal_at(), otherwise);
}

Setup WithHeal(const Setup& setup, sim::Duration heal_at) {
  Setup smaller = setup;
  smaller.set_audit_at(sim::ToText(DurationOf(setup.audit_at(), {}) - HealOf(setup) + heal_at));
  smaller.set_heal_at(sim::ToText(heal_at));
  return smaller;
}

std::vector<FieldPath> VariedOf(const Setup& setup) {
  std::vector<FieldPath> found;
  FindVaried(setup, {}, &found);
  return found;
}

Setup WithConstant(const Setup& setup, const FieldPath& distribution) {
  Setup smaller = setup;
  FieldPath inside = distribution;
  inside.emplace_back("constant", -1);
  auto* value = static_cast<scenarios::Distribution*>(HolderOf(inside, &smaller));
  const std::string typical = sim::ToText(TypicalOf(*value));
  value->set_constant(typical);
  return smaller;
}

std::vector<FieldPath> BeginningsOf(const Setup& setup) {
  std::vector<FieldPath> paths;
  for (int i = 0; i < setup.fault_size(); ++i) {
    if (!setup.fault(i).at().empty()) paths.push_back({{"fault", i}, {"at", -1}});
  }
  for (int i = 0; i < setup.kafka().producer_size(); ++i) {
    if (!setup.kafka().producer(i).start().empty()) paths.push_back({{"kafka", -1}, {"producer", i}, {"start", -1}});
  }
  return paths;
}

std::string TextAt(const Setup& setup, const FieldPath& path) {
  Setup copy = setup;
  const pb::Message* holder = HolderOf(path, &copy);
  return holder->GetReflection()->GetString(*holder, LastField(path, *holder));
}

Setup WithText(const Setup& setup, const FieldPath& path, const std::string& text) {
  Setup changed = setup;
  pb::Message* holder = HolderOf(path, &changed);
  holder->GetReflection()->SetString(holder, LastField(path, *holder), text);
  return changed;
}

// ---- Single removals

std::vector<Removal> SingleRemovals(const Setup& setup, bool settings) {
  std::vector<Removal> removals;
  for (const PartKind kind : kAllPartKinds) {
    if (kind == PartKind::kSetting && !settings) continue;
    for (const Part& part : PartsOf(setup, kind)) removals.push_back({part.name, Without(setup, {&part, 1})});
  }
  const scenarios::Kafka& kafka = setup.kafka();
  for (int i = 0; i < kafka.producer_size(); ++i) {
    if (RecordsOf(kafka.producer(i)) < 2) continue;
    const std::string& name = kafka.producer(i).name();
    removals.push_back({"last record of " + name, WithoutLastRecords(setup, i, 1)});
    removals.push_back({"first record of " + name, WithoutFirstRecords(setup, i, 1)});
  }
  for (int i = 0; i < kafka.topic_size(); ++i) {
    if (kafka.topic(i).partitions() < 2) continue;
    removals.push_back({"last partition of " + kafka.topic(i).name(), WithFewerPartitions(setup, i)});
  }
  if (kafka.brokers() != 1) removals.push_back({"last broker", WithFewerBrokers(setup)});
  return removals;
}

}  // namespace brokersim::runner
