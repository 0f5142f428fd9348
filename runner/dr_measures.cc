#include "runner/dr_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "runner/metrics.h"

namespace brokersim::runner {
namespace {

using formats::Operation;

constexpr DrMeasureInfo kInfos[] = {
    {"rpo-records", "rpo_records", DrUnit::kCount,
     "RPO: acknowledged records that nobody can read at the end; not served: no log that has them can be read"},
    {"rpo-bytes", "rpo_bytes", DrUnit::kBytes, "keys and values of these"},
    {"rpo-span", "rpo_span_ns", DrUnit::kNanoseconds, "from the first to the last acknowledgement of these"},
    {"rpo-age", "rpo_age_ns", DrUnit::kNanoseconds, "how long before the strike the first of these was acknowledged"},
    {"rto-write", "rto_write_ns", DrUnit::kNanoseconds,
     "RTO: from the strike to the acknowledged write that ends the longest outage, of the log that takes longest"},
    {"rto-read", "rto_read_ns", DrUnit::kNanoseconds,
     "from the strike to the first delivery of a record that was acknowledged at that moment or later"},
    {"rto-clients", "rto_clients_ns", DrUnit::kNanoseconds,
     "from the strike until the last client that survives has ended its longest outage"},
    {"unavailable", "unavailable_ns", DrUnit::kNanoseconds,
     "time in stretches of at least 1 s in which sends waited and none was acknowledged, of any log"},
    {"duplicates", "duplicates", DrUnit::kCount, "further copies of records in the logs"},
    {"redelivered", "redelivered", DrUnit::kCount, "records that a group got again"},
    {"reordered-keys", "reordered_keys", DrUnit::kCount,
     "keys whose records stand in a log in another order than their producer sent them"},
    {"two-owners", "two_owners_ns", DrUnit::kNanoseconds,
     "time in which several nodes believed to own the same log, whichever; looked at every 100 ms"},
    {"split-brain-writes", "split_brain_writes", DrUnit::kCount,
     "writes acknowledged in that time to a log of which both sides acknowledged some: it has kept only one side's"},
    {"converge", "converge_ns", DrUnit::kNanoseconds,
     "from the end of the last fault until every broker runs and is in sync, and each log has one owner"},
    {"reconcile", "reconcile", DrUnit::kCount,
     "records to be put right by hand: lost, there twice, there though refused, not in both of two logs that are to be "
     "the same, or with an effect that is wrong"},
};
static_assert(std::size(kInfos) == kDrMeasureCount);

using RecordKey = std::pair<std::string_view, std::string_view>;  // log and value

struct Write {
  std::string_view log;
  std::string_view key;
  std::string_view value;
  std::string_view client;
  int64_t begun = 0;
  int64_t done = kNever;  // kNever: it never heard
  Operation::Type outcome = Operation::INFO;
};

// Somebody waits from `begun` to `done`; whether it was served at its end.
struct Wait {
  int64_t begun = 0;
  int64_t done = 0;
  bool served = false;
};

struct Recovery {
  int64_t from = 0;   // what the time counts from
  int64_t until = 0;  // when it is over; kNever
  int64_t time() const { return until == kNever ? kNever : until - from; }
};

// Empty: nobody waited for anything after the strike. `end`: when the last of them gave up waiting.
std::optional<Recovery> RecoveryOf(std::vector<Wait> waits, int64_t strike, int64_t end) {
  std::stable_sort(waits.begin(), waits.end(), [](const Wait& a, const Wait& b) { return a.begun < b.begun; });
  std::vector<int64_t> served;
  std::optional<Recovery> first;
  for (const Wait& wait : waits) {
    if (!wait.served) continue;
    served.push_back(wait.done);
    if (wait.begun >= strike && (!first.has_value() || wait.done < first->until)) first = {strike, wait.done};
  }
  std::sort(served.begin(), served.end());
  served.push_back(kNever);
  // Until when any of those from there on waits.
  std::vector<int64_t> patience(waits.size());
  for (size_t i = waits.size(); i-- > 0;) {
    patience[i] = std::max(std::min(waits[i].done, end), i + 1 < waits.size() ? patience[i + 1] : 0);
  }
  std::optional<Recovery> longest;
  int64_t before = 0;  // when somebody was served last
  size_t next = 0;     // the first that waits after that
  for (const int64_t at : served) {
    while (next < waits.size() && waits[next].done <= before) ++next;
    if (next == waits.size()) break;
    const int64_t begin = std::max({before, waits[next].begun, strike});
    before = at;
    const int64_t length = std::min(at, patience[next]) - begin;
    if (at <= strike || begin >= at || length < kDrOutageNs) continue;
    if (longest.has_value() && longest->until != kNever && at != kNever &&
        at - begin <= longest->until - longest->from) {
      continue;
    }
    if (longest.has_value() && longest->until == kNever) continue;
    longest = {begin <= strike + kDrOutageNs ? strike : begin, at};
  }
  return longest.has_value() ? longest : first;
}

class Measurer {
 public:
  Measurer(const formats::History& history, const DrillSeen& seen) : history_(history), seen_(seen) {
    ReadWrites();
    ReadLogs();
    ReadDeliveries();
  }

