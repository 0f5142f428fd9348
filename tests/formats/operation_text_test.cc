// Operations as text: always what protobuf would print.
#include "formats/operation_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace brokersim::formats {
namespace {

class Drawn {
 public:
  explicit Drawn(uint64_t seed) : random_(seed) {}
  bool Some() { return random_() % 2 == 0; }
  int64_t Number() {
    static constexpr int64_t kNumbers[] = {0, 1, -1, 41, 1'000'000'007, INT64_MAX, INT64_MIN};
    return kNumbers[random_() % std::size(kNumbers)];
  }
  std::string Text() {
    static const std::string kTexts[] = {"", "orders-0", "p1-17", "a\"b", "back\\slash", "it's", "line\nbreak",
                                         "\xc3\xa9", std::string("\0\x01", 2), "tab\t", "~ !"};
    return kTexts[random_() % std::size(kTexts)];
  }
  Action MakeAction() {
    Action action;
    switch (random_() % 6) {
      case 0:
        action.mutable_send()->set_log(Text());
        action.mutable_send()->set_key(Text());
        action.mutable_send()->set_value(Text());
        if (Some()) action.mutable_send()->set_offset(Number());
        if (Some()) action.mutable_send()->set_delay_ns(Number());
        break;
      case 1:
        action.mutable_poll()->set_log(Text());
        for (size_t i = random_() % 3; i > 0; --i) {
          Read* read = action.mutable_poll()->add_reads();
          read->set_offset(Number());
          read->set_key(Text());
          read->set_value(Text());
        }
        action.mutable_poll()->set_from(Number());
        action.mutable_poll()->set_next(Number());
        if (Some()) action.mutable_poll()->set_end(Number());
        action.mutable_poll()->set_group(Text());
        break;
      case 2:
        action.mutable_commit()->set_group(Text());
        action.mutable_commit()->set_log(Text());
        action.mutable_commit()->set_offset(Number());
        break;
      case 3:
        action.mutable_process()->set_group(Text());
        action.mutable_process()->set_log(Text());
        action.mutable_process()->set_offset(Number());
        action.mutable_process()->set_value(Text());
        action.mutable_process()->set_applied(Some());
        break;
      case 4:
        action.mutable_assign()->set_group(Text());
        for (size_t i = random_() % 3; i > 0; --i) {
          action.mutable_assign()->add_positions()->set_log(Text());
          action.mutable_assign()->mutable_positions(0)->set_offset(Number());
        }
        break;
      default:
        break;
    }
    return action;
  }
  Operation MakeOperation() {
    Operation operation;
    operation.set_index(static_cast<uint64_t>(Number()));
    if (Some()) operation.set_time_ns(Number());
    operation.set_type(static_cast<Operation::Type>(random_() % 5));
    operation.set_process(Text());
    operation.set_f(Text());
    operation.set_invocation(static_cast<uint64_t>(Number()));
    for (size_t i = random_() % 3; i > 0; --i) *operation.add_actions() = MakeAction();
    operation.set_error(Text());
    operation.set_event(static_cast<uint64_t>(Number()));
    if (random_() % 8 == 0) operation.mutable_value()->set_text(Text());
    return operation;
  }

 private:
  std::mt19937_64 random_;
};

TEST(ShortText, IsWhatProtobufPrints) {
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    const Operation operation = Drawn(seed).MakeOperation();
    ASSERT_EQ(ShortText(operation), operation.ShortDebugString()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace brokersim::formats
