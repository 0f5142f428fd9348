// The registers of a rw-register history: who wrote each version, who read it, and what is known of their order.
//
// A register begins as nil, so every other version came after that one. More is known only by what the options grant;
// a source of order that contradicts itself or the earlier ones is reported and not used.
#ifndef BROKERSIM_CHECKER_TXN_RW_REGISTER_H_
#define BROKERSIM_CHECKER_TXN_RW_REGISTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "checker/txn/graph.h"
#include "checker/txn/keyed_values.h"
#include "checker/txn/report.h"
#include "checker/txn/transactions.h"

namespace brokersim::checker {

class RwRegister {
 public:
  RwRegister(const Transactions& txns, const TxnOptions& options);

  // If a value that somebody read was written twice, why nothing can be said. Nothing else may be called then.
  const std::optional<std::string>& duplicate() const { return duplicate_; }

  // Each finds the anomalies of its name.
  void FindInternal(Report* report) const;
  void FindBadReads(Report* report) const;  // G1a, G1b, future-read
  void FindLostUpdates(Report* report) const;
  // cyclic-versions. REQUIRED before AddEdges(). `order` has real time and sessions.
  void OrderVersions(const Graph& order, uint64_t steps, Report* report);

  void AddEdges(Graph* graph) const;
  std::string Why(const Step& step) const;

 private:
  enum class Source : uint8_t { kInitial, kWfr, kSequential, kLinearizable };
  struct Version {
    Node writer = kNoNode;  // whose last write of the register it was; failed ones don't count
    Node second_writer = kNoNode;
    Node intermediate = kNoNode;  // who wrote it and then something else; failed ones don't count
    Node failed = kNoNode;
    bool read = false;  // by an OK transaction
  };
  // What a transaction did to a register, seen from outside.
  struct Touch {
    Id key = 0;
    Id read = kNoId;   // version, if it read it before it wrote it, and didn't crash
    Id write = kNoId;  // version, if it wrote it
  };
  // Of two versions, `to` came later, as `a` and `b` show.
  struct Later {
    Id from = 0;
    Id to = 0;
    Node a = kNoNode;
    Node b = kNoNode;
    Source source = Source::kInitial;
  };
  static std::string_view Name(Source source);

  void FindTouches();
  void FindDuplicates();
  absl::Span<const Touch> TouchesOf(Node node) const {
    return absl::MakeConstSpan(touches_).subspan(first_touch_[node], first_touch_[node + 1] - first_touch_[node]);
  }
  bool IsNil(Id version) const { return values_.Get(version).is_nil(); }
  void AddInitial();
  void AddWfr();
  void AddSequential(const Graph& order);
  void AddLinearizable(const Graph& order);
  void LinkTouches(Node a, const Touch& before, Node b, const Touch& after, Source source);
  // Whether the versions' order has no cycles; those that it has are reported.
  bool CheckAcyclic(uint64_t steps, Report* report) const;
  void ReportCycle(const std::vector<Later>& cycle, Report* report) const;
  const Later* Find(Id from, Id to) const;
  std::string VersionText(Id version) const { return ToText(values_.Get(version)); }

  const Transactions& txns_;
  const TxnOptions& options_;
  std::optional<std::string> duplicate_;
  KeyedValues values_;
  std::vector<Version> versions_;
  std::vector<Touch> touches_;
  std::vector<uint32_t> first_touch_;
  std::vector<Later> later_;  // sorted by (from, to) and each once, after OrderVersions()
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_RW_REGISTER_H_
