// A model of one's own: the example of checker/linear/model.h.
#include <gtest/gtest.h>

#include "checker/linear/model.h"
#include "tests/checker/linear/judge.h"

namespace brokersim::checker {
namespace {

struct Stack : ObjectOf<Stack> {
  std::vector<Value> items;
  bool Step(const Call& call) override {
    if (call.f == 0) {  // push
      items.push_back(call.in);
      return true;
    }
    const Value top = items.empty() ? Value::Nil() : items.back();  // pop; of an empty stack: nil
    if (!items.empty()) items.pop_back();
    return !call.known || call.out == top;
  }
  void Write(std::vector<Value>* row) const override { row->assign(items.begin(), items.end()); }
};

const char kPushes[] = R"(0 invoke push 1
                          0 ok push 1
                          0 invoke push 2
                          0 ok push 2
                          0 invoke pop nil
)";

TEST(OwnModelTest, Stack) {
  const ModelOf<Stack> stack("stack", "Last in, first out.", {{.name = "push"}, {.name = "pop"}});
  EXPECT_EQ(Short(Judge(stack, FromLines(std::string(kPushes) + "0 ok pop 2"))), "valid");
  const formats::Verdict verdict = Judge(stack, FromLines(std::string(kPushes) + "0 ok pop 1"));
  EXPECT_EQ(Short(verdict), "invalid: 0 2 4");
  ASSERT_EQ(verdict.anomalies_size(), 1);
  const formats::Anomaly& anomaly = verdict.anomalies(0);
  EXPECT_EQ(anomaly.type(), "non-linearizable");
  EXPECT_EQ(anomaly.code(), "NLIN");
  ASSERT_EQ(anomaly.attempts_size(), 1);
  EXPECT_EQ(anomaly.attempts(0).state(), "[1 2]");
  EXPECT_EQ(anomaly.attempts(0).stuck(), 4u);
  EXPECT_EQ(verdict.model(), "stack");
}

}  // namespace
}  // namespace brokersim::checker
