// The transactional outbox: an application that commits records to its database, and the relay that publishes them.
// (microservices.io, "Pattern: Transactional outbox" and "Polling publisher")
//
// What the application tells its user is what the database says. So records survive what the database survives, and
// the relay publishes each at least once: it can die between a publication and saving that.
#ifndef BROKERSIM_MODEL_KAFKA_OUTBOX_H_
#define BROKERSIM_MODEL_KAFKA_OUTBOX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/app/outbox_database.h"
#include "model/kafka/producer_part.h"
#include "model/kafka/record_source.h"

namespace brokersim::kafka {

// A database by the name that operators have for it.
using Databases = std::vector<std::pair<std::string, sim::NodeId>>;

struct OutboxWriterSpec {
  std::shared_ptr<const ProducerSpec> producer;  // with keys
  std::shared_ptr<const Databases> databases;
  std::string database;
  // Where its database's relay publishes.
  std::shared_ptr<const ClusterSpec> cluster;
};

// A config_change of "database" to the name of another counts from the next start.
class OutboxWriter final : public sim::Process {
 public:
  OutboxWriter(std::shared_ptr<const OutboxWriterSpec> spec, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<OutboxWriter>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  void Describe(sim::Describer& d) const override;

 private:
  enum TimerKind : uint32_t { kNextRecord, kTimeout };  // kTimeout's argument: the request
  struct Open {
    sim::OpId op;
    formats::Operation answer;  // but for its type
  };
  void InsertNext(sim::Env& env, sim::Effects& out);
  void Finish(int64_t number, formats::Operation::Type type, std::string_view error, sim::Effects& out);

  std::shared_ptr<const OutboxWriterSpec> spec_;
  RecordSource source_;
  sim::NodeId database_;
  sim::ConnId conn_;
  absl::btree_map<int64_t, Open> open_;
};

struct OutboxRelaySpec {
  std::shared_ptr<const ProducerSpec> producer;  // of which the topic and the configuration count
  std::shared_ptr<const ClusterSpec> cluster;
  sim::NodeId database;
  sim::Duration interval;  // between two looks at the outbox
  bool removes = false;    // what is published leaves the outbox
};

class OutboxRelay final : public sim::Process {
 public:
  OutboxRelay(std::shared_ptr<const OutboxRelaySpec> spec, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<OutboxRelay>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override { part_.OnConnected(conn, env, out); }
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override { part_.CheckInvariants(); }

 private:
  enum TimerKind : uint32_t { kPoll, kTimeout };
  static constexpr uint32_t kPartTimers = 10;
  struct Published {
    sim::OpId op;
    bool done = false;
    bool stored = false;
  };

  void Poll(sim::Effects& out);
  void Publish(const app::OutboxRows& rows, sim::Env& env, sim::Effects& out);
  // Takes in what became of records; when all have an answer, saves how far it got.
  void Settle(sim::Effects& out);
  void Save(sim::Effects& out);
  // Whatever was asked of the database isn't waited for any more.
  void LookAgain(sim::Effects& out);

  std::shared_ptr<const OutboxRelaySpec> spec_;
  ProducerPart part_;
  std::string name_;
  sim::ConnId conn_;
  absl::btree_map<int64_t, Published> batch_;  // by the row's id
  int64_t published_ = 0;
};

// Boots either of the two.
template <class Process, class Spec>
class OutboxFactory final : public sim::ProcessFactory {
 public:
  explicit OutboxFactory(std::shared_ptr<const Spec> spec) : spec_(std::move(spec)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Process>(spec_, env, out);
  }

 private:
  std::shared_ptr<const Spec> spec_;
};
using OutboxWriterFactory = OutboxFactory<OutboxWriter, OutboxWriterSpec>;
using OutboxRelayFactory = OutboxFactory<OutboxRelay, OutboxRelaySpec>;

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_OUTBOX_H_
