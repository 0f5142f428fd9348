#include "tests/model/kafka/script.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "formats/trace_codec.h"
#include "gtest/gtest.h"
#include "model/kafka/broker.h"
#include "model/kafka/controller.h"
#include "scenarios/quantity.h"
#include "sim/kernel/simulation.h"
#include "tests/model/kafka/script_client.h"

namespace brokersim::kafka {
namespace {

constexpr sim::Duration kStep = sim::Milliseconds(1);
const TopicPartition kOrders{"orders", 0};

[[noreturn]] void Fail(std::string_view command, std::string_view why) {
  throw std::invalid_argument(fmt::format("{}: {}", command, why));
}

std::vector<std::string> Split(std::string_view text, char separator) {
  return absl::StrSplit(std::string(text), separator);
}

struct Command {
  std::string before;  // comments and blank lines above it
  std::string line;
  std::vector<std::string> words;
  sim::Time begin;
  sim::Time end;  // its output is what happened in (begin, end]
  std::string output;

  // Value of a word "name=value", or `otherwise`.
  std::string Get(std::string_view name, std::string_view otherwise) const {
    for (const std::string& word : words) {
      if (word.rfind(fmt::format("{}=", name), 0) == 0) return word.substr(name.size() + 1);
    }
    return std::string(otherwise);
  }
  int64_t Number(std::string_view name, int64_t otherwise) const {
    int64_t value = 0;
    if (!absl::SimpleAtoi(Get(name, fmt::format("{}", otherwise)), &value)) Fail(line, name);
    return value;
  }
};

sim::Duration ReadDuration(const Command& command, std::string_view text) {
  const auto duration = scenarios::ParseDuration(text);
  if (!duration.ok()) Fail(command.line, duration.status().ToString());
  return *duration;
}

std::vector<Command> Parse(std::string_view script) {
  std::vector<Command> commands;
  std::string before;
  bool in_output = false;
  for (const std::string& line : Split(script, '\n')) {
    if (in_output) {
      in_output = !line.empty();
    } else if (line == "----") {
      in_output = true;
    } else if (line.empty() || line[0] == '#') {
      if (!line.empty() || !before.empty()) before += line + "\n";
    } else {
      Command command;
      command.before = std::move(before);
      command.line = line;
      command.words = absl::StrSplit(line, ' ', absl::SkipEmpty());
      commands.push_back(std::move(command));
      before.clear();
    }
  }
  return commands;
}

// The cluster of a script, with all that will be done to it.
class World {
 public:
  explicit World(std::vector<Command> commands) : commands_(std::move(commands)) {
    if (commands_.empty() || commands_[0].words[0] != "cluster") Fail("script", "begins with cluster");
    BuildCluster(commands_[0]);
    sim::Time now;
    for (size_t i = 1; i < commands_.size(); ++i) {
      Command& command = commands_[i];
      command.begin = now;
      const std::string& verb = command.words[0];
      if (verb == "run") {
        now = now + ReadDuration(command, command.words.at(1));
      } else if (verb != "state") {
        now = now + kStep;
        Plan(command, now);
      }
      command.end = now;
    }
    for (auto& [id, fault] : open_) simulation_.AddFault(std::move(fault));
    simulation_.Install(client_, std::make_shared<ScriptClientFactory>(requests_));
  }

  std::string Run() {
    simulation_.Begin({});
    commands_[0].output = "ok\n";
    for (size_t i = 1; i < commands_.size(); ++i) {
      simulation_.Run(commands_[i].end);
      if (commands_[i].words[0] == "state") commands_[i].output = State();
    }
    const auto* client = dynamic_cast<const ScriptClient*>(simulation_.process(client_));
    const std::vector<ScriptedAnswer> answers = client->answers();
    simulation_.Finish();
    AddNotes(answers);
    std::string text;
    for (const Command& command : commands_) {
      const std::string& output = command.output;
      text += (text.empty() ? "" : "\n") + command.before + command.line + "\n----\n" +
              (output.empty() ? "ok\n" : output);
    }
    return text;
  }

 private:
  static sim::SimulationSettings Settings() {
    sim::SimulationSettings settings;
    settings.recording = sim::RecordingLevel::kTrace;
    return settings;
  }

  sim::NodeId AddNode(const std::string& name) {
    sim::NodeSpec spec;
    spec.name = name;
    spec.datacenter = "dc1";
    spec.sync_latency = sim::Distribution::Constant(sim::Milliseconds(1));
    const sim::NodeId id = simulation_.AddNode(std::move(spec));
    nodes_[name] = id;
    return id;
  }

