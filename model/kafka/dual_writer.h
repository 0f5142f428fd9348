// DualWriter: an application that sends each record to two clusters itself, instead of having one mirrored.
//
// Nothing makes the two writes one: where one of them fails, or both arrive in different orders, the clusters differ.
// Operators can change bootstrap.servers to the other cluster's name, which is then the first one, and dual.write to
// "false": only the first one is written. Both count from the next start.
#ifndef BROKERSIM_MODEL_KAFKA_DUAL_WRITER_H_
#define BROKERSIM_MODEL_KAFKA_DUAL_WRITER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/producer_part.h"
#include "model/kafka/record_source.h"

namespace brokersim::kafka {

// When the application tells its user that a record is stored.
enum class Confirm {
  kBoth,    // when both clusters have acknowledged it
  kEither,  // when one has
  kFirst,   // when the first one has; the other is written on the quiet
};

struct DualWriterSpec {
  // With keys, and without a transactional.id.
  std::shared_ptr<const ProducerSpec> producer;
  std::shared_ptr<const ClusterSpec> clusters[2];  // the first one first
  Confirm confirm = Confirm::kBoth;
};

class DualWriter final : public sim::Process {
 public:
  DualWriter(std::shared_ptr<const DualWriterSpec> spec, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<DualWriter>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 private:
  enum TimerKind : uint32_t { kNextRecord };
  static constexpr uint32_t kFirstPartsTimer = 10;

  // A record that isn't known to be stored everywhere.
  struct Sent {
    std::optional<sim::OpId> op;    // the user's, while he waits
    std::optional<sim::OpId> copy;  // into the second cluster
    size_t answers = 0;
    bool maybe_stored = false;      // somewhere, though a cluster has refused it
    std::optional<ProducerPart::Done> first;  // what the first cluster said
  };
  void SendNext(sim::Env& env, sim::Effects& out);
  // Where the cluster has a record.
  std::string LogOf(const ClusterSpec& cluster, const Record& record) const;
  // Takes in what became of records.
  void Settle(sim::Effects& out);
  void OnDone(size_t part, const ProducerPart::Done& done, sim::Effects& out);
  // What the user is told now, if anything.
  std::optional<formats::Operation> Verdict(size_t part, const ProducerPart::Done& done, const Sent& sent) const;

  std::shared_ptr<const DualWriterSpec> spec_;
  RecordSource source_;
  std::vector<ProducerPart> parts_;  // one if it doesn't write to both
  absl::btree_map<int64_t, Sent> sent_;
};

class DualWriterFactory final : public sim::ProcessFactory {
 public:
  explicit DualWriterFactory(std::shared_ptr<const DualWriterSpec> spec) : spec_(std::move(spec)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<DualWriter>(spec_, env, out);
  }

 private:
  std::shared_ptr<const DualWriterSpec> spec_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_DUAL_WRITER_H_
