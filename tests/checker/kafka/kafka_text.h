// Histories of logs, written short.
#ifndef BROKERSIM_TESTS_CHECKER_KAFKA_KAFKA_TEXT_H_
#define BROKERSIM_TESTS_CHECKER_KAFKA_KAFKA_TEXT_H_

#include <string>
#include <string_view>

#include "checker/history/history.h"
#include "checker/kafka/kafka.h"

namespace brokersim::checker {

// A line is "<process> <type> <what> | <more of the map>", lines end with a newline or a semicolon:
//   "0 ok x=a@0 y=b"    sent :a to :x, stored at offset 0, and :b to :y, offset unknown
//   "0 ok x[0a 7b] y[]" polled :a at offset 0 and :b at 7 from :x, and nothing from :y; "_a": offset unknown
//   "0 ok x=a@0 x[0a]"  both, in one transaction; "txn x[0a]", "poll": with its :f named
//   "0 ok assign x y", "0 ok subscribe x", "0 ok commit x=5"
// A completion whose invocation isn't there gets one just before it. Every line is a millisecond later than the last.
std::string KafkaEdn(std::string_view lines);
History KafkaHistory(std::string_view lines);

// "VALID", "UNKNOWN" or the anomalies' types, sorted and each once, with a space between.
std::string KafkaSummary(const absl::StatusOr<formats::Verdict>& verdict);
std::string Kafka(std::string_view lines, const KafkaOptions& options = {});
// The explanations of the anomalies of one type, each with a newline behind.
std::string Explain(std::string_view lines, std::string_view type, const KafkaOptions& options = {});
// -1 if there is none.
double MetricOf(const formats::Verdict& verdict, std::string_view name);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_KAFKA_KAFKA_TEXT_H_
