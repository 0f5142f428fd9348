// What a planted leak gets: numbers drawn from the run's seed. It answers with a number that should be a function of
// them, and isn't. Leaks are compiled by several compilers into libraries that the zoo opens.
#ifndef BROKERSIM_TESTS_DETERMINISM_ZOO_RIG_H_
#define BROKERSIM_TESTS_DETERMINISM_ZOO_RIG_H_

#include <cstdint>

namespace brokersim::zoo {

class Rig {
 public:
  virtual uint64_t Next() = 0;

 protected:
  ~Rig() = default;
};

}  // namespace brokersim::zoo

// Defines the leak of this name.
#define BROKERSIM_LEAK(name) extern "C" int64_t leak_##name([[maybe_unused]] brokersim::zoo::Rig& rig)

#endif  // BROKERSIM_TESTS_DETERMINISM_ZOO_RIG_H_
