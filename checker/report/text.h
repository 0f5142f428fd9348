// A verdict as text for a terminal, with the lines of the history that show it.
#ifndef BROKERSIM_CHECKER_REPORT_TEXT_H_
#define BROKERSIM_CHECKER_REPORT_TEXT_H_

#include <cstddef>
#include <string>

#include "checker/history/history.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct TextOptions {
  size_t per_type = 1;  // how many anomalies of each type are told in full
  size_t widest = 160;  // longer lines of the history are cut in their middle
};

// `verdict` is one of `history`.
std::string ReportText(const formats::Verdict& verdict, const History& history, const TextOptions& options);

// "valid", "invalid" or "unknown".
std::string_view ResultWord(formats::Verdict::Result result);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_REPORT_TEXT_H_
