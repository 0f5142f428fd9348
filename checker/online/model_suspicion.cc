#include "checker/online/model_suspicion.h"

#include <algorithm>

#include "checker/online/delivery_suspicion.h"
#include "checker/online/exactly_once_suspicion.h"
#include "checker/online/kafka_suspicion.h"

namespace brokersim::checker {

std::unique_ptr<ModelSuspicion> SuspicionOf(std::string_view model, const CheckOptions& options,
                                            const Settling& settling) {
  if (model == "exactly-once") return std::make_unique<ExactlyOnceSuspicion>();
  if (model == "delivery") return std::make_unique<DeliverySuspicion>(options.delivery);
  if (model != "kafka") return nullptr;
  const KafkaOptions& kafka = options.kafka;
  // Without reads from nowhere, and without orders of logs, dependencies never run against time.
  const bool from_nowhere = std::count(kafka.allow.begin(), kafka.allow.end(), "phantom-read") > 0;
  if (kafka.ww_deps || kafka.rw_deps || from_nowhere) return nullptr;
  return std::make_unique<KafkaSuspicion>(kafka.subscribe.value_or(false), settling);
}

}  // namespace brokersim::checker
