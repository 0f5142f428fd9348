// MirrorClient: what MirrorMaker does with one cluster: follow logs, and write records, until it succeeds.
//
// Writes are those of Connect's producer (Worker.baseProducerConfigs): acks=all, no idempotence, one request in flight
// a broker, repeated without end. So a request whose answer is lost is stored twice.
#ifndef BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_CLIENT_H_
#define BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_CLIENT_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/fetch_position.h"
#include "model/kafka/network_client.h"

namespace brokersim::kafka {

class MirrorClient {
 public:
  // A record on its way into a log.
  struct Write {
    Record record;
    int64_t cookie = 0;  // the owner's
    std::optional<sim::OpId> op;
  };
  // What becomes of things; `client` is where.
  class Owner {
   public:
    // More of a followed log. Its position is behind it already.
    virtual void OnFetched(MirrorClient& client, const FetchResponse::Partition& part, int64_t position, sim::Env& env,
                           sim::Effects& out) = 0;
    virtual void OnWritten(MirrorClient& client, const TopicPartition& tp, std::vector<Write> writes,
                           int64_t base_offset, sim::Env& env, sim::Effects& out) = 0;
    // Of requests that the owner sent itself; null: it got no answer.
    virtual void OnAnswer(MirrorClient& client, NetworkClient::Tag tag, const Body* body, sim::Env& env,
                          sim::Effects& out) = 0;

   protected:
    ~Owner() = default;
  };
  static constexpr uint32_t kTimers = NetworkClient::kTimers + 2;
  // Kinds of the owner's own tags begin here.
  static constexpr int kFirstTag = 10;

  MirrorClient(std::shared_ptr<const ClusterSpec> cluster, IsolationLevel isolation, uint32_t first_timer)
      : network_(std::move(cluster), {}, first_timer), isolation_(isolation),
        first_timer_(first_timer + NetworkClient::kTimers) {}

  NetworkClient& network() { return network_; }
  const ClusterSpec& cluster() const { return network_.cluster(); }

  void Begin(sim::Env& env, sim::Effects& out) { network_.RefreshMetadata(env, out); }
  // Reads the log from `position` on.
  void Follow(const TopicPartition& tp, int64_t position);
  void Forget(const TopicPartition& tp) { followed_.erase(tp); }
  // Whether all that is committed has been read, as of the last answer. REQUIRES: it is followed.
  bool AtEnd(const TopicPartition& tp) const;
  // Nothing is fetched any more; answers that are under way still come.
  void Pause(bool paused) { paused_ = paused; }
  void Fetch(sim::Env& env, sim::Effects& out);

  void Enqueue(const TopicPartition& tp, Write write);
  void Flush(sim::Env& env, sim::Effects& out);
  // Bytes of records that are not acknowledged.
  int64_t bytes_waiting() const { return bytes_waiting_; }

  // False: it isn't ours.
  bool OnMessage(const sim::Received& message, const Frame& frame, Owner& owner, sim::Env& env, sim::Effects& out);
  bool OnTimer(sim::Timer timer, Owner& owner, sim::Env& env, sim::Effects& out);
  bool OnDisconnected(sim::ConnId conn, Owner& owner, sim::Env& env, sim::Effects& out);
  std::string_view TimerName(uint32_t kind) const;

 private:
  enum TimerKind : uint32_t { kFetchRetry, kWriteRetry };
  enum TagKind : int {
    kFetchTag,     // arg: the broker
    kWriteTag,     // arg: the broker
    kEpochEndTag,  // arg: number of the inquiry
  };

  struct Followed {
    PartitionPosition at;
    std::optional<int64_t> end;
  };
  // A question about a position, on its way.
  struct Inquiry {
    TopicPartition tp;
    FetchPosition position;
  };
  struct Queue {
    std::deque<Write> writes;
    sim::Time ready_at;
  };
  using Carried = std::vector<std::pair<TopicPartition, std::vector<Write>>>;

  void Validate(const TopicPartition& tp, PartitionPosition* at, sim::Env& env, sim::Effects& out);
  // Null: no answer.
  void OnEpochEnd(int64_t number, const OffsetForLeaderEpochResponse* m, sim::Env& env, sim::Effects& out);
  void OnFetchAnswer(int32_t broker, const FetchResponse& m, Owner& owner, sim::Env& env, sim::Effects& out);
  void OnWriteAnswer(int32_t broker, const ProduceResponse& m, Owner& owner, sim::Env& env, sim::Effects& out);
  void OnLost(NetworkClient::Tag tag, Owner& owner, sim::Env& env, sim::Effects& out);
  // They are first in the queue again, and wait for retry.backoff.ms.
  void PutBack(const TopicPartition& tp, std::vector<Write> writes, sim::Env& env);
  std::vector<Write> TakeBatch(Queue* queue) const;
  void RetryLater(TimerKind kind, sim::Env& env, sim::Effects& out);

  NetworkClient network_;
  IsolationLevel isolation_;
  uint32_t first_timer_;
  bool paused_ = false;
  absl::btree_map<TopicPartition, Followed> followed_;
  bool metadata_is_new_ = false;  // positions haven't been compared with it
  int64_t next_inquiry_ = 1;
  absl::btree_map<int64_t, Inquiry> inquiries_;
  // What each broker was asked for that owes an answer: from which offset on.
  absl::btree_map<int32_t, absl::btree_map<TopicPartition, int64_t>> fetching_;
  absl::btree_map<TopicPartition, Queue> queues_;
  absl::btree_map<int32_t, Carried> in_flight_;  // by broker
  int64_t bytes_waiting_ = 0;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MIRROR_MIRROR_CLIENT_H_
