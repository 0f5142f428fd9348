// How the leader of a group of Connect's workers shares out the work: what runs stays where it is, what is too much on
// one worker is first taken from it and given away in the next round, and what a worker that is gone had waits for its
// return until scheduled.rebalance.max.delay.ms is over. (IncrementalCooperativeAssignor.java, KIP-415)
//
// Where the Java class goes by the order of a hash, this one goes by names.
#ifndef BROKERSIM_MODEL_KAFKA_CONNECT_ASSIGNOR_H_
#define BROKERSIM_MODEL_KAFKA_CONNECT_ASSIGNOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/kafka/connect/work.h"
#include "sim/base/sim_time.h"

namespace brokersim::kafka {

class ConnectAssignor {
 public:
  using ByMember = absl::btree_map<std::string, ConnectWork>;
  struct Result {
    ByMember assigned;  // in addition
    ByMember revoked;
    int64_t delay_ms = 0;
  };

  explicit ConnectAssignor(int64_t max_delay_ms) : max_delay_ms_(max_delay_ms) {}

  // `running`: of each member of the group, which has at least one. `last_generation`: the one before this, as far as
  // the leader took part.
  Result Assign(const ConnectWork& configured, int32_t last_generation, int32_t generation, const ByMember& running,
                sim::Time now);

 private:
  struct Load {
    std::string member;
    ConnectWork work;
  };

  // What of `lost` is to be given out as if it were new. Candidates have got theirs then.
  ConnectWork TakeLost(const ConnectWork& lost, std::vector<Load>* loads, sim::Time now);
  void ResetDelay();
  // Revocations for the sake of balance, in `revoked` and out of `loads`.
  void Balance(const ConnectWork& configured, std::vector<Load>* loads, ByMember* revoked, sim::Time now);
  int64_t Backoff() const;

  int64_t max_delay_ms_;
  ConnectWork previous_;
  ConnectWork previous_revocation_;
  absl::btree_set<std::string> previous_members_;
  int32_t previous_generation_ = -1;
  bool revoked_in_previous_ = false;
  int64_t successive_revocations_ = 0;
  // Members without work while some waits for its worker to return.
  absl::btree_set<std::string> candidates_;
  std::optional<sim::Time> scheduled_;
  int64_t delay_ms_ = 0;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CONNECT_ASSIGNOR_H_
