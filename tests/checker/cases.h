// How many random cases a test tries.
#ifndef BROKERSIM_TESTS_CHECKER_CASES_H_
#define BROKERSIM_TESTS_CHECKER_CASES_H_

namespace brokersim::checker {

#ifdef __SANITIZE_ADDRESS__
inline constexpr int kFewer = 20;
#else
inline constexpr int kFewer = 1;
#endif

// Under AddressSanitizer, which makes each many times slower, a twentieth of them: it looks for bad memory, and what
// the cases are to show is shown without it. What is counted among them is to be as large a part.
constexpr int Cases(int all) { return (all + kFewer - 1) / kFewer; }

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_CASES_H_
