// Text from anywhere, as a picture can hold it.
#ifndef BROKERSIM_VISUALIZE_CLEAN_TEXT_H_
#define BROKERSIM_VISUALIZE_CLEAN_TEXT_H_

#include <string>
#include <string_view>

namespace brokersim::visualize {

// Bytes that aren't UTF-8 as question marks, control characters but line breaks as blanks.
std::string CleanText(std::string_view text);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_CLEAN_TEXT_H_
