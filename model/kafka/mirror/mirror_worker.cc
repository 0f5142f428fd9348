#include "model/kafka/mirror/mirror_worker.h"

#include <algorithm>
#include <utility>

#include "model/kafka/visible_records.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kSource = "MirrorSourceConnector";
constexpr std::string_view kCheckpoint = "MirrorCheckpointConnector";
constexpr std::string_view kHeartbeat = "MirrorHeartbeatConnector";
// MirrorMaker.CONNECTOR_CLASSES
constexpr std::string_view kConnectors[] = {kSource, kHeartbeat, kCheckpoint};

// task.shutdown.graceful.timeout.ms
constexpr sim::Duration kLongestTaskStop = sim::Seconds(5);
// DistributedHerder.RECONFIGURE_CONNECTOR_TASKS_BACKOFF_INITIAL_MS and _MAX_MS
constexpr int64_t kFirstBackoffMs = 250;
constexpr int64_t kLongestBackoffMs = 60000;
// First timers of a task, from the worker's own on.
constexpr uint32_t kFirstTaskTimer = 10;

// Connector.taskConfigs, with tasks.max=1: a task is configured as its connector.
std::vector<std::string> TaskConfigs(std::string_view connector, const std::string& text, const MirrorFlowSpec& flow) {
  const MirrorConfig config = FromConnectorConfig(text, flow.config);
  const auto copies = [&](const TopicSpec& topic) {
    return config.Copies(flow.target->name, NameInCluster(topic.name));
  };
  bool has_work = config.enabled;
  if (connector == kSource && std::none_of(flow.source->topics.begin(), flow.source->topics.end(), copies)) {
    has_work = false;
  }
  if (connector == kCheckpoint && !config.emit_checkpoints_enabled) has_work = false;
  if (!has_work) return {};
  return {text};
}

}  // namespace

MirrorWorker::MirrorWorker(std::shared_ptr<const MirrorFlowSpec> spec, uint32_t first_timer)
    : spec_(std::move(spec)), client_(spec_->target, IsolationLevel::kReadUncommitted, first_timer),
      member_({fmt::format("{}-mm2", spec_->source->name), spec_->config.session_timeout_ms,
               spec_->config.rebalance_timeout_ms, spec_->config.heartbeat_interval_ms},
              first_timer + MirrorClient::kTimers, MirrorClient::kFirstTag),
      first_timer_(first_timer + MirrorClient::kTimers + GroupMember::kTimers),
      next_task_timer_(first_timer_ + kFirstTaskTimer),
      configs_log_{spec_->target->Own(ConfigsTopic(spec_->source->name)), 0},
      assignor_(spec_->config.scheduled_rebalance_max_delay_ms) {}

void MirrorWorker::Begin(sim::Env& env, sim::Effects& out) {
  client_.Begin(env, out);
  client_.Follow(configs_log_, 0);
}

// ---- The group

void MirrorWorker::Proceed(sim::Env& env, sim::Effects& out) {
  WatchCoordinator(out);
  // The herder's one thread waits for tasks that it stops.
  if (AwaitStops(env, out) || !begun_ || stopping_) return;
  do {
    if (member_.should_join()) {
      if (!member_.backing_off()) member_.Join(client_.network(), *this, env, out);
      return;
    }
    if (!member_.stable()) return;
    if (!ResolveRebalance(env, out)) continue;
    if (!TakeUpdates(env, out) || AwaitStops(env, out)) return;
  } while (member_.should_join());
}

// Cooperative: what runs goes on (WorkerCoordinator.metadata).
void MirrorWorker::PrepareJoin(JoinGroupRequest* request, sim::Env&, sim::Effects&) {
  request->metadata = ToText(WorkerState{configs_.offset(), assignment_.assigned});
}

// IncrementalCooperativeAssignor.performAssignment
std::vector<MemberAssignment> MirrorWorker::AssignAll(const JoinGroupResponse& m, sim::Env& env, sim::Effects&) {
  WorkerAssignment common;
  common.leader = member_.id();
  ConnectAssignor::ByMember running;
  for (const JoinGroupResponse::Member& member : m.members) {
    WorkerState state = ParseWorkerState(member.metadata);
    common.config_offset = std::max(common.config_offset, state.config_offset);
    running[member.member_id] = std::move(state.running);
  }
  ConnectAssignor::Result result;
  common.failed = configs_.offset() < common.config_offset;
  if (!common.failed) {
    common.config_offset = configs_.offset();
    result =
        assignor_.Assign(configs_.Configured(), generation_.value_or(-1), m.generation_id, running, env.monotonic());
    common.delay_ms = result.delay_ms;
  }
  std::vector<MemberAssignment> all;
  for (const auto& [member, work] : running) {
    WorkerAssignment assignment = common;
    assignment.assigned = result.assigned[member];
    assignment.revoked = result.revoked[member];
    all.push_back({member, {}, ToText(assignment)});
  }
  return all;
}

