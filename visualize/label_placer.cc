#include "visualize/label_placer.h"

#include <algorithm>
#include <cstdint>

namespace brokersim::visualize {
namespace {

constexpr int kLineHeight = 11;
// Tenths of a point; Helvetica's mean is 4.7 for such text, capitals and digits want more.
constexpr int kCharacterWidth = 49;
constexpr int kMargin = 6;

}  // namespace

Size TextSize(const std::vector<std::string>& lines) {
  int longest = 0;
  for (const std::string& line : lines) {
    const auto characters = std::count_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    });
    const auto capitals =
        std::count_if(line.begin(), line.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    longest = std::max(longest, static_cast<int>(characters * kCharacterWidth + capitals * 14));
  }
  return {longest / 10 + kMargin, static_cast<int>(lines.size()) * kLineHeight};
}

LabelPlacer::Box LabelPlacer::Around(Point centre, Size size) {
  return {centre.x - size.width / 2, centre.y - size.height / 2, centre.x + size.width / 2,
          centre.y + size.height / 2};
}

void LabelPlacer::Block(Point centre, Size size) { taken_.push_back(Around(centre, size)); }

Point LabelPlacer::Place(const std::vector<Point>& candidates, Size size) {
  int64_t least = INT64_MAX;
  Point best = candidates.front();
  for (const Point candidate : candidates) {
    const Box box = Around(candidate, size);
    int64_t covered = 0;
    for (const Box& other : taken_) {
      const int width = std::min(box.right, other.right) - std::max(box.left, other.left);
      const int height = std::min(box.bottom, other.bottom) - std::max(box.top, other.top);
      if (width > 0 && height > 0) covered += int64_t{width} * height;
    }
    if (covered < least) {
      least = covered;
      best = candidate;
    }
  }
  Block(best, size);
  return best;
}

}  // namespace brokersim::visualize
