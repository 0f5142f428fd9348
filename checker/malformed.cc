#include "checker/malformed.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::History;
using formats::Operation;

constexpr uint32_t kNewestSchema = 1;

std::string Wrong(const Operation& op, int position, std::string_view what) {
  return fmt::format("operation {} ({} {} {} at {}) {}", position, op.process(),
                     TypeName(op.type()), op.f(), Ms(op.time_ns()), what);
}

// The kind of action that an f consists of; KIND_NOT_SET if the f is not one that we know, whose
// actions may then be of any kind.
Action::KindCase KindOf(std::string_view f) {
  if (f == "send") return Action::kSend;
  if (f == "poll" || f == "read-all") return Action::kPoll;
  if (f == "commit") return Action::kCommit;
  if (f == "process") return Action::kProcess;
  if (f == "assign") return Action::kAssign;
  return Action::KIND_NOT_SET;
}

std::string SendProblem(const formats::Send& send) {
  if (send.log().empty()) return "sends to no log";
  if (send.value().empty()) return fmt::format("sends a record without a value to {}", send.log());
  if (send.has_offset() && send.offset() < 0) {
    return fmt::format("has the negative offset {} for \"{}\"", send.offset(), send.value());
  }
  return "";
}

std::string PollProblem(const formats::Poll& poll, bool done) {
  if (poll.log().empty()) return "reads no log";
  // What is asked for may be unknown before the answer; what was answered may not.
  if (done && (poll.from() < 0 || poll.next() < 0)) {
    return fmt::format("reads {} from {} to {}", poll.log(), poll.from(), poll.next());
  }
  if (poll.has_end() && poll.end() < 0) {
    return fmt::format("says that {} ends at {}", poll.log(), poll.end());
  }
  for (const formats::Read& read : poll.reads()) {
    if (read.value().empty()) {
      return fmt::format("read no value at offset {} of {}", read.offset(), poll.log());
    }
    if (read.offset() < 0) {
      return fmt::format("read \"{}\" at the negative offset {}", read.value(), read.offset());
    }
  }
  return "";
}

std::string CommitProblem(const formats::Commit& commit) {
  if (commit.group().empty()) return "commits for no group";
  if (commit.log().empty()) return "commits a position of no log";
  if (commit.offset() < 0) return fmt::format("commits the negative offset {}", commit.offset());
  return "";
}

std::string ProcessProblem(const formats::Process& process) {
  if (process.group().empty()) return "processes for no group";
  if (process.value().empty()) return "processes a record without a value";
  // A record from a queue may have no offset: -1.
  if (process.offset() < -1) {
    return fmt::format("processes the negative offset {}", process.offset());
  }
  return "";
}

std::string AssignProblem(const formats::Assign& assign) {
  for (const formats::Position& position : assign.positions()) {
    if (position.log().empty()) return "is assigned a position of no log";
    if (position.offset() < -1) {
      return fmt::format("is assigned the negative offset {}", position.offset());
    }
  }
  return "";
}

// What is wrong with an action of an operation; `done`: its outcome is known to be OK.
std::string ActionProblem(const Operation& op, const Action& action, bool done) {
  const Action::KindCase wanted = KindOf(op.f());
  if (action.kind_case() == Action::KIND_NOT_SET) return "holds an action of no kind";
  if (wanted != Action::KIND_NOT_SET && action.kind_case() != wanted) {
    return fmt::format("holds an action that is no {}", op.f());
  }
  switch (action.kind_case()) {
    case Action::kSend: return SendProblem(action.send());
    case Action::kPoll: return PollProblem(action.poll(), done);
    case Action::kCommit: return CommitProblem(action.commit());
    case Action::kProcess: return ProcessProblem(action.process());
    case Action::kAssign: return AssignProblem(action.assign());
    case Action::KIND_NOT_SET: break;
  }
  return "";
}