// WorkerCoordinator.onJoinComplete; what it means is resolved once the tasks that are taken away have stopped.
void MirrorWorker::OnAssigned(const SyncGroupResponse& m, sim::Env&, sim::Effects& out) {
  const ConnectWork before = assignment_.assigned;
  assignment_ = ParseWorkerAssignment(m.work);
  assignment_.assigned.Add(before.Without(assignment_.revoked));
  generation_ = member_.generation();
  running_.Remove(assignment_.revoked);
  StopTasks(assignment_.revoked.tasks, out);
  for (const std::string& connector : assignment_.revoked.connectors) attempts_.erase(connector);
  resolved_ = false;
  rebalance_due_ = false;
  out.CancelTimer(Own(kScheduledRebalance));
  if (assignment_.delay_ms > 0) out.SetTimer(Own(kScheduledRebalance), sim::Milliseconds(assignment_.delay_ms));
}

bool MirrorWorker::ResolveRebalance(sim::Env& env, sim::Effects& out) {
  if (resolved_) return true;
  if (snapshot_.offset() < assignment_.config_offset) {
    if (configs_.offset() < assignment_.config_offset) return false;
    snapshot_ = configs_;
  }
  const bool behind = snapshot_.offset() != assignment_.config_offset;
  if (assignment_.failed || behind || std::exchange(rebalance_due_, false)) {
    member_.RequestRejoin();
    return false;
  }
  StartWork(env, out);
  resolved_ = true;
  if (!std::exchange(assignment_.revoked, {}).empty()) {
    member_.RequestRejoin();
    return false;
  }
  // MirrorHerder.rebalanceSuccess; before KAFKA-15372 MirrorMaker.start did that, once.
  const bool leads = member_.is_leader();
  const bool may = spec_->config.kafka_15372 || !had_first_rebalance_;
  had_first_rebalance_ = true;
  if (leads && !std::exchange(was_leader_, leads) && may) Configure(env, out);
  was_leader_ = leads;
  return true;
}

void MirrorWorker::Configure(sim::Env& env, sim::Effects& out) {
  const std::string own = OwnConfig();
  for (const std::string_view name : kConnectors) {
    const std::string connector(name);
    if (snapshot_.Contains(connector) && snapshot_.Connector(connector) == own) continue;
    const bool replaces = snapshot_.Contains(connector);
    if (replaces) BROKERSIM_PROBE("kafka/mirror: a leader replaces another's configuration");
    out.Note("connector-config", fmt::format("{} of {}: its leader's is written{}", connector, member_.group(),
                                             replaces ? ", over another" : ""));
    Write(ConnectConfigState::ConnectorRecord(connector, own, env.wall().millis()), env, out);
  }
}

// WorkerCoordinator.poll: coordinatorDiscoveryTimeoutMs is heartbeat.interval.ms.
void MirrorWorker::WatchCoordinator(sim::Effects& out) {
  const bool lost = member_.coordinator() < 0;
  if (lost == std::exchange(coordinator_lost_, lost)) return;
  if (lost) {
    out.SetTimer(Own(kCoordinatorTimeout), sim::Milliseconds(spec_->config.heartbeat_interval_ms));
  } else {
    out.CancelTimer(Own(kCoordinatorTimeout));
  }
}

void MirrorWorker::GiveUpWork(sim::Effects& out) {
  if (running_.empty()) return;
  BROKERSIM_PROBE("kafka/mirror: a worker without a coordinator stops its tasks");
  StopTasks(running_.tasks, out);
  running_ = {};
  assignment_ = {};
  attempts_.clear();
}

// ---- The config topic

void MirrorWorker::Write(Record record, sim::Env& env, sim::Effects& out) {
  client_.Enqueue(configs_log_, {std::move(record), 0, std::nullopt});
  client_.Flush(env, out);
}