  DrMeasures Measure() {
    MeasureLost();
    MeasureRecovery();
    MeasureOrder();
    MeasureOwners();
    MeasureReconciliation();
    const Metrics metrics = MetricsOf(history_);
    measures_[DrMeasure::kUnavailable] = metrics[Metric::kUnavailable];
    measures_[DrMeasure::kDuplicates] = metrics[Metric::kDuplicates];
    measures_[DrMeasure::kRedelivered] = metrics[Metric::kRedelivered];
    if (seen_.healed_ns.has_value()) {
      measures_[DrMeasure::kConverge] =
          seen_.converged_ns.has_value() ? *seen_.converged_ns - *seen_.healed_ns : kNever;
    }
    return measures_;
  }

  std::vector<std::pair<std::string, std::string>> Lost() const {
    std::vector<std::pair<std::string, std::string>> lost;
    for (const Write& write : writes_) {
      if (IsLost(write)) lost.emplace_back(write.log, write.value);
    }
    std::sort(lost.begin(), lost.end());
    return lost;
  }

 private:
  struct Delivery {
    std::string_view client;
    int64_t begun = 0;
    int64_t at = 0;
    const formats::Operation* poll = nullptr;
  };

  void ReadWrites() {
    std::map<uint64_t, std::vector<size_t>> open;  // by invocation
    for (const Operation& operation : history_.operations()) {
      end_ = std::max(end_, operation.time_ns());
      if (IsMirrors(operation)) {
        NoteMirror(operation);
        continue;
      }
      if (operation.type() == Operation::INVOKE) {
        for (const formats::Action& action : operation.actions()) {
          if (!action.has_send()) continue;
          open[operation.index()].push_back(writes_.size());
          writers_.insert(operation.process());
          origin_.try_emplace(action.send().value(), action.send().log());
          writes_.push_back({action.send().log(), action.send().key(), action.send().value(), operation.process(),
                             operation.time_ns()});
        }
        continue;
      }
      const auto begun = open.find(operation.invocation());
      if (begun == open.end()) continue;
      for (const size_t index : begun->second) {
        Write& write = writes_[index];
        write.done = operation.time_ns();
        write.outcome = operation.type();
        if (operation.type() != Operation::OK) continue;
        // Where it went may be known only now.
        for (const formats::Action& action : operation.actions()) {
          if (action.has_send() && action.send().value() == write.value) write.log = action.send().log();
        }
      }
    }
    GiveUp();
    for (const Write& write : writes_) {
      if (write.outcome == Operation::OK) load_end_ = std::max(load_end_, write.done);
    }
  }

  // A write that is never answered is given up when its client has an answer to a later one to the same log.
  void GiveUp() {
    std::map<RecordKey, int64_t> answered;  // by client and log: of those that began later
    for (auto write = writes_.rbegin(); write != writes_.rend(); ++write) {
      const RecordKey key(write->client, write->log);
      if (const auto later = answered.find(key); write->done == kNever && later != answered.end()) {
        write->done = later->second;
      }
      if (write->done != kNever) answered[key] = write->done;
    }
  }

  // A mirror serves what the log that it copies holds.
  void NoteMirror(const Operation& operation) {
    for (const formats::Action& action : operation.actions()) {
      const auto origin = origin_.find(action.send().value());
      if (origin == origin_.end()) continue;
      mirrors_[origin->second].insert(action.send().log());
      if (writers_.contains(operation.process())) twins_.emplace(action.send().value(), action.send().log());
    }
  }

