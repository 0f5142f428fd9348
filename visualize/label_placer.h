// Finds places for labels so that they hide each other as little as possible.
#ifndef BROKERSIM_VISUALIZE_LABEL_PLACER_H_
#define BROKERSIM_VISUALIZE_LABEL_PLACER_H_

#include <string>
#include <string_view>
#include <vector>

#include "visualize/dot_builder.h"

namespace brokersim::visualize {

struct Size {
  int width = 0;
  int height = 0;
};

// Room that text of 9 points takes, estimated: the same on every machine, whatever its fonts.
Size TextSize(const std::vector<std::string>& lines);

// Greedy: places are taken in the order of the calls and never given up.
class LabelPlacer {
 public:
  // Marks the box around `centre` as taken.
  void Block(Point centre, Size size);

  // Takes and returns that one of `candidates` (centres, the best liked first) at which a box of
  // `size` covers least of what is taken. REQUIRES: candidates is not empty.
  Point Place(const std::vector<Point>& candidates, Size size);

 private:
  struct Box {
    int left, top, right, bottom;
  };
  static Box Around(Point centre, Size size);

  std::vector<Box> taken_;
};

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_LABEL_PLACER_H_