void MirrorWorker::OnFetched(MirrorClient&, const FetchResponse::Partition& part, int64_t position, sim::Env&,
                             sim::Effects&) {
  for (const VisibleRecord& visible : VisibleRecords(part, IsolationLevel::kReadUncommitted, position)) {
    std::string connector;
    const ConnectConfigState::Update update = configs_.Apply(*visible.record, visible.offset, &connector);
    if (!begun_ || update == ConnectConfigState::Update::kNothing) continue;
    // ConfigUpdateListener
    const bool is_new = !snapshot_.Contains(connector);
    if (update == ConnectConfigState::Update::kTasks) {
      updated_tasks_.insert(connector);
    } else if (!is_new) {
      updated_connectors_.insert(connector);
    }
    needs_rebalance_ = needs_rebalance_ || is_new || update == ConnectConfigState::Update::kTasks;
  }
  if (begun_ || !client_.AtEnd(configs_log_)) return;
  begun_ = true;
  snapshot_ = configs_;
}

bool MirrorWorker::TakeUpdates(sim::Env& env, sim::Effects& out) {
  if (!needs_rebalance_ && updated_connectors_.empty() && updated_tasks_.empty()) return false;
  snapshot_ = configs_;
  if (std::exchange(needs_rebalance_, false)) member_.RequestRejoin();
  for (const std::string& connector : std::exchange(updated_connectors_, {})) {
    if (running_.connectors.contains(connector)) Reconfigure(connector, env, out);
  }
  // stopReconfiguredTasks: they start again after the rebalance, with what they are now.
  absl::btree_set<std::string> stop;
  for (const std::string& task : running_.tasks) {
    if (updated_tasks_.contains(ConnectorOfTask(task))) stop.insert(task);
  }
  updated_tasks_.clear();
  tasks_to_restart_.insert(stop.begin(), stop.end());
  StopTasks(stop, out);
  return true;
}

void MirrorWorker::Reconfigure(const std::string& connector, sim::Env& env, sim::Effects& out) {
  const std::vector<std::string> wanted = TaskConfigs(connector, snapshot_.Connector(connector), *spec_);
  if (wanted == snapshot_.Tasks(connector)) {
    attempts_.erase(connector);
    return;
  }
  if (member_.is_leader()) {
    attempts_.erase(connector);
    for (Record& record : ConnectConfigState::TaskRecords(connector, wanted, env.wall().millis())) {
      Write(std::move(record), env, out);
    }
    return;
  }
  // NotLeaderException, and "Failed to reconfigure connector's tasks, retrying after backoff".
  BROKERSIM_PROBE("kafka/mirror: a follower can't configure its connector's tasks");
  int64_t& attempts = attempts_[connector];
  if (attempts == 0) out.Note("not-leader", fmt::format("tasks of {} keep their configuration", connector));
  const int64_t backoff = std::min(kFirstBackoffMs << std::min<int64_t>(attempts, 20), kLongestBackoffMs);
  ++attempts;
  const auto number = std::find(std::begin(kConnectors), std::end(kConnectors), connector) - std::begin(kConnectors);
  out.SetTimer(Own(kReconfigure, number), sim::Milliseconds(backoff));
}

// ---- Tasks

void MirrorWorker::StartWork(sim::Env& env, sim::Effects& out) {
  for (const std::string& task : std::exchange(tasks_to_restart_, {})) running_.tasks.erase(task);
  const ConnectWork to_start = assignment_.assigned.Without(running_);
  running_ = assignment_.assigned;
  for (const std::string& connector : to_start.connectors) Reconfigure(connector, env, out);
  for (const std::string& task : to_start.tasks) StartTask(task, env, out);
}

void MirrorWorker::StartTask(const std::string& task, sim::Env& env, sim::Effects& out) {
  const std::string connector = ConnectorOfTask(task);
  const std::string& text = snapshot_.Task(task);
  out.Note("task-start", fmt::format("{} of {}{}", task, member_.group(),
                                     text == OwnConfig() ? "" : ", with another process's configuration"));
  if (connector == kHeartbeat) return;  // heartbeats are not modelled
  auto spec = std::make_shared<MirrorFlowSpec>(*spec_);
  spec->config = FromConnectorConfig(text, spec_->config);
  spec->copies = connector == kSource;
  spec->translates = connector == kCheckpoint;
  const auto [at, fresh] = tasks_.try_emplace(task, Task{MirrorFlow(std::move(spec), next_task_timer_)});
  CHECK(fresh, "{} starts {} twice", env.name(), task);
  next_task_timer_ += MirrorFlow::kTimers;
  at->second.flow.Begin(env, out);
}

