#include "checker/models.h"

#include <utility>

#include "checker/check.h"
#include "checker/effects/effects.h"
#include "checker/history/proto.h"
#include "checker/linear/linear.h"
#include "checker/words.h"
#include "checker/workloads/workloads.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using Verdict = absl::StatusOr<formats::Verdict>;

struct Entry {
  ModelInfo info;
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
     [](const History& history, const CheckOptions& options) {
       return CheckListAppend(history, options.txn, options.limits);
     }},
    {{"rw-register", ":txn [[:w K V] [:r K nil] ...]", "the same of registers"},
     [](const History& history, const CheckOptions& options) {
       return CheckRwRegister(history, options.txn, options.limits);
     }},
    {{"kafka", ":send, :poll, :txn [[:send K V] [:poll] ...], :assign, :subscribe, :commit",
      "logs with offsets keep what they promise, as jepsen.tests.kafka judges, and more"},
     [](const History& history, const CheckOptions& options) {
       return CheckKafka(history, options.kafka, options.limits);
     }},
    {{"set", ":add V, :read", "the last read holds what was added"},
     [](const History& history, const CheckOptions&) { return CheckSet(history); }},
    {{"set-full", ":add V, :read", "every element that was acknowledged stays visible"},
     [](const History& history, const CheckOptions& options) {
       return CheckSetFull(history, {.linearizable = options.linearizable});
     }},
    {{"counter", ":add N, :read", "each read lies between what surely and what perhaps was added"},
     [](const History& history, const CheckOptions&) { return CheckCounter(history); }},
    {{"total-queue", ":enqueue V, :dequeue, :drain", "what goes in comes out"},
     [](const History& history, const CheckOptions&) { return CheckTotalQueue(history); }},
    {{"unique-ids", ":generate", "no two ids are equal"},
     [](const History& history, const CheckOptions&) { return CheckUniqueIds(history); }},
    {{"bank", ":transfer {:from :to :amount}, :read", "transfers are seen whole: all balances make the same total"},
     [](const History& history, const CheckOptions& options) {
       return CheckBank(history, {.total = options.total_amount, .negative_balances = options.negative_balances});
     }},
    {{"long-fork", ":write [[:w K V]], :read [[:r K nil] ...]", "nobody sees two writes in two orders"},
     [](const History& history, const CheckOptions&) { return CheckLongFork(history); }},
    {{"comments", ":write ID, :read", "who sees a write sees all that were acknowledged before it began"},
     [](const History& history, const CheckOptions&) { return CheckComments(history); }},
    {{"sequential", ":write K, :read [K [V ...]]", "a process's writes become visible in its order"},
     [](const History& history, const CheckOptions&) { return CheckSequential(history); }},
    {{"delivery", ":send V, :receive, :ack, :nack, :extend, :dead-letter", "a queue's promises about each message"},
     [](const History& history, const CheckOptions& options) { return CheckDelivery(history, options.delivery); }},
    {{"exactly-once", ":send V, :process {:group :input :outputs}, :assign, :commit, :read-outputs, :drained",
      "each input has its effect once in each group"},
     [](const History& history, const CheckOptions&) { return CheckExactlyOnce(history); }},
    {{"reconciliation", ":send V, :insert V, :read-topic, :read-db", "broker and database agree"},
     [](const History& history, const CheckOptions&) { return CheckReconciliation(history); }},
    {{"session", ":read K, :write [K V], :txn [[:r K V] [:w K V] ...]",
      "each process sees and writes versions forward"},
     [](const History& history, const CheckOptions& options) { return CheckSession(history, options.session); }},
    {{"causal", ":read K, :write [K V], :txn [[:r K V] [:w K V] ...]", "who sees a write sees what it depends on"},
     [](const History& history, const CheckOptions&) { return CheckCausal(history); }},
    {{"sequential-consistency", ":read K, :write [K V], :txn [[:r K V] [:w K V] ...]",
      "one order of all operations agrees with each process's own"},
     [](const History& history, const CheckOptions& options) {
       return CheckSequentialConsistency(history, options.limits);
     }},
    {{"broker", ":send, :poll, :commit, :process, :assign", "brokersim's own checks, as scenarios run them"}, Broker},
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

absl::StatusOr<formats::Verdict> Judge(const History& history, std::string_view model, const CheckOptions& options) {
  for (const Entry& known : kModels) {
    if (known.info.name == model) return known.judge(history, options);
  }
  std::vector<std::string_view> names;
  for (const ModelInfo& known : Models()) names.push_back(known.name);
  if (FindLinearModel(model) != nullptr) return CheckLinearizable(model, history, options.limits);
  return absl::NotFoundError(fmt::format("there is no model '{}'; did you mean '{}'? `brokersim list models` shows all",
                                         model, Nearest(model, names)));
}

}  // namespace brokersim::checker
