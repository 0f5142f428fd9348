#include "tests/checker/random_history.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::History;
using formats::Operation;

Operation Begin(std::string process, std::string f) {
  Operation op;
  op.set_process(std::move(process));
  op.set_f(std::move(f));
  return op;
}

void Append(Operation op, History* history) {
  const int size = history->operations_size();
  op.set_index(size);
  op.set_time_ns(int64_t{size} * 700'000);
  if (op.type() == Operation::INVOKE) op.set_invocation(size);
  *history->add_operations() = std::move(op);
}

// What a client has begun and not completed.
struct Client {
  std::string name;
  std::string group;  // of consumers
  int log = 0;        // that it reads
  int64_t position = 0;
  std::vector<Operation> todo;   // what follows from its last poll
  std::optional<uint64_t> open;  // index of the INVOKE
};

// The broker that does everything right: what a completion says is true when it is recorded.
class World {
 public:
  World(uint64_t seed, int operations) : random_(seed), operations_(operations), logs_(3) {
    for (int i = 0; i < 3; ++i) clients_.push_back({fmt::format("p{}", i), "", 0, 0, {}, {}});
    for (int i = 0; i < 3; ++i) clients_.push_back({fmt::format("c{}", i), "g", i, 0, {}, {}});
    clients_.push_back({"r0", "", 1, 0, {}, {}});
    history_.set_schema_version(1);
  }

  History Run() {
    while (history_.operations_size() < operations_) {
      Client& client = clients_[random_.Below(static_cast<int64_t>(clients_.size()))];
      if (client.open) {
        Complete(&client);
      } else {
        Invoke(&client);
      }
    }
    ReadAll();
    return std::move(history_);
  }

 private:
  static std::string LogName(int log) { return fmt::format("orders-{}", log); }

  void Invoke(Client* client) {
    client->open = history_.operations_size();
    Operation op;
    if (client->name[0] == 'p') {
      op = Begin(client->name, "send");
      for (int64_t i = random_.Below(2); i >= 0; --i) {
        formats::Send* send = op.add_actions()->mutable_send();
        send->set_log(LogName(static_cast<int>(random_.Below(3))));
        send->set_value(fmt::format("v{}", ++values_));
      }
    } else if (!client->todo.empty()) {
      op = client->todo.front();
      client->todo.erase(client->todo.begin());
    } else {
      op = Begin(client->name, "poll");
      formats::Poll* poll = op.add_actions()->mutable_poll();
      poll->set_log(LogName(client->log));
      poll->set_group(client->group);
      poll->set_from(client->position);
    }
    op.set_type(Operation::INVOKE);
    Append(std::move(op), &history_);
  }

  void Complete(Client* client) {
    Operation op = history_.operations(static_cast<int>(*client->open));
    op.set_type(Operation::OK);
    client->open.reset();
    if (op.f() == "send") CompleteSend(&op);
    if (op.f() == "poll") CompletePoll(client, &op);
    Append(std::move(op), &history_);
  }

  void CompleteSend(Operation* op) {
    const int64_t chance = random_.Below(10);
    if (chance == 0) op->set_type(Operation::FAIL);
    if (chance == 1) op->set_type(Operation::INFO);
    if (chance == 0 || (chance == 1 && random_.Percent(50))) return;
    for (Action& action : *op->mutable_actions()) {
      formats::Send* send = action.mutable_send();
      std::vector<std::string>& log = logs_[send->log().back() - '0'];
      if (random_.Percent(5)) log.emplace_back();  // an offset without a record
      // Some brokers don't say where they stored it.
      if (chance != 1 && !random_.Percent(5)) send->set_offset(static_cast<int64_t>(log.size()));
      log.push_back(send->value());
    }
  }

  void CompletePoll(Client* client, Operation* op) {
    if (random_.Percent(5)) return op->set_type(Operation::INFO);
    formats::Poll* poll = op->mutable_actions(0)->mutable_poll();
    const std::vector<std::string>& log = logs_[client->log];
    const int64_t end = static_cast<int64_t>(log.size());
    const int64_t next = std::min(end, client->position + random_.Below(6));
    poll->set_end(end);
    poll->set_next(next);
    FillReads(log, client->position, next, poll);
    client->position = next;
    if (client->group.empty()) return;
    for (const formats::Read& read : poll->reads()) {
      Operation process = Begin(client->name, "process");
      formats::Process* effect = process.add_actions()->mutable_process();
      effect->set_group(client->group);
      effect->set_log(poll->log());
      effect->set_offset(read.offset());
      effect->set_value(read.value());
      effect->set_applied(true);
      client->todo.push_back(std::move(process));
    }
    Operation commit = Begin(client->name, "commit");
    commit.add_actions()->mutable_commit()->set_group(client->group);
    commit.mutable_actions(0)->mutable_commit()->set_log(poll->log());
    commit.mutable_actions(0)->mutable_commit()->set_offset(next);
    client->todo.push_back(std::move(commit));
  }

  static void FillReads(const std::vector<std::string>& log, int64_t from, int64_t next,
                        formats::Poll* poll) {
    for (int64_t offset = from; offset < next; ++offset) {
      if (log[offset].empty()) continue;
      formats::Read* read = poll->add_reads();
      read->set_offset(offset);
      read->set_value(log[offset]);
    }
  }

  void ReadAll() {
    for (int i = 0; i < 3; ++i) {
      Operation op = Begin("audit", "read-all");
      op.set_type(Operation::OK);
      formats::Poll* poll = op.add_actions()->mutable_poll();
      poll->set_log(LogName(i));
      const int64_t end = static_cast<int64_t>(logs_[i].size());
      poll->set_next(end);
      poll->set_end(end);
      FillReads(logs_[i], 0, end, poll);
      AppendPair(std::move(op), &history_);
    }
  }

  Random random_;
  int operations_;
  int values_ = 0;
  std::vector<std::vector<std::string>> logs_;  // "": an offset without a record
  std::vector<Client> clients_;
  History history_;
};

// The last read-all of a log that holds records, or null.
formats::Poll* SomeAudit(Random* random, History* history) {
  std::vector<formats::Poll*> audits;
  for (Operation& op : *history->mutable_operations()) {
    if (op.f() != "read-all" || op.type() != Operation::OK) continue;
    formats::Poll* poll = op.mutable_actions(0)->mutable_poll();
    if (poll->reads_size() > 0) audits.push_back(poll);
  }
  return audits.empty() ? nullptr : audits[random->Below(static_cast<int64_t>(audits.size()))];
}

struct SentRecord {
  std::string process, log, value;
  int64_t offset = 0;
};

std::vector<SentRecord> Sent(const History& history, Operation::Type type) {
  std::vector<SentRecord> sent;
  for (const Operation& op : history.operations()) {
    if (op.f() != "send" || op.type() != type) continue;
    for (const Action& action : op.actions()) {
      sent.push_back(
          {op.process(), action.send().log(), action.send().value(), action.send().offset()});
    }
  }
  return sent;
}

// Takes a record out of the read-all that shows it. False if none does.
bool RemoveFromAudit(const SentRecord& record, History* history) {
  for (Operation& op : *history->mutable_operations()) {
    if (op.f() != "read-all" || op.type() != Operation::OK) continue;
    formats::Poll* poll = op.mutable_actions(0)->mutable_poll();
    for (int i = 0; poll->log() == record.log && i < poll->reads_size(); ++i) {
      if (poll->reads(i).value() != record.value) continue;
      poll->mutable_reads()->DeleteSubrange(i, 1);
      return true;
    }
  }
  return false;
}

Operation PollBy(const std::string& process, const std::string& group, const formats::Poll& asked) {
  Operation op = Begin(process, "poll");
  op.set_type(Operation::OK);
  *op.add_actions()->mutable_poll() = asked;
  op.mutable_actions(0)->mutable_poll()->set_group(group);
  return op;
}

void AddReadAtEnd(const std::string& value, formats::Poll* audit) {
  formats::Read* read = audit->add_reads();
  read->set_offset(audit->end());
  read->set_value(value);
  audit->set_end(audit->end() + 1);
  audit->set_next(audit->end());
}

bool PlantReordered(Random* random, History* history) {
  formats::Poll* audit = SomeAudit(random, history);
  const std::vector<SentRecord> sent = Sent(*history, Operation::OK);
  for (size_t i = 0; audit != nullptr && i < sent.size(); ++i) {
    for (size_t j = i + 1; j < sent.size(); ++j) {
      if (sent[i].process != sent[j].process || sent[i].log != audit->log() ||
          sent[j].log != audit->log()) {
        continue;
      }
      for (formats::Read& read : *audit->mutable_reads()) {
        if (read.value() == sent[i].value) {
          read.set_value(sent[j].value);
        } else if (read.value() == sent[j].value) {
          read.set_value(sent[i].value);
        }
      }
      return true;
    }
  }
  return false;
}

bool PlantDirty(History* history) {
  for (const Operation& op : history->operations()) {
    if (op.f() != "poll" || op.type() != Operation::OK) continue;
    const formats::Poll& poll = op.actions(0).poll();
    if (poll.reads_size() == 0) continue;
    return RemoveFromAudit({"", poll.log(), poll.reads(0).value(), 0}, history);
  }
  return false;
}

bool PlantRollback(History* history) {
  for (int64_t offset : {5, 4}) {
    Operation op = Begin("c0", "commit");
    op.set_type(Operation::OK);
    formats::Commit* commit = op.add_actions()->mutable_commit();
    commit->set_group("other");
    commit->set_log("orders-0");
    commit->set_offset(offset);
    AppendPair(std::move(op), history);
  }
  return true;
}

// Polls after the end of the run, by a process and a group of their own.
bool PlantPolls(std::string_view check, const formats::Poll& audit, History* history) {
  formats::Poll first = audit;
  formats::Poll second = audit;
  if (check == "skipped") {
    first.clear_reads();
    first.set_next(0);
    second.clear_reads();
    second.set_from(audit.end());
  } else if (check == "stale-read") {
    first.clear_reads();
    first.set_next(0);
    first.set_end(0);
    AppendPair(PollBy("x", "gx", first), history);
    return true;
  }
  AppendPair(PollBy("x", "gx", first), history);
  AppendPair(PollBy("x", "gx", second), history);
  return true;
}

}  // namespace

