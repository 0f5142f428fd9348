#include "tests/visualize/sample_trace.h"

#include <cmath>

namespace brokersim::visualize {

using formats::EventKind;
using formats::RecordVerb;
using formats::TraceEvent;

TraceBuilder::TraceBuilder(std::string_view scenario, std::string_view variant, uint64_t seed) {
  header_.set_build("test");
  header_.set_scenario(std::string(scenario));
  header_.set_variant(std::string(variant));
  header_.set_seed(seed);
}

uint32_t TraceBuilder::Node(std::string_view name, std::string_view role,
                            std::string_view datacenter) {
  formats::TraceNode* node = header_.add_nodes();
  node->set_name(std::string(name));
  node->set_role(std::string(role));
  node->set_datacenter(std::string(datacenter));
  return static_cast<uint32_t>(header_.nodes_size());
}

uint64_t TraceBuilder::Add(double ms, EventKind kind, uint32_t node, uint64_t cause,
                           std::string_view type, std::string_view text) {
  TraceEvent event;
  event.id = events_.size() + 1;
  event.time_ns = std::llround(ms * 1e6);
  event.kind = kind;
  event.node = node;
  event.cause = cause;
  event.type = std::string(type);
  event.text = std::string(text);
  events_.push_back(event);
  return event.id;
}

uint64_t TraceBuilder::Send(double ms, uint32_t from, uint32_t to, uint64_t cause,
                            std::string_view type, std::string_view text) {
  const uint64_t id = Add(ms, EventKind::kSend, from, cause, type, text);
  events_[id - 1].peer = to;
  events_[id - 1].message = ++messages_;
  return id;
}

uint64_t TraceBuilder::Deliver(double ms, uint64_t send) {
  const TraceEvent sent = events_[send - 1];
  const uint64_t id = Add(ms, EventKind::kDeliver, sent.peer, send, sent.type, sent.text);
  events_[id - 1].peer = sent.node;
  events_[id - 1].message = sent.message;
  return id;
}

uint64_t TraceBuilder::Drop(double ms, uint64_t send, std::string_view fault) {
  const TraceEvent sent = events_[send - 1];
  const uint64_t id = Add(ms, EventKind::kDrop, sent.node, send, sent.type, "");
  events_[id - 1].peer = sent.peer;
  events_[id - 1].message = sent.message;
  SetFault(id, fault);
  return id;
}

uint64_t TraceBuilder::Fault(double ms, EventKind kind, std::string_view fault,
                             std::string_view type, std::string_view text) {
  const uint64_t id = Add(ms, kind, 0, 0, type, text);
  SetFault(id, fault);
  return id;
}

void TraceBuilder::Note(uint64_t event, RecordVerb verb, std::string_view log, int64_t offset,
                        std::string_view value) {
  events_[event - 1].records.push_back({verb, std::string(log), offset, std::string(value)});
}

void TraceBuilder::Change(uint64_t event, std::string_view path, std::string_view before,
                          std::string_view after) {
  events_[event - 1].changes.push_back(
      {std::string(path), std::string(before), std::string(after)});
}

void TraceBuilder::Operation(uint64_t event, uint64_t index) {
  events_[event - 1].operation = index + 1;
}

void TraceBuilder::SetFault(uint64_t event, std::string_view fault) {
  events_[event - 1].fault = std::string(fault);
}

void TraceBuilder::Heartbeat(double ms, uint32_t from, uint32_t to) {
  const uint64_t got = Deliver(ms + 0.2, Send(ms, from, to, 0, "BrokerHeartbeatRequest"));
  Deliver(ms + 0.5, Send(ms + 0.2, to, from, got, "BrokerHeartbeatResponse"));
}

std::string TraceBuilder::Bytes() const {
  std::string bytes;
  formats::TraceWriter writer(header_, &bytes);
  uint64_t digest = 17;
  for (const TraceEvent& event : events_) {
    digest = digest * 31 + event.id;
    writer.Add(event, digest);
  }
  writer.Finish(digest, events_.empty() ? 0 : events_.back().time_ns);
  return bytes;
}

formats::DecodedTrace TraceBuilder::Build() const { return formats::DecodeTrace(Bytes()).value(); }

namespace {

constexpr std::string_view kLog = "orders-0";

// The story of UncleanElection in phases; each begins at a time of its own.
class Story {
 public:
  explicit Story(int heartbeats) : heartbeats_(heartbeats) {}

