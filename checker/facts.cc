#include "checker/facts.h"

#include <algorithm>

#include "checker/stable_sort.h"

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::Operation;

Outcome OutcomeOf(const Operation* done) {
  if (done == nullptr || done->type() == Operation::INFO) return Outcome::kUnknown;
  return done->type() == Operation::OK ? Outcome::kOk : Outcome::kFail;
}

// Turns counts per number, shifted by one, into the index of each number's first entry.
void SumUp(std::vector<uint32_t>* firsts) {
  for (size_t i = 1; i < firsts->size(); ++i) (*firsts)[i] += (*firsts)[i - 1];
}

}  // namespace

Facts::Facts(const formats::History& history) : history_(history) {
  TakeApart();
  audits_.resize(logs_.size());
  AddAudits();
  CollectSightings();
  CollectPlacements();
}

void Facts::TakeApart() {
  const int size = history_.operations_size();
  counts_.set_operations(size);
  std::vector<const Operation*> completion(size, nullptr);
  for (const Operation& op : history_.operations()) {
    if (op.type() != Operation::INVOKE) completion[op.invocation()] = &op;
  }
  for (const Operation& op : history_.operations()) {
    if (op.type() == Operation::INVOKE) AddActions(op, completion[op.index()]);
    if (op.f() == "assign") {
      for (const Action& action : op.actions()) {
        assigns.push_back({static_cast<OpIndex>(op.index()), processes_.Intern(op.process()),
                           groups_.Intern(action.assign().group())});
      }
    }
  }
}

void Facts::AddActions(const Operation& invoke, const Operation* done) {
  Span span;
  span.process = processes_.Intern(invoke.process());
  span.invoke = static_cast<OpIndex>(invoke.index());
  span.done = done == nullptr ? kNoOp : static_cast<OpIndex>(done->index());
  span.outcome = OutcomeOf(done);
  AddSends(invoke, done, span);
  // A completion that doesn't repeat what was asked for leaves the question as the only record.
  const Operation& told = done == nullptr || done->actions().empty() ? invoke : *done;
  Span asked = span;  // of a poll whose answer is not there, nothing is known
  if (&told == &invoke && span.outcome == Outcome::kOk) asked.outcome = Outcome::kUnknown;
  for (const Action& action : told.actions()) {
    switch (action.kind_case()) {
      case Action::kPoll: AddPoll(action.poll(), asked, invoke.f() == "read-all"); break;
      case Action::kCommit: AddCommit(action.commit(), span); break;
      case Action::kProcess: AddEffect(action.process(), span); break;
      case Action::kSend:    // above
      case Action::kAssign:  // every line of it counts: see TakeApart
      case Action::KIND_NOT_SET: break;
    }
  }
  if (invoke.f() == "read-all" && &told == done) AddUnansweredReads(invoke, *done, span);
}

// A log that a read-all asked for and its completion is silent about was not read to its end.
void Facts::AddUnansweredReads(const Operation& invoke, const Operation& done, const Span& span) {
  for (const Action& asked : invoke.actions()) {
    bool answered = false;
    for (const Action& told : done.actions()) {
      if (told.poll().log() == asked.poll().log()) answered = true;
    }
    if (!answered) AddPoll(asked.poll(), span, /*audit=*/true);
  }
}

void Facts::AddSends(const Operation& invoke, const Operation* done, const Span& span) {
  int answer = -1;  // the position of this record's answer among the completion's actions
  for (const Action& action : invoke.actions()) {
    if (!action.has_send()) continue;
    SendFact send;
    static_cast<Span&>(send) = span;
    send.record = records_.Intern(logs_.Intern(action.send().log()), action.send().value());
    if (span.outcome == Outcome::kOk) {
      do ++answer;
      while (!done->actions(answer).has_send());
      const formats::Send& told = done->actions(answer).send();
      if (told.has_offset()) send.offset = told.offset();
    }
    sends.push_back(send);
    switch (span.outcome) {
      case Outcome::kOk: counts_.set_sends_acknowledged(counts_.sends_acknowledged() + 1); break;
      case Outcome::kFail: counts_.set_sends_failed(counts_.sends_failed() + 1); break;
      case Outcome::kUnknown: counts_.set_sends_unknown(counts_.sends_unknown() + 1); break;
    }
  }
}

