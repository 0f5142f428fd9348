#include "checker/models.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "checker/check.h"
#include "checker/effects/effects.h"
#include "checker/history/proto.h"
#include "checker/linear/linear.h"
#include "checker/txn/levels.h"
#include "checker/words.h"
#include "checker/workloads/workloads.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using Verdict = absl::StatusOr<formats::Verdict>;

struct Entry {
  ModelInfo info;
  // Names with blanks between them; empty: AnomaliesOf knows where else they stand.
  std::string_view anomalies;
  Verdict (*judge)(const History&, const CheckOptions&);
};

// brokersim's own checks want its own kind of operations.
Verdict Broker(const History& history, const CheckOptions&) {
  formats::Verdict verdict = Check(ToProto(history), {});
  verdict.set_model("broker");
  return verdict;
}

constexpr Entry kModels[] = {
    {{"list-append", ":txn [[:append K V] [:r K nil] ...]", "transactions keep an isolation level, as Elle judges"},
     "",
     [](const History& history, const CheckOptions& options) {
       return CheckListAppend(history, options.txn, options.limits);
     }},
    {{"rw-register", ":txn [[:w K V] [:r K nil] ...]", "the same of registers"},
     "",
     [](const History& history, const CheckOptions& options) {
       return CheckRwRegister(history, options.txn, options.limits);
     }},
    {{"kafka", ":send, :poll, :txn [[:send K V] [:poll] ...], :assign, :subscribe, :commit",
      "logs with offsets keep what they promise, as jepsen.tests.kafka judges, and more"},
     "",
     [](const History& history, const CheckOptions& options) {
       return CheckKafka(history, options.kafka, options.limits);
     }},
    {{"set", ":add V, :read", "the last read holds what was added"},
     "lost unexpected",
     [](const History& history, const CheckOptions&) { return CheckSet(history); }},
    {{"set-full", ":add V, :read", "every element that was acknowledged stays visible"},
     "duplicated lost stale unexpected",
     [](const History& history, const CheckOptions& options) {
       return CheckSetFull(history, {.linearizable = options.linearizable});
     }},
    {{"counter", ":add N, :read", "each read lies between what surely and what perhaps was added"},
     "impossible-count",
     [](const History& history, const CheckOptions&) { return CheckCounter(history); }},
    {{"total-queue", ":enqueue V, :dequeue, :drain", "what goes in comes out"},
     "lost unexpected",
     [](const History& history, const CheckOptions&) { return CheckTotalQueue(history); }},
    {{"unique-ids", ":generate", "no two ids are equal"},
     "duplicate-id",
     [](const History& history, const CheckOptions&) { return CheckUniqueIds(history); }},
    {{"bank", ":transfer {:from :to :amount}, :read", "transfers are seen whole: all balances make the same total"},
     "negative-value nil-balance unexpected-key wrong-total",
     [](const History& history, const CheckOptions& options) {
       return CheckBank(history, {.total = options.total_amount, .negative_balances = options.negative_balances});
     }},
    {{"long-fork", ":write [[:w K V]], :read [[:r K nil] ...]", "nobody sees two writes in two orders"},
     "long-fork",
     [](const History& history, const CheckOptions&) { return CheckLongFork(history); }},
    {{"comments", ":write ID, :read", "who sees a write sees all that were acknowledged before it began"},
     "causal-reverse",
     [](const History& history, const CheckOptions&) { return CheckComments(history); }},
    {{"sequential", ":write K, :read [K [V ...]]", "a process's writes become visible in its order"},
     "out-of-order-visibility",
     [](const History& history, const CheckOptions&) { return CheckSequential(history); }},
    {{"delivery", ":send V, :receive, :ack, :nack, :extend, :dead-letter", "a queue's promises about each message"},
     "dead-after-ack dedup-missed double-ownership duplicate early-dead-letter early-delivered late-delivered lost "
     "never-delivered over-limit redelivery-count reordered unexpected",
     [](const History& history, const CheckOptions& options) { return CheckDelivery(history, options.delivery); }},
    {{"exactly-once", ":send V, :process {:group :input :outputs}, :assign, :commit, :read-outputs, :drained",
      "each input has its effect once in each group"},
     "aborted-output duplicate lost torn unexpected zombie",
     [](const History& history, const CheckOptions&) { return CheckExactlyOnce(history); }},
    {{"reconciliation", ":send V, :insert V, :read-topic, :read-db", "broker and database agree"},
     "duplicate lost orphan-message orphan-row",
     [](const History& history, const CheckOptions& options) {
       return CheckReconciliation(history, options.allow_duplicates);
     }},
    {{"session", ":read K, :write [K V], :txn [[:r K V] [:w K V] ...]",
      "each process sees and writes versions forward"},
     "aborted-read monotonic-reads monotonic-writes read-your-writes session-order stale-read unexpected-read "
     "writes-follow-reads",
     [](const History& history, const CheckOptions& options) { return CheckSession(history, options.session); }},
    {{"causal", ":read K, :write [K V], :txn [[:r K V] [:w K V] ...]", "who sees a write sees what it depends on"},
     "aborted-read cyclic-causality overwritten-read unexpected-read write-before-initial-read",
     [](const History& history, const CheckOptions&) { return CheckCausal(history); }},
    {{"sequential-consistency", ":read K, :write [K V], :txn [[:r K V] [:w K V] ...]",
      "one order of all operations agrees with each process's own"},
     "aborted-read cyclic-causality non-sequential overwritten-read unexpected-read write-before-initial-read",
     [](const History& history, const CheckOptions& options) {
       return CheckSequentialConsistency(history, options.limits);
     }},
    {{"broker", ":send, :poll, :commit, :process, :assign", "brokersim's own checks, as scenarios run them"},
     "",
     Broker},
};

}  // namespace