  TraceBuilder Tell() {
    Begin();
    FirstRecord(1'000);
    CutOff(20'000);
    LostRecord(61'000);
    Crash(61'020);
    Elect(70'000);
    NewRecord(70'500);
    Return(90'000);
    Audit(120'000);
    return t_;
  }

 private:
  void Begin() {
    for (const uint32_t node : {b1_, b2_, b3_, ctl_, p1_, c1_, audit_}) {
      t_.Add(0, EventKind::kStart, node, 0);
    }
    const uint64_t e =
        t_.Add(1, EventKind::kNote, ctl_, 0, "election", "b1 leads orders-0 in epoch 4");
    t_.Change(e, "orders-0.leader", "", "b1");
    const uint64_t got = t_.Deliver(2, t_.Send(1, ctl_, b1_, e, "LeaderAndIsrRequest", "epoch 4"));
    t_.Change(got, "orders-0.role", "", "leader");
    t_.Change(got, "orders-0.leader_epoch", "", "4");
    t_.Change(got, "orders-0.log_end", "", "0");
    Routine(100);
  }

  // `value` goes to `broker` at `offset`; returns the event in which it was appended.
  uint64_t Produce(double ms, uint64_t operation, uint32_t broker, int64_t offset,
                   const std::string& value) {
    const uint64_t invoke = t_.Add(ms, EventKind::kInvoke, p1_, 0, "send", value + " to orders-0");
    t_.Operation(invoke, operation);
    t_.Note(invoke, RecordVerb::kProduced, kLog, -1, value);
    const uint64_t got = t_.Deliver(
        ms + 0.6, t_.Send(ms, p1_, broker, invoke, "ProduceRequest", "acks=all " + value));
    t_.Note(got, RecordVerb::kAppended, kLog, offset, value);
    t_.Change(got, "orders-0.log_end", std::to_string(offset), std::to_string(offset + 1));
    return got;
  }

  void Acknowledge(double ms, uint64_t operation, uint32_t broker, uint64_t cause, int64_t offset,
                   const std::string& value) {
    const std::string at = "offset " + std::to_string(offset);
    const uint64_t got =
        t_.Deliver(ms + 0.5, t_.Send(ms, broker, p1_, cause, "ProduceResponse", at));
    t_.Note(got, RecordVerb::kAcknowledged, kLog, offset, value);
    const uint64_t done = t_.Add(ms + 0.5, EventKind::kComplete, p1_, got, "send", "ok, " + at);
    t_.Operation(done, operation);
  }

  // A follower fetches `value`; returns the delivery to it.
  uint64_t Fetch(double ms, uint32_t follower, uint32_t leader, int64_t offset,
                 const std::string& value) {
    const uint64_t asked = t_.Deliver(ms + 0.3, t_.Send(ms, follower, leader, 0, "FetchRequest",
                                                        "from " + std::to_string(offset)));
    const uint64_t got = t_.Deliver(
        ms + 0.7, t_.Send(ms + 0.3, leader, follower, asked, "FetchResponse", "1 record"));
    t_.Note(got, RecordVerb::kReplicated, kLog, offset, value);
    t_.Change(got, "orders-0.log_end", std::to_string(offset), std::to_string(offset + 1));
    return got;
  }

  void FirstRecord(double ms) {
    const uint64_t appended = Produce(ms, 0, b1_, 0, "v1");
    Fetch(ms + 1, b2_, b1_, 0, "v1");
    Fetch(ms + 2, b3_, b1_, 0, "v1");
    Acknowledge(ms + 3, 1, b1_, appended, 0, "v1");
    Routine(ms + 100);
  }

  void CutOff(double ms) {
    t_.Fault(ms, EventKind::kFaultOn, "F1", "partition", "b1 | b2 b3");
    for (int i = 0; i < 2; ++i) {
      t_.Drop(ms + 500 * i + 0.1,
              t_.Send(ms + 500 * i + 0.1, b2_, b1_, 0, "FetchRequest", "from 1"), "F1");
    }
    Routine(ms + 1'000);
    const uint64_t isr =
        t_.Add(ms + 30'000, EventKind::kNote, b1_, 0, "isr", "orders-0 shrinks its ISR to b1");
    t_.Change(isr, "orders-0.isr", "b1,b2,b3", "b1");
  }

  void LostRecord(double ms) {
    const uint64_t appended = Produce(ms, 2, b1_, 1, "v2");
    t_.Change(appended, "orders-0.high_watermark", "1", "2");
    t_.Note(appended, RecordVerb::kCommitted, kLog, 1, "v2");
    t_.Drop(ms + 0.7, t_.Send(ms + 0.7, b3_, b1_, 0, "FetchRequest", "from 1"), "F1");
    Acknowledge(ms + 1, 3, b1_, appended, 1, "v2");
  }

  void Crash(double ms) {
    const uint64_t fault = t_.Fault(ms, EventKind::kFaultOn, "F2", "crash", "b1");
    t_.SetFault(t_.Add(ms, EventKind::kCrash, b1_, fault, "", "the process is killed"), "F2");
    t_.Fault(ms + 1'000, EventKind::kFaultOff, "F1", "partition", "b1 | b2 b3");
    Routine(ms + 2'000);
  }

  void Elect(double ms) {
    const uint64_t e = t_.Add(ms, EventKind::kNote, ctl_, 0, "election",
                              "b2 leads orders-0 in epoch 5, unclean: it was not in the ISR");
    t_.Change(e, "orders-0.leader", "b1", "b2");
    const uint64_t s2 = t_.Send(ms, ctl_, b2_, e, "LeaderAndIsrRequest", "epoch 5");
    const uint64_t s3 = t_.Send(ms, ctl_, b3_, e, "LeaderAndIsrRequest", "epoch 5");
    const uint64_t got = t_.Deliver(ms + 0.6, s2);
    t_.Change(got, "orders-0.role", "follower", "leader");
    t_.Change(got, "orders-0.leader_epoch", "4", "5");
    t_.Change(t_.Deliver(ms + 0.7, s3), "orders-0.leader_epoch", "4", "5");
  }

  void NewRecord(double ms) {
    const uint64_t appended = Produce(ms, 4, b2_, 1, "v3");
    Fetch(ms + 1, b3_, b2_, 1, "v3");
    Acknowledge(ms + 2, 5, b2_, appended, 1, "v3");
    Routine(ms + 100);
  }

  void Return(double ms) {
    t_.Fault(ms, EventKind::kFaultOff, "F2", "crash", "b1");
    const uint64_t start = t_.Add(ms, EventKind::kStart, b1_, 0, "", "over its old disk");
    const uint64_t asked = t_.Deliver(
        ms + 1.4, t_.Send(ms + 1, b1_, b2_, start, "OffsetsForLeaderEpochRequest", "epoch 4"));
    const uint64_t told = t_.Deliver(
        ms + 2, t_.Send(ms + 1.4, b2_, b1_, asked, "OffsetsForLeaderEpochResponse", "ends at 1"));
    const uint64_t cut =
        t_.Add(ms + 2, EventKind::kNote, b1_, told, "truncation", "truncate orders-0 to 1");
    t_.Note(cut, RecordVerb::kTruncated, kLog, 1, "v2");
    t_.Change(cut, "orders-0.log_end", "2", "1");
    Fetch(ms + 3, b1_, b2_, 1, "v3");
    Routine(ms + 100);
  }

  void Audit(double ms) {
    const uint64_t invoke = t_.Add(ms, EventKind::kInvoke, audit_, 0, "read-all", "orders-0");
    t_.Operation(invoke, 6);
    const uint64_t asked =
        t_.Deliver(ms + 0.4, t_.Send(ms, audit_, b2_, invoke, "FetchRequest", "from 0"));
    const uint64_t got =
        t_.Deliver(ms + 0.9, t_.Send(ms + 0.4, b2_, audit_, asked, "FetchResponse", "v1 v3"));
    t_.Note(got, RecordVerb::kDelivered, kLog, 0, "v1");
    t_.Note(got, RecordVerb::kDelivered, kLog, 1, "v3");
    const uint64_t done =
        t_.Add(ms + 0.9, EventKind::kComplete, audit_, got, "read-all", "ok: v1, v3; end 2");
    t_.Operation(done, 7);
  }

  void Routine(double ms) {
    for (int i = 0; i < heartbeats_; ++i) {
      const double at = ms + 2.0 * i;
      t_.Heartbeat(at, b2_, ctl_);
      t_.Heartbeat(at + 1, b3_, ctl_);
    }
  }

  const int heartbeats_;
  TraceBuilder t_{"kafka/unclean_leader_election", "buggy", 42};
  const uint32_t b1_ = t_.Node("b1", "broker");
  const uint32_t b2_ = t_.Node("b2", "broker");
  const uint32_t b3_ = t_.Node("b3", "broker");
  const uint32_t ctl_ = t_.Node("ctl", "controller");
  const uint32_t p1_ = t_.Node("p1", "producer");
  const uint32_t c1_ = t_.Node("c1", "consumer");
  const uint32_t audit_ = t_.Node("audit", "reader");
};

}  // namespace

TraceBuilder UncleanElection(int heartbeats) { return Story(heartbeats).Tell(); }

formats::Verdict UncleanElectionVerdict() {
  formats::Verdict verdict;
  verdict.set_result(formats::Verdict::INVALID);
  formats::Anomaly* anomaly = verdict.add_anomalies();
  anomaly->set_type("lost-write");
  anomaly->set_code("LW");
  anomaly->set_explanation(
      "p1 was told that v2 is stored in orders-0 at offset 1, but the complete read at the end "
      "found v3 at that offset and v2 nowhere.");
  for (const uint64_t operation : {2, 3, 6, 7}) anomaly->add_operations(operation);
  formats::RecordId* record = anomaly->add_records();
  record->set_log(std::string(kLog));
  record->set_offset(1);
  record->set_value("v2");
  return verdict;
}

TraceBuilder BusyRun(uint64_t seed, int steps) {
  TraceBuilder t("test/busy", "all kinds of events", seed);
  const auto draw = [&seed](uint64_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
  };
  std::vector<uint32_t> nodes;
  for (const char* name :
       {"p1", "b1", "b2", "b3", "b4", "b5", "b6", "ctl-with-a-long-name", "c1"}) {
    const std::string datacenter = "dc" + std::to_string(nodes.size() / 3 + 1);
    nodes.push_back(t.Node(name, nodes.empty() ? "producer" : "broker", datacenter));
  }
  std::vector<uint64_t> flying;
  double ms = 0;
  for (int i = 0; i < steps; ++i) {
    ms += draw(20) == 0 ? 5'000.0 : static_cast<double>(draw(3));
    const uint32_t node = nodes[draw(nodes.size())];
    const uint64_t choice = draw(10);
    uint64_t id = 0;
    if (choice < 4) {
      const uint32_t peer = nodes[draw(nodes.size())];
      id = t.Send(ms, node, peer, 0, "ReplicateRequest", "batch " + std::to_string(i));
      flying.push_back(id);
    } else if (choice < 8 && !flying.empty()) {
      const uint64_t at = draw(flying.size());
      const uint64_t send = flying[at];
      flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(at));
      id = draw(5) == 0 ? t.Drop(ms, send, "F1") : t.Deliver(ms, send);
    } else {
      const auto kind = static_cast<EventKind>(draw(formats::kEventKindCount));
      if (kind == EventKind::kSend || kind == EventKind::kDeliver || kind == EventKind::kDrop) {
        continue;
      }
      const bool nowhere = draw(8) == 0;
      const bool election = draw(2) == 0;
      id = t.Add(ms, kind, nowhere ? 0 : node, 0, election ? "election" : "file",
                 "a text that goes on for longer than there is room for, about orders-0");
      if (draw(2) == 0) t.SetFault(id, "F" + std::to_string(draw(4)));
    }
    if (draw(3) != 0) continue;
    const auto verb = static_cast<RecordVerb>(draw(formats::kRecordVerbCount));
    const auto offset = static_cast<int64_t>(draw(9));
    t.Note(id, verb, "orders-0", offset, "v" + std::to_string(draw(5)));
  }
  return t;
}

TraceBuilder CalmRun() {
  TraceBuilder t("test/calm", "", 7);
  const uint32_t b1 = t.Node("b1", "broker");
  const uint32_t p1 = t.Node("p1", "producer");
  t.Add(0, EventKind::kStart, b1, 0);
  t.Add(0, EventKind::kStart, p1, 0);
  const uint64_t invoke = t.Add(5, EventKind::kInvoke, p1, 0, "send", "v1 to orders-0");
  t.Operation(invoke, 0);
  const uint64_t got = t.Deliver(6, t.Send(5, p1, b1, invoke, "ProduceRequest", "acks=1 v1"));
  t.Note(got, RecordVerb::kAppended, "orders-0", 0, "v1");
  const uint64_t answered = t.Deliver(7, t.Send(6, b1, p1, got, "ProduceResponse", "offset 0"));
  t.Note(answered, RecordVerb::kAcknowledged, "orders-0", 0, "v1");
  t.Operation(t.Add(7, EventKind::kComplete, p1, answered, "send", "ok, offset 0"), 1);
  return t;
}

}  // namespace brokersim::visualize
