// A history without end, to see what memory a judge takes.
#ifndef BROKERSIM_TESTS_CHECKER_ENDLESS_H_
#define BROKERSIM_TESTS_CHECKER_ENDLESS_H_

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "formats/history.pb.h"

namespace brokersim::checker {

// Clients of four logs that do everything right for ever: a producer for each log, a group that reads, processes and
// commits, and one that begins anew with every lap, so that what has settled is read too.
class Endless {
 public:
  // Whether the history is invalid with that operation.
  using Judge = std::function<bool(formats::Operation&&)>;

  explicit Endless(Judge judge) : judge_(std::move(judge)) {}

  // False once the judge says that it is invalid.
  bool Lap(int sends) {
    for (int log = 0; log < kLogs; ++log) at_[log] = 0;
    ++lap_;
    Assign(Reader());
    for (int i = 0; i < sends; ++i) {
      const int log = i % kLogs;
      Send(log);
      if (i % (8 * kLogs) < 7 * kLogs) continue;
      Consume(log);
      Poll(log, Reader(), &at_[log], nullptr);
    }
    return valid_;
  }
  // The most bytes that were in use, beyond those at the beginning.
  size_t most() const { return most_; }

 private:
  static constexpr int kLogs = 4;

  void Pair(const std::string& process, const std::string& f, const formats::Action& begun,
            const formats::Action& done) {
    formats::Operation op;
    op.set_process(process);
    op.set_f(f);
    op.set_index(operations_);
    op.set_invocation(operations_);
    op.set_type(formats::Operation::INVOKE);
    *op.add_actions() = begun;
    valid_ = !judge_(formats::Operation(op)) && valid_;
    op.set_index(operations_ + 1);
    op.set_type(formats::Operation::OK);
    *op.mutable_actions(0) = done;
    valid_ = !judge_(formats::Operation(op)) && valid_;
    operations_ += 2;
    if (operations_ % 1000 == 0) most_ = std::max(most_, mallinfo2().uordblks - std::min(mallinfo2().uordblks, first_));
  }

  std::string Reader() const { return "from-the-start-" + std::to_string(lap_ % 2); }

  void Assign(const std::string& process) {
    formats::Action action;
    action.mutable_assign()->set_group(process);
    for (int log = 0; log < kLogs; ++log) {
      action.mutable_assign()->add_positions()->set_log("orders-" + std::to_string(log));
    }
    Pair(process, "assign", action, action);
  }

  void Send(int log) {
    formats::Action action;
    action.mutable_send()->set_log("orders-" + std::to_string(log));
    action.mutable_send()->set_value("p" + std::to_string(log) + "-" + std::to_string(ends_[log] + 1));
    const formats::Action begun = action;
    action.mutable_send()->set_offset(OffsetOf(ends_[log]++));
    Pair("p" + std::to_string(log), "send", begun, action);
  }

  // Every tenth offset holds nothing.
  static int64_t OffsetOf(int64_t record) { return record + record / 9; }

  void Poll(int log, const std::string& group, int64_t* at, std::vector<formats::Read>* reads) {
    constexpr int64_t kMost = 20;
    formats::Action action;
    formats::Poll& poll = *action.mutable_poll();
    poll.set_log("orders-" + std::to_string(log));
    poll.set_group(group);
    poll.set_from(*at == 0 ? 0 : OffsetOf(*at - 1) + 1);
    const formats::Action begun = action;
    for (int64_t n = 0; n < kMost && *at < ends_[log]; ++n, ++*at) {
      formats::Read& read = *poll.add_reads();
      read.set_offset(OffsetOf(*at));
      read.set_value("p" + std::to_string(log) + "-" + std::to_string(*at + 1));
      if (reads != nullptr) reads->push_back(read);
    }
    poll.set_next(*at == 0 ? 0 : OffsetOf(*at - 1) + 1);
    poll.set_end(OffsetOf(ends_[log] - 1) + 1);
    Pair(group, "poll", begun, action);
  }

  void Consume(int log) {
    std::vector<formats::Read> reads;
    Poll(log, "workers", &consumed_[log], &reads);
    formats::Action action;
    for (const formats::Read& read : reads) {
      formats::Process& process = *action.mutable_process();
      process.set_group("workers");
      process.set_log("orders-" + std::to_string(log));
      process.set_offset(read.offset());
      process.set_value(read.value());
      process.set_applied(false);
      const formats::Action begun = action;
      process.set_applied(true);
      Pair("workers", "process", begun, action);
    }
    if (reads.empty()) return;
    action.mutable_commit()->set_group("workers");
    action.mutable_commit()->set_log("orders-" + std::to_string(log));
    action.mutable_commit()->set_offset(reads.back().offset() + 1);
    Pair("workers", "commit", action, action);
  }

  Judge judge_;
  const size_t first_ = mallinfo2().uordblks;
  size_t most_ = 0;
  uint64_t operations_ = 0;
  bool valid_ = true;
  int lap_ = 0;
  int64_t ends_[kLogs] = {};
  int64_t consumed_[kLogs] = {};
  int64_t at_[kLogs] = {};
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_ENDLESS_H_
