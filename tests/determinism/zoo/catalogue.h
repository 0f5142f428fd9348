// The planted leaks, and what is expected to find each of them. zoo_test holds the zoo to it, and docs/determinism.md
// shows it.
#ifndef BROKERSIM_TESTS_DETERMINISM_ZOO_CATALOGUE_H_
#define BROKERSIM_TESTS_DETERMINISM_ZOO_CATALOGUE_H_

#include <string_view>

namespace brokersim::zoo {

enum class Found {
  kNever,
  kByChance,  // depends on the machine, or on luck
  kAlways,
};

struct Leak {
  std::string_view name;  // of leaks/NAME.cc
  // Whether the leaking number decides if something is drawn, as a back-off is; else it is only sent.
  bool decides = false;
  // Ours:
  Found scan = Found::kNever;   // tests/tidy's rules over the source
  Found twice = Found::kNever;  // two processes in different surroundings
  Found order = Found::kNever;  // seeds in one process, in two orders
  Found cross = Found::kNever;  // three builds
  // Others' checks on the same two processes:
  Found end_draw = Found::kNever;    // one number drawn when the run ends
  Found draw_bytes = Found::kNever;  // a byte for each draw
};

inline constexpr Found N = Found::kNever;
inline constexpr Found C = Found::kByChance;
inline constexpr Found A = Found::kAlways;

// By how well hidden they are from those who run twice.
inline constexpr Leak kLeaks[] = {
    // name, decides, scan, twice, order, cross, end draw, draw bytes
    {"wall_clock", true, A, A, A, A, C, A},
    {"random_device", true, A, A, A, A, C, A},
    {"uninitialised", true, N, A, C, C, A, A},
    {"environment", true, A, A, N, N, A, A},
    {"file_time", true, A, A, C, A, C, A},
    {"thread_id", true, A, A, C, C, C, A},
    {"hash_order", false, A, A, C, A, N, N},
    {"pointer_key", false, A, A, C, C, N, N},
    {"pointer_printed", false, A, A, C, A, N, N},
    {"page_sort", false, A, A, C, C, N, N},
    {"function_address", false, A, A, N, A, N, N},
    {"allocator_reuse", false, N, A, C, C, N, N},
    {"thread_race", false, A, C, C, C, N, N},
    {"locale", false, A, A, N, N, N, N},
    {"folder", false, A, A, N, N, N, N},
    {"directory_order", false, A, A, N, N, N, N},
    {"shared_static", false, A, N, A, N, N, N},
    {"argument_order", false, A, N, N, A, N, N},
    {"char_sign", false, N, N, N, A, N, N},
    {"rounding", false, A, N, N, C, N, N},
    {"long_double", false, A, N, N, N, N, N},
    {"unstable_sort", false, A, N, N, N, N, N},
    {"std_hash", true, A, N, N, N, N, N},
    {"library_distribution", true, A, N, N, N, N, N},
};

}  // namespace brokersim::zoo

#endif  // BROKERSIM_TESTS_DETERMINISM_ZOO_CATALOGUE_H_
