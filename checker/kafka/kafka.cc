#include "checker/kafka/kafka.h"

#include "checker/kafka/events.h"
#include "checker/kafka/families.h"
#include "checker/kafka/logs.h"
#include "checker/kafka/report.h"

namespace brokersim::checker {

absl::StatusOr<formats::Verdict> CheckKafka(const History& history, const KafkaOptions& options, const Limits& limits) {
  absl::StatusOr<Events> events = Events::Read(history);
  if (!events.ok()) return events.status();
  KafkaReport report(*events, options, limits);
  if (absl::Status status = report.CheckNames(); !status.ok()) return status;
  const Logs logs(*events);
  FindOffsetAnomalies(*events, logs, &report);
  FindRecordAnomalies(*events, logs, &report);
  FindZombies(*events, logs, &report);
  FindOrderAnomalies(*events, logs, &report);
  FindTimeAnomalies(*events, logs, &report);
  FindCycleAnomalies(*events, logs, options, limits, &report);
  Measure(*events, &report);
  return report.Finish();
}

}  // namespace brokersim::checker
