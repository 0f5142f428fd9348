// The signs of the terminal view: one table, from which the legend under the view and the table in
// README.md come (a test compares them).
#ifndef BROKERSIM_VISUALIZE_TERMINAL_GLYPHS_H_
#define BROKERSIM_VISUALIZE_TERMINAL_GLYPHS_H_

#include <array>
#include <string>
#include <string_view>

#include "formats/trace_codec.h"

namespace brokersim::visualize {

struct Glyph {
  formats::EventKind kind;
  std::string_view sign;  // '#' stands for the message's number
  std::string_view meaning;
};

inline constexpr char kLineUp = '|';
inline constexpr char kLineDown = ':';
inline constexpr char kLinePaused = '=';

// In order of EventKind.
const std::array<Glyph, formats::kEventKindCount>& Glyphs();

// The sign of an event, with the message's number put in: "m41>".
std::string SignOf(const formats::TraceEvent& event);

// The table in Markdown, as in README.md.
std::string GlyphTableMarkdown();

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_TERMINAL_GLYPHS_H_
