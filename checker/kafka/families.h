// The checks of logs, by what they look at.
#ifndef BROKERSIM_CHECKER_KAFKA_FAMILIES_H_
#define BROKERSIM_CHECKER_KAFKA_FAMILIES_H_

#include "checker/kafka/events.h"
#include "checker/kafka/kafka.h"
#include "checker/kafka/logs.h"
#include "checker/kafka/report.h"

namespace brokersim::checker {

// What lies where: inconsistent-offsets, duplicate.
void FindOffsetAnomalies(const Events& events, const Logs& logs, KafkaReport* report);
// What was sent and what was read: G1a, phantom-read, precommitted-read, lost-write, torn-transaction, unseen.
void FindRecordAnomalies(const Events& events, const Logs& logs, KafkaReport* report);
// Who may no longer send: zombie-write.
void FindZombies(const Events& events, const Logs& logs, KafkaReport* report);
// One process' way along the logs: poll-skip, nonmonotonic-poll, nonmonotonic-send, and within one operation.
void FindOrderAnomalies(const Events& events, const Logs& logs, KafkaReport* report);
// What real time contradicts: offset-inversion, commit-regression.
void FindTimeAnomalies(const Events& events, const Logs& logs, KafkaReport* report);
// G0, G1c and, if asked for, G-single, G-nonadjacent and G2.
void FindCycleAnomalies(const Events& events, const Logs& logs, const KafkaOptions& options, const Limits& limits,
                        KafkaReport* report);
// worst-realtime-lag, consumed-again.
void Measure(const Events& events, KafkaReport* report);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_KAFKA_FAMILIES_H_
