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
constexpr int64_t kDefaultBrokers = 3;

// What clients are promised, or ask for: a run without them breaks no promise.
constexpr std::string_view kPromises[] = {"acks",
                                          "allAckInSyncStateSet",
                                          "auto.offset.reset",
                                          "brokerRole",
                                          "consumeFromWhere",
                                          "consumerGroup",
                                          "eligible.leader.replicas.version",
                                          "enable.auto.commit",
                                          "enable.idempotence",
                                          "enableControllerMode",
                                          "flushDiskType",
                                          "group.id",
                                          "inSyncReplicas",
                                          "isolation.level",
                                          "log.flush.interval.messages",
                                          "max.in.flight.requests.per.connection",
                                          "min.insync.replicas",
                                          "minInSyncReplicas",
                                          "producerGroup",
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

// ---- The cluster, of whatever family: families name what they have in common alike.

std::string ClusterField(const Setup& setup) { return setup.has_rocketmq() ? "rocketmq" : "kafka"; }

const pb::Message& ClusterOf(const Setup& setup) {
  if (setup.has_rocketmq()) return setup.rocketmq();
  return setup.kafka();
}

pb::Message* MutableClusterOf(Setup* setup) {
  if (setup->has_rocketmq()) return setup->mutable_rocketmq();
  return setup->mutable_kafka();
}

// Null if the message has no such field.
const pb::FieldDescriptor* FieldOf(const pb::Message& message, const std::string& name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

int CountOf(const pb::Message& message, const std::string& name) {
  const pb::FieldDescriptor* field = FieldOf(message, name);
  return field == nullptr ? 0 : message.GetReflection()->FieldSize(message, field);
}

const pb::Message& ElementOf(const pb::Message& message, const std::string& name, int index) {
  return message.GetReflection()->GetRepeatedMessage(message, FieldOf(message, name), index);
}

pb::Message* MutableElementOf(pb::Message* message, const std::string& name, int index) {
  return message->GetReflection()->MutableRepeatedMessage(message, FieldOf(*message, name), index);
}

bool Has(const pb::Message& message, const std::string& name) {
  const pb::FieldDescriptor* field = FieldOf(message, name);
  return field != nullptr && message.GetReflection()->HasField(message, field);
}

std::string TextOf(const pb::Message& message, const std::string& name) {
  return message.GetReflection()->GetString(message, FieldOf(message, name));
}

void SetText(pb::Message* message, const std::string& name, const std::string& text) {
  message->GetReflection()->SetString(message, FieldOf(*message, name), text);
}

int64_t NumberOf(const pb::Message& message, const std::string& name) {
  const pb::FieldDescriptor* field = FieldOf(message, name);
  const bool narrow = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32;
  return narrow ? message.GetReflection()->GetInt32(message, field) : message.GetReflection()->GetInt64(message, field);
}

void SetNumber(pb::Message* message, const std::string& name, int64_t number) {
  const pb::FieldDescriptor* field = FieldOf(*message, name);
  if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32) {
    message->GetReflection()->SetInt32(message, field, static_cast<int32_t>(number));
  } else {
    message->GetReflection()->SetInt64(message, field, number);
  }
}

std::vector<std::string> LinesOf(const pb::Message& message, const std::string& name) {
  std::vector<std::string> lines;
  for (int i = 0; i < CountOf(message, name); ++i) {
    lines.push_back(message.GetReflection()->GetRepeatedString(message, FieldOf(message, name), i));
  }
  return lines;
}

// How many a producer sends, and into how many parts a topic is divided.
std::string SizeField(const pb::Message& producer) {
  return FieldOf(producer, "records") != nullptr ? "records" : "messages";
}
std::string PartsField(const pb::Message& topic) {
  return FieldOf(topic, "partitions") != nullptr ? "partitions" : "queues";
}

const pb::Message& ProducerOf(const Setup& setup, int index) { return ElementOf(ClusterOf(setup), "producer", index); }

sim::Duration IntervalOf(const pb::Message& producer) {
  if (!Has(producer, "interval")) return kDefaultInterval;
  return TypicalOf(static_cast<const scenarios::Distribution&>(
      producer.GetReflection()->GetMessage(producer, FieldOf(producer, "interval"))));
}

void SetInterval(sim::Duration interval, pb::Message* producer) {
  auto* value = static_cast<scenarios::Distribution*>(
      producer->GetReflection()->MutableMessage(producer, FieldOf(*producer, "interval")));
  value->set_constant(sim::ToText(interval));
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

// Adds the lines of a repeated field that may be left out.
void AddLines(const pb::Message& holder, const std::string& field, const FieldPath& at, const std::string& whose,
              std::vector<Part>* parts) {
  const std::vector<std::string> lines = LinesOf(holder, field);
  const auto name = [](const std::string& line) { return line.substr(0, line.find('=')); };
  for (size_t i = 0; i < lines.size(); ++i) {
    // A later line of the same name is what counts.
    const bool overruled = std::any_of(lines.begin() + static_cast<int64_t>(i) + 1, lines.end(),
                                       [&](const std::string& later) { return name(later) == name(lines[i]); });
    if (overruled || !IsPromise(lines[i]))
      parts->push_back({whose + lines[i], {Under(at, field, static_cast<int>(i))}});
  }
}

// Adds those of the fields that are set.
void AddFields(const pb::Message& holder, const std::vector<std::string>& fields, const FieldPath& at,
               const std::string& whose, std::vector<Part>* parts) {
  for (const std::string& field : fields) {
    if (Has(holder, field)) parts->push_back({whose + field, {Under(at, field)}});
  }
}

void AddSettings(const Setup& setup, std::vector<Part>* parts) {
  const pb::Message& cluster = ClusterOf(setup);
  const FieldPath root = {{ClusterField(setup), -1}};
  for (const char* field : {"config", "namesrv_config", "controller_config"}) AddLines(cluster, field, root, "", parts);
  for (int i = 0; i < CountOf(cluster, "broker"); ++i) {
    const pb::Message& broker = ElementOf(cluster, "broker", i);
    parts->push_back({"what is special about " + TextOf(broker, "name"), {Under(root, "broker", i)}});
    AddLines(broker, "config", Under(root, "broker", i), TextOf(broker, "name") + ": ", parts);
  }
  for (int i = 0; i < CountOf(cluster, "group"); ++i) {
    const pb::Message& group = ElementOf(cluster, "group", i);
    AddLines(group, "config", Under(root, "group", i), TextOf(group, "name") + ": ", parts);
  }
  AddFields(cluster, {"service_time", "sync_latency"}, root, "", parts);
  for (int i = 0; i < CountOf(cluster, "producer"); ++i) {
    const pb::Message& producer = ElementOf(cluster, "producer", i);
    const std::string whose = TextOf(producer, "name") + ": ";
    AddLines(producer, "config", Under(root, "producer", i), whose, parts);
    const bool one = NumberOf(producer, SizeField(producer)) == 1;
    if (one) AddFields(producer, {"interval"}, Under(root, "producer", i), whose, parts);
    AddFields(producer, {"keys", "abort", "records_per_transaction"}, Under(root, "producer", i), whose, parts);
  }
  for (int i = 0; i < CountOf(cluster, "consumer"); ++i) {
    const pb::Message& consumer = ElementOf(cluster, "consumer", i);
    const std::string whose = TextOf(consumer, "name") + ": ";
    AddLines(consumer, "config", Under(root, "consumer", i), whose, parts);
    AddFields(consumer, {"processing"}, Under(root, "consumer", i), whose, parts);
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
  const pb::Message& cluster = ClusterOf(setup);
  const FieldPath root = {{ClusterField(setup), -1}};
  const auto add = [&](const std::string& field) {
    for (int i = 0; i < CountOf(cluster, field); ++i) {
      parts.push_back({field + " " + TextOf(ElementOf(cluster, field, i), "name"), {Under(root, field, i)}});
    }
  };
  switch (kind) {
    case PartKind::kJudge:
      AddJudges(setup, &parts);
      break;
    case PartKind::kFault:
      for (int i = 0; i < setup.fault_size(); ++i) parts.push_back({"fault " + setup.fault(i).id(), {{{"fault", i}}}});
      break;
    case PartKind::kClient:
      if (ClientsOf(setup) < 2) break;
      add("consumer");
      add("producer");
      break;
    case PartKind::kNodeOfFault:
      for (int i = 0; i < setup.fault_size(); ++i) AddNodesOfFault(setup.fault(i), i, &parts);
      break;
    case PartKind::kTopic:
      if (CountOf(cluster, "topic") > 1) add("topic");
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

int ClientsOf(const Setup& setup) { return ProducersOf(setup) + CountOf(ClusterOf(setup), "consumer"); }
int ProducersOf(const Setup& setup) { return CountOf(ClusterOf(setup), "producer"); }
bool StopsByTime(const Setup& setup, int index) { return Has(ProducerOf(setup, index), "stop"); }
bool StopsByNumber(const Setup& setup, int index) {
  return NumberOf(ProducerOf(setup, index), SizeField(ProducerOf(setup, index))) > 0;
}

int64_t RecordsOf(const Setup& setup, int index) {
  const pb::Message& producer = ProducerOf(setup, index);
  const int64_t records = NumberOf(producer, SizeField(producer));
  if (!Has(producer, "stop")) return records;
  const sim::Duration interval = IntervalOf(producer);
  const sim::Duration span =
      DurationOf(TextOf(producer, "stop"), {}) - DurationOf(TextOf(producer, "start"), kDefaultStart);
  if (interval <= sim::Duration() || span < sim::Duration()) return 1;
  const int64_t fit = span.nanos() / interval.nanos() + 1;
  return records > 0 ? std::min(records, fit) : fit;
}

Setup WithoutFirstRecords(const Setup& setup, int index, int64_t count) {
  Setup smaller = WithoutLastRecords(setup, index, count);
  pb::Message* producer = MutableElementOf(MutableClusterOf(&smaller), "producer", index);
  // Those that are left are sent when they were, or until then.
  SetText(producer, "stop", TextOf(ProducerOf(setup, index), "stop"));
  const sim::Duration start = DurationOf(TextOf(*producer, "start"), kDefaultStart);
  SetText(producer, "start", sim::ToText(start + Times(IntervalOf(*producer), count)));
  return smaller;
}

Setup WithoutLastRecords(const Setup& setup, int index, int64_t count) {
  Setup smaller = setup;
  pb::Message* producer = MutableElementOf(MutableClusterOf(&smaller), "producer", index);
  const int64_t records = NumberOf(*producer, SizeField(*producer));
  if (records > 0) SetNumber(producer, SizeField(*producer), std::max<int64_t>(records - count, 1));
  if (Has(*producer, "stop")) {
    const sim::Duration stop = DurationOf(TextOf(*producer, "stop"), {});
    SetText(producer, "stop", sim::ToText(stop - Times(IntervalOf(*producer), count)));
  }
  return smaller;
}

Setup EveryNthRecord(const Setup& setup, int index, int64_t step) {
  Setup smaller = setup;
  pb::Message* producer = MutableElementOf(MutableClusterOf(&smaller), "producer", index);
  SetInterval(Times(IntervalOf(*producer), step), producer);
  const int64_t records = NumberOf(*producer, SizeField(*producer));
  if (records > 0) SetNumber(producer, SizeField(*producer), (records - 1) / step + 1);
  return smaller;
}

Setup WithNumberOfRecords(const Setup& setup, int index, bool constant_interval) {
  Setup smaller = setup;
  pb::Message* producer = MutableElementOf(MutableClusterOf(&smaller), "producer", index);
  SetNumber(producer, SizeField(*producer), RecordsOf(setup, index));
  SetText(producer, "stop", "");
  if (constant_interval) SetInterval(IntervalOf(*producer), producer);
  return smaller;
}

// ---- Sizes and times

bool HasBrokerToSpare(const Setup& setup) {
  if (!setup.has_rocketmq()) return setup.kafka().brokers() != 1;
  const scenarios::RocketMq& rocketmq = setup.rocketmq();
  return rocketmq.group_size() > 1 || (rocketmq.group_size() == 1 && rocketmq.group(0).slaves() > 0);
}

Setup WithFewerBrokers(const Setup& setup) {
  Setup smaller = setup;
  if (setup.has_rocketmq()) {
    auto* groups = smaller.mutable_rocketmq()->mutable_group();
    scenarios::RocketMq::Group* last = groups->Mutable(groups->size() - 1);
    if (last->slaves() == 0) {
      groups->RemoveLast();
    } else {
      last->set_slaves(last->slaves() - 1);
      if (last->slave_datacenter_size() > last->slaves()) last->mutable_slave_datacenter()->RemoveLast();
    }
    return smaller;
  }
  scenarios::Kafka* kafka = smaller.mutable_kafka();
  const int64_t brokers = kafka->brokers() == 0 ? kDefaultBrokers : kafka->brokers();
  kafka->set_brokers(static_cast<int32_t>(brokers - 1));
  for (int i = kafka->broker_size() - 1; i >= 0; --i) {
    if (kafka->broker(i).name() == fmt::format("b{}", brokers)) kafka->mutable_broker()->DeleteSubrange(i, 1);
  }
  return smaller;
}

int TopicsOf(const Setup& setup) { return CountOf(ClusterOf(setup), "topic"); }

int64_t PartitionsOf(const Setup& setup, int index) {
  const pb::Message& topic = ElementOf(ClusterOf(setup), "topic", index);
  return NumberOf(topic, PartsField(topic));
}

Setup WithFewerPartitions(const Setup& setup, int index) {
  Setup smaller = setup;
  pb::Message* topic = MutableElementOf(MutableClusterOf(&smaller), "topic", index);
  if (CountOf(*topic, "assignment") > 1) topic->GetReflection()->RemoveLast(topic, FieldOf(*topic, "assignment"));
  SetNumber(topic, PartsField(*topic), PartitionsOf(setup, index) - 1);
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
  for (int i = 0; i < ProducersOf(setup); ++i) {
    if (!Has(ProducerOf(setup, i), "start")) continue;
    paths.push_back({{ClusterField(setup), -1}, {"producer", i}, {"start", -1}});
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

int SettingsOf(const Setup& setup) {
  const pb::Message& cluster = ClusterOf(setup);
  int lines = 0;
  for (const char* field : {"config", "namesrv_config", "controller_config"}) lines += CountOf(cluster, field);
  for (const char* part : {"broker", "group", "producer", "consumer"}) {
    for (int i = 0; i < CountOf(cluster, part); ++i) lines += CountOf(ElementOf(cluster, part, i), "config");
  }
  return lines;
}

// ---- Single removals

std::vector<Removal> SingleRemovals(const Setup& setup, bool settings) {
  std::vector<Removal> removals;
  for (const PartKind kind : kAllPartKinds) {
    if (kind == PartKind::kSetting && !settings) continue;
    for (const Part& part : PartsOf(setup, kind)) removals.push_back({part.name, Without(setup, {&part, 1})});
  }
  for (int i = 0; i < ProducersOf(setup); ++i) {
    if (RecordsOf(setup, i) < 2) continue;
    const std::string name = TextOf(ProducerOf(setup, i), "name");
    removals.push_back({"last record of " + name, WithoutLastRecords(setup, i, 1)});
    removals.push_back({"first record of " + name, WithoutFirstRecords(setup, i, 1)});
  }
  for (int i = 0; i < TopicsOf(setup); ++i) {
    if (PartitionsOf(setup, i) < 2) continue;
    const std::string name = TextOf(ElementOf(ClusterOf(setup), "topic", i), "name");
    removals.push_back({"last partition of " + name, WithFewerPartitions(setup, i)});
  }
  if (HasBrokerToSpare(setup)) removals.push_back({"last broker", WithFewerBrokers(setup)});
  return removals;
}

}  // namespace brokersim::runner
