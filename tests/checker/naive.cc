#include "tests/checker/naive.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::History;
using formats::Operation;

constexpr uint64_t kNever = UINT64_MAX;

// One action with the outcome of its operation.
struct Act {
  std::string f, process, log, value, group;
  uint64_t invoke = 0, done = kNever;
  Operation::Type type = Operation::INFO;  // of the completion
  int64_t offset = -1;                     // of a send or commit
  formats::Poll poll;
  bool applied = false;
  bool copy = false;  // a send, by a mirror
  uint64_t Shown() const { return done == kNever ? invoke : done; }
};

struct Seen {
  const Act* act = nullptr;
  std::string value;
  int64_t offset = 0;
};

class Naive {
 public:
  explicit Naive(const History& history) {
    for (const Operation& invoke : history.operations()) {
      if (invoke.type() != Operation::INVOKE) continue;
      const Operation* last = &invoke;
      for (const Operation& op : history.operations()) {
        if (op.type() != Operation::INVOKE && op.invocation() == invoke.index()) last = &op;
      }
      for (const formats::Action& action : last->actions()) AddAct(invoke, *last, action);
    }
    for (const Act& act : acts_) {
      if (!act.log.empty()) logs_.insert(act.log);
      if (!act.value.empty()) values_.insert(act.value);
      for (const formats::Read& read : act.poll.reads()) values_.insert(read.value());
    }
  }

  std::set<std::string> Run() {
    for (const std::string& log : logs_) {
      Unavailable(log);
      Offsets(log);
      for (const std::string& value : values_) {
        Lost(log, value);
        LostByGroup(log, value);
        Duplicate(log, value);
        Redelivered(log, value);
        Aborted(log, value);
        Dirty(log, value);
        NeverCopied(log, value);
      }
      Order(log);
      Skipped(log);
      Rollback(log);
    }
    for (const std::string& value : values_) AppliedTwice(value);
    for (const Act& poll : acts_) Stale(poll);
    return found_;
  }

 private:
  void AddAct(const Operation& invoke, const Operation& last, const formats::Action& action) {
    Act act;
    act.copy = invoke.f() == "mirror";
    act.f = act.copy ? "send" : invoke.f();
    act.process = invoke.process();
    act.invoke = invoke.index();
    if (&last != &invoke) {
      act.done = last.index();
      act.type = last.type();
    }
    if (action.has_send()) {
      act.log = action.send().log();
      act.value = action.send().value();
      if (act.type == Operation::OK && action.send().has_offset())
        act.offset = action.send().offset();
    } else if (action.has_poll()) {
      act.log = action.poll().log();
      act.group = action.poll().group();
      act.poll = action.poll();
      if (act.type == Operation::FAIL) act.poll.clear_reads();
    } else if (action.has_commit()) {
      act.log = action.commit().log();
      act.group = action.commit().group();
      act.offset = action.commit().offset();
    } else if (action.has_process()) {
      act.group = action.process().group();
      act.value = action.process().value();
      act.applied = action.process().applied();
    }
    acts_.push_back(act);
  }

  static bool Ok(const Act& act) { return act.done != kNever && act.type == Operation::OK; }
  static bool Failed(const Act& act) { return act.done != kNever && act.type == Operation::FAIL; }

  // The last complete read-all, and of all of them the last.
  const Act* AuditOf(const std::string& log) const {
    const Act* audit = nullptr;
    for (const Act& act : acts_) {
      if (act.f == "read-all" && act.log == log && Ok(act) && act.poll.has_end() &&
          act.poll.next() == act.poll.end()) {
        audit = &act;
      }
    }
    return audit;
  }

  static bool Shows(const Act& act, const std::string& value) {
    return std::any_of(act.poll.reads().begin(), act.poll.reads().end(),
                       [&value](const formats::Read& read) { return read.value() == value; });
  }

  std::vector<Seen> SeenIn(const std::string& log) const {
    std::vector<Seen> seen;
    for (const Act& act : acts_) {
      if (act.log != log) continue;
      if (act.f == "send" && act.offset >= 0) seen.push_back({&act, act.value, act.offset});
      for (const formats::Read& read : act.poll.reads()) {
        seen.push_back({&act, read.value(), read.offset()});
      }
    }
    return seen;
  }

