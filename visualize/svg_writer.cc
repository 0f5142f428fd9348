#include "visualize/svg_writer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "formats/xml.h"
#include "visualize/clean_text.h"

namespace brokersim::visualize {
namespace {

using formats::EscapeXml;

}  // namespace

void SvgWriter::Rect(int x, int y, int width, int height, std::string_view fill, std::string_view title,
                     std::string_view more) {
  absl::StrAppend(&out_, "<rect x=\"", x, "\" y=\"", y, "\" width=\"", std::max(width, 1), "\" height=\"", height,
                  "\" fill=\"");
  out_ += fill;
  out_ += '"';
  out_ += more;
  if (title.empty()) {
    out_ += "/>\n";
    return;
  }
  absl::StrAppend(&out_, "><title>", EscapeXml(CleanText(title)), "</title></rect>\n");
}

void SvgWriter::Line(int x1, int y1, int x2, int y2, std::string_view color, std::string_view more) {
  absl::StrAppend(&out_, "<path d=\"M", x1, " ", y1, "L", x2, " ", y2, "\" stroke=\"");
  out_ += color;
  out_ += '"';
  out_ += more;
  out_ += "/>\n";
}

void SvgWriter::Path(std::string_view d, std::string_view color, std::string_view width) {
  if (d.empty()) return;
  out_ += "<path d=\"";
  out_ += d;
  out_ += "\" fill=\"none\" stroke=\"";
  out_ += color;
  out_ += "\" stroke-width=\"";
  out_ += width;
  out_ += "\"/>\n";
}

void SvgWriter::Text(int x, int y, std::string_view text, std::string_view anchor, std::string_view more) {
  absl::StrAppend(&out_, "<text x=\"", x, "\" y=\"", y, "\" text-anchor=\"");
  out_ += anchor;
  out_ += '"';
  out_ += more;
  absl::StrAppend(&out_, ">", EscapeXml(CleanText(text)), "</text>\n");
}

std::string SvgWriter::Finish(int width, int height, std::string_view title) const {
  return absl::StrCat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
                      "\" viewBox=\"0 0 ", width, " ", height,
                      "\" font-family=\"sans-serif\" font-size=\"11\" role=\"img\">\n<title>",
                      EscapeXml(CleanText(title)), "</title>\n", out_, "</svg>\n");
}

}  // namespace brokersim::visualize
