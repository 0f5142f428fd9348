// From what was found in transactions to a verdict.
#ifndef BROKERSIM_CHECKER_TXN_REPORT_H_
#define BROKERSIM_CHECKER_TXN_REPORT_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "checker/txn/cycles.h"
#include "checker/txn/graph.h"
#include "checker/txn/levels.h"
#include "checker/txn/transactions.h"
#include "checker/txn/txn.h"

namespace brokersim::checker {

// What was asked for.
struct Promise {
  NameSet levels = 0;
  NameSet forbidden = 0;  // anomalies
  Kinds kinds = 0;        // of edges that matter to them
  std::vector<std::string> checks;

  static absl::StatusOr<Promise> Of(const TxnOptions& options);
};

class Report {
 public:
  Report(const Transactions& txns, const TxnOptions& options, const Limits& limits, Promise promise)
      : txns_(txns), options_(options), limits_(limits), promise_(std::move(promise)) {}

  const Promise& promise() const { return promise_; }

  // Counts one; whether it is to be described with Add().
  bool Found(int anomaly);
  // `ops` in any order, repetitions allowed.
  formats::Anomaly& Add(int anomaly, const std::vector<Node>& ops, std::string explanation);
  void AddRecord(Id key, const Value& value, formats::Anomaly* anomaly) const;

  // Why `step` holds, a sentence without its end: for ww, wr and rw.
  using Why = std::function<std::string(const Step& step)>;
  void AddCycles(const CycleSearch& search, const Why& why);

  void AddUnknown(std::string reason) { unknown_.push_back(std::move(reason)); }
  // `empty`: no transaction has to do with another.
  formats::Verdict Finish(std::string_view model, bool empty);

 private:
  void AddCycle(const Cycle& cycle, const Why& why);
  std::string WhyOf(const Step& step, const Why& why) const;

  const Transactions& txns_;
  const TxnOptions& options_;
  const Limits& limits_;
  const Promise promise_;
  NameSet found_ = 0;
  std::array<uint64_t, 64> count_{};
  std::vector<formats::Anomaly> anomalies_;
  std::vector<std::string> unknown_;
  uint64_t components_ = 0;
  uint64_t largest_ = 0;
  uint64_t steps_ = 0;
  uint64_t perhaps_not_shortest_ = 0;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_REPORT_H_
