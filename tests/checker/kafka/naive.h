// What small histories of logs show, by the definitions alone: every class looks at everything again.
#ifndef BROKERSIM_TESTS_CHECKER_KAFKA_NAIVE_H_
#define BROKERSIM_TESTS_CHECKER_KAFKA_NAIVE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "checker/history/history.h"

namespace brokersim::checker {

struct NaiveItem {
  bool poll = false;
  int key = 0;
  int64_t offset = -1;  // -1: unknown
  int value = 0;
};

struct NaiveLogOp {
  std::string f;  // "send", "poll", "txn", "assign"
  int process = 0;
  OpType outcome = OpType::kOk;
  int begin = 0;  // moments; no two are equal
  int end = 0;
  bool fenced = false;           // told so
  std::vector<NaiveItem> items;  // in order
  std::vector<int> keys;         // assigned
};
using NaiveLogs = std::vector<NaiveLogOp>;

std::string ToEdn(const NaiveLogs& history);

// How many there are of each class, of those that have any.
std::map<std::string, int> CountAnomalies(const NaiveLogs& history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_KAFKA_NAIVE_H_
