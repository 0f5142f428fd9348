// The lists of a list-append history: in which order their elements were appended, who appended them, who read what.
//
// The longest read of a list gives the order of its elements; every other read should be a prefix of it. What nobody
// ever read comes after all that, in an order that nobody knows.
#ifndef BROKERSIM_CHECKER_TXN_LIST_APPEND_H_
#define BROKERSIM_CHECKER_TXN_LIST_APPEND_H_

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

class ListAppend {
 public:
  explicit ListAppend(const Transactions& txns);

  // If a value was appended to a list twice, why nothing can be said. Nothing else may be called then.
  const std::optional<std::string>& duplicate() const { return duplicate_; }

  // Each finds the anomalies of its name.
  void FindInternal(Report* report) const;      // internal, future-read
  void FindBadElements(Report* report) const;   // G1a, phantom-read
  void FindIntermediate(Report* report) const;  // G1b
  void FindDisorder(Report* report) const;      // duplicate-elements, incompatible-order
  void FindOwnDisorder(Report* report) const;   // incompatible-order: a transaction's own appends
  void FindDirtyUpdates(Report* report) const;
  void FindLostUpdates(Report* report) const;

  void AddEdges(Graph* graph) const;
  std::string Why(const Step& step) const;

 private:
  struct Element {
    Node writer = kNoNode;        // kNoNode: nobody
    uint32_t place = UINT32_MAX;  // in the list's order; UINT32_MAX: nobody read it
    bool intermediate = false;    // its writer appended more to the list after it
  };
  struct List {
    uint32_t longest = UINT32_MAX;  // the micro-operation that read most
    uint32_t first = 0;             // into order_
    uint32_t count = 0;
    uint32_t unread = 0;  // into unread_
    uint32_t unread_count = 0;
    bool bad = false;      // some element in order is of a failed transaction or of none
    bool repeats = false;  // the longest read has an element twice
  };
  // What a read saw last: an element, or one of these.
  static constexpr Id kNothing = kNoId;        // the list was empty
  static constexpr Id kUnknown = kNoId - 1;    // a crash hid it
  static constexpr Id kUnwritten = kNoId - 2;  // what no transaction appended, and the longest read doesn't have

  void FindWriters();
  void FindOrders();
  void FindReads();
  bool Fits(const Value& read, const Value& longest) const;
  void FindIds();
  // The element that a micro-operation appended; of a read, the last that it saw, or one of the above.
  Id IdOf(const MicroOp& op) const { return ids_[static_cast<size_t>(&op - txns_.micro_ops().data())]; }
  absl::Span<const Id> OrderOf(const List& list) const {
    return absl::MakeConstSpan(order_).subspan(list.first, list.count);
  }
  // The element before, or kNothing.
  Id Before(Id element) const;
  bool Possible(Id element) const { return elements_[element].writer < txns_.possible(); }
  bool IsBad(Id element) const { return elements_[element].writer >= txns_.possible(); }
  std::string ElementText(Id element) const { return ToText(values_.Get(element)); }
  void ReportBad(Id element, Node reader, Report* report) const;
  void ReportRepeat(Id element, Node reader, Report* report) const;
  // Whether micro-operation `read` saw what read `before` (UINT32_MAX: unknown) saw, and then `appended`.
  bool IsExpected(uint32_t read, uint32_t before, absl::Span<const Id> appended) const;
  bool Contains(uint32_t read, Id element) const;
  void ReportInternal(Node reader, uint32_t read, uint32_t before, absl::Span<const Id> appended, Report* report) const;

  const Transactions& txns_;
  std::optional<std::string> duplicate_;
  KeyedValues values_;
  std::vector<Element> elements_;
  std::vector<List> lists_;  // by key
  std::vector<Id> order_;
  std::vector<Id> unread_;            // by list, elements of possible transactions
  std::vector<bool> fits_;            // by micro-operation: a read of a prefix of the longest one
  std::vector<Id> ids_;               // by micro-operation: IdOf
  std::vector<Node> txn_of_longest_;  // by key
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_LIST_APPEND_H_
