// What checks report, and the phrases that their sentences share.
#ifndef BROKERSIM_CHECKER_FINDINGS_H_
#define BROKERSIM_CHECKER_FINDINGS_H_

#include <string>
#include <vector>

#include "checker/facts.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// What one check found. Type and code of an anomaly are filled in by who ran the check.
struct Findings {
  std::vector<formats::Anomaly> anomalies;
  std::vector<std::string> unknown;  // what could not be decided, a sentence each

  // Adds an anomaly shown by `ops` (any order, repetitions allowed, kNoOp is left out).
  // The reference holds until the next call.
  formats::Anomaly& Add(std::vector<OpIndex> ops, std::string explanation);
};

void AddRecord(const Facts& facts, Id record, int64_t offset, formats::Anomaly* anomaly);

// "61020.1 ms": when an operation was recorded.
std::string At(const Facts& facts, OpIndex op);

// "p1", the process of an operation.
std::string Who(const Facts& facts, OpIndex op);

// "\"a\"": a record's value in quotes.
std::string Quoted(const Facts& facts, Id record);

// "p1 was told at 12.0 ms that \"a\" is stored in orders-0 at offset 3".
std::string Told(const Facts& facts, const SendFact& ack);

// "c1 read it at 12.0 ms", "p1 was told so at 12.0 ms", "the read-all of audit found it at 12.0
// ms".
std::string SeenBy(const Facts& facts, OpIndex op, Sighting::By by);

// The first acknowledged send of a record; null if none was.
const SendFact* FirstAck(const Facts& facts, Id record);

// Whether every send of the record certainly failed (and there was one).
bool CertainlyNotStored(const Facts& facts, Id record);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_FINDINGS_H_
