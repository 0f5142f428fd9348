// Transformer: an application that consumes records, produces one for each to another topic, and commits both, what it
// produced and how far it has read, in one transaction. (KIP-98, KIP-447; kafka-examples' ExactlyOnceMessageProcessor)
//
// When its producer is fenced it closes that one, begins with another, and joins its group anew.
#ifndef BROKERSIM_MODEL_KAFKA_TRANSFORMER_H_
#define BROKERSIM_MODEL_KAFKA_TRANSFORMER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "model/kafka/consumer.h"
#include "model/kafka/transactional_part.h"

namespace brokersim::kafka {

struct TransformerSpec {
  std::shared_ptr<const ConsumerSpec> consumer;  // in a group, without auto-commit
  std::shared_ptr<const ProducerSpec> producer;  // with a transactional.id
  // How likely the application aborts a transaction at its end.
  sim::Ratio aborts = sim::Ratio::Never();
  // sendOffsetsToTransaction(offsets, consumer.groupMetadata()); else as before KIP-447, with the group's name only.
  bool group_metadata = true;
  // After an abort: what the transaction had read is read again. Java's consumer doesn't do it by itself.
  bool seeks_after_abort = true;
};

class Transformer final : public Consumer {
 public:
  Transformer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const TransformerSpec> spec, sim::Env& env,
              sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Transformer>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 protected:
  void BeginBatch(sim::Env& env, sim::Effects& out) override;
  void SendEffect(sim::Env& env, sim::Effects& out) override;
  void EffectDone(sim::Env& env, sim::Effects& out) override;
  void AfterBatch(sim::Env& env, sim::Effects& out) override;

 private:
  // What a transaction makes of a record.
  struct Step {
    Work input;
    TopicPartition tp;
    Record output;
  };

  // Takes in what became of the producer.
  void Settle(sim::Env& env, sim::Effects& out);
  void BeginTransaction(sim::Env& env, sim::Effects& out);
  void Abort(sim::Env& env, sim::Effects& out);
  void OnOutcome(const TransactionalPart::Outcome& outcome, sim::Env& env, sim::Effects& out);
  void Replace(sim::Env& env, sim::Effects& out);
  uint32_t first_part_timer() const;
  bool IsPartTimer(sim::Timer timer) const { return timer.kind >= first_part_timer(); }

  // What the history says of a transaction: its records, its effects, its offsets.
  formats::Operation SendsOf(const TransactionalPart::Outcome* outcome) const;
  formats::Operation EffectsOf() const;
  formats::Operation CommitOf() const;

  std::shared_ptr<const ClusterSpec> cluster_;
  std::shared_ptr<const TransformerSpec> transform_;
  int64_t life_ = 0;  // which producer it is
  std::optional<TransactionalPart> part_;  // always there, and replaced as a whole
  int64_t made_ = 0;  // outputs
  std::vector<Step> steps_;
  size_t sent_ = 0;  // of the steps
  std::vector<PartitionOffset> offsets_;
  sim::OpId transaction_op_;
  sim::OpId effects_op_;
  std::optional<sim::OpId> offsets_op_;
};

class TransformerFactory final : public sim::ProcessFactory {
 public:
  TransformerFactory(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const TransformerSpec> spec)
      : cluster_(std::move(cluster)), spec_(std::move(spec)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Transformer>(cluster_, spec_, env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
  std::shared_ptr<const TransformerSpec> spec_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_TRANSFORMER_H_
