// SVG written shape by shape, where every place is known and no graph is to be drawn.
#ifndef BROKERSIM_VISUALIZE_SVG_WRITER_H_
#define BROKERSIM_VISUALIZE_SVG_WRITER_H_

#include <string>
#include <string_view>

namespace brokersim::visualize {

// Coordinates are pixels, x to the right and y downwards. Texts may hold anything: what XML can't hold is replaced.
class SvgWriter {
 public:
  // At least a pixel wide. `more`: further attributes, each with a blank before it; `title`: shown when pointed at.
  void Rect(int x, int y, int width, int height, std::string_view fill, std::string_view title = "",
            std::string_view more = "");
  void Line(int x1, int y1, int x2, int y2, std::string_view color, std::string_view more = "");
  // `d` as SVG's path data; an empty one draws nothing.
  void Path(std::string_view d, std::string_view color, std::string_view width);
  // `anchor`: start, middle or end.
  void Text(int x, int y, std::string_view text, std::string_view anchor = "start", std::string_view more = "");

  // The whole file.
  std::string Finish(int width, int height, std::string_view title) const;

 private:
  std::string out_;
};

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_SVG_WRITER_H_
