// TransactionalPart: the producer client, with a transactional.id, of a process that does more than produce. What its
// application calls is here; what comes of it is asked for after each event.
#ifndef BROKERSIM_MODEL_KAFKA_TRANSACTIONAL_PART_H_
#define BROKERSIM_MODEL_KAFKA_TRANSACTIONAL_PART_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/kafka/producer.h"

namespace brokersim::kafka {

class TransactionalPart final : public Producer {
 public:
  // How many kinds of timers it needs, from `first_timer` on.
  static constexpr uint32_t kTimers = 20;

  using Offsets = GroupOffsets;

  // How a transaction ended.
  struct Outcome {
    formats::Operation::Type type = formats::Operation::INFO;
    std::string error;
    std::vector<std::pair<TopicPartition, Record>> records;
    std::vector<std::optional<int64_t>> offsets;  // of those that are stored
  };

  // Of the spec only the topic and the configuration count. REQUIRES: a transactional.id.
  TransactionalPart(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec,
                    uint32_t first_timer)
      : Producer(std::move(cluster), std::move(spec), first_timer) {}
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<TransactionalPart>(*this); }

  // initTransactions(), as soon as there is metadata.
  void Begin(sim::Env& env, sim::Effects& out);
  bool IsReady() const { return transaction().state == TransactionState::kReady; }
  // A send failed, or its group refused offsets: the transaction can only be aborted.
  bool MustAbort() const { return transaction().state == TransactionState::kAbortableError; }
  // Fenced: it must be closed.
  bool IsFenced() const { return transaction().state == TransactionState::kFatalError; }

  // REQUIRES: IsReady().
  void BeginTransaction();
  // The partition of a record with this key. REQUIRES: IsReady(), or a transaction is open.
  TopicPartition PartitionOf(const std::string& key, sim::Env& env) { return ChoosePartition(key, env); }
  // REQUIRES: a transaction is open.
  void Send(const TopicPartition& tp, Record record, sim::Env& env, sim::Effects& out);
  void Commit(Offsets offsets, sim::Env& env, sim::Effects& out);
  void Abort(sim::Env& env, sim::Effects& out) { EndTransaction(/*commits=*/false, env, out); }
  // Of the transaction that has ended since it was last asked.
  std::optional<Outcome> TakeOutcome() { return std::exchange(outcome_, std::nullopt); }

 protected:
  void OnNextRecord(sim::Env& env, sim::Effects& out) override;
  void FinishTransaction(formats::Operation::Type type, std::string_view error, sim::Env& env,
                         sim::Effects& out) override;

 private:
  std::optional<Outcome> outcome_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_TRANSACTIONAL_PART_H_
