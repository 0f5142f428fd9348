// ProducerPart: the producer client of a process that has several, or other work to do. Records are handed in, and what
// became of them is handed out.
#ifndef BROKERSIM_MODEL_KAFKA_PRODUCER_PART_H_
#define BROKERSIM_MODEL_KAFKA_PRODUCER_PART_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/kafka/producer.h"

namespace brokersim::kafka {

class ProducerPart final : public Producer {
 public:
  // How many kinds of timers it needs, from `first_timer` on.
  static constexpr uint32_t kTimers = 20;

  struct Done {
    TopicPartition tp;  // without a topic: it was never given a partition
    Record record;
    int64_t cookie = 0;
    ErrorCode error = ErrorCode::kNone;
    bool maybe_stored = false;      // though there is an error
    std::optional<int64_t> offset;  // absent where the broker didn't say
  };

  // Of the spec only the topic and the configuration count. REQUIRES: no transactional.id.
  ProducerPart(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec,
               uint32_t first_timer)
      : Producer(std::move(cluster), std::move(spec), first_timer) {}
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<ProducerPart>(*this); }

  void Begin(sim::Env& env, sim::Effects& out) { RefreshMetadata(env, out); }
  void Send(Record record, int64_t cookie, sim::Env& env, sim::Effects& out);
  // Since it was last asked, in order.
  std::vector<Done> TakeDone() { return std::exchange(done_, {}); }
  const ClusterSpec& cluster() const { return Producer::cluster(); }

 protected:
  void Complete(const TopicPartition& tp, const Batch& batch, ErrorCode error, int64_t base_offset,
                sim::Effects& out) override;
  void OnMetadata(sim::Env& env, sim::Effects& out) override;
  void OnNextRecord(sim::Env& env, sim::Effects& out) override;

 private:
  struct Waiting {
    Record record;
    int64_t cookie = 0;
    sim::Time since;
  };

  std::deque<Waiting> waiting_;  // for metadata
  std::vector<Done> done_;
};

// ---- What histories say of a record that an application sends by a part

// Where the cluster has a record of this key. REQUIRES: it has the topic, which is named without the cluster.
std::string LogOfKey(const ClusterSpec& cluster, std::string_view topic, std::string_view key);
// An operation `f`, of one send to the log.
formats::Operation SendOperation(std::string_view f, const std::string& log, const Record& record);
// Its end, by what became of it. `maybe_stored`: an error leaves it open whether it is in the log.
formats::Operation SendAnswer(std::string_view f, const std::string& log, const ProducerPart::Done& done,
                              bool maybe_stored);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_PRODUCER_PART_H_
