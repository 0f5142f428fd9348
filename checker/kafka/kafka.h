// Logs with offsets, as Kafka keeps them: what producers and consumers were told, judged.
//
// Histories are those of jepsen.tests.kafka. Operations have :f
//   :send :poll :txn   a vector of [:send key value], whose completion is [:send key [offset value]] (offset nil if
//                      unknown), and [:poll], whose completion is [:poll {key [[offset value] ...]}]
//   :assign :subscribe a vector of keys; what isn't among them any more may be read from anywhere
//   :commit            {key offset ...}: the group's next offset to read. [:commit key offset] also stands in :txn
// Everything else (:crash, :debug-topic-partitions) isn't looked at. Beside them, a line may have
//   :rebalance-log [{:keys [key ...]}]   these keys moved meanwhile
//   :positions [offset ...]              beside :assign: where its keys are read on from, whatever was read before
//   :group "g"                           whose offsets a :commit commits; without it there is one group
//   :transactional-id "t" :epoch 3       who sends; a higher epoch that succeeded fences lower ones
//   :error                               one that has "fenced" in it says that the broker knew the sender as fenced
//
// Values are unique within a key. OK: it happened. FAIL: its sends did not. INFO: unknown, unless one of its sends was
// read: then all of them happened. What a poll returned was in the log, however the operation ended.
#ifndef BROKERSIM_CHECKER_KAFKA_KAFKA_H_
#define BROKERSIM_CHECKER_KAFKA_KAFKA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "checker/limits.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct KafkaOptions {
  // Consumers subscribe, so that a rebalance between two polls may move them: poll-skip and nonmonotonic-poll are
  // allowed. Without a value: whether the history has a :subscribe.
  std::optional<bool> subscribe = std::nullopt;
  // Sends to one log depend on each other in the order of their offsets. Allows G1c, which is usual then.
  bool ww_deps = false;
  // A poll that ends at an offset missed what lies behind it: finds G-single, G-nonadjacent and G2, which no log
  // forbids whose polls may end early.
  bool rw_deps = false;
  // What isn't allowed but is to be: names of anomalies.
  std::vector<std::string> allow = {};
  // Of each anomaly, at most so many are described; a metric of its name has their number.
  uint32_t examples = 32;
};

// One class of anomalies.
struct KafkaClass {
  std::string name;
  std::string meaning;
  bool always_allowed = false;
};
// All of them but the cycles (G0, G1c, ... with -process and -realtime), in the order in which they are tried.
std::vector<KafkaClass> KafkaClasses();

// What is allowed doesn't make the history INVALID and isn't described; a metric "allowed: <name>" has its number.
// Further metrics: "worst-realtime-lag" (how long ago, at least, what a poll didn't reach was there), "consumed-again"
// (records that one process consumed more than once while subscribed), "unseen".
// - UNKNOWN: nothing was sent or polled.
// - kInvalidArgument: a line isn't what is described above, or an option has no such name.
// Takes O(n log n) time and O(n) memory, whatever the offsets are, where there is no cycle.
absl::StatusOr<formats::Verdict> CheckKafka(const History& history, const KafkaOptions& options, const Limits& limits);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_KAFKA_KAFKA_H_
