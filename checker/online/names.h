// Names that stay as long as they are needed, and sets of them that take little memory.
#ifndef BROKERSIM_CHECKER_ONLINE_NAMES_H_
#define BROKERSIM_CHECKER_ONLINE_NAMES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "checker/interner.h"
#include "checker/online/intervals.h"

namespace brokersim::checker {

// Texts for as long as it lives.
class Texts {
 public:
  std::string_view Keep(std::string_view text);

 private:
  static constexpr size_t kFirstBlock = 1 << 10;
  static constexpr size_t kLargestBlock = 64 << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_ = kFirstBlock / 2;  // size of the last
  size_t used_ = kFirstBlock / 2;
};

// Numbers for texts that it keeps itself.
class Names {
 public:
  Id Number(Id scope, std::string_view text);
  Id Number(std::string_view text) { return Number(0, text); }
  Id Find(Id scope, std::string_view text) const { return known_.Find(scope, text); }
  Id size() const { return known_.size(); }
  std::string_view Text(Id id) const { return known_.Text(id); }
  Id Scope(Id id) const { return known_.Scope(id); }

 private:
  Texts texts_;
  Interner known_;
};

// More beginnings of values than that aren't beginnings of names with numbers.
inline constexpr Id kMostBefores = 4096;

// A value with a number at its end: "p1-19" is the 19th of "p1-".
struct Numbered {
  std::string_view before;
  int64_t number = 0;
};
// False if it has none.
bool Split(std::string_view value, Numbered* numbered);

// Values, told apart by scope. Those with a number take no memory while their numbers leave no holes.
class ValueSet {
 public:
  void Add(Id scope, std::string_view value);
  bool Contains(Id scope, std::string_view value) const;

 private:
  Names befores_;
  absl::btree_map<std::pair<Id, Id>, Intervals> numbered_;  // by scope and what stands before the number
  absl::btree_set<std::pair<Id, std::string>> others_;
};

// Values of logs of which nothing is known any more but that they are not new: of each log and each beginning the
// highest number.
class ForgottenValues {
 public:
  // Whether it can be told from new ones once it is here.
  bool Takes(std::string_view value) const;
  // REQUIRES: Takes(value)
  void Add(Id log, std::string_view value);
  // Whether it may be here. Numbers that never were look the same.
  bool MayHold(Id log, std::string_view value) const;

 private:
  Names befores_;
  absl::btree_map<std::pair<Id, Id>, int64_t> highest_;  // by log and what stands before the number
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_NAMES_H_
