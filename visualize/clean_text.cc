#include "visualize/clean_text.h"

#include <algorithm>

namespace brokersim::visualize {
namespace {

bool IsPlain(char c) { return c >= ' ' && c < '\x7f'; }

// How many bytes the UTF-8 character at the front has; 0 if it isn't one.
size_t Utf8Length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t length = lead < 0x80                     ? 1
                        : (lead >= 0xC2 && lead < 0xE0) ? 2
                        : (lead >= 0xE0 && lead < 0xF0) ? 3
                        : (lead >= 0xF0 && lead < 0xF5) ? 4
                                                        : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::string CleanText(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), IsPlain)) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const char c = text.front();
    if (length == 0) {
      clean += '?';
    } else if (c != '\n' && (static_cast<unsigned char>(c) < ' ' || c == '\x7f')) {
      clean += ' ';
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

}  // namespace brokersim::visualize
