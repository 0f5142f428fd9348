// What a history says, taken apart once for all checks: who sent, read, committed and processed
// which record, with names replaced by dense numbers and everything in the history's own order.
#ifndef BROKERSIM_CHECKER_FACTS_H_
#define BROKERSIM_CHECKER_FACTS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "checker/history/op_index.h"
#include "checker/interner.h"
#include "formats/history.pb.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

inline constexpr int64_t kNoOffset = -1;

// What is known of an operation in the end. Without a completion it is kUnknown.
enum class Outcome : uint8_t { kOk, kFail, kUnknown };

// One action of a client: when it began, when its outcome became known, and what that was.
struct Span {
  Id process = 0;
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;  // kNoOp: it never completed
  Outcome outcome = Outcome::kUnknown;
  // The line to show for it.
  OpIndex Shown() const { return done == kNoOp ? invoke : done; }
};

struct SendFact : Span {
  Id record = 0;
  int64_t offset = kNoOffset;  // as acknowledged
};

struct PollFact : Span {
  Id log = 0;
  Id group = 0;
  bool audit = false;  // part of a read-all
  int64_t from = 0;
  int64_t next = 0;
  int64_t end = kNoOffset;
  uint32_t first_read = 0;  // into Facts::reads
  uint32_t read_count = 0;
};

struct ReadFact {
  Id record = 0;
  int64_t offset = 0;
};

struct CommitFact : Span {
  Id group = 0;
  Id log = 0;
  int64_t offset = 0;
};

struct EffectFact : Span {
  Id group = 0;
  Id log = 0;
  Id value = 0;
  int64_t offset = kNoOffset;
  bool applied = false;
};

struct AssignFact {
  OpIndex op = 0;
  Id process = 0;
  Id group = 0;
};

// Who saw a record where.
struct Sighting {
  enum class By : uint8_t { kAck, kPoll, kAudit };
  Id record = 0;
  By by = By::kAck;
  int64_t offset = 0;
  OpIndex op = 0;
};

// A place that a record was seen at, with the first operation that shows it.
struct Placement {
  Id record = 0;
  int64_t offset = 0;
  OpIndex op = 0;
  Sighting::By by = Sighting::By::kAck;
};

// The read-alls of one log: the last one that reached its end, and whether one failed after it.
struct Audit {
  bool asked = false;     // there was a read-all of this log
  bool complete = false;  // ... and one reached the end; then the following hold
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;
  int64_t from = 0;
  int64_t end = 0;
  std::vector<ReadFact> reads;  // by offset
  OpIndex incomplete = kNoOp;   // the last read-all if it didn't reach the end

  // The first record that it shows at or after an offset; null if there is none.
  const ReadFact* NextFrom(int64_t offset) const;
};

// REQUIRES: FirstMalformed(history) is empty, and the history outlives the facts.
class Facts {
 public:
  explicit Facts(const formats::History& history);
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  const formats::Operation& Op(OpIndex index) const {
    return history_.operations(static_cast<int>(index));
  }
  const formats::Counts& counts() const { return counts_; }

  // Names. A record is a value in a log, known by its value wherever it lies in that log.
  std::string_view ProcessName(Id process) const { return processes_.Text(process); }
  std::string_view LogName(Id log) const { return logs_.Text(log); }
  std::string_view GroupName(Id group) const { return groups_.Text(group); }
  std::string_view ValueOf(Id record) const { return records_.Text(record); }
  std::string_view ValueName(Id value) const { return values_.Text(value); }
  Id LogOf(Id record) const { return records_.Scope(record); }
  // kNoId if the history never processes such a value.
  Id FindValue(std::string_view value) const { return values_.Find(0, value); }
  Id FindRecord(Id log, std::string_view value) const { return records_.Find(log, value); }
  Id logs() const { return logs_.size(); }
  Id groups() const { return groups_.size(); }
  Id records() const { return records_.size(); }
  Id values() const { return values_.size(); }

  // In the order of their invocations.
  std::vector<SendFact> sends;
  std::vector<PollFact> polls;  // f = "read-all" included
  std::vector<CommitFact> commits;
  std::vector<EffectFact> effects;
  std::vector<AssignFact> assigns;  // every line of an assign, in order

  // Reads of OK and INFO polls: what a client got, it got, whatever became of the operation.
  absl::Span<const ReadFact> ReadsOf(const PollFact& poll) const {
    return absl::MakeConstSpan(reads_).subspan(poll.first_read, poll.read_count);
  }

  // Of one record, in the order of operations.
  absl::Span<const SendFact* const> SendsOf(Id record) const;
  absl::Span<const Sighting> SightingsOf(Id record) const;
  // Of one record, by offset.
  absl::Span<const Placement> PlacementsOf(Id record) const;

  const Audit& AuditOf(Id log) const { return audits_[log]; }
  // Where the log's complete read-all shows the record first and last; kNoOffset if it doesn't or
  // if there is no complete read-all.
  int64_t AuditFirst(Id record) const { return audit_first_[record]; }
  int64_t AuditLast(Id record) const { return audit_last_[record]; }

 private:
  void TakeApart();
  void AddActions(const formats::Operation& invoke, const formats::Operation* done);
  void AddSends(const formats::Operation& invoke, const formats::Operation* done, const Span& span);
  void AddUnansweredReads(const formats::Operation& invoke, const formats::Operation& done,
                          const Span& span);
  void AddPoll(const formats::Poll& poll, const Span& span, bool audit);
  void AddCommit(const formats::Commit& commit, const Span& span);
  void AddEffect(const formats::Process& process, const Span& span);
  void AddAudits();
  void AddAudit(absl::Span<const PollFact> polls, Id log);
  void CollectSightings();
  void CollectPlacements();

  const formats::History& history_;
  formats::Counts counts_;
  Interner processes_;
  Interner logs_;
  Interner groups_;
  Interner records_;  // scope: the log
  Interner values_;   // only of processed records
  std::vector<ReadFact> reads_;
  std::vector<Audit> audits_;         // by log
  std::vector<int64_t> audit_first_;  // by record
  std::vector<int64_t> audit_last_;
  // By record, with the index of each record's first in the vector beside; one more at the end.
  std::vector<const SendFact*> sends_by_record_;
  std::vector<uint32_t> first_send_;
  std::vector<Sighting> sightings_;
  std::vector<uint32_t> first_sighting_;
  std::vector<Placement> placements_;
  std::vector<uint32_t> first_placement_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_FACTS_H_
