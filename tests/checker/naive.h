// The checks once more, as their definitions read, with loops over everything: slow, and written
// without the checker's own way of taking a history apart. Property tests compare the two.
#ifndef BROKERSIM_TESTS_CHECKER_NAIVE_H_
#define BROKERSIM_TESTS_CHECKER_NAIVE_H_

#include <set>
#include <string>

#include "formats/history.pb.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// What every implemented check finds, a word or two each: e.g. "lost-write x v3". Of reordered,
// skipped and rollback, where a choice of pairs is reported, only whether there is anything.
std::set<std::string> NaiveFindings(const formats::History& history);

// The same words for a verdict of Check().
std::set<std::string> FindingsOf(const formats::Verdict& verdict, const formats::History& history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_NAIVE_H_
