#include "tests/sim/toy.h"

#include "gtest/gtest.h"

namespace brokersim::sim {

using formats::EventKind;

ToyScript& ToyScript::Echo() {
  return OnWord([](Toy& toy, const Received& message, const std::string& text, Env&, Effects& out) {
    if (message.conn.valid()) {
      out.Send(message.conn, MakePayload(Word{text}));
    } else {
      toy.Throw(message.from.value, text, out);
    }
  });
}

void Toy::Start(Env& env, Effects& out) {
  if (script_->boot) script_->boot(*this, env, out);
  if (env.incarnation() > 1) return;
  for (size_t i = 0; i < script_->acts.size(); ++i) {
    out.SetTimer({0, static_cast<int64_t>(i)}, script_->acts[i].first);
  }
}

void Toy::OnMessage(const Received& message, Env& env, Effects& out) {
  const std::string& text = message.payload.As<Word>()->text;
  heard.push_back(text);
  if (script_->hear) script_->hear(*this, message, text, env, out);
}

void Toy::OnTimer(Timer timer, Env& env, Effects& out) {
  if (timer.kind == 2) script_->tick(*this, env, out);
  if (timer.kind != 0) return;
  script_->acts[static_cast<size_t>(timer.arg)].second(*this, env, out);
}

void Toy::OnConnected(ConnId id, Env& env, Effects& out) {
  if (script_->connected) script_->connected(*this, id, env, out);
}

void Toy::OnSynced(SyncTicket ticket, Env& env, Effects& out) {
  if (script_->synced) script_->synced(*this, ticket, env, out);
}

void Toy::OnStop(Env& env, Effects& out) {
  if (!script_->stop) return out.Exit();
  script_->stop(*this, env, out);
}

void Toy::OnDiskError(const DiskError& error, Env& env, Effects& out) {
  if (!script_->disk_error) return out.Exit();
  script_->disk_error(*this, error, env, out);
}

bool Toy::OnOperation(const Operation& operation, Env& env, Effects& out) {
  return script_->operation && script_->operation(*this, operation, env, out);
}

namespace {

class ToyFactory final : public ProcessFactory {
 public:
  explicit ToyFactory(const ToyScript* script) : script_(script) {}
  std::unique_ptr<Process> Boot(Env& env, Effects& out) const override {
    auto toy = std::make_unique<Toy>(script_);
    toy->Start(env, out);
    return toy;
  }

