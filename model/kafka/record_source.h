// RecordSource: the records that an application makes, one after another.
#ifndef BROKERSIM_MODEL_KAFKA_RECORD_SOURCE_H_
#define BROKERSIM_MODEL_KAFKA_RECORD_SOURCE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "model/kafka/producer_spec.h"
#include "model/kafka/records.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class RecordSource {
 public:
  explicit RecordSource(std::shared_ptr<const ProducerSpec> spec) : spec_(std::move(spec)) {}

  // How long from now until the first one.
  sim::Duration FirstAfter(sim::Env& env) const;
  sim::Duration NextAfter(sim::Env& env) const { return spec_->interval.Sample(env.Random("interval")); }
  // Whether there is something left to make.
  bool HasMore(sim::Env& env) const;
  // Its value is unique in the run.
  Record Next(sim::Env& env);
  int64_t made() const { return made_; }

 private:
  std::shared_ptr<const ProducerSpec> spec_;
  int64_t made_ = 0;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_RECORD_SOURCE_H_
