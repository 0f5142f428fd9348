// Small random histories of each model, and the plainest of all checkers: try every order.
//
// Nothing here shares code with checker/linear: an object is a row of numbers, and what an operation may do
// to it is written down once more, with all that may happen where more than one thing can.
#ifndef BROKERSIM_TESTS_CHECKER_LINEAR_RANDOM_OPS_H_
#define BROKERSIM_TESTS_CHECKER_LINEAR_RANDOM_OPS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checker/history/history.h"
#include "sim/random/stream.h"

namespace brokersim::checker {

using Row = std::vector<int64_t>;

struct PlainOp {
  std::string_view f;
  int process = 0;
  int64_t key = 0;
  Row in;
  Row out;                       // of OK
  OpType outcome = OpType::kOk;  // kOk, kFail, kInfo
  int begin = 0;                 // all times are different
  int end = 0;                   // unless kInfo
};

struct PlainHistory {
  std::string_view model;
  enum Keys { kNone, kExtras, kPairs } keys = kNone;
  std::vector<PlainOp> ops;
};

struct Shape {
  int ops = 6;
  int values = 3;       // that are written
  bool unique = false;  // every write has a value of its own
  int crashed = 15;     // percent
  int failed = 5;
  int wrong = 8;    // percent of answers that are drawn instead of true
  int overlap = 3;  // how long operations take: about so many lines
};

// An object that behaves, in a random order within the operations' times; then some answers are replaced.
PlainHistory RandomHistory(std::string_view model, const Shape& shape, sim::Stream* random);

History ToHistory(const PlainHistory& plain);

// Tries every order. Those marked in `skipped` aren't there.
bool HasOrder(const PlainHistory& plain, const std::vector<bool>& skipped = {});

// One line each.
std::string ToText(const PlainHistory& plain);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_LINEAR_RANDOM_OPS_H_
