// Auditor: reads every log from its start to its end when all else is over, and ends the simulation.
#ifndef BROKERSIM_MODEL_KAFKA_AUDITOR_H_
#define BROKERSIM_MODEL_KAFKA_AUDITOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/client.h"

namespace brokersim::kafka {

struct AuditorSpec {
  std::vector<TopicPartition> logs;
  sim::Time start;
  // Logs that can't be read by then count as unread.
  sim::Duration patience = sim::Seconds(60);
  // The log's own word is what is committed; where there are transactions, that takes read_committed. It reads up to
  // the high watermark all the same, and so waits for transactions that are open.
  IsolationLevel isolation = IsolationLevel::kReadUncommitted;
};

class Auditor final : public Client {
 public:
  Auditor(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const AuditorSpec> spec, sim::Env& env,
          sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Auditor>(*this); }

 protected:
  void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) override;
  void OnLost(Tag tag, sim::Env& env, sim::Effects& out) override;
  void OnMetadata(sim::Env&, sim::Effects&) override {}
  void OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  std::string_view ClientTimerName(uint32_t kind) const override;

 private:
  enum TimerKind : uint32_t { kBegin = kFirstTimer, kGiveUp, kRetry };
  enum TagKind : int { kListTag, kFetchTag };

  struct Log {
    TopicPartition tp;
    sim::OpId op;
    int64_t position = 0;
    std::optional<int64_t> end;
    std::vector<formats::Read> reads;
    bool done = false;
  };

  void Begin(sim::Env& env, sim::Effects& out);
  // The next request for this log: where it ends, or its next records.
  void Advance(int64_t index, sim::Env& env, sim::Effects& out);
  void Retry(int64_t index, sim::Env& env, sim::Effects& out);
  void Conclude(Log* log, bool complete, sim::Effects& out);

  std::shared_ptr<const AuditorSpec> spec_;
  std::vector<Log> logs_;
};

using AuditorFactory = ClientFactory<Auditor, AuditorSpec>;

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_AUDITOR_H_