void Facts::AddPoll(const formats::Poll& poll, const Span& span, bool audit) {
  PollFact fact;
  static_cast<Span&>(fact) = span;
  fact.log = logs_.Intern(poll.log());
  fact.group = groups_.Intern(poll.group());
  fact.audit = audit;
  fact.from = poll.from();
  fact.next = poll.next();
  fact.end = poll.has_end() ? poll.end() : kNoOffset;
  fact.first_read = static_cast<uint32_t>(reads_.size());
  if (span.outcome != Outcome::kFail) {
    for (const formats::Read& read : poll.reads()) {
      reads_.push_back({records_.Intern(fact.log, read.value()), read.offset()});
    }
  }
  fact.read_count = static_cast<uint32_t>(reads_.size()) - fact.first_read;
  counts_.set_records_read(counts_.records_read() + fact.read_count);
  polls.push_back(fact);
}

void Facts::AddCommit(const formats::Commit& commit, const Span& span) {
  CommitFact fact;
  static_cast<Span&>(fact) = span;
  fact.group = groups_.Intern(commit.group());
  fact.log = logs_.Intern(commit.log());
  fact.offset = commit.offset();
  commits.push_back(fact);
  if (span.outcome == Outcome::kOk) counts_.set_commits(counts_.commits() + 1);
}

void Facts::AddEffect(const formats::Process& process, const Span& span) {
  EffectFact fact;
  static_cast<Span&>(fact) = span;
  fact.group = groups_.Intern(process.group());
  fact.log = logs_.Intern(process.log());
  fact.value = values_.Intern(process.value());
  fact.offset = process.offset();
  fact.applied = process.applied();
  effects.push_back(fact);
  if (span.outcome == Outcome::kOk && fact.applied) {
    counts_.set_records_processed(counts_.records_processed() + 1);
  }
}

// A read-all may name several logs, and one log in several steps that follow one another.
void Facts::AddAudits() {
  for (size_t i = 0; i < polls.size();) {
    size_t end = i + 1;
    while (end < polls.size() && polls[end].invoke == polls[i].invoke) ++end;
    if (polls[i].audit) {
      std::vector<PollFact> steps(polls.begin() + i, polls.begin() + end);
      StableSort(&steps, [](const PollFact& a, const PollFact& b) { return a.log < b.log; });
      for (size_t first = 0; first < steps.size();) {
        size_t last = first + 1;
        while (last < steps.size() && steps[last].log == steps[first].log) ++last;
        AddAudit(absl::MakeConstSpan(steps).subspan(first, last - first), steps[first].log);
        first = last;
      }
    }
    i = end;
  }
  audit_first_.assign(records_.size(), kNoOffset);
  audit_last_.assign(records_.size(), kNoOffset);
  for (const Audit& audit : audits_) {
    for (const ReadFact& read : audit.reads) {
      int64_t& first = audit_first_[read.record];
      int64_t& last = audit_last_[read.record];
      first = first == kNoOffset ? read.offset : std::min(first, read.offset);
      last = std::max(last, read.offset);
    }
  }
}

void Facts::AddAudit(absl::Span<const PollFact> steps, Id log) {
  Audit& audit = audits_[log];
  audit.asked = true;
  const PollFact& last = steps.back();
  bool complete = last.outcome == Outcome::kOk && last.end != kNoOffset && last.next == last.end;
  for (size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].from != steps[i - 1].next) complete = false;  // a hole that nobody looked into
  }
  if (!complete) {
    audit.incomplete = last.Shown();
    return;
  }
  // Of two complete ones the later invoked is the final one; invocations come in order.
  audit.complete = true;
  audit.invoke = last.invoke;
  audit.done = last.done;
  audit.from = steps.front().from;
  audit.end = last.end;
  audit.incomplete = kNoOp;
  audit.reads.clear();
  for (const PollFact& step : steps) {
    const absl::Span<const ReadFact> reads = ReadsOf(step);
    audit.reads.insert(audit.reads.end(), reads.begin(), reads.end());
  }
  StableSort(&audit.reads,
             [](const ReadFact& a, const ReadFact& b) { return a.offset < b.offset; });
}

