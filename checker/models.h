// Every way to judge a history from anywhere, by name.
//
//   absl::StatusOr<formats::Verdict> verdict = Judge(history, "cas-register", {});
#ifndef BROKERSIM_CHECKER_MODELS_H_
#define BROKERSIM_CHECKER_MODELS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "checker/delivery/delivery.h"
#include "checker/history/history.h"
#include "checker/kafka/kafka.h"
#include "checker/limits.h"
#include "checker/session/session.h"
#include "checker/txn/txn.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// What a model may be told; each looks only at what concerns it.
struct CheckOptions {
  Limits limits;
  // list-append, rw-register: the levels that must hold, e.g. "serializable", and what is known of versions.
  TxnOptions txn;
  // kafka: which orders are dependencies, what is allowed.
  KafkaOptions kafka;
  // bank: what all accounts hold together; else what the first read shows.
  std::optional<int64_t> total_amount;
  bool negative_balances = false;
  // reconciliation: a message may be in the topic more than once (at-least-once).
  bool allow_duplicates = false;
  // set-full: whether stale reads are violations.
  bool linearizable = false;
  // delivery: how often, in which order, and within which bounds.
  DeliveryOptions delivery;
  // session: what a read may miss.
  SessionOptions session;
};

struct ModelInfo {
  std::string_view name;
  std::string_view operations;  // what it takes, e.g. ":read, :write V"
  std::string_view meaning;     // half a sentence
};
// All, by subject: linearizability, transactions, logs, queues, and so on.
const std::vector<ModelInfo>& Models();

// The names of the anomalies that a model may find; none for a model that there isn't.
std::vector<std::string> AnomaliesOf(std::string_view model);
// Whether that anomaly of a model may be found in the beginning of a history that is without it in the end: a
// message is lost until somebody receives it. What a client saw, and shouldn't have, stays seen.
bool WaitsForTheEnd(std::string_view model, std::string_view anomaly);
// Whether all anomalies of a model wait for the end: nothing can be known of it before.
bool TellsOnlyAtTheEnd(std::string_view model);
// kNotFound for a model that there isn't, with the nearest name.
absl::Status ValidateModel(std::string_view model);

// Errors: kNotFound for a model that there isn't (with the nearest name), kInvalidArgument for a history that isn't the
// model's, with the line.
absl::StatusOr<formats::Verdict> Judge(const History& history, std::string_view model, const CheckOptions& options);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_MODELS_H_
