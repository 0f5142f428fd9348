// A consumer application's history taken apart: inputs, groups, and the effects of the one in the other.
#ifndef BROKERSIM_CHECKER_EFFECTS_PAIRS_H_
#define BROKERSIM_CHECKER_EFFECTS_PAIRS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "checker/history/history.h"

namespace brokersim::checker::effects {

struct Input {
  OpIndex sent = kNoOp;   // the first send that may have happened
  OpIndex acked = kNoOp;  // the first acknowledged one
  OpIndex failed = kNoOp;
  Id log = kNoId;
  int64_t offset = -1;  // where it lies, if anybody said
};

struct Effect {
  Id group = 0;
  Id input = 0;
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;  // kNoOp: it never completed
  OpType outcome = OpType::kInfo;
  bool zombie = false;      // by who no longer owned the input's log
  std::vector<Id> outputs;  // numbers of values
};

// What a group said that it is done with.
struct Done {
  Id group = 0;
  Id log = kNoId;      // kNoId: everything sent so far
  int64_t offset = 0;  // everything below it
  OpIndex line = kNoOp;
};

struct Outputs {
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;
  std::vector<std::pair<Id, Id>> all;  // group (kNoId: the only one), value
};

struct Pairs {
  ValueInterner values;  // of inputs and outputs
  ValueInterner logs;
  ValueInterner groups;
  std::vector<Input> inputs;  // by value
  std::vector<Effect> effects;
  std::vector<Done> done;
  Outputs outputs;  // the last :read-outputs that was answered
};

absl::Status TakeApart(const History& history, Pairs* pairs);

}  // namespace brokersim::checker::effects

#endif  // BROKERSIM_CHECKER_EFFECTS_PAIRS_H_