  std::vector<const Act*> Sends(const std::string& log, const std::string& value) const {
    std::vector<const Act*> sends;
    for (const Act& act : acts_) {
      if (act.f == "send" && act.log == log && act.value == value) sends.push_back(&act);
    }
    return sends;
  }

  bool AllFailed(const std::string& log, const std::string& value) const {
    const auto sends = Sends(log, value);
    return !sends.empty() &&
           std::all_of(sends.begin(), sends.end(), [](const Act* act) { return Failed(*act); });
  }

  void Find(const std::string& check, const std::string& what) { found_.insert(check + what); }

  void Unavailable(const std::string& log) {
    const Act* last = nullptr;
    for (const Act& act : acts_) {
      if (act.f == "read-all" && act.log == log) last = &act;
    }
    const bool complete = last != nullptr && Ok(*last) && last->poll.has_end() &&
                          last->poll.next() == last->poll.end();
    if (last != nullptr && !complete) Find("unavailable", fmt::format(" {}", last->Shown()));
  }

  void Offsets(const std::string& log) {
    const std::vector<Seen> seen = SeenIn(log);
    for (const Seen& a : seen) {
      for (const Seen& b : seen) {
        if (a.offset == b.offset && a.value != b.value) {
          Find("inconsistent-offsets", fmt::format(" {} {}", log, a.offset));
        }
      }
    }
  }

  void Lost(const std::string& log, const std::string& value) {
    const Act* ack = nullptr;
    for (const Act* send : Sends(log, value)) {
      if (Ok(*send) && (ack == nullptr || send->done < ack->done)) ack = send;
    }
    if (ack == nullptr) return;
    const Act* audit = AuditOf(log);
    bool read = false;
    bool read_later = false;
    for (const Act& act : acts_) {
      if (act.log != log || !Shows(act, value)) continue;
      read = true;
      if (audit != nullptr && act.Shown() > audit->done) read_later = true;
    }
    const bool covered = audit != nullptr && audit->invoke > ack->done &&
                         (audit->poll.from() == 0 || ack->offset >= audit->poll.from());
    if (audit != nullptr && audit->invoke > ack->done && Shows(*audit, value)) return;
    if (covered) {
      if (!read_later) Find("lost-write", fmt::format(" {} {}", log, value));
      return;
    }
    if (read) return;
    for (const Act& act : acts_) {
      const bool passed = ack->offset >= 0 && act.log == log && Ok(act) &&
                          (act.f == "poll" || act.f == "read-all") && act.invoke > ack->done &&
                          act.poll.from() <= ack->offset && ack->offset < act.poll.next();
      if (passed) return Find("lost-write", fmt::format(" {} {}", log, value));
    }
    Find("undecided", "");
  }

  void LostByGroup(const std::string& log, const std::string& value) {
    const Act* last_begun = nullptr;
    const Act* last_done = nullptr;
    bool processes = false;
    for (const Act& act : acts_) {
      if (act.f == "process") processes = true;
      if (act.f == "process" && act.value == value &&
          ((Ok(act) && act.applied) || (!Ok(act) && !Failed(act)))) {
        return;
      }
      if (act.f != "commit" || act.log != log || !Ok(act)) continue;
      last_begun = &act;
      if (last_done == nullptr || act.done > last_done->done) last_done = &act;
    }
    if (!processes || last_done == nullptr || AllFailed(log, value)) return;
    int64_t position = last_done->offset;
    for (const Act& act : acts_) {
      if (act.f == "commit" && act.log == log && !Failed(act) &&
          act.Shown() >= last_begun->invoke) {
        position = std::min(position, act.offset);
      }
    }
    int64_t place = -1;
    const Act* audit = AuditOf(log);
    for (const Seen& seen : SeenIn(log)) {
      if (seen.value != value || (audit != nullptr && seen.act != audit)) continue;
      place = std::max(place, seen.offset);
    }
    if (place < 0 || place >= position) return;
    Find(audit != nullptr ? "lost-write" : "undecided",
         audit != nullptr ? fmt::format(" {} {}", log, value) : "");
  }