const std::vector<ModelInfo>& Models() {
  static const std::vector<ModelInfo>* const models = [] {
    auto* all = new std::vector<ModelInfo>;
    for (const LinearModelInfo& model : LinearModels()) all->push_back({model.name, model.ops, model.meaning});
    for (const Entry& model : kModels) all->push_back(model.info);
    return all;
  }();
  return *models;
}

std::vector<std::string> AnomaliesOf(std::string_view model) {
  if (FindLinearModel(model) != nullptr) return {"non-linearizable"};
  if (model == "list-append" || model == "rw-register") return AnomalyNames();
  std::vector<std::string> names;
  if (model == "kafka") {
    names = AnomalyNames();
    for (const KafkaClass& c : KafkaClasses()) names.push_back(c.name);
  } else if (model == "broker") {
    names = DefaultChecks();
  }
  for (const Entry& known : kModels) {
    if (known.info.name != model || known.anomalies.empty()) continue;
    names = absl::StrSplit(absl::string_view(known.anomalies.data(), known.anomalies.size()), ' ');
  }
  return names;
}

bool WaitsForTheEnd(std::string_view model, std::string_view anomaly) {
  struct Waiting {
    std::string_view model;
    std::vector<std::string_view> anomalies;
  };
  // What isn't there yet, and what only the last read of its kind tells.
  static const std::vector<Waiting>& all = *new std::vector<Waiting>{
      {"kafka", {"lost-write", "torn-transaction", "unseen"}},
      {"set", {"lost", "unexpected"}},
      {"set-full", {"lost", "stale"}},
      {"total-queue", {"lost"}},
      {"delivery", {"lost", "never-delivered"}},
      {"exactly-once", {"lost", "torn", "aborted-output"}},
      {"reconciliation", {"lost", "orphan-message", "orphan-row", "duplicate"}},
  };
  for (const Waiting& waiting : all) {
    const std::vector<std::string_view>& names = waiting.anomalies;
    if (waiting.model == model && std::find(names.begin(), names.end(), anomaly) != names.end()) return true;
  }
  return false;
}

bool TellsOnlyAtTheEnd(std::string_view model) {
  const std::vector<std::string> all = AnomaliesOf(model);
  return std::all_of(all.begin(), all.end(), [&](const std::string& name) { return WaitsForTheEnd(model, name); });
}

absl::Status ValidateModel(std::string_view model) {
  std::vector<std::string_view> names;
  for (const ModelInfo& known : Models()) {
    if (known.name == model) return absl::OkStatus();
    names.push_back(known.name);
  }
  return absl::NotFoundError(fmt::format("there is no model '{}'; did you mean '{}'? `brokersim list models` shows all",
                                         model, Nearest(model, names)));
}

absl::StatusOr<formats::Verdict> Judge(const History& history, std::string_view model, const CheckOptions& options) {
  if (const absl::Status status = ValidateModel(model); !status.ok()) return status;
  for (const Entry& known : kModels) {
    if (known.info.name == model) return known.judge(history, options);
  }
  return CheckLinearizable(model, history, options.limits);
}

}  // namespace brokersim::checker
