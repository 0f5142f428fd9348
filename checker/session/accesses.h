// Reads and writes of registers, in each process's order.
#ifndef BROKERSIM_CHECKER_SESSION_ACCESSES_H_
#define BROKERSIM_CHECKER_SESSION_ACCESSES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "checker/history/history.h"
#include "checker/judgement.h"

namespace brokersim::checker::session {

// A version of a register: a write, or what it held at first.
struct Version {
  Id key = 0;
  Id value = 0;
  uint32_t write = UINT32_MAX;  // the access; UINT32_MAX: the initial one
};

struct Access {
  bool write = false;
  bool certain = true;  // false: a write of unknown outcome
  Id key = 0;
  Id version = 0;
  Id process = 0;
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;  // kNoOp: it never completed
};

struct Accesses {
  ValueInterner keys;
  ValueInterner values;
  std::vector<Version> versions;
  std::vector<Id> initial;                        // by key: its initial version
  std::vector<Access> all;                        // as they began; reads only where they were answered
  std::vector<std::vector<uint32_t>> by_process;  // numbers of accesses
  bool ambiguous = false;                         // two writes of one value
};

// Reads of failed writes and of values that nobody wrote are reported to `judgement` and left out.
absl::Status TakeApart(const History& history, Accesses* accesses, Judgement* judgement);

// "key 3 = 7", "the initial value of key 3".
std::string Name(const Accesses& accesses, Id version);

}  // namespace brokersim::checker::session

#endif  // BROKERSIM_CHECKER_SESSION_ACCESSES_H_
