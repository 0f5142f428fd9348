// Whether a run in which a decision was undone says anything (decisions.h).
#include <algorithm>
#include <set>
#include <string>

#include "runner/decisions.h"

namespace brokersim::runner {
namespace {

using formats::Action;
using formats::Operation;

bool Completes(const Operation& op) { return op.type() != Operation::INVOKE; }

bool Sends(const Operation& op, const std::string& value) {
  const auto& actions = op.actions();
  return std::any_of(actions.begin(), actions.end(),
                     [&](const Action& action) { return action.has_send() && action.send().value() == value; });
}

// The best that the clients were told of a record up to then, in the order OK, FAIL, INFO; null: nothing.
const Operation* ToldOf(const std::string& value, const formats::History& history, sim::Time by) {
  const Operation* told = nullptr;
  for (const Operation& op : history.operations()) {
    if (!Completes(op) || op.f() == "mirror" || !Sends(op, value)) continue;
    if (op.type() == Operation::OK && op.time_ns() > by.nanos()) continue;
    if (told == nullptr || op.type() < told->type()) told = &op;
  }
  return told;
}

// The records that clients began to send.
std::set<std::string> Begun(const formats::History& history) {
  std::set<std::string> begun;
  for (const Operation& op : history.operations()) {
    if (op.type() != Operation::INVOKE) continue;
    for (const Action& action : op.actions()) {
      if (action.has_send()) begun.insert(action.send().value());
    }
  }
  return begun;
}

bool ToldAlike(const Operation* a, const Operation* b) {
  return a == nullptr || b == nullptr ? a == b : a->type() == b->type();
}

// Values among `records` that the poll returned.
bool Returns(const formats::Poll& poll, const std::set<std::string>& records) {
  const auto& reads = poll.reads();
  return std::any_of(reads.begin(), reads.end(),
                     [&](const formats::Read& read) { return records.contains(read.value()); });
}

// Whether what `other` did is as much as what was done.
bool IsLike(const Operation& op, const Action& done, const Operation& other_op, const Action& other,
            const std::set<std::string>& records) {
  if (done.has_poll() && other.has_poll()) {
    const formats::Poll& poll = done.poll();
    if (poll.group() != other.poll().group()) return false;
    if (poll.group().empty() && op.process() != other_op.process()) return false;
    if (op.f() == "read-all") return poll.log() == other.poll().log();
    if (Returns(poll, records)) return Returns(other.poll(), records);
    return poll.log() == other.poll().log() && other.poll().next() >= poll.next();
  }
  if (done.has_commit() && other.has_commit()) {
    const formats::Commit& commit = done.commit();
    return commit.group() == other.commit().group() && commit.log() == other.commit().log() &&
           other.commit().offset() >= commit.offset();
  }
  if (done.has_send() && other.has_send()) return done.send().value() == other.send().value();
  if (done.has_process() && other.has_process()) {
    return done.process().group() == other.process().group() && done.process().value() == other.process().value();
  }
  return false;
}

bool IsLike(const Operation& op, const Operation& other, const std::set<std::string>& records) {
  const bool failed = op.type() == Operation::FAIL || op.type() == Operation::INFO;
  const bool must_succeed = op.f() == "read-all" && failed;
  if (op.f() != other.f() || other.type() != (must_succeed ? Operation::OK : op.type())) return false;
  bool compared = false;
  for (const Action& done : op.actions()) {
    if (!done.has_poll() && !done.has_commit() && !done.has_send() && !done.has_process()) continue;
    compared = true;
    for (const Action& also : other.actions()) {
      if (IsLike(op, done, other, also, records)) return true;
    }
  }
  return !compared && op.process() == other.process();
}

}  // namespace

bool SamePromise(const formats::Anomaly& anomaly, const formats::History& history, const formats::History& other,
                 sim::Time by) {
  std::set<std::string> records;
  for (const formats::RecordId& record : anomaly.records()) {
    if (!ToldAlike(ToldOf(record.value(), history, by), ToldOf(record.value(), other, by))) return false;
    records.insert(record.value());
  }
  if (records.empty()) {
    const std::set<std::string> before = Begun(history);
    const std::set<std::string> now = Begun(other);
    if (!std::includes(now.begin(), now.end(), before.begin(), before.end())) return false;
  }
  for (const uint64_t index : anomaly.operations()) {
    if (index >= static_cast<uint64_t>(history.operations_size())) continue;
    const Operation& op = history.operations(static_cast<int>(index));
    const auto& all = other.operations();
    if (!std::any_of(all.begin(), all.end(), [&](const Operation& also) { return IsLike(op, also, records); }))
      return false;
  }
  return true;
}

sim::Time PromisedBy(const formats::DecodedTrace& trace, const formats::History& history,
                     const formats::Anomaly& anomaly) {
  constexpr sim::Time kNever = sim::Time::FromNanos(INT64_MAX);
  if (anomaly.records().empty()) return kNever;
  const Operation* told = ToldOf(anomaly.records(0).value(), history, kNever);
  if (told == nullptr || told->type() != Operation::OK) return kNever;
  using formats::EventKind;
  for (const formats::StoryLine& line : anomaly.story()) {
    if (line.event() <= told->event() || line.event() > trace.events.size()) continue;
    const EventKind kind = trace.events[line.event() - 1].kind;
    const bool turn = kind == EventKind::kNote || kind == EventKind::kCrash || kind == EventKind::kPowerLoss ||
                      kind == EventKind::kFaultOn;
    if (turn) return sim::Time::FromNanos(line.time_ns());
  }
  return kNever;
}

}  // namespace brokersim::runner