  static std::vector<int32_t> ReadReplicas(const Command& command, std::string_view name, std::string_view otherwise) {
    std::vector<int32_t> replicas;
    for (const std::string& id : Split(command.Get(name, otherwise), ',')) {
      if (!absl::SimpleAtoi(id, &replicas.emplace_back())) Fail(command.line, name);
    }
    return replicas;
  }

  void BuildCluster(const Command& command) {
    sim::LinkSpec link;
    link.latency = sim::Distribution::Constant(sim::Milliseconds(1));
    simulation_.SetLink("dc1", "dc1", link);
    auto cluster = std::make_shared<ClusterSpec>();
    TopicSpec topic;
    topic.name = kOrders.topic;
    std::vector<std::string> ignored;
    for (size_t i = 1; i < command.words.size(); ++i) {
      const std::string& word = command.words[i];
      if (word.rfind("brokers=", 0) == 0 || word.rfind("replicas=", 0) == 0) continue;
      if (word.rfind("transactions=", 0) == 0 || word.rfind("offsets=", 0) == 0) continue;
      const absl::Status status = ApplyBrokerConfig(word, &cluster->config, &ignored);
      if (!status.ok()) Fail(command.line, status.ToString());
    }
    topic.assignment.push_back(ReadReplicas(command, "replicas", "1"));
    cluster->topics.push_back(std::move(topic));
    if (!command.Get("transactions", "").empty()) {
      cluster->topics.push_back({std::string(kTransactionsTopic), {ReadReplicas(command, "transactions", "")}});
      cluster->config.transaction_state_log_num_partitions = 1;
    }
    if (!command.Get("offsets", "").empty()) {
      cluster->topics.push_back({std::string(kOffsetsTopic), {ReadReplicas(command, "offsets", "")}});
      cluster->config.offsets_topic_num_partitions = 1;
    }
    cluster->controller = AddNode("controller");
    simulation_.Install(cluster->controller, std::make_shared<ControllerFactory>(cluster));
    for (int32_t id = 1; id <= command.Number("brokers", 1); ++id) {
      const sim::NodeId node = AddNode(fmt::format("b{}", id));
      cluster->brokers[id] = node;
      simulation_.Install(node, std::make_shared<BrokerFactory>(cluster, id));
      brokers_.push_back(node);
    }
    client_ = AddNode("client");
  }

  sim::NodeId Node(const Command& command, const std::string& name) const {
    const auto found = nodes_.find(name);
    if (found == nodes_.end()) Fail(command.line, fmt::format("no node '{}'", name));
    return found->second;
  }

  void Plan(const Command& command, sim::Time at) {
    const std::string& verb = command.words[0];
    if (verb == "produce") {
      PlanProduce(command, at);
    } else if (verb == "fetch") {
      PlanFetch(command, at);
    } else if (verb == "init" || verb == "add" || verb == "end") {
      PlanTransaction(command, at);
    } else if (verb == "add-offsets" || verb == "commit-offsets" || verb == "fetch-offsets") {
      PlanOffsets(command, at);
    } else if (verb == "heal" || verb == "resume") {
      const std::string kind = verb == "heal" ? "cut" : "pause " + command.words.at(1);
      if (!open_.contains(kind)) Fail(command.line, "nothing to end");
      sim::Fault fault = std::move(open_[kind]);
      open_.erase(kind);
      fault.lasts = at - fault.trigger.at;
      simulation_.AddFault(std::move(fault));
    } else {
      PlanFault(command, at);
    }
  }

  void PlanProduce(const Command& command, sim::Time at) {
    RecordBatch batch;
    batch.producer_id = command.Number("producer", kNoProducerId);
    batch.producer_epoch = static_cast<int16_t>(command.Number("epoch", -1));
    batch.base_sequence = static_cast<int32_t>(command.Number("sequence", -1));
    for (const std::string& value : Split(command.Get("values", ""), ',')) {
      batch.records.push_back({"", value, 0});
    }
    ProduceRequest request;
    request.transactional_id = command.Get("txn", "");
    batch.transactional = !request.transactional_id.empty();
    const std::string acks = command.Get("acks", "all");
    request.acks = acks == "all" ? -1 : static_cast<int16_t>(command.Number("acks", -1));
    request.timeout_ms = static_cast<int32_t>(ReadDuration(command, command.Get("timeout", "30s")).millis());
    request.partitions.push_back({kOrders, sim::MakePayload(std::move(batch))});
    const std::string to = command.Get("to", "");
    requests_->push_back({at, Node(command, to), std::move(request),
                          fmt::format("produce {} to {}", command.Get("values", ""), to)});
  }