 private:
  const ToyScript* script_;
};

}  // namespace

ToyWorld::ToyWorld(SimulationSettings settings) : settings_(settings) {
  settings_.recording = RecordingLevel::kTrace;
}

ToyScript& ToyWorld::Add(std::string name, NodeSpec spec) {
  spec.name = std::move(name);
  spec.sync_latency = Distribution::Constant(Milliseconds(1));
  scripts_.push_back(std::make_unique<ToyScript>());
  scripts_.back()->spec = std::move(spec);
  return *scripts_.back();
}

void ToyWorld::AddFault(std::string id, FaultAction action, Duration at, std::optional<Duration> lasts) {
  Fault fault;
  fault.id = std::move(id);
  fault.trigger.at = Time() + at;
  fault.action = std::move(action);
  fault.lasts = lasts;
  faults.push_back(std::move(fault));
}

Simulation& ToyWorld::Build() {
  sim = std::make_unique<Simulation>(BuildAt(settings_));
  return *sim;
}

Simulation ToyWorld::BuildAt(SimulationSettings settings) const {
  Simulation built(settings);
  for (const auto& from : scripts_) {
    for (const auto& to : scripts_) built.SetLink(from->spec.datacenter, to->spec.datacenter, link);
  }
  for (const auto& script : scripts_) {
    const NodeId id = built.AddNode(script->spec);
    built.Install(id, std::make_shared<ToyFactory>(script.get()));
  }
  for (const Fault& fault : faults) built.AddFault(fault);
  return built;
}

Lines ToyWorld::Run(Duration until) {
  if (!sim) Build();
  sim->Begin({});
  sim->Run(Time() + until);
  sim->Finish();
  trace_bytes_ = sim->recorder().TakeTrace();
  auto decoded = formats::DecodeTrace(trace_bytes_);
  if (!decoded.ok()) {
    ADD_FAILURE() << decoded.status().ToString();
    return {};
  }
  trace_ = *std::move(decoded);
  Lines lines;
  for (const formats::TraceEvent& event : trace_.events) {
    std::string line = LineOf(event, trace_);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

Lines ToyWorld::Only(const Lines& lines, const std::vector<std::string>& texts) {
  Lines some;
  for (const std::string& line : lines) {
    for (const std::string& text : texts) {
      if (line.find(text) == std::string::npos) continue;
      some.push_back(line);
      break;
    }
  }
  return some;
}

int64_t ToyWorld::Effects(std::string_view fault) const {
  for (const FaultReport& report : sim->fault_reports()) {
    if (report.id == fault) return report.effects;
  }
  ADD_FAILURE() << "no fault " << fault;
  return -1;
}

namespace {

// The word of a message, by its number: only its send tells.
std::string WordOf(const formats::TraceEvent& event, const formats::DecodedTrace& trace) {
  for (const formats::TraceEvent& other : trace.events) {
    if (other.kind != EventKind::kSend || other.message != event.message) continue;
    return other.text.substr(6, other.text.size() - 7);  // {text=...}
  }
  return "?";
}

std::string WhatOf(const formats::TraceEvent& event, const formats::DecodedTrace& trace) {
  switch (event.kind) {
    case EventKind::kDeliver:
      return "got " + WordOf(event, trace);
    case EventKind::kDrop:
      return "drop " + WordOf(event, trace) + ": " + event.text;
    case EventKind::kDuplicate:
      return "copy " + WordOf(event, trace);
    case EventKind::kHold:
      return "hold " + WordOf(event, trace);
    case EventKind::kRelease:
      return "release " + WordOf(event, trace);
    case EventKind::kTimerFire:
      return event.type == "alarm" ? "alarm" : "";
    case EventKind::kDiskSynced:
      return "synced";
    case EventKind::kDiskLost:
      return event.text;
    case EventKind::kConnected:
      return "open";
    case EventKind::kDisconnected:
      return "lost: " + event.type;
    case EventKind::kNote:
      return event.text;
    case EventKind::kCrash:
    case EventKind::kPowerLoss:
    case EventKind::kStart:
    case EventKind::kStop:
    case EventKind::kExit:
    case EventKind::kPause:
    case EventKind::kResume:
      return std::string(formats::EventKindName(event.kind));
    case EventKind::kNone:
    case EventKind::kSend:
    case EventKind::kTimerSet:
    case EventKind::kTimerCancel:
    case EventKind::kDiskAppend:
    case EventKind::kDiskTruncate:
    case EventKind::kDiskReplace:
    case EventKind::kDiskSync:
    case EventKind::kFaultOn:
    case EventKind::kFaultOff:
    case EventKind::kConnect:
    case EventKind::kInvoke:
    case EventKind::kComplete:
    case EventKind::kClock:
    case EventKind::kOperate:
      return "";
    case EventKind::kDiskError:
      return "disk error";
  }
  return "";
}

}  // namespace

std::string LineOf(const formats::TraceEvent& event, const formats::DecodedTrace& trace) {
  const std::string what = WhatOf(event, trace);
  if (what.empty()) return "";
  // Rounded to 0.1 ms: connections keep messages a nanosecond apart.
  const Duration at = Microseconds((event.time_ns + 50'000) / 100'000 * 100);
  return ToText(at) + " " + std::string(trace.NodeName(event.node)) + " " + what;
}

}  // namespace brokersim::sim
