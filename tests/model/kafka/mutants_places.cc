#include "tests/model/kafka/mutants_hunt.h"

namespace brokersim::kafka {

const std::vector<std::pair<std::string_view, uint64_t>>& CleanRuns() {
  static const std::vector<std::pair<std::string_view, uint64_t>> runs = {
      {"storm", 2500},  {"groups", 1000}, {"zombie", 800},  {"power", 1000},  {"flush", 1000},
      {"behind", 500},  {"shrunk", 500},  {"cut", 800},     {"alone", 500},   {"clock", 500},
      {"joining", 500}, {"returns", 500}, {"lagging", 500}, {"dropped", 500}, {"slowflush", 500}};
  return runs;
}

const std::vector<Place>& Places() {
  static const std::vector<Place> places = {
      {"ack-before-replication", "cut", 1, "lost-write"},
      {"ack-at-timeout", "clock", 3, "lost-write"},
      {"ack-on-leadership-loss", "cut", 1, "lost-write"},
      {"ack-without-append", "alone", 1, "lost-write"},
      {"min-isr-ignored", "alone", 1, "lost-write"},
      {"ack-one-too-early", "cut", 1, "lost-write"},
      {"ack-before-sync", "slowflush", 5, "lost-write"},
      {"wrong-base-offset", "groups", 1, "inconsistent-offsets"},
      {"duplicate-answered-at-end", "joining", 1, "inconsistent-offsets"},
      {"dedup-off", "shrunk", 1, "duplicate"},
      {"dedup-remembers-one", "lagging", 1, "duplicate"},
      {"dedup-not-replicated", "clock", 3, "duplicate"},
      {"dedup-kept-at-truncation", "returns", 3, "lost-write"},
      {"sequence-gap-accepted", "returns", 2, "duplicate"},
      {"high-watermark-of-fastest", "cut", 1, "lost-write"},
      {"sent-counts-as-replicated", "shrunk", 3, "lost-write"},
      {"isr-shrink-unconfirmed", "cut", 1, "lost-write"},
      {"isr-expand-unchecked", "shrunk", 3, "lost-write"},
      {"follower-fetches-before-sync", "flush", 4, "lost-write"},
      {"follower-waits-for-last-sync", "flush", 317, "lost-write"},
      {"truncates-to-high-watermark", "cut", 1, "lost-write"},
      {"truncates-one-batch-more", "cut", 3, "dirty-read"},
      {"keeps-divergent-tail", "returns", 3, "lost-write"},
      {"follower-trusts-its-end", "behind", 3, "dirty-read"},
      {"recovery-drops-last-batch", "flush", 1, "lost-write"},
      {"high-watermark-ignores-pending", "joining", 3, "lost-write"},
      {"elects-outside-isr", "power", 2, "lost-write"},
      {"isr-shrink-not-stored", "shrunk", 3, "lost-write"},
      {"isr-kept-at-fencing", "power", 2, "lost-write"},
      {"epoch-not-bumped", "returns", 3, "lost-write"},
      {"producer-ids-reused", "returns", 1, "lost-write"},
      {"fetch-beyond-high-watermark", "behind", 3, "dirty-read"},
      {"fetch-skips-batch", "zombie", 1, "poll-skip"},
      {"start-offset-one-too-many", "groups", 1, "lost-write"},
      {"out-of-range-above-high-watermark", "lagging", 27, "rollback"},
      {"commit-before-replication", "storm", 18, "rollback"},
      {"commit-not-stored", "zombie", 1, "rollback"},
      {"commit-one-too-far", "zombie", 1, "lost-write"},
      {"commit-of-other-partition", "groups", 1, "lost-write"},
      {"commit-of-other-group", "groups", 1, "lost-write"},
      {"commits-read-backwards", "power", 1, "rollback"},
      {"offsets-forgotten-at-failover", "behind", 1, "rollback"},
      {"offsets-forgotten-at-rebalance", "zombie", 1, "rollback"},
      {"generation-unchecked", "dropped", 136, "rollback"},
      {"retry-as-new", "clock", 1, "duplicate"},
      {"retry-at-back", "lagging", 1, "reordered"},
      {"window-of-unanswered", "storm", 62, "duplicate"},
      {"epoch-bump-renumbers", "behind", 2, "duplicate"},
      {"ack-on-lost-connection", "alone", 1, "lost-write"},
      {"ack-on-expiry", "cut", 1, "lost-write"},
      {"fail-though-appended", "behind", 1, "aborted-read"},
      {"lost-leadership-is-certain", "storm", 1265, "aborted-read"},
      {"one-offset-for-all", "joining", 1, "inconsistent-offsets"},
      {"commits-before-processing", "groups", 4, "lost-write"},
      {"commits-what-it-fetched", "zombie", 1, "lost-write"},
      {"commits-as-nobody", "dropped", 1, "rollback"},
      {"refused-commit-counts-as-done", "zombie", 1, "rollback"},
      {"poll-drops-rest", "power", 1, "poll-skip"},
      {"returns-record-twice", "clock", 1, "nonmonotonic-poll"},
      {"resets-to-end-on-error", "joining", 1, "lost-write"},
      {"resets-to-start-on-error", "storm", 11, "rollback"},
      {"ledger-failure-ignored", "groups", 1, "lost-write"},
      {"remembers-old-positions", "dropped", 1, "rollback"},
      {"resets-before-offsets", "zombie", 4, "rollback"},
      {"assigns-twice", "groups", 1, "rollback"},
  };
  return places;
}

}  // namespace brokersim::kafka