  void PlanFetch(const Command& command, sim::Time at) {
    FetchRequest request;
    request.replica_id = static_cast<int32_t>(command.Number("as", kConsumerReplicaId));
    request.max_wait_ms = 0;
    if (command.Get("isolation", "") == "read_committed") request.isolation = IsolationLevel::kReadCommitted;
    request.partitions.push_back({kOrders, static_cast<int32_t>(command.Number("epoch", -1)),
                                  command.Number("offset", 0),
                                  static_cast<int32_t>(command.Number("fetched-epoch", -1))});
    const std::string from = command.Get("from", "");
    requests_->push_back({at, Node(command, from), std::move(request),
                          fmt::format("fetch {} from {}", command.Get("offset", "0"), from)});
  }

  void PlanTransaction(const Command& command, sim::Time at) {
    const std::string& verb = command.words[0];
    const std::string id = command.Get("txn", "");
    const int64_t producer = command.Number("producer", kNoProducerId);
    const auto epoch = static_cast<int16_t>(command.Number("epoch", -1));
    Body body;
    if (verb == "init") {
      const sim::Duration timeout = ReadDuration(command, command.Get("timeout", "60s"));
      body = InitProducerIdRequest{id, static_cast<int32_t>(timeout.millis()), producer, epoch};
    } else if (verb == "add") {
      body = AddPartitionsToTxnRequest{id, producer, epoch, /*verify_only=*/false, {kOrders}};
    } else {
      const std::string& how = command.words.back();
      if (how != "commit" && how != "abort") Fail(command.line, "commit or abort");
      body = EndTxnRequest{id, producer, epoch, how == "commit"};
    }
    const std::string to = command.Get("to", "");
    requests_->push_back({at, Node(command, to), std::move(body), fmt::format("{} {} at {}", verb, id, to)});
  }

  // Of the group "g" in orders-0.
  void PlanOffsets(const Command& command, sim::Time at) {
    const std::string& verb = command.words[0];
    const std::string id = command.Get("txn", "");
    const int64_t producer = command.Number("producer", kNoProducerId);
    const auto epoch = static_cast<int16_t>(command.Number("epoch", -1));
    const auto generation = static_cast<int32_t>(command.Number("generation", -1));
    const std::string member = command.Get("member", "");
    const std::vector<PartitionOffset> offsets = {{kOrders, command.Number("offset", -1), -1}};
    Body body;
    if (verb == "add-offsets") {
      body = AddOffsetsToTxnRequest{id, producer, epoch, "g"};
    } else if (verb == "fetch-offsets") {
      body = OffsetFetchRequest{"g", {kOrders}};
    } else if (id.empty()) {
      body = OffsetCommitRequest{"g", generation, member, offsets};
    } else {
      body = TxnOffsetCommitRequest{id, "g", producer, epoch, generation, member, offsets};
    }
    const std::string to = command.Get("to", "");
    const std::string which = command.Get("offset", "");
    const std::string name = fmt::format("{}{}{} at {}", verb, which.empty() ? "" : " ", which, to);
    requests_->push_back({at, Node(command, to), std::move(body), name});
  }

  void PlanFault(const Command& command, sim::Time at) {
    const std::string& verb = command.words[0];
    sim::Fault fault;
    fault.id = fmt::format("{}-{}", verb, faults_++);
    fault.trigger.at = at;
    if (verb == "cut") {
      sim::Partition cut;
      for (std::string& side : Split(command.line.substr(verb.size()), '|')) {
        absl::StripAsciiWhitespace(&side);
        sim::Selector& group = cut.groups.emplace_back();
        group.terms = Split(side, ',');
        for (const std::string& name : group.terms) Node(command, name);
      }
      fault.action = std::move(cut);
      if (open_.contains("cut")) Fail(command.line, "heal the former cut first");
      open_["cut"] = std::move(fault);
      return;
    }
    const sim::Selector nodes{{command.words.at(1)}};
    Node(command, command.words.at(1));
    if (verb == "pause") {
      fault.action = sim::Pause{nodes};
      open_["pause " + command.words[1]] = std::move(fault);
      return;
    }
    if (verb == "crash") {
      fault.action = sim::Crash{nodes};
    } else if (verb == "start") {
      fault.action = sim::Start{nodes};
    } else if (verb == "stop") {
      fault.action = sim::Stop{nodes};
    } else if (verb == "power-loss") {
      const bool kept = command.words.size() > 2 && command.words[2] == "kept";
      fault.action = sim::KillPower{nodes, kept ? sim::UnsyncedFate::kKept : sim::UnsyncedFate::kLost};
    } else {
      Fail(command.line, "no such command");
    }
    simulation_.AddFault(std::move(fault));
  }