uint64_t Random::Next() {
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void AppendPair(Operation op, History* history) {
  Operation invoke = op;
  invoke.set_type(Operation::INVOKE);
  op.set_invocation(history->operations_size());
  Append(std::move(invoke), history);
  Append(std::move(op), history);
}

History CorrectHistory(uint64_t seed, int operations) { return World(seed, operations).Run(); }

bool PlantFault(std::string_view check, uint64_t seed, History* history) {
  Random random(seed);
  const std::vector<SentRecord> ok = Sent(*history, Operation::OK);
  formats::Poll* audit = SomeAudit(&random, history);
  if (ok.empty() || audit == nullptr) return false;
  const SentRecord& some = ok[random.Below(static_cast<int64_t>(ok.size()))];
  if (check == "lost-write") return RemoveFromAudit(some, history);
  if (check == "dirty-read") return PlantDirty(history);
  if (check == "reordered") return PlantReordered(&random, history);
  if (check == "rollback") return PlantRollback(history);
  if (check == "duplicate") {
    AddReadAtEnd(std::string(audit->reads(0).value()), audit);
    return true;
  }
  if (check == "aborted-read") {
    for (const SentRecord& failed : Sent(*history, Operation::FAIL)) {
      if (failed.log != audit->log()) continue;
      AddReadAtEnd(failed.value, audit);
      return true;
    }
    return false;
  }
  if (check == "inconsistent-offsets") {
    const formats::Poll copy = *audit;
    AppendPair(PollBy("x", "", copy), history);
    Operation* last = history->mutable_operations(history->operations_size() - 1);
    last->mutable_actions(0)->mutable_poll()->mutable_reads(0)->set_value("another");
    return true;
  }
  if (check == "hang") {
    // A mirror that has one record of the log only.
    const auto of_log = [audit](const SentRecord& record) { return record.log == audit->log(); };
    if (std::count_if(ok.begin(), ok.end(), of_log) < 2) return false;
    Operation copy;
    copy.set_process("mm");
    copy.set_f("mirror");
    copy.set_type(Operation::OK);
    formats::Send* send = copy.add_actions()->mutable_send();
    send->set_log("m." + audit->log());
    send->set_value(std::find_if(ok.begin(), ok.end(), of_log)->value);
    send->set_offset(0);
    formats::Poll shown;
    shown.set_log(send->log());
    shown.set_from(0);
    shown.set_next(1);
    shown.set_end(1);
    shown.add_reads()->set_value(send->value());
    Operation read_all = PollBy("x", "", shown);
    read_all.set_f("read-all");
    AppendPair(std::move(copy), history);
    AppendPair(std::move(read_all), history);
    return true;
  }
  if (check == "unavailable") {
    history->mutable_operations(history->operations_size() - 1)->set_type(Operation::INFO);
    return true;
  }
  if (check == "stale-read" || check == "skipped" || check == "redelivery") {
    if (check == "stale-read") {
      const bool acked = std::any_of(ok.begin(), ok.end(), [audit](const SentRecord& record) {
        return record.log == audit->log() && record.offset > 0;
      });
      if (!acked) return false;
    }
    const formats::Poll copy = *audit;
    return PlantPolls(check, copy, history);
  }
  return false;
}

History SenselessHistory(uint64_t seed, int operations) {
  Random random(seed);
  History history;
  std::vector<uint64_t> open;
  const auto text = [&random](std::string_view prefix, int64_t bound) {
    return fmt::format("{}{}", prefix, random.Below(bound));
  };
  while (history.operations_size() < operations) {
    if (!open.empty() && random.Percent(50)) {
      const size_t nth = random.Below(static_cast<int64_t>(open.size()));
      Operation op = history.operations(static_cast<int>(open[nth]));
      open.erase(open.begin() + static_cast<int64_t>(nth));
      const int64_t chance = random.Below(10);
      op.set_type(chance < 7 ? Operation::OK : chance < 8 ? Operation::FAIL : Operation::INFO);
      for (Action& action : *op.mutable_actions()) {
        if (action.has_send() && op.type() == Operation::OK && random.Percent(80)) {
          action.mutable_send()->set_offset(random.Below(6));
        }
      }
      Append(std::move(op), &history);
      continue;
    }
    const int64_t kind = random.Below(10);
    Operation op = Begin(text("p", 2), kind < 1   ? "mirror"
                                       : kind < 4 ? "send"
                                       : kind < 7 ? "poll"
                                       : kind < 8 ? "read-all"
                                       : kind < 9 ? "commit"
                                                  : "process");
    Action* action = op.add_actions();
    if (kind < 4) {
      action->mutable_send()->set_log(text("x", 2));
      action->mutable_send()->set_value(text("v", 8));
    } else if (kind < 8) {
      formats::Poll* poll = action->mutable_poll();
      poll->set_log(text("x", 2));
      poll->set_from(random.Percent(60) ? 0 : random.Below(4));
      if (kind < 7) poll->set_group(random.Percent(50) ? "g" : "");
      for (int64_t offset = poll->from(); offset < 6; ++offset) {
        if (random.Percent(70)) continue;
        poll->add_reads()->set_offset(offset);
        poll->mutable_reads(poll->reads_size() - 1)->set_value(text("v", 8));
      }
      poll->set_next(poll->from() + random.Below(6));
      if (random.Percent(80)) poll->set_end(random.Percent(60) ? poll->next() : random.Below(6));
    } else if (kind < 9) {
      action->mutable_commit()->set_group("g");
      action->mutable_commit()->set_log(text("x", 2));
      action->mutable_commit()->set_offset(random.Below(6));
    } else {
      action->mutable_process()->set_group("g");
      action->mutable_process()->set_log(text("x", 2));
      action->mutable_process()->set_value(text("v", 8));
      action->mutable_process()->set_applied(random.Percent(80));
    }
    op.set_type(Operation::INVOKE);
    open.push_back(history.operations_size());
    Append(std::move(op), &history);
  }
  return history;
}

}  // namespace brokersim::checker