  void Duplicate(const std::string& log, const std::string& value) {
    std::set<int64_t> offsets;
    for (const Seen& seen : SeenIn(log)) {
      if (seen.value == value) offsets.insert(seen.offset);
    }
    if (offsets.size() > 1) Find("duplicate", fmt::format(" {} {}", log, value));
  }

  void AppliedTwice(const std::string& value) {
    const auto times = std::count_if(acts_.begin(), acts_.end(), [&value](const Act& act) {
      return act.f == "process" && act.value == value && Ok(act) && act.applied;
    });
    if (times > 1) Find("duplicate", fmt::format(" effect {}", value));
  }

  void Redelivered(const std::string& log, const std::string& value) {
    std::multiset<int64_t> offsets;
    for (const Act& act : acts_) {
      if (act.f != "poll" || act.log != log || act.group.empty()) continue;
      for (const formats::Read& read : act.poll.reads()) {
        if (read.value() == value) offsets.insert(read.offset());
      }
    }
    for (int64_t offset : offsets) {
      if (offsets.count(offset) > 1) {
        Find("redelivery", fmt::format(" {} {} {}", log, value, offset));
      }
    }
  }

  void Aborted(const std::string& log, const std::string& value) {
    if (!AllFailed(log, value) && !IsCopyOfFailed(log, value)) return;
    for (const Seen& seen : SeenIn(log)) {
      if (seen.value == value && seen.act->f != "send") Find("aborted-read", fmt::format(" {} {}", log, value));
    }
  }

  // A record that only mirrors sent, and nobody else sent its value but in vain.
  bool IsCopyOfFailed(const std::string& log, const std::string& value) const {
    bool failed = false;
    for (const Act& act : acts_) {
      if (act.f != "send" || act.value != value) continue;
      if (!act.copy && (act.log == log || !Failed(act))) return false;
      failed = failed || !act.copy;
    }
    return failed && !Sends(log, value).empty();
  }

  // `log` is the original.
  void NeverCopied(const std::string& log, const std::string& value) {
    uint64_t acknowledged = kNever;
    for (const Act* send : Sends(log, value)) {
      if (!send->copy && Ok(*send) && acknowledged == kNever) acknowledged = send->done;
    }
    const Act* own = AuditOf(log);
    if (acknowledged == kNever || (own != nullptr && !Shows(*own, value))) return;
    for (const std::string& mirror : logs_) {
      const Act* audit = AuditOf(mirror);
      if (mirror == log || audit == nullptr || audit->invoke < acknowledged || Shows(*audit, value)) continue;
      if (IsMirrorOf(mirror, log)) Find("hang", fmt::format(" {} {}", log, value));
    }
  }

  bool IsMirrorOf(const std::string& mirror, const std::string& log) const {
    for (const Act& copy : acts_) {
      if (!copy.copy || copy.log != mirror) continue;
      for (const Act* send : Sends(log, copy.value)) {
        if (!send->copy) return true;
      }
    }
    return false;
  }

  void Dirty(const std::string& log, const std::string& value) {
    const Act* audit = AuditOf(log);
    if (audit == nullptr || Shows(*audit, value)) return;
    for (const Seen& seen : SeenIn(log)) {
      if (seen.value == value && seen.act->f == "poll" && Ok(*seen.act) &&
          seen.act->done < audit->invoke && seen.offset >= audit->poll.from()) {
        Find("dirty-read", fmt::format(" {} {}", log, value));
      }
    }
  }

  void Stale(const Act& poll) {
    if (poll.f != "poll" || !Ok(poll) || !poll.poll.has_end()) return;
    for (const Act& send : acts_) {
      if (send.f == "send" && send.log == poll.log && send.offset >= 0 && send.done < poll.invoke &&
          poll.poll.end() <= send.offset && poll.poll.next() <= send.offset &&
          poll.poll.from() <= send.offset) {
        Find("stale-read", fmt::format(" {}", poll.done));
      }
    }
  }

  // The record's place in the log, or -1.
  int64_t Place(const std::string& log, const std::string& value) const {
    int64_t place = -1;
    const Act* audit = AuditOf(log);
    for (const Seen& seen : SeenIn(log)) {
      if (seen.value != value || (audit != nullptr && seen.act != audit)) continue;
      if (place < 0 || seen.offset < place) place = seen.offset;
    }
    return place;
  }

