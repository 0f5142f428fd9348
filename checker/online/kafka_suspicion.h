// What could make the model of logs find something early: a record at two places, two at one, a read of what nobody
// sent or whose send failed, a place that contradicts the order in which things were sent, or polled, or committed.
//
// Open is: an operation that hasn't ended; a record whose place nobody knows; the last records of each log. Records
// with a place settle (settled_records.h).
#ifndef BROKERSIM_CHECKER_ONLINE_KAFKA_SUSPICION_H_
#define BROKERSIM_CHECKER_ONLINE_KAFKA_SUSPICION_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "checker/online/intervals.h"
#include "checker/online/model_suspicion.h"
#include "checker/online/names.h"
#include "checker/online/settled_records.h"
#include "checker/online/staircase.h"

namespace brokersim::checker {

class KafkaSuspicion : public ModelSuspicion {
 public:
  // `subscribes`: polls may begin anywhere.
  KafkaSuspicion(bool subscribes, const Settling& settling);
  bool Add(const formats::Operation& op) override;

 private:
  static constexpr int64_t kNowhere = -1;
  static constexpr int64_t kNever = INT64_MAX;

  // Operations are numbered as they come. A record has a place once somebody showed its offset, and is done once a
  // send of it ended without failing.
  struct Record {
    int64_t offset = kNowhere;
    int64_t sent = kNever;     // when its first send began
    int64_t done = kNever;     // when it was done, if it had no place then
    int64_t above = kNowhere;  // where the highest of what was done before it was sent lies
    int64_t below = INT64_MAX;  // where the lowest of what was sent after it was done lies
    uint64_t operation = 0;     // that sent it
    uint32_t open_sends = 0;
    bool refused = false;  // a send failed, or its sender was fenced
    bool unsure = false;   // only polls that weren't OK have shown it: its send need not have happened
  };
  struct Log {
    absl::btree_map<int64_t, Id> at;                // records by their offsets
    absl::btree_set<std::pair<int64_t, Id>> out;    // records without a place, as they were sent
    uint32_t waiting = 0;                           // of these, those that are done
    int64_t highest_done = kNowhere;                // place of what is done
    Staircase late;                                 // of what was done before it had a place: when, and where
    Staircase early;                                // of what had a place while others waited: -sent, -offset
    Intervals bare;                                 // nothing may lie there: polls went over it
    int64_t bare_from = 0;                          // below this, nothing may lie that isn't there yet
  };
  struct Tables {
    Names names;  // of records; scope: the log
    std::vector<Record> records;
  };
  using Ids = absl::InlinedVector<Id, 4>;
  using TwoIds = std::pair<Id, Id>;

  void Begin(const formats::Operation& op);
  void End(const formats::Operation& op);
  Id Sent(const formats::Operation& op, const formats::Send& send);
  void EndSends(const formats::Operation& op);
  void EndSend(Id id, bool ok, bool refused);
  void Read(Id process, const formats::Poll& poll, bool ok);
  void ReadRecord(Id log, const formats::Read& read, bool ok);
  void Step(Id log, int64_t from, int64_t to);
  void Commit(const formats::Commit& commit);
  void See(Id id, int64_t offset);
  void Place(Log* log, Id id);
  void JudgeOrderWithin(uint64_t operation);

  Id LogOf(std::string_view name);
  Id RecordOf(Id log, std::string_view value);
  Log& LogOfRecord(Id id) { return logs_[tables_->names.Scope(id)]; }
  // Whether a record of that value, which the tables don't know, may be one that they have forgotten.
  bool MayBeForgotten(Id log, std::string_view value) const;

  // kafka_settling.cc
  void Settle();
  bool IsSettled(Id id) const;
  void SettleLog(Id log_id, std::vector<bool>* gone);
  void ForgetRefused(std::vector<bool>* gone);
  void Forget(Id id, std::vector<bool>* gone);
  void KeepOnly(const std::vector<bool>& gone);
  void Fold(Log* log);

  const bool subscribes_;
  bool now_ = false;  // with the operation in hand
  bool always_ = false;
  int64_t operations_ = 0;

  std::unique_ptr<Tables> tables_ = std::make_unique<Tables>();
  Names log_names_;
  Names groups_;
  Names processes_;
  std::vector<Log> logs_;
  absl::btree_map<uint64_t, Ids> open_;         // what was sent, by operation
  absl::btree_map<uint64_t, Ids> several_;      // the same of those that sent several records to one log
  absl::btree_map<TwoIds, int64_t> positions_;  // by process and log: the last offset polled
  absl::btree_map<TwoIds, int64_t> committed_;  // by group and log: the highest

  Settling settling_;
  SettledRecords settled_;
  bool settles_ = false;                      // until the file takes no more
  ForgottenValues forgotten_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_KAFKA_SUSPICION_H_
