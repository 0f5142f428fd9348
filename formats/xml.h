// Text in XML, SVG and HTML.
#ifndef BROKERSIM_FORMATS_XML_H_
#define BROKERSIM_FORMATS_XML_H_

#include <string>
#include <string_view>

namespace brokersim::formats {

// With &, <, > and " as entities. Everything else stays, control characters too.
std::string EscapeXml(std::string_view text);

}  // namespace brokersim::formats

#endif  // BROKERSIM_FORMATS_XML_H_
