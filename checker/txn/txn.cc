#include "checker/txn/txn.h"

#include <utility>

#include "checker/txn/cycles.h"
#include "checker/txn/graph.h"
#include "checker/txn/list_append.h"
#include "checker/txn/report.h"
#include "checker/txn/rw_register.h"
#include "checker/txn/transactions.h"

namespace brokersim::checker {

absl::StatusOr<formats::Verdict> CheckListAppend(const History& history, const TxnOptions& options,
                                                 const Limits& limits) {
  absl::StatusOr<Promise> promise = Promise::Of(options);
  if (!promise.ok()) return promise.status();
  absl::StatusOr<Transactions> txns = Transactions::Read(history, {"append", /*lists=*/true});
  if (!txns.ok()) return txns.status();
  Report report(*txns, options, limits, *std::move(promise));
  const ListAppend lists(*txns);
  if (lists.duplicate().has_value()) {
    report.AddUnknown(*lists.duplicate());
    return report.Finish("list-append", /*empty=*/false);
  }
  lists.FindInternal(&report);
  lists.FindBadElements(&report);
  lists.FindIntermediate(&report);
  lists.FindDisorder(&report);
  lists.FindOwnDisorder(&report);
  lists.FindDirtyUpdates(&report);
  lists.FindLostUpdates(&report);

  Graph graph(txns->possible());
  if (report.promise().kinds != kDataKinds) txns->Order(&graph);
  lists.AddEdges(&graph);
  graph.Finish();
  const CycleSearch search = FindCycles(graph, {report.promise().kinds, limits.steps});
  report.AddCycles(search, [&](const Step& step) { return lists.Why(step); });
  return report.Finish("list-append", !graph.HasEdges(report.promise().kinds));
}

absl::StatusOr<formats::Verdict> CheckRwRegister(const History& history, const TxnOptions& options,
                                                 const Limits& limits) {
  absl::StatusOr<Promise> promise = Promise::Of(options);
  if (!promise.ok()) return promise.status();
  absl::StatusOr<Transactions> txns = Transactions::Read(history, {"w", /*lists=*/false});
  if (!txns.ok()) return txns.status();
  Report report(*txns, options, limits, *std::move(promise));
  RwRegister registers(*txns, options);
  if (registers.duplicate().has_value()) {
    report.AddUnknown(*registers.duplicate());
    return report.Finish("rw-register", /*empty=*/false);
  }
  registers.FindInternal(&report);
  registers.FindBadReads(&report);
  registers.FindLostUpdates(&report);

  Graph graph(txns->possible());
  txns->Order(&graph);
  registers.OrderVersions(graph, limits.steps, &report);
  registers.AddEdges(&graph);
  graph.Finish();
  const CycleSearch search = FindCycles(graph, {report.promise().kinds, limits.steps});
  report.AddCycles(search, [&](const Step& step) { return registers.Why(step); });
  return report.Finish("rw-register", !graph.HasEdges(report.promise().kinds));
}

}  // namespace brokersim::checker
