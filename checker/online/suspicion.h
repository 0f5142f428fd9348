// Notices whatever could make a history invalid, operation by operation, and remembers only what is open.
//
// What it notices may be harmless: completeness counts, and that it is rare. A suspicion stays.
//
// Open is: an operation that hasn't ended; a send of unknown outcome whose record nobody has seen; a record that was
// acknowledged and that nobody has read yet; a record that a group which commits and processes has not processed. What
// is settled goes into a file (settled_records.h): numbers of values within intervals, and records by their offset.
//
// Values are told apart as new or settled by their number (names.h); one without a number at its end stays in memory.
#ifndef BROKERSIM_CHECKER_ONLINE_SUSPICION_H_
#define BROKERSIM_CHECKER_ONLINE_SUSPICION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "checker/interner.h"
#include "checker/online/intervals.h"
#include "checker/online/names.h"
#include "checker/online/settled_records.h"
#include "formats/history.pb.h"

namespace brokersim::checker {

struct Settling {
  std::string folder = {};  // of the file; empty: everything stays in memory
  size_t at = 8192;         // so many records in memory are looked through
  size_t last = 512;        // of each log the last ones stay: readers are there
  size_t fewest = 64;       // fewer of a log aren't worth a run of their own
};

class Suspicion {
 public:
  Suspicion(const std::vector<std::string>& checks, const Settling& settling);

  // Whether the history must be judged after this operation. They come in their order, none left out.
  bool Add(const formats::Operation& op);

 private:
  static constexpr int64_t kNowhere = -1;
  static constexpr uint32_t kNoPlace = UINT32_MAX;

  struct Record {
    int64_t offset = kNowhere;  // where it was first seen
    bool acknowledged = false;
    bool failed = false;  // a send of it failed
    bool read = false;
    uint32_t open_sends = 0;
    uint32_t line = kNoPlace;  // its line of sends, and place in it
    uint32_t place = 0;
    uint32_t audit = 0;  // the last read-all that showed it
  };

  // What one process sent to one log: the offsets of its places, as far as they matter.
  struct SendLine {
    struct Place {
      uint32_t place = 0;
      int64_t offset = 0;
    };
    std::vector<Place> offsets;  // by place
    uint32_t next = 0;
  };

  struct Log {
    absl::btree_map<int64_t, Id> at;  // records by their offsets
    std::vector<Id> acknowledged;
    std::vector<Id> polled;
    int64_t highest_ack = kNowhere;
    uint32_t audit = 0;                // a read-all,
    uint64_t audited = 0;              // how many settled records it showed,
    int64_t audited_until = kNowhere;  // and the last of them
  };

  // Of records that are not settled.
  struct Tables {
    Names names;  // of records; scope: the log
    std::vector<Record> records;
  };

  using GroupAndLog = std::pair<Id, Id>;
  using Ids = absl::InlinedVector<Id, 4>;
  // An operation that sends, and its records.
  struct OpenSend {
    uint64_t operation = 0;
    Ids sent = {};
  };

  void Begin(const formats::Operation& op);
  void End(const formats::Operation& op);
  void Fail(const formats::Operation& op, const Ids& sent);
  void BeginCopy(const Record& record, std::string_view value);
  void ReadCopy(std::string_view value);
  Ids Close(const formats::Operation& op);
  void See(Id log, Id id, int64_t offset);
  void Put(int64_t offset, Record* record);
  void Acknowledge(const formats::Send& send, Id sent);
  void Read(const formats::Poll& poll, bool ok, bool audit);
  void ReadRecord(Id log, Id id, int64_t offset, bool audit);
  void ReadSettled(Id log, int64_t offset, bool audit);
  void Deliver(const formats::Poll& poll, Id log);
  void Pass(const formats::Poll& poll, const Log& log);
  void Step(const formats::Poll& poll, Id log);
  void Commit(const formats::Commit& commit);
  void NoteProcessing(const formats::Process& process);
  void Apply(const formats::Process& process);
  void Audit(const formats::Operation& op, bool ok);
  void JudgeGroups();
  void JudgeGroup(Id group, Id log_id, int64_t committed);

  Id RecordOf(Id log, std::string_view value);
  Id LogOf(std::string_view name);
  Id GroupOf(std::string_view name) { return groups_.Number(name); }
  // Whether a record of that value, which the tables don't know, may be one that they have forgotten.
  bool MayBeForgotten(Id log, std::string_view value) const;

  // settling.cc
  void Settle();
  bool IsSettled(const Record& record, std::string_view value) const;
  void SettleLog(Id log_id, std::vector<bool>* gone);
  void ForgetFailed(std::vector<bool>* gone);
  void KeepOnly(const std::vector<bool>& gone);
  void PruneLines();

  bool loss_ = false;
  bool redelivery_ = false;
  bool stale_ = false;
  bool skipped_ = false;
  bool dirty_ = false;
  bool rollback_ = false;
  bool reordered_ = false;
  bool aborted_ = false;
  bool hang_ = false;
  bool mirrors_ = false;  // there are mirrors
  bool suspicious_ = false;
  bool jumped_ = false;
  bool processes_ = false;
  uint32_t audits_ = 0;
  uint64_t operations_ = 0;

  std::unique_ptr<Tables> tables_ = std::make_unique<Tables>();
  Names log_names_;
  Names lines_by_name_;  // of lines of sends; scope: the log
  Names groups_;
  std::vector<Log> logs_;
  std::vector<SendLine> lines_;
  std::vector<bool> processing_;                           // by group
  std::vector<OpenSend> open_;                             // by operation
  absl::btree_map<GroupAndLog, Intervals> delivered_;      // offsets
  ValueSet applied_;                                       // by group
  ValueSet refused_;                                       // sends of them failed, mirrors' left out
  ValueSet copies_;                                        // read since there are mirrors
  absl::btree_map<GroupAndLog, int64_t> positions_;  // the lowest
  absl::btree_map<GroupAndLog, int64_t> committed_;  // the highest

  Settling settling_;
  SettledRecords settled_;
  bool settles_ = false;                                 // until the file takes no more
  ForgottenValues forgotten_;
  absl::btree_map<GroupAndLog, absl::btree_set<int64_t>> unprocessed_;  // offsets of settled records
  absl::btree_set<GroupAndLog> unfollowed_;  // records had settled before the group committed or processed
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_SUSPICION_H_
