// A client that says what a test tells it to say, when it is told to, and writes down the answers.
#ifndef BROKERSIM_TESTS_MODEL_KAFKA_SCRIPT_CLIENT_H_
#define BROKERSIM_TESTS_MODEL_KAFKA_SCRIPT_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/request_manager.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

struct ScriptedRequest {
  sim::Time at;
  sim::NodeId to;
  Body body;
  std::string name;  // what the answer is noted under, e.g. "produce to b1"
};

// What came back, and when.
struct ScriptedAnswer {
  sim::Time at;
  std::string text;
};

class ScriptClient final : public sim::Process {
 public:
  using Requests = std::vector<ScriptedRequest>;

  ScriptClient(std::shared_ptr<const Requests> requests, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<ScriptClient>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer) const override { return "script"; }

  const std::vector<ScriptedAnswer>& answers() const { return answers_; }

 private:
  enum TimerKind : uint32_t { kRequestTimeout, kScript };
  static constexpr size_t kHello = SIZE_MAX;  // not one of the script's
  void Lose(const std::vector<int32_t>& lost, sim::Env& env);

  std::shared_ptr<const Requests> requests_;
  RequestManager manager_{kRequestTimeout};
  absl::btree_map<int32_t, size_t> sent_;  // correlation id -> index of the request
  std::vector<ScriptedAnswer> answers_;
};

class ScriptClientFactory final : public sim::ProcessFactory {
 public:
  explicit ScriptClientFactory(std::shared_ptr<const ScriptClient::Requests> requests)
      : requests_(std::move(requests)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<ScriptClient>(requests_, env, out);
  }

 private:
  std::shared_ptr<const ScriptClient::Requests> requests_;
};

// "[0:a 1:b]@1": the records of a batch, and its leader epoch.
std::string BatchText(const RecordBatch& batch);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_TESTS_MODEL_KAFKA_SCRIPT_CLIENT_H_