const ReadFact* Audit::NextFrom(int64_t offset) const {
  const auto it =
      std::lower_bound(reads.begin(), reads.end(), offset,
                       [](const ReadFact& read, int64_t wanted) { return read.offset < wanted; });
  return it == reads.end() ? nullptr : &*it;
}

void Facts::CollectSightings() {
  std::vector<Sighting> all;
  all.reserve(sends.size() + reads_.size());
  for (const SendFact& send : sends) {
    if (send.offset == kNoOffset) continue;
    all.push_back({send.record, Sighting::By::kAck, send.offset, send.done});
  }
  for (const PollFact& poll : polls) {
    const Sighting::By by = poll.audit ? Sighting::By::kAudit : Sighting::By::kPoll;
    for (const ReadFact& read : ReadsOf(poll)) {
      all.push_back({read.record, by, read.offset, poll.Shown()});
    }
  }
  // Two counting sorts: by operation, then by record, each keeping the order of equals.
  std::vector<uint32_t> next(history_.operations_size() + 1, 0);
  for (const Sighting& sighting : all) ++next[sighting.op + 1];
  SumUp(&next);
  std::vector<Sighting> by_op(all.size());
  for (const Sighting& sighting : all) by_op[next[sighting.op]++] = sighting;

  first_sighting_.assign(records_.size() + 1, 0);
  for (const Sighting& sighting : by_op) ++first_sighting_[sighting.record + 1];
  SumUp(&first_sighting_);
  next.assign(first_sighting_.begin(), first_sighting_.end());
  sightings_.resize(by_op.size());
  for (const Sighting& sighting : by_op) sightings_[next[sighting.record]++] = sighting;

  first_send_.assign(records_.size() + 1, 0);
  for (const SendFact& send : sends) ++first_send_[send.record + 1];
  SumUp(&first_send_);
  next.assign(first_send_.begin(), first_send_.end());
  sends_by_record_.resize(sends.size());
  for (const SendFact& send : sends) sends_by_record_[next[send.record]++] = &send;
}

void Facts::CollectPlacements() {
  first_placement_.reserve(records_.size() + 1);
  first_placement_.push_back(0);
  std::vector<Sighting> seen;
  for (Id record = 0; record < records_.size(); ++record) {
    const absl::Span<const Sighting> all = SightingsOf(record);
    seen.assign(all.begin(), all.end());
    StableSort(&seen, [](const Sighting& a, const Sighting& b) { return a.offset < b.offset; });
    for (size_t i = 0; i < seen.size(); ++i) {
      if (i > 0 && seen[i].offset == seen[i - 1].offset) continue;
      placements_.push_back({record, seen[i].offset, seen[i].op, seen[i].by});
    }
    first_placement_.push_back(static_cast<uint32_t>(placements_.size()));
  }
}

absl::Span<const SendFact* const> Facts::SendsOf(Id record) const {
  return absl::MakeConstSpan(sends_by_record_)
      .subspan(first_send_[record], first_send_[record + 1] - first_send_[record]);
}

absl::Span<const Sighting> Facts::SightingsOf(Id record) const {
  return absl::MakeConstSpan(sightings_)
      .subspan(first_sighting_[record], first_sighting_[record + 1] - first_sighting_[record]);
}

absl::Span<const Placement> Facts::PlacementsOf(Id record) const {
  return absl::MakeConstSpan(placements_)
      .subspan(first_placement_[record], first_placement_[record + 1] - first_placement_[record]);
}

}  // namespace brokersim::checker
