// Auditor: reads every log from its start to its end when all else is over, and ends the simulation.
#ifndef BROKERSIM_MODEL_KAFKA_AUDITOR_H_
#define BROKERSIM_MODEL_KAFKA_AUDITOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/kafka/network_client.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

struct AuditorSpec {
  struct Log {
    size_t cluster = 0;
    TopicPartition tp;
  };
  std::vector<std::shared_ptr<const ClusterSpec>> clusters;
  std::vector<Log> logs;
  sim::Time start;
  // Logs that can't be read by then count as unread.
  sim::Duration patience = sim::Seconds(60);
  // The log's own word is what is committed; where there are transactions, that takes read_committed. It reads up to
  // the high watermark all the same, and so waits for transactions that are open.
  IsolationLevel isolation = IsolationLevel::kReadUncommitted;
};

class Auditor final : public sim::Process {
 public:
  Auditor(std::shared_ptr<const AuditorSpec> spec, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Auditor>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;

 private:
  using Tag = NetworkClient::Tag;
  enum TimerKind : uint32_t { kBegin = 10, kGiveUp, kRetry };
  enum TagKind : int { kListTag, kFetchTag };  // arg: the log's index

  struct Log {
    size_t cluster = 0;
    TopicPartition tp;
    sim::OpId op;
    int64_t position = 0;
    std::optional<int64_t> end;
    std::vector<formats::Read> reads;
    bool done = false;
  };

  void Begin(sim::Env& env, sim::Effects& out);
  void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out);
  // The next request for this log: where it ends, or its next records.
  void Advance(int64_t index, sim::Env& env, sim::Effects& out);
  void Retry(int64_t index, sim::Env& env, sim::Effects& out);
  void Conclude(Log* log, bool complete, sim::Effects& out);

  std::shared_ptr<const AuditorSpec> spec_;
  std::vector<NetworkClient> networks_;  // by cluster
  std::vector<Log> logs_;
};

class AuditorFactory final : public sim::ProcessFactory {
 public:
  explicit AuditorFactory(std::shared_ptr<const AuditorSpec> spec) : spec_(std::move(spec)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Auditor>(spec_, env, out);
  }

 private:
  std::shared_ptr<const AuditorSpec> spec_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_AUDITOR_H_
