#include "visualize/space_time_shapes.h"

namespace brokersim::visualize {
namespace {

// Everything but position, size and label.
DotAttributes LooksOf(Shape shape) {
  const auto looks = [](std::string_view form, std::string_view style, std::string_view fill,
                        std::string_view line, std::string_view text) {
    return DotAttributes{{"shape", std::string(form)},
                         {"style", std::string(style)},
                         {"fillcolor", std::string(fill)},
                         {"color", std::string(line)},
                         {"fontcolor", std::string(text)}};
  };
  switch (shape) {
    case Shape::kBegin:
      return looks("circle", "filled,bold", "white", kBlue, kBlack);
    case Shape::kEnd:
      return looks("circle", "filled,bold", kBlue, kBlue, kBlack);
    case Shape::kCrash:
    case Shape::kPowerLoss:
      return looks("octagon", "filled", kVermillion, kVermillion, "white");
    case Shape::kStart:
      return looks("triangle", "filled", kGreen, kGreen, kBlack);
    case Shape::kStop:
      return looks("invtriangle", "filled", kGrey, kGrey, kBlack);
    case Shape::kPause:
    case Shape::kResume:
      return looks("square", "filled", "white", kBlack, kBlack);
    case Shape::kElection: {
      DotAttributes gold = looks("box", "filled,bold", "#FBE7B8", kOrange, kBlack);
      gold.emplace_back("peripheries", "2");
      return gold;
    }
    case Shape::kTruncation:
      return looks("note", "filled,bold", "#F9DCCB", kVermillion, kBlack);
    case Shape::kDecision:
      return looks("box", "filled,rounded", "#F2F2F2", kGrey, kBlack);
    case Shape::kFaultOn:
      return looks("box", "filled", kVermillion, kVermillion, kBlack);
    case Shape::kDot:
    case Shape::kFaultOff:
    case Shape::kNothing:
      break;
  }
  return looks("circle", "filled", kBlack, kBlack, kBlack);
}

std::string_view LetterOf(Shape shape) {
  if (shape == Shape::kCrash) return "X";
  if (shape == Shape::kPowerLoss) return "Z";
  if (shape == Shape::kPause) return "P";
  if (shape == Shape::kResume) return "p";
  return "";
}

}  // namespace

void DrawShape(std::string_view id, Shape shape, const std::vector<std::string>& box, Point at,
               Size size, std::string_view tooltip, DotBuilder* dot) {
  DotAttributes looks = LooksOf(shape);
  if (!tooltip.empty()) looks.emplace_back("tooltip", std::string(tooltip));
  const std::string_view letter = LetterOf(shape);
  if (!letter.empty()) looks.emplace_back("fontname", "Helvetica-Bold");
  const std::vector<std::string> lines = box.empty() ? std::vector{std::string(letter)} : box;
  dot->Node(id, at, size.width, size.height, DotLabel(lines, 'n'), looks);
}

void DrawText(std::string_view id, const std::vector<std::string>& lines, Point centre, Size size,
              char justify, TextStyle style, DotBuilder* dot) {
  DotAttributes looks = {
      {"shape", "box"}, {"style", "filled"}, {"fillcolor", "#FFFFFF"}, {"color", "#FFFFFF00"}};
  if (style == TextStyle::kTitle) looks.emplace_back("fontsize", "14");
  if (style == TextStyle::kQuiet) looks.emplace_back("fontcolor", std::string(kGrey));
  if (style == TextStyle::kAlert) looks.emplace_back("fontcolor", std::string(kVermillion));
  if (style != TextStyle::kPlain && style != TextStyle::kQuiet) {
    looks.emplace_back("fontname", "Helvetica-Bold");
  }
  dot->Node(id, centre, size.width, size.height, DotLabel(lines, justify), looks);
}

void DrawAnchor(std::string_view id, Point at, DotBuilder* dot) {
  dot->Node(id, at, 1, 1, "\"\"", {{"shape", "none"}});
}

void DrawCross(std::string_view id, Point at, std::string_view tooltip, DotBuilder* dot) {
  dot->Node(id, at, 16, 16, DotLabel({"X"}, 'n'),
            {{"shape", "none"},
             {"fontname", "Helvetica-Bold"},
             {"fontsize", "16"},
             {"fontcolor", std::string(kVermillion)},
             {"tooltip", std::string(tooltip)}});
}

DotAttributes ArrowAttributes(ArrowStyle style, std::string_view tooltip) {
  DotAttributes looks = {{"class", "message"}};
  switch (style) {
    case ArrowStyle::kMessage:
      looks.emplace_back("color", "#444444");
      break;
    case ArrowStyle::kCarrier:
      looks.emplace_back("color", std::string(kBlue));
      looks.emplace_back("penwidth", "2.4");
      break;
    case ArrowStyle::kLost:
      looks.emplace_back("color", std::string(kVermillion));
      looks.emplace_back("style", "dashed");
      looks.emplace_back("arrowhead", "none");
      break;
    case ArrowStyle::kInFlight:
      looks.emplace_back("color", "#444444");
      looks.emplace_back("style", "dotted");
      looks.emplace_back("arrowhead", "open");
      break;
  }
  if (!tooltip.empty()) looks.emplace_back("tooltip", std::string(tooltip));
  return looks;
}

}  // namespace brokersim::visualize
