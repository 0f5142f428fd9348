// Words for events: what the terminal view and the diagrams print about them.
#ifndef BROKERSIM_VISUALIZE_EVENT_TEXT_H_
#define BROKERSIM_VISUALIZE_EVENT_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/trace_codec.h"

namespace brokersim::visualize {

// Virtual time in seconds with a fixed number of decimals (0 to 9), cut, not rounded:
// FormatSeconds(61'020'431'000, 3) is "61.020".
std::string FormatSeconds(int64_t ns, int decimals);

// "12.5 s", "340 ms" or "17 us": for lengths of time, cut to what a reader takes in at a glance.
std::string FormatDuration(int64_t ns);

// The event in one line, its fault, records and state changes included.
std::string DescribeEvent(const formats::DecodedTrace& trace, const formats::TraceEvent& event);

// The event's type and text without saying the type twice: "ProduceRequest acks=1".
std::string TypeAndText(const formats::TraceEvent& event);

// "appended orders-0@9 m-17".
std::string DescribeRecord(const formats::RecordNote& note);

// True if `text` mentions the log by its whole name: "orders-1" is not mentioned by "orders-10".
bool Mentions(std::string_view text, std::string_view log);

// Breaks at blanks into lines of at most `width` characters; longer words are broken. What doesn't
// fit into `max_lines` is cut and ends in "...". REQUIRES: width >= 4, max_lines >= 1.
std::vector<std::string> WrapText(std::string_view text, int width, int max_lines);

// `text` or, if it is longer than `width`, its beginning and "...". REQUIRES: width >= 4.
std::string CutText(std::string_view text, int width);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_EVENT_TEXT_H_
