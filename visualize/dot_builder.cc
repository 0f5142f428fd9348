#include "visualize/dot_builder.h"

#include <cstdint>

#include "fmt/format.h"
#include "visualize/clean_text.h"

namespace brokersim::visualize {
namespace {

constexpr int kArrowHead = 7;  // length that goes with arrowsize 0.7

// Points as inches, which Graphviz wants for sizes, without a detour over floating point.
std::string Inches(int points) {
  return fmt::format("{}.{:03}", points / 72, points % 72 * 1000 / 72);
}

std::string At(Point p) { return fmt::format("{},{}", p.x, -p.y); }

int Length(Point from, Point to) {
  const int64_t dx = to.x - from.x;
  const int64_t dy = to.y - from.y;
  const int64_t square = dx * dx + dy * dy;
  int64_t root = 0;
  for (int64_t step = int64_t{1} << 20; step > 0; step /= 2) {
    if ((root + step) * (root + step) <= square) root += step;
  }
  return static_cast<int>(root);
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : CleanText(text)) {
    if (c == '"' || c == '\\') {
      escaped += '\\';
      escaped += c;
    } else if (c == '&') {
      escaped += "&amp;";
    } else if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string Attributes(const DotAttributes& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes) {
    text += fmt::format(", {}={}", name, DotQuote(value));
  }
  return text;
}

}  // namespace

std::string DotQuote(std::string_view text) { return fmt::format("\"{}\"", Escape(text)); }

std::string DotLabel(const std::vector<std::string>& lines, char justify) {
  std::string label = "\"";
  for (const std::string& line : lines) {
    label += Escape(line);
    // A centred last line needs no end; one would add an empty line below it.
    if (justify != 'n' || &line != &lines.back()) label += fmt::format("\\{}", justify);
  }
  return label + "\"";
}

DotBuilder::DotBuilder(std::string_view name, std::string_view comment)
    : text_(fmt::format(
          "// {}\n"
          "digraph {} {{\n"
          "graph [bgcolor=\"white\", outputorder=edgesfirst, pad=\"0.2\"]\n"
          "node [fontname=\"Helvetica,Arial,sans-serif\", fontsize=9, fixedsize=true, margin=0]\n"
          "edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=9, arrowsize=0.7]\n",
          comment, name)) {}

void DotBuilder::Node(std::string_view id, Point at, int width, int height, std::string_view label,
                      const DotAttributes& attributes) {
  text_ += fmt::format("{} [pos=\"{}!\", width={}, height={}, label={}{}]\n", id, At(at),
                       Inches(width), Inches(height), label, Attributes(attributes));
}

void DotBuilder::Arrow(std::string_view from_id, Point from, std::string_view to_id, Point to,
                       int gap, const DotAttributes& attributes) {
  const Point start = Towards(from, to, gap);
  const Point tip = Towards(to, from, gap);
  const Point base = Towards(to, from, gap + kArrowHead);
  Edge(from_id, to_id,
       fmt::format("e,{} {} {} {} {}", At(tip), At(start), At(Between(start, base, 33)),
                   At(Between(start, base, 67)), At(base)),
       attributes);
}

void DotBuilder::Line(std::string_view from_id, Point from, std::string_view to_id, Point to,
                      const DotAttributes& attributes) {
  DotAttributes all = attributes;
  all.emplace_back("arrowhead", "none");
  Edge(from_id, to_id,
       fmt::format("{} {} {} {}", At(from), At(Between(from, to, 33)), At(Between(from, to, 67)),
                   At(to)),
       all);
}

void DotBuilder::Edge(std::string_view from_id, std::string_view to_id, std::string_view position,
                      const DotAttributes& attributes) {
  text_ +=
      fmt::format("{} -> {} [pos=\"{}\"{}]\n", from_id, to_id, position, Attributes(attributes));
}

std::string DotBuilder::Finish() { return text_ + "}\n"; }

Point Towards(Point from, Point to, int distance) {
  const int length = Length(from, to);
  if (length == 0) return from;
  return {from.x + (to.x - from.x) * distance / length,
          from.y + (to.y - from.y) * distance / length};
}

Point Between(Point from, Point to, int percent) {
  return {from.x + (to.x - from.x) * percent / 100, from.y + (to.y - from.y) * percent / 100};
}

}  // namespace brokersim::visualize
