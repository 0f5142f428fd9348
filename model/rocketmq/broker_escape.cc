// What a slave that acts as the master may not write into its own log it sends to masters of other groups: delayed
// messages that are due, and half messages that nobody has decided. (EscapeBridge.java, ScheduleMessageService.java,
// TransactionalMessageServiceImpl.java)
#include <algorithm>
#include <utility>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

constexpr sim::Duration kEscapeTimeout = sim::Seconds(3);  // EscapeBridge.SEND_TIMEOUT
constexpr sim::Duration kRouteTimeout = sim::Seconds(3);   // GET_TOPIC_ROUTE_TIMEOUT
constexpr sim::Duration kRouteAge = sim::Seconds(30);      // loadBalancePollNameServerInterval
constexpr sim::Duration kDelayForAWhile = sim::Milliseconds(100);
constexpr int64_t kMaxRetries = 10;                     // MAX_RETRY_TIMES_FOR_ESCAPE
constexpr sim::Duration kPassLimit = sim::Seconds(60);  // MAX_PROCESS_TIME_LIMIT

// Where producers may write: a group with a master that isn't an acting one.
std::vector<std::pair<MessageQueue, sim::NodeId>> Writable(const std::string& topic,
                                                           const std::vector<BrokerRoute>& route) {
  std::vector<std::pair<MessageQueue, sim::NodeId>> queues;
  for (const BrokerRoute& group : route) {
    if (group.read_only || group.addresses.empty() || group.addresses.front().broker_id != 0) continue;
    for (int32_t id = 0; id < group.queues; ++id) {
      queues.emplace_back(MessageQueue{topic, group.broker_name, id}, sim::NodeId{group.addresses.front().node});
    }
  }
  return queues;
}

}  // namespace

void Broker::StartEscape(Escape escape, sim::Env& env, sim::Effects& out) {
  const int64_t number = next_escape_++;
  const std::string topic = escape.message.topic;
  escapes_.emplace(number, std::move(escape));
  const auto known = escape_routes_.find(topic);
  const bool usable = known != escape_routes_.end() && env.monotonic() - known->second.first < kRouteAge &&
                      !Writable(topic, known->second.second).empty();
  if (usable) {
    SendEscape(number, env, out);
    return;
  }
  // TopicRouteInfoManager.tryToFindTopicPublishInfo
  const sim::NodeId server = cluster_->name_servers[name_server_ % cluster_->name_servers.size()];
  remoting_.Send(server, GetRoute{topic}, Tag{kEscapeRouteTag, number}, kRouteTimeout, out);
}

void Broker::OnEscapeRoute(int64_t number, const GetRouteResult& route, sim::Env& env, sim::Effects& out) {
  escape_routes_[route.topic] = {env.monotonic(), route.brokers};
  SendEscape(number, env, out);
}

// putMessageToRemoteBroker, asyncPutMessage
void Broker::SendEscape(int64_t number, sim::Env& env, sim::Effects& out) {
  const auto found = escapes_.find(number);
  if (found == escapes_.end()) return;
  Message& message = found->second.message;
  const auto queues = Writable(message.topic, escape_routes_[message.topic].second);
  if (queues.empty()) {
    OnEscaped(number, false, env, out);
    return;
  }
  if (escape_turn_ < 0) escape_turn_ = static_cast<int64_t>(env.Random("escape").Below(queues.size()));
  const auto& [queue, master] = queues[static_cast<size_t>(escape_turn_++) % queues.size()];
  message.queue_id = queue.queue_id;
  out.Note("escape", fmt::format("\"{}\" goes to {}", message.body, LogName(queue)));
  remoting_.Send(master, SendMessage{message}, Tag{kEscapeTag, number}, kEscapeTimeout, out);
}

// What was stored though its answer was lost is sent again.
void Broker::OnEscaped(int64_t number, bool stored, sim::Env& env, sim::Effects& out) {
  const auto found = escapes_.find(number);
  if (found == escapes_.end()) return;  // it acts no more
  const bool half = found->second.half;
  const size_t index = found->second.level;
  escapes_.erase(found);
  if (half) {
    OnHalfEscaped(stored, env, out);
    return;
  }
  // syncDeliver
  if (stored) {
    MoveLevel(index, 1, env);
    OnSchedule(static_cast<int64_t>(index) + 1, env, out);
  } else {
    ScheduleLevel(static_cast<int64_t>(index) + 1, kDelayForAWhile, out);
  }
}

// One message of a level at a time. Without enableRemoteEscape the real one looks again every 100 ms, in vain.
void Broker::EscapeDue(size_t index, sim::Env& env, sim::Effects& out) {
  const bool under_way = std::any_of(escapes_.begin(), escapes_.end(), [index](const auto& escape) {
    return !escape.second.half && escape.second.level == index;
  });
  if (under_way || !config_.enable_remote_escape) return;
  Escape escape;
  escape.message = TimeUp((*store_.At(kScheduleTopic, static_cast<int32_t>(index), NextDue(index)))->value());
  escape.level = index;
  StartEscape(std::move(escape), env, out);
}

// TransactionalMessageServiceImpl.check: whatever is undecided goes, however young it is, and isn't asked after here.
void Broker::EscapeHalfMessages(sim::Env& env, sim::Effects& out) {
  if (!half_pass_ || !acts() || stopping_) return;
  const int64_t end = store_.MaxOffset(kHalfTopic, 0);
  while (half_offset_ < end && decided_.erase(half_offset_) > 0) ++half_offset_;
  if (half_offset_ >= end || env.monotonic() - half_pass_began_ > kPassLimit) {
    half_pass_ = false;
    decided_.erase(decided_.begin(), decided_.lower_bound(half_offset_));
    CommitOffset(std::string(kTransactionGroup), std::string(kHalfTopic), 0, half_offset_, env, out);
    return;
  }
  if (!config_.enable_remote_escape) {
    OnHalfEscaped(false, env, out);
    return;
  }
  // buildTransactionalMessageFromHalfMessage: there it is a half message again.
  Escape escape;
  escape.half = true;
  escape.message = (*store_.At(kHalfTopic, 0, half_offset_))->value();
  escape.message.topic = std::exchange(escape.message.real_topic, "");
  escape.message.prepared_queue_offset = -1;
  escape.message.wait_store_ok = false;
  StartEscape(std::move(escape), env, out);
}

// After ten failures more the half message is passed over, and nobody will ask after it. The real one sleeps for
// 100 * (2 ^ failures) ms, where ^ is exclusive or.
void Broker::OnHalfEscaped(bool stored, sim::Env& env, sim::Effects& out) {
  if (!half_pass_) return;
  if (!stored && half_failures_ < kMaxRetries) {
    ++half_failures_;
    out.SetTimer({kEscapeHalf}, sim::Milliseconds(100 * (2 ^ half_failures_)));
    return;
  }
  if (!stored) {
    out.Note("escape", fmt::format("half message \"{}\" is passed over: it couldn't be handed to another master",
                                   (*store_.At(kHalfTopic, 0, half_offset_))->value().body));
  }
  half_failures_ = 0;
  ++half_offset_;
  EscapeHalfMessages(env, out);
}

}  // namespace brokersim::rocketmq