// The next send among an operation's actions, after position `*at`, which it moves; null at the
// end.
const formats::Send* NextSend(const Operation& op, int* at) {
  while (++*at < op.actions_size()) {
    if (op.actions(*at).has_send()) return &op.actions(*at).send();
  }
  return nullptr;
}

int CountSends(const Operation& op) {
  int count = 0;
  for (int at = -1; NextSend(op, &at) != nullptr;) ++count;
  return count;
}

// A send that is OK must say of each of its records that it is: in the order of the INVOKE.
std::string SendsRepeated(const Operation& invoke, const Operation& ok) {
  int invoke_at = -1;
  int ok_at = -1;
  while (true) {
    const formats::Send* begun = NextSend(invoke, &invoke_at);
    const formats::Send* done = NextSend(ok, &ok_at);
    if (begun == nullptr && done == nullptr) return "";
    if (begun == nullptr || done == nullptr) {
      return fmt::format("acknowledges {}, but operation {} sent {}",
                         Count(CountSends(ok), "record"), invoke.index(), CountSends(invoke));
    }
    if (begun->log() != done->log() || begun->value() != done->value()) {
      return fmt::format("acknowledges \"{}\" in {}, but operation {} sent \"{}\" to {}",
                         done->value(), done->log(), invoke.index(), begun->value(), begun->log());
    }
  }
}

class Examiner {
 public:
  explicit Examiner(const History& history)
      : history_(history), completed_(history.operations_size(), false) {}

  std::string Problem(int position) {
    const Operation& op = history_.operations(position);
    if (op.index() != static_cast<uint64_t>(position)) {
      return fmt::format("has index {}", op.index());
    }
    if (op.time_ns() < last_time_ns_) {
      return fmt::format("is earlier than the one before it ({})", Ms(last_time_ns_));
    }
    last_time_ns_ = op.time_ns();
    if (op.type() < Operation::INVOKE || op.type() > Operation::INFO) return "has no known type";
    if (op.process().empty()) return "has no process";
    if (op.f().empty()) return "doesn't say what was done: its f is empty";
    std::string problem = CompletionProblem(op, position);
    for (int i = 0; problem.empty() && i < op.actions_size(); ++i) {
      problem = ActionProblem(op, op.actions(i), op.type() == Operation::OK);
    }
    if (problem.empty() && op.type() == Operation::OK) {
      problem = SendsRepeated(history_.operations(static_cast<int>(op.invocation())), op);
    }
    return problem;
  }

 private:
  std::string CompletionProblem(const Operation& op, int position) {
    if (op.type() == Operation::INVOKE) {
      if (op.invocation() == op.index()) return "";
      return fmt::format("is an INVOKE, yet names {} as its invocation", op.invocation());
    }
    if (op.invocation() >= static_cast<uint64_t>(position)) {
      return fmt::format("completes operation {}, which isn't before it", op.invocation());
    }
    const Operation& begun = history_.operations(static_cast<int>(op.invocation()));
    if (begun.type() != Operation::INVOKE || begun.process() != op.process() ||
        begun.f() != op.f()) {
      return fmt::format("completes operation {}, which is {} {} {}", op.invocation(),
                         begun.process(), TypeName(begun.type()), begun.f());
    }
    if (completed_[op.invocation()]) {
      return fmt::format("completes operation {} a second time", op.invocation());
    }
    completed_[op.invocation()] = true;
    return "";
  }

  const History& history_;
  std::vector<bool> completed_;
  int64_t last_time_ns_ = 0;
};

}  // namespace

std::string FirstMalformed(const History& history) {
  if (history.schema_version() > kNewestSchema) {
    return fmt::format("the history has schema version {}, this checker reads up to {}",
                       history.schema_version(), kNewestSchema);
  }
  Examiner examiner(history);
  for (int i = 0; i < history.operations_size(); ++i) {
    const std::string problem = examiner.Problem(i);
    if (!problem.empty()) return Wrong(history.operations(i), i, problem);
  }
  return "";
}

}  // namespace brokersim::checker
