#include "checker/registry.h"

#include "checker/families.h"

namespace brokersim::checker {
namespace {

constexpr bool kDefault = true;
constexpr bool kAsked = false;

constexpr CheckEntry Entry(std::string_view name, std::string_view code, bool by_default,
                           void (*run)(const Facts&, Findings*), std::string_view meaning) {
  return {{name, code, meaning, true}, by_default, run};
}

// A word of the vocabulary whose check nobody has written yet.
constexpr CheckEntry Reserved(std::string_view name, std::string_view code,
                              std::string_view meaning) {
  return {{name, code, meaning, false}, false, nullptr};
}

constexpr CheckEntry kRegistry[] = {
    Entry("lost-write", "LW", kDefault, CheckLostWrite,
          "an acknowledged record is gone, or a consumer group passed it without processing it"),
    Entry("duplicate", "DUP", kDefault, CheckDuplicate,
          "one record is stored twice, or its effect was applied twice"),
    Entry("redelivery", "RDL", kAsked, CheckRedelivery,
          "a stored record was delivered to a group again (legal under at-least-once)"),
    Entry("reordered", "REO", kDefault, CheckReordered,
          "a log holds or returns records in another order than they were sent"),
    Entry("skipped", "SKIP", kAsked, CheckSkipped,
          "a consumer jumped over records that it could have read"),
    Entry("stale-read", "STALE", kAsked, CheckStaleRead,
          "a read missed a record that was acknowledged before the read began"),
    Entry("aborted-read", "ABRT", kDefault, CheckAbortedRead,
          "a record was read whose send had certainly failed"),
    Entry("dirty-read", "DIRTY", kAsked, CheckDirtyRead,
          "a record was read that the log no longer holds in the end"),
    Reserved("torn-transaction", "TORN",
             "a part of an atomic group became visible and another part never did"),
    Entry("inconsistent-offsets", "DIV", kDefault, CheckInconsistentOffsets,
          "one offset of a log holds different records for different clients"),
    Entry("hang", "HANG", kAsked, CheckHang,
          "something makes no progress though the cluster is healthy: an acknowledged record never comes to a mirror"),
    Reserved("double-ownership", "DOWN2",
             "two actors believe at once that they own the same thing"),
    Entry("unavailable", "UNAV", kAsked, CheckUnavailable,
          "a log could not be read to its end when all was over"),
    Reserved("early-delivered", "EARLY", "a delayed message arrived before it was due"),
    Reserved("late-delivered", "LATE", "a delayed message arrived later than promised"),
    Reserved("never-delivered", "NEVER", "a delayed message did not arrive at all"),
    Entry("rollback", "RB", kAsked, CheckRollback, "a position that was stored went backwards"),
    Reserved("amplification", "AMP", "retries, checks or scans multiply the offered load"),
    Reserved("over-limit", "OVER", "a limiter, a priority or a flow contract was not kept"),
    Reserved("orphan", "ORPH", "state exists without its event, or an event without its state"),
    Reserved("non-linearizable", "NLIN",
             "no order of the operations explains what all clients saw"),
};

}  // namespace

absl::Span<const CheckEntry> Registry() { return kRegistry; }

const CheckEntry* FindCheck(std::string_view name) {
  for (const CheckEntry& entry : Registry()) {
    if (entry.info.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace brokersim::checker
