// Histories and verdicts as text, so that a test shows what it is about.
//
// A line is an operation; `#` begins a comment, empty lines are skipped:
//
//   p1 invoke send orders-0 a             a record without offset, `b@3` with one
//   p1 ok send orders-0 a@3 b@4           several records of one operation
//   p1 fail send orders-0 a !NOT_LEADER   the broker's error
//   mm ok mirror b.orders-0 a@3           a copy of what another log holds
//   c1 ok poll orders-0 from=0 next=2 end=2 group=g 0:a 1:b
//   audit ok read-all orders-0 from=0 next=2 end=2 0:a 1:b | orders-1 from=0 next=0 end=0
//   c1 ok commit g orders-0 2
//   c1 ok process g orders-0 1:b          `1:b again` if the application did nothing
//   c1 invoke assign g orders-0=0 orders-1=-1
//   @12.5                                 the next line's time, in ms; else 1 ms after the last
//
// A completion completes the oldest open invocation of the same process and f (of a send: with the
// same first value); if there is none, its INVOKE is put just before it.
#ifndef BROKERSIM_TESTS_CHECKER_HISTORY_TEXT_H_
#define BROKERSIM_TESTS_CHECKER_HISTORY_TEXT_H_

#include <string>
#include <string_view>

#include "formats/history.pb.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// A mistake in the text fails the running test, naming the line.
formats::History ParseHistory(std::string_view text);

// Everything in the verdict, one anomaly after another.
std::string PrintVerdict(const formats::Verdict& verdict);

// "lost-write[3 5] duplicate[2 7]": which anomalies, shown by which operations.
std::string Summary(const formats::Verdict& verdict);

// Checks a history in the notation: "VALID", "UNKNOWN", or the summary. An empty `check` is the default checks.
std::string Judge(std::string_view check, std::string_view text);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_HISTORY_TEXT_H_