// Worker.stopAndAwaitTasks
void MirrorWorker::StopTasks(const absl::btree_set<std::string>& tasks, sim::Effects& out) {
  for (const std::string& task : tasks) {
    const auto found = tasks_.find(task);
    if (found == tasks_.end() || std::exchange(found->second.stopping, true)) continue;
    out.Note("task-stop", fmt::format("{} of {}", task, member_.group()));
    found->second.flow.Stop();
    out.SetTimer(Own(kTaskStopTimeout), kLongestTaskStop);
  }
}

bool MirrorWorker::AwaitStops(sim::Env& env, sim::Effects& out) {
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    Task& task = it->second;
    if (task.stopping && task.flow.ProceedToStop(env, out)) {
      task.flow.Close(out);
      it = tasks_.erase(it);
    } else {
      ++it;
    }
  }
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& entry) { return entry.second.stopping; });
}

void MirrorWorker::Stop(sim::Effects& out) {
  stopping_ = true;
  absl::btree_set<std::string> all;
  for (const auto& [task, flow] : tasks_) all.insert(task);
  StopTasks(all, out);
}

bool MirrorWorker::ProceedToStop(sim::Env& env, sim::Effects& out) {
  if (AwaitStops(env, out)) return false;
  if (!std::exchange(has_left_, true) && member_.stable()) member_.Leave(client_.network(), env, out);
  return true;
}

// ---- What happens

void MirrorWorker::OnAnswer(MirrorClient&, NetworkClient::Tag tag, const Body* body, sim::Env& env, sim::Effects& out) {
  member_.OnAnswer(tag, body, client_.network(), *this, env, out);
}

bool MirrorWorker::OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out) {
  bool ours = client_.OnMessage(message, frame, *this, env, out);
  for (auto& [name, task] : tasks_) ours = ours || task.flow.OnMessage(message, frame, env, out);
  if (ours) Proceed(env, out);
  return ours;
}

void MirrorWorker::OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  client_.network().OnConnected(conn, env, out);
  for (auto& [name, task] : tasks_) task.flow.OnConnected(conn, env, out);
}

bool MirrorWorker::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  bool ours = client_.OnDisconnected(conn, *this, env, out);
  for (auto& [name, task] : tasks_) ours = ours || task.flow.OnDisconnected(conn, env, out);
  if (ours) Proceed(env, out);
  return ours;
}

bool MirrorWorker::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == Own(kScheduledRebalance).kind) {
    rebalance_due_ = true;
    resolved_ = false;
  } else if (timer.kind == Own(kTaskStopTimeout).kind) {
    for (auto it = tasks_.begin(); it != tasks_.end();) {
      if (it->second.stopping) it->second.flow.Close(out);
      it = it->second.stopping ? tasks_.erase(it) : std::next(it);
    }
  } else if (timer.kind == Own(kReconfigure).kind) {
    const std::string connector(kConnectors[timer.arg]);
    if (running_.connectors.contains(connector) && attempts_.contains(connector)) Reconfigure(connector, env, out);
  } else if (timer.kind == Own(kCoordinatorTimeout).kind) {
    GiveUpWork(out);
  } else if (!client_.OnTimer(timer, *this, env, out) && !member_.OnTimer(timer, client_.network(), *this, env, out) &&
             std::none_of(tasks_.begin(), tasks_.end(),
                          [&](auto& entry) { return entry.second.flow.OnTimer(timer, env, out); })) {
    return false;
  }
  Proceed(env, out);
  return true;
}

std::string_view MirrorWorker::TimerName(uint32_t kind) const {
  if (const std::string_view name = client_.TimerName(kind); !name.empty()) return name;
  if (const std::string_view name = member_.TimerName(kind); !name.empty()) return name;
  if (kind == Own(kScheduledRebalance).kind) return "scheduled-rebalance";
  if (kind == Own(kTaskStopTimeout).kind) return "task-stop-timeout";
  if (kind == Own(kReconfigure).kind) return "reconfigure";
  if (kind == Own(kCoordinatorTimeout).kind) return "coordinator-timeout";
  for (const auto& [name, task] : tasks_) {
    if (const std::string_view own = task.flow.TimerName(kind); !own.empty()) return own;
  }
  return "";
}

void MirrorWorker::Describe(sim::Describer& d) const {
  const std::string path = member_.group();
  d.Set(path, ".generation", member_.generation());
  d.Set(path, ".config-offset", configs_.offset());
  for (const std::string& connector : running_.connectors) d.Set(path + ".", connector, 1);
  for (const auto& [name, task] : tasks_) {
    d.Set(path + ".", name, 1);
    task.flow.Describe(d);
  }
}

}  // namespace brokersim::kafka
