#include "checker/findings.h"

#include <algorithm>
#include <utility>

#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {

formats::Anomaly& Findings::Add(std::vector<OpIndex> ops, std::string explanation) {
  std::sort(ops.begin(), ops.end());
  ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
  formats::Anomaly& anomaly = anomalies.emplace_back();
  for (OpIndex op : ops) {
    if (op != kNoOp) anomaly.add_operations(op);
  }
  anomaly.set_explanation(std::move(explanation));
  return anomaly;
}

void AddRecord(const Facts& facts, Id record, int64_t offset, formats::Anomaly* anomaly) {
  formats::RecordId* id = anomaly->add_records();
  id->set_log(std::string(facts.LogName(facts.LogOf(record))));
  id->set_offset(offset);
  id->set_value(std::string(facts.ValueOf(record)));
}

std::string At(const Facts& facts, OpIndex op) { return Ms(facts.Op(op).time_ns()); }

std::string Who(const Facts& facts, OpIndex op) { return facts.Op(op).process(); }

std::string Quoted(const Facts& facts, Id record) {
  return fmt::format("\"{}\"", facts.ValueOf(record));
}

std::string Told(const Facts& facts, const SendFact& ack) {
  const std::string where = ack.offset == kNoOffset ? "" : fmt::format(" at offset {}", ack.offset);
  return fmt::format("{} was told at {} that {} is stored in {}{}", Who(facts, ack.done),
                     At(facts, ack.done), Quoted(facts, ack.record),
                     facts.LogName(facts.LogOf(ack.record)), where);
}

std::string SeenBy(const Facts& facts, OpIndex op, Sighting::By by) {
  switch (by) {
    case Sighting::By::kAck:
      return fmt::format("{} was told so at {}", Who(facts, op), At(facts, op));
    case Sighting::By::kPoll: return fmt::format("{} read it at {}", Who(facts, op), At(facts, op));
    case Sighting::By::kAudit:
      return fmt::format("the read-all of {} found it at {}", Who(facts, op), At(facts, op));
  }
  return "";
}

const SendFact* FirstAck(const Facts& facts, Id record) {
  const SendFact* first = nullptr;
  for (const SendFact* send : facts.SendsOf(record)) {
    if (send->outcome != Outcome::kOk) continue;
    if (first == nullptr || send->done < first->done) first = send;
  }
  return first;
}

bool CertainlyNotStored(const Facts& facts, Id record) {
  const auto sends = facts.SendsOf(record);
  return !sends.empty() && std::all_of(sends.begin(), sends.end(), [](const SendFact* send) {
    return send->outcome == Outcome::kFail;
  });
}

}  // namespace brokersim::checker