  // The log that it was sent to, the one that has acknowledged it, and those that mirror the first, as far as they
  // could be read.
  std::vector<std::string_view> ReadableCopiesOf(const Write& write) const {
    const std::string_view origin = origin_.at(write.value);
    std::vector<std::string_view> logs;
    const auto add = [&](std::string_view log) {
      if (logs_.contains(log) && std::find(logs.begin(), logs.end(), log) == logs.end()) logs.push_back(log);
    };
    add(write.log);
    add(origin);
    const auto mirrors = mirrors_.find(origin);
    if (mirrors == mirrors_.end()) return logs;
    for (const std::string_view mirror : mirrors->second) add(mirror);
    return logs;
  }

  // Of several clusters' logs of one name, "east/orders-0" and "west/orders-0": what applications take for one.
  static std::string_view ForApplications(std::string_view log) { return log.substr(log.find('/') + 1); }

  void ReadLogs() {
    for (const Operation& operation : history_.operations()) {
      if (operation.f() != "read-all" || operation.type() != Operation::OK) continue;
      for (const formats::Action& action : operation.actions()) {
        if (!action.has_poll()) continue;
        std::vector<const formats::Read*>& log = logs_[action.poll().log()];
        for (const formats::Read& read : action.poll().reads()) {
          log.push_back(&read);
          ++copies_[{action.poll().log(), read.value()}];
        }
      }
    }
  }

  void ReadDeliveries() {
    for (const Operation& operation : history_.operations()) {
      if (operation.f() != "poll") continue;
      readers_.insert(operation.process());
      if (operation.type() != Operation::OK) continue;
      const bool any = std::any_of(operation.actions().begin(), operation.actions().end(),
                                   [](const formats::Action& action) { return action.poll().reads_size() > 0; });
      if (!any) continue;
      const auto begun = static_cast<int>(operation.invocation());
      const int64_t begun_ns = history_.operations(begun).time_ns();
      deliveries_.push_back({operation.process(), begun_ns, operation.time_ns(), &operation});
    }
  }

  bool Acknowledged(const Write& write) const { return write.outcome == Operation::OK; }
  bool IsLost(const Write& write) const {
    if (!Acknowledged(write)) return false;
    const std::vector<std::string_view> logs = ReadableCopiesOf(write);
    return !logs.empty() && std::none_of(logs.begin(), logs.end(), [&](std::string_view log) {
      return copies_.contains({log, write.value});
    });
  }

  void MeasureLost() {
    int64_t count = 0;
    int64_t bytes = 0;
    int64_t first = kNever;
    int64_t last = 0;
    bool unread = false;
    bool any = false;
    for (const Write& write : writes_) {
      if (!Acknowledged(write)) continue;
      any = true;
      unread = unread || ReadableCopiesOf(write).empty();
      if (!IsLost(write)) continue;
      ++count;
      bytes += static_cast<int64_t>(write.key.size() + write.value.size());
      first = std::min(first, write.done);
      last = std::max(last, write.done);
    }
    if (!any) return;
    measures_[DrMeasure::kLostRecords] = unread ? kNever : count;
    measures_[DrMeasure::kLostBytes] = unread ? kNever : bytes;
    measures_[DrMeasure::kLostSpan] = unread ? kNever : count == 0 ? 0 : last - first;
    measures_[DrMeasure::kLostAge] = unread ? kNever : count == 0 ? 0 : std::max<int64_t>(seen_.strike_ns - first, 0);
  }

  bool Survives(std::string_view client) const { return seen_.survivors.contains(std::string(client)); }

  // Who died without an answer waits no more, even if he lives again.
  void AddWait(const Write& write, std::vector<Wait>* waits) const {
    int64_t done = write.done;
    if (done == kNever) {
      const auto deaths = seen_.deaths.find(std::string(write.client));
      if (deaths != seen_.deaths.end()) {
        const auto death = std::lower_bound(deaths->second.begin(), deaths->second.end(), write.begun);
        if (death != deaths->second.end()) done = *death;
      }
    }
    if (done == kNever && !Survives(write.client)) return;
    waits->push_back({write.begun, done, Acknowledged(write)});
  }

  void Raise(DrMeasure measure, int64_t value) {
    measures_[measure] = std::max(measures_[measure].value_or(0), value);
  }