  void Order(const std::string& log) {
    std::vector<const Act*> sent;
    for (const Act& act : acts_) {
      if (act.f != "send" || act.log != log || Failed(act)) continue;
      int times = 0;
      for (const Act* other : Sends(log, act.value)) {
        if (!Failed(*other)) ++times;
      }
      if (times == 1 && Place(log, act.value) >= 0) sent.push_back(&act);
    }
    for (size_t i = 0; i < sent.size(); ++i) {
      for (size_t j = i + 1; j < sent.size(); ++j) {
        if (sent[i]->process == sent[j]->process &&
            Place(log, sent[j]->value) < Place(log, sent[i]->value)) {
          Find("reordered", "");
        }
      }
    }
    for (const Act& act : acts_) {
      for (int i = 1; act.log == log && i < act.poll.reads_size(); ++i) {
        if (act.poll.reads(i).offset() <= act.poll.reads(i - 1).offset()) Find("reordered", "");
      }
    }
  }

  void Skipped(const std::string& log) {
    const Act* audit = AuditOf(log);
    if (audit == nullptr) return;
    for (size_t j = 0; j < acts_.size(); ++j) {
      const Act& after = acts_[j];
      if (after.f != "poll" || after.log != log || !Ok(after)) continue;
      for (size_t i = j; i-- > 0;) {
        const Act& before = acts_[i];
        if (before.f != "poll" || before.log != log || !Ok(before) ||
            before.process != after.process || before.group != after.group) {
          continue;
        }
        for (const formats::Read& read : audit->poll.reads()) {
          if (read.offset() >= before.poll.next() && read.offset() < after.poll.from()) {
            Find("skipped", "");
          }
        }
        break;
      }
    }
  }

  // Whether an open commit may have put the position there, or lower, before `fallen` was asked for.
  bool MayHaveGoneBack(const Act& fallen) const {
    return std::any_of(acts_.begin(), acts_.end(), [&](const Act& open) {
      return open.f == "commit" && open.log == fallen.log && open.group == fallen.group && !Ok(open) && !Failed(open) &&
             open.invoke < fallen.invoke && open.offset <= fallen.offset;
    });
  }

  void Rollback(const std::string& log) {
    for (const Act& a : acts_) {
      for (const Act& b : acts_) {
        if (a.f == "commit" && b.f == "commit" && a.log == log && b.log == log &&
            a.group == b.group && Ok(a) && Ok(b) && a.done < b.invoke && b.offset < a.offset &&
            !MayHaveGoneBack(b)) {
          Find("rollback", "");
        }
      }
    }
  }

  std::vector<Act> acts_;  // in the order of invocations
  std::set<std::string> logs_, values_;
  std::set<std::string> found_;
};

}  // namespace

std::set<std::string> NaiveFindings(const History& history) { return Naive(history).Run(); }

std::set<std::string> FindingsOf(const formats::Verdict& verdict, const History& history) {
  std::set<std::string> found;
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    const std::string& type = anomaly.type();
    const uint64_t last = anomaly.operations(anomaly.operations_size() - 1);
    const formats::RecordId none;
    const formats::RecordId& record = anomaly.records_size() > 0 ? anomaly.records(0) : none;
    std::string what = fmt::format(" {} {}", record.log(), record.value());
    if (type == "reordered" || type == "skipped" || type == "rollback") what = "";
    if (type == "unavailable" || type == "stale-read") what = fmt::format(" {}", last);
    if (type == "inconsistent-offsets") what = fmt::format(" {} {}", record.log(), record.offset());
    if (type == "redelivery") what += fmt::format(" {}", record.offset());
    if (history.operations(static_cast<int>(last)).f() == "process") {
      what = fmt::format(" effect {}", record.value());
    }
    found.insert(type + what);
  }
  for (const std::string& reason : verdict.unknown_reasons()) {
    if (reason.rfind("lost-write", 0) == 0) found.insert("undecided");
  }
  return found;
}

}  // namespace brokersim::checker
