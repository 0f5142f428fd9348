// What both searches walk through: the events of one object's operations in time, the states that it can be
// in, and what each class of equal calls does to each state.
#ifndef BROKERSIM_CHECKER_LINEAR_SPACE_H_
#define BROKERSIM_CHECKER_LINEAR_SPACE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "checker/linear/model.h"
#include "checker/linear/operations.h"

namespace brokersim::checker {

inline constexpr uint32_t kNone = UINT32_MAX;

// The states of an object that were met, numbered in that order. Never iterated by hash.
class States {
 public:
  // Calls are equal if and only if their class is.
  States(std::unique_ptr<Object> initial, std::vector<Call> classes);

  static constexpr uint32_t kInitial = 0;
  // The state after a call of that class; kNone if it can't be in this state. Remembered.
  uint32_t Next(uint32_t state, uint32_t call_class) {
    const uint64_t place = uint64_t{state} * classes_.size() + call_class;
    return place < next_.size() && next_[place] != 0 ? next_[place] - 2 : Ask(state, call_class);
  }
  std::string Text(uint32_t state) const { return states_[state]->Text(); }
  uint32_t size() const { return static_cast<uint32_t>(states_.size()); }
  // Approximate.
  uint64_t bytes() const { return bytes_; }

 private:
  uint32_t Ask(uint32_t state, uint32_t call_class);
  uint32_t Intern(uint64_t hash);
  uint64_t HashOfScratch();
  void Grow();

  std::vector<Call> classes_;
  std::vector<std::unique_ptr<Object>> states_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> slots_;
  std::vector<uint32_t> next_;  // by state and class: two more than the state, 1: kNone, 0: not yet asked
  std::unique_ptr<Object> scratch_;
  std::vector<Value> row_;
  std::vector<Value> other_row_;
  uint64_t bytes_ = 0;
};

// An operation without an end that may be used, together with all that are like it.
struct OpenClass {
  uint32_t call_class = 0;
  uint32_t word = 0;               // of a configuration: where the count of those used is
  uint32_t shift = 0;              // ... and how far from its low end
  uint64_t mask = 0;               // of the count, shifted down
  std::vector<uint32_t> ops = {};  // by their begin; the first so many are used
};

struct Event {
  uint32_t op = 0;
  bool is_end = false;
};

// A configuration is what a search has decided so far: the state, the set of running operations that have
// taken effect, and how many of each open class have. As words: the state, the set by slot, the counts.
class Space {
 public:
  // `ops` by begin; they must outlive it.
  Space(const Model& model, absl::Span<const Operation> ops);

  const std::vector<Event>& events() const { return events_; }
  uint32_t ops() const { return static_cast<uint32_t>(class_of_.size()); }
  uint32_t ClassOf(uint32_t op) const { return class_of_[op]; }
  bool IsPure(uint32_t op) const { return ops_[op].pure; }
  bool IsOpen(uint32_t op) const { return ops_[op].open(); }
  OpIndex EndOf(uint32_t op) const { return ops_[op].end; }
  // Of an operation with an end: its place in the set. Places are used again.
  uint32_t SlotOf(uint32_t op) const { return slot_of_[op]; }
  // Of an open operation: its class's place in open_classes().
  uint32_t OpenClassOf(uint32_t op) const { return slot_of_[op]; }
  const std::vector<OpenClass>& open_classes() const { return open_classes_; }
  uint32_t classes() const { return classes_; }
  States& states() { return *states_; }
  const States& states() const { return *states_; }

  // Layout of a configuration.
  uint32_t words() const { return words_; }
  uint32_t first_count_word() const { return first_count_word_; }
  // Whether each count of `a` is at most that of `b`.
  bool UsesAtMost(const uint64_t* a, const uint64_t* b) const {
    for (uint32_t w = first_count_word_; w < words_; ++w) {
      const uint64_t guard = guards_[w - first_count_word_];
      if ((((b[w] | guard) - a[w]) & guard) != guard) return false;
    }
    return true;
  }
  uint64_t Used(const uint64_t* config, const OpenClass& open) const {
    return (config[open.word] >> open.shift) & open.mask;
  }

 private:
  void MakeClasses(const Model& model);
  void MakeEvents();
  void MakeOpenClasses();

  absl::Span<const Operation> ops_;
  std::vector<Event> events_;
  std::vector<uint32_t> class_of_;
  std::vector<uint32_t> slot_of_;
  std::vector<OpenClass> open_classes_;
  std::vector<uint64_t> guards_;  // the bit above each count
  uint32_t classes_ = 0;
  uint32_t slots_ = 0;
  uint32_t words_ = 0;
  uint32_t first_count_word_ = 0;
  std::unique_ptr<States> states_;
};

// Which operations run at a moment between two events. Goes forward and back.
class Moment {
 public:
  explicit Moment(const Space& space);
  uint32_t at() const { return at_; }  // the next event
  void Forward();                      // past it
  void Back();

  // Running operations with an end, the one that ends first first.
  const std::vector<uint32_t>& running() const { return running_; }
  // Those of them that are pure.
  const std::vector<uint32_t>& pure() const { return pure_; }
  // By open class: how many have begun.
  const std::vector<uint32_t>& begun() const { return begun_; }

 private:
  const Space& space_;
  uint32_t at_ = 0;
  std::vector<uint32_t> running_;
  std::vector<uint32_t> pure_;
  std::vector<uint32_t> begun_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_SPACE_H_