  void MeasureRecovery() {
    std::map<std::string_view, std::vector<Wait>> by_log;
    std::map<std::string_view, std::vector<Wait>> by_client;
    for (const Write& write : writes_) {
      AddWait(write, &by_log[ForApplications(write.log)]);
      if (Survives(write.client)) AddWait(write, &by_client[write.client]);
    }
    for (const auto& [log, waits] : by_log) {
      const std::optional<Recovery> recovery = RecoveryOf(waits, seen_.strike_ns, end_);
      if (!recovery.has_value()) continue;
      Raise(DrMeasure::kRtoWrite, recovery->time());
      if (!readers_.empty()) Raise(DrMeasure::kRtoRead, TimeToRead(log, *recovery));
    }
    AddReaders(&by_client);
    for (const auto& [client, waits] : by_client) {
      const std::optional<Recovery> recovery = RecoveryOf(waits, seen_.strike_ns, end_);
      if (recovery.has_value()) Raise(DrMeasure::kRtoClients, recovery->time());
    }
  }

  // A reader waits from the first write to the last, and is served by each poll that brings something.
  void AddReaders(std::map<std::string_view, std::vector<Wait>>* by_client) const {
    if (writes_.empty()) return;
    const int64_t first = writes_.front().begun;
    for (const std::string_view reader : readers_) {
      if (!Survives(reader) || by_client->contains(reader)) continue;
      std::vector<Wait>& waits = (*by_client)[reader];
      waits.push_back({first, load_end_, false});
      for (const Delivery& delivery : deliveries_) {
        if (delivery.client == reader) waits.push_back({delivery.begun, delivery.at, true});
      }
    }
  }

  int64_t TimeToRead(std::string_view log, const Recovery& write) const {
    if (write.until == kNever) return kNever;
    std::set<std::string_view> written;  // from then on
    for (const Write& one : writes_) {
      const bool counts = ForApplications(one.log) == log && Acknowledged(one) && one.done >= write.until;
      if (counts) written.insert(one.value);
    }
    for (const Delivery& delivery : deliveries_) {
      if (delivery.at < write.until || !Survives(delivery.client)) continue;
      for (const formats::Action& action : delivery.poll->actions()) {
        for (const formats::Read& read : action.poll().reads()) {
          if (written.contains(read.value())) return delivery.at - write.from;
        }
      }
    }
    return kNever;
  }

  void MeasureOrder() {
    if (logs_.empty()) return;
    std::map<std::string_view, std::pair<std::string_view, size_t>> sent;  // by whom, as the how manyeth
    for (size_t i = 0; i < writes_.size(); ++i) sent.try_emplace(writes_[i].value, writes_[i].client, i);
    std::set<RecordKey> reordered;  // log and key
    for (const auto& [log, reads] : logs_) {
      std::map<std::pair<std::string_view, std::string_view>, size_t> latest;  // by key and client
      std::set<std::string_view> seen;
      for (const formats::Read* read : reads) {
        const auto record = sent.find(read->value());
        if (read->key().empty() || record == sent.end() || !seen.insert(read->value()).second) continue;
        const auto& [client, index] = record->second;
        size_t& last = latest[{read->key(), client}];
        if (index < last) reordered.insert({log, read->key()});
        last = std::max(last, index);
      }
    }
    measures_[DrMeasure::kReorderedKeys] = static_cast<int64_t>(reordered.size());
  }

  // How much time the spans cover together.
  static int64_t Covered(std::vector<std::pair<int64_t, int64_t>> spans) {
    std::sort(spans.begin(), spans.end());
    int64_t covered = 0;
    int64_t until = 0;
    for (const auto& [from, to] : spans) {
      covered += std::max<int64_t>(to - std::max(from, until), 0);
      until = std::max(until, to);
    }
    return covered;
  }

  void MeasureOwners() {
    int64_t writes = 0;
    std::vector<std::pair<int64_t, int64_t>> times;
    const std::vector<TwoOwners> all = TwoOwnersOf(seen_);
    for (size_t owned = 0; owned < seen_.owned.size(); ++owned) {
      const std::vector<std::string>& logs = seen_.owned[owned].logs;
      int64_t kept = 0;
      int64_t lost = 0;
      for (const TwoOwners& two : all) {
        if (two.owned != owned) continue;
        times.emplace_back(two.from_ns, two.to_ns);
        for (const Write& write : writes_) {
          if (!Acknowledged(write) || write.done < two.from_ns || write.done >= two.to_ns) continue;
          if (std::find(logs.begin(), logs.end(), write.log) == logs.end()) continue;
          (IsLost(write) ? lost : kept) += 1;
        }
      }
      if (kept > 0 && lost > 0) writes += kept + lost;
    }
    if (seen_.owned.empty()) return;
    measures_[DrMeasure::kTwoOwners] = Covered(std::move(times));
    measures_[DrMeasure::kSplitBrainWrites] = writes;
  }

