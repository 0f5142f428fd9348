// Auditor: reads every queue from its start to its end when all else is over, and the database if there is one, and
// ends the simulation.
#ifndef BROKERSIM_MODEL_ROCKETMQ_AUDITOR_H_
#define BROKERSIM_MODEL_ROCKETMQ_AUDITOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/app/database.h"
#include "model/rocketmq/client.h"

namespace brokersim::rocketmq {

struct AuditorSpec {
  std::vector<MessageQueue> queues;
  // Topics whose messages have rows in the database, which is read too.
  std::vector<std::string> reconciled;
  sim::Time start;
  // Queues that can't be read by then count as unread.
  sim::Duration patience = sim::Seconds(60);
};

class Auditor final : public Client {
 public:
  Auditor(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const AuditorSpec> spec, sim::Env& env,
          sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Auditor>(*this); }

 protected:
  void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) override;
  void OnLost(Tag tag, bool timed_out, sim::Env& env, sim::Effects& out) override;
  void OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  std::string_view ClientTimerName(uint32_t kind) const override;
  void OnOtherMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnOtherDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;

 private:
  enum TimerKind : uint32_t { kBegin = kFirstTimer, kGiveUp, kRetry, kDatabaseRetry };
  enum TagKind : int { kPullTag = kFirstTag };

  struct Log {
    MessageQueue queue;
    sim::OpId op;
    int64_t position = 0;
    std::vector<formats::Read> reads;
    bool done = false;
    bool complete = false;
  };

  void Begin(sim::Env& env, sim::Effects& out);
  void Pull(int64_t index, sim::Env& env, sim::Effects& out);
  void Conclude(Log* log, bool complete, sim::Effects& out);
  void AskDatabase(sim::Effects& out);
  // All queues are done: what the topics hold, as one set.
  void RecordTopic(sim::Effects& out);

  std::shared_ptr<const AuditorSpec> spec_;
  std::vector<Log> logs_;
  sim::ConnId database_;
  sim::OpId rows_op_;
  bool rows_done_ = false;
};

using AuditorFactory = ClientFactory<Auditor, AuditorSpec>;

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_AUDITOR_H_
