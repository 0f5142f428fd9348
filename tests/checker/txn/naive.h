// What small histories of lists show, by brute force and straight from the definitions.
#ifndef BROKERSIM_TESTS_CHECKER_TXN_NAIVE_H_
#define BROKERSIM_TESTS_CHECKER_TXN_NAIVE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "checker/history/history.h"

namespace brokersim::checker {

struct NaiveOp {
  bool write = false;
  int key = 0;
  int value = 0;  // written
  std::vector<int> read;
};

struct NaiveTxn {
  int process = 0;
  OpType outcome = OpType::kOk;
  int begin = 0;  // moments; no two are equal
  int end = 0;
  std::vector<NaiveOp> ops;
};

using NaiveHistory = std::vector<NaiveTxn>;

// The history in EDN; crashed transactions read nil. With `registers`, a read is its last value, or nil.
std::string ToEdn(const NaiveHistory& history, bool registers = false);

// Whether some order of all OK transactions and some of the crashed ones explains what the OK ones read.
// `realtime`: and who was over before another one began comes before it.
bool IsSerializable(const NaiveHistory& history, bool realtime, bool registers = false);

// By name ("G1c-process"): the length of the shortest cycle, of all simple ones. REQUIRES: of all reads of a list each
// is a prefix of the longest.
std::map<std::string, int> Cycles(const NaiveHistory& history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_TXN_NAIVE_H_