  void MeasureReconciliation() {
    if (logs_.empty()) return;
    std::set<RecordKey> wrong;
    for (const Write& write : writes_) {
      const bool refused_but_there = write.outcome == Operation::FAIL && copies_.contains({write.log, write.value});
      if (IsLost(write) || refused_but_there) wrong.insert({write.log, write.value});
    }
    for (const auto& [record, count] : copies_) {
      if (count > 1) wrong.insert(record);
    }
    for (const auto& [value, log] : twins_) {
      const RecordKey one(origin_.at(value), value);
      const RecordKey other(log, value);
      const bool readable = logs_.contains(one.first) && logs_.contains(other.first);
      if (readable && copies_.contains(one) != copies_.contains(other)) wrong.insert(one);
    }
    std::map<RecordKey, int> effects;  // by group and value
    for (const Operation& operation : history_.operations()) {
      if (operation.f() != "process" || operation.type() != Operation::OK) continue;
      for (const formats::Action& action : operation.actions()) {
        const formats::Process& effect = action.process();
        if (!effect.applied()) continue;
        const RecordKey record(effect.log(), effect.value());
        const bool vanished = logs_.contains(effect.log()) && !copies_.contains(record);
        if (++effects[{effect.group(), effect.value()}] > 1 || vanished) wrong.insert(record);
      }
    }
    measures_[DrMeasure::kReconcile] = static_cast<int64_t>(wrong.size());
  }

  const formats::History& history_;
  const DrillSeen& seen_;
  std::map<std::string_view, std::string_view> origin_;               // the log that a value was sent to
  std::map<std::string_view, std::set<std::string_view>> mirrors_;    // of a log
  std::set<std::string_view> writers_;
  std::map<std::string_view, std::string_view> twins_;                 // a second log that its writer wrote a value to
  std::vector<Write> writes_;  // in the order in which they began
  std::map<std::string_view, std::vector<const formats::Read*>> logs_;  // as they were at the end
  std::map<RecordKey, int> copies_;                                     // in them
  std::vector<Delivery> deliveries_;
  std::set<std::string_view> readers_;
  int64_t end_ = 0;
  int64_t load_end_ = 0;
  DrMeasures measures_;
};

std::string Seconds(int64_t ns) {
  const double seconds = static_cast<double>(ns) / 1e9;
  if (ns < 1'000'000) return ns == 0 ? "0 s" : fmt::format("{:.2f} ms", seconds * 1e3);
  if (ns < 1'000'000'000) return fmt::format("{:.0f} ms", seconds * 1e3);
  return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 2 : seconds < 100 ? 1 : 0);
}

}  // namespace

const DrMeasureInfo& InfoOf(DrMeasure measure) { return kInfos[static_cast<size_t>(measure)]; }

DrMeasures MeasureDrill(const formats::History& history, const DrillSeen& seen) {
  return Measurer(history, seen).Measure();
}

std::vector<std::pair<std::string, std::string>> LostRecords(const formats::History& history) {
  const DrillSeen nothing;
  return Measurer(history, nothing).Lost();
}

std::vector<TwoOwners> TwoOwnersOf(const DrillSeen& seen) {
  std::vector<TwoOwners> all;
  for (size_t owned = 0; owned < seen.owned.size(); ++owned) {
    std::map<int64_t, int> changes;  // of the number of owners
    for (const Belief& belief : seen.beliefs) {
      if (belief.owned != owned) continue;
      ++changes[belief.from_ns];
      --changes[belief.to_ns];
    }
    int owners = 0;
    int64_t since = 0;
    for (const auto& [at, change] : changes) {
      const int now = owners + change;
      if (owners < 2 && now >= 2) since = at;
      if (owners >= 2 && now < 2) all.push_back({owned, since, at});
      owners = now;
    }
  }
  return all;
}

std::string DrText(DrMeasure measure, int64_t value) {
  const bool of_records = measure <= DrMeasure::kLostAge;
  if (value == kNever) return of_records ? "not served" : "never";
  switch (InfoOf(measure).unit) {
    case DrUnit::kCount:
      return fmt::format("{}", value);
    case DrUnit::kBytes:
      return value < 10'000 ? fmt::format("{} B", value) : fmt::format("{:.1f} KB", static_cast<double>(value) / 1e3);
    case DrUnit::kNanoseconds:
      return Seconds(value);
  }
  return "";
}

}  // namespace brokersim::runner
