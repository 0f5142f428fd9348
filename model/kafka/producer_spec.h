// What a producer sends, and when.
#ifndef BROKERSIM_MODEL_KAFKA_PRODUCER_SPEC_H_
#define BROKERSIM_MODEL_KAFKA_PRODUCER_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/kafka/config.h"
#include "sim/base/sim_time.h"
#include "sim/random/distributions.h"

namespace brokersim::kafka {

struct ProducerSpec {
  ProducerConfig config;
  std::string topic;  // without its cluster
  // The application sends this many records (0: without end), `interval` apart, from `start` on and not after `stop`.
  int64_t records = 0;
  sim::Distribution interval;
  sim::Time start;
  std::optional<sim::Time> stop;
  // Different keys; 0: records have none.
  int64_t keys = 0;
  // With a transactional.id: how many records a transaction has, and how likely the application aborts one.
  int64_t records_per_transaction = 1;
  sim::Ratio aborts = sim::Ratio::Never();
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_PRODUCER_SPEC_H_