  using Fields = std::map<std::string, std::string>;
  Fields Described(sim::NodeId node) const {
    Fields fields;
    sim::Describer describer;
    simulation_.process(node)->Describe(describer);
    for (auto& [path, value] : describer.Take()) fields[path] = value;
    return fields;
  }

  std::string State() const {
    const std::string name = LogName(kOrders);
    Fields fields = Described(nodes_.at("controller"));
    std::string text = fmt::format("controller: leader {}, epoch {}, ISR [{}]", fields[name + ".leader"],
                                   fields[name + ".leader_epoch"], fields[name + ".isr"]);
    if (fields.contains(name + ".elr")) text += fmt::format(", ELR [{}]", fields[name + ".elr"]);
    text += "\n";
    for (size_t i = 0; i < brokers_.size(); ++i) {
      text += fmt::format("b{} ", i + 1);
      if (simulation_.process(brokers_[i]) == nullptr) {
        text += "down";
      } else {
        fields = Described(brokers_[i]);
        if (!fields.contains(name + ".role")) {
          text += "has no replica\n";
          continue;
        }
        text += fmt::format("{} epoch {}, log end {}, high watermark {}, epochs [{}]", fields[name + ".role"],
                            fields[name + ".leader_epoch"], fields[name + ".log_end"],
                            fields[name + ".high_watermark"], fields[name + ".epoch_starts"]);
        if (fields.contains(name + ".last_stable_offset")) {
          text += fmt::format(", last stable offset {}", fields[name + ".last_stable_offset"]);
        }
        if (fields.contains(name + ".isr")) text += fmt::format(", ISR [{}]", fields[name + ".isr"]);
        if (fields["state"] != "running") text += fmt::format(" ({})", fields["state"]);
      }
      text += "\n   " + LogText(brokers_[i]) + "\n";
    }
    return text;
  }

  // What is in the file; blocks that a power loss would put at risk are behind a bar.
  std::string LogText(sim::NodeId node) const {
    const sim::File* file = simulation_.disk(node).Find(LogName(kOrders) + "/log");
    std::string text;
    if (file == nullptr) return "log:";
    for (int64_t i = 0; i < file->size(); ++i) {
      if (i == file->synced) text += " |";
      text += " " + BatchText(*file->blocks[static_cast<size_t>(i)].content->As<RecordBatch>());
    }
    return "log:" + text;
  }

  // Shares out what was noted and answered among the commands during which it was.
  void AddNotes(const std::vector<ScriptedAnswer>& answers) {
    std::multimap<int64_t, std::string> lines;
    const auto trace = formats::DecodeTrace(simulation_.recorder().TakeTrace());
    if (!trace.ok()) Fail("script", trace.status().ToString());
    for (const formats::TraceEvent& event : trace->events) {
      if (event.kind != formats::EventKind::kNote) continue;
      lines.emplace(event.time_ns, fmt::format("{}: {}", trace->NodeName(event.node), event.text));
    }
    for (const ScriptedAnswer& answer : answers) {
      lines.emplace(answer.at.nanos(), fmt::format("client: {}", answer.text));
    }
    size_t next = 1;
    for (const auto& [time, line] : lines) {
      while (next < commands_.size() && commands_[next].end.nanos() < time) ++next;
      if (next == commands_.size()) return;
      commands_[next].output += fmt::format("{:>9}  {}\n", sim::ToText(sim::Time::FromNanos(time)), line);
    }
  }

  std::vector<Command> commands_;
  sim::Simulation simulation_{Settings()};
  std::map<std::string, sim::NodeId> nodes_;
  std::vector<sim::NodeId> brokers_;
  sim::NodeId client_;
  std::shared_ptr<ScriptClient::Requests> requests_ = std::make_shared<ScriptClient::Requests>();
  std::map<std::string, sim::Fault> open_;  // cuts and pauses that have not ended yet
  int faults_ = 1;
};

}  // namespace

std::string RunScript(std::string_view script) {
  try {
    return World(Parse(script)).Run();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
    return "";
  }
}

}  // namespace brokersim::kafka
