// What the point of no return looks like.
#include <fmt/format.h>

#include <algorithm>

#include "runner/futures.h"
#include "visualize/curves.h"
#include "visualize/svg.h"

namespace brokersim::runner {
namespace {

constexpr int kBar = 20;

std::string Milliseconds(int64_t ns) { return fmt::format("{}.{:03} ms", ns / 1'000'000, ns / 1000 % 1000); }

std::string Bar(int shown, int of) {
  return of == 0 ? "" : std::string(static_cast<size_t>((shown * kBar + of - 1) / of), '#');
}

// Whether a row is worth a line: the first, the last, the ends of a rise, and what is by a tenth other than the row
// before.
bool IsTold(const PointOfNoReturn& point, size_t row, size_t before) {
  const std::vector<Checkpoint>& all = point.checkpoints;
  const Checkpoint& here = all[row];
  if (row == 0 || row + 1 == all.size()) return true;
  for (const Rise& rise : point.rises) {
    if (here.at == rise.from.at || here.at == rise.to.at) return true;
  }
  const int apart = std::max(std::abs(here.shown - all[before].shown), std::abs(here.calm - all[before].calm));
  return apart * 10 >= point.futures && apart > 0;
}

std::string Table(const PointOfNoReturn& point) {
  const std::vector<Checkpoint>& all = point.checkpoints;
  std::string text =
      fmt::format("  {:>14}  {:<{}}  {}\n", "up to", "the faults go on", kBar + 6, "no further fault begins");
  size_t before = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!IsTold(point, i, before)) continue;
    before = i;
    std::string row = fmt::format("  {:>14}  {:>4}  {:<{}}  {:>4}  {}", Milliseconds(all[i].at.nanos()), all[i].shown,
                                  Bar(all[i].shown, point.futures), kBar, all[i].calm,
                                  Bar(all[i].calm, point.futures));
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::string RisesText(const PointOfNoReturn& point, bool calm) {
  std::string text;
  for (const Rise& rise : point.rises) {
    if (rise.calm != calm) continue;
    const auto value = [&](const Checkpoint& checkpoint) { return calm ? checkpoint.calm : checkpoint.shown; };
    text += fmt::format("  from {} to {} of {}, {}: after {}, up to {}, in {} event{}{}\n", value(rise.from),
                        value(rise.to), point.futures, calm ? "if no further fault begins" : "as the faults go on",
                        Milliseconds(rise.from.at.nanos()), Milliseconds(rise.to.at.nanos()), rise.events,
                        rise.events == 1 ? "" : "s",
                        rise.events > static_cast<int64_t>(rise.told.size()) ? ", among them" : "");
    for (const formats::StoryLine& line : rise.told) {
      text += fmt::format("    {:>14}  {:<10}  {}\n", Milliseconds(line.time_ns()), line.node(), line.text());
    }
  }
  return text;
}

std::string Verdict(const PointOfNoReturn& point) {
  if (point.checkpoints.empty()) return "";
  const Checkpoint& first = point.checkpoints.front();
  std::string text;
  if (first.shown * 10 >= point.futures * 9) {
    text = fmt::format("With these faults it was as good as certain from the beginning: {} of {}.\n", first.shown,
                       point.futures);
  }
  const std::string rises = RisesText(point, false) + RisesText(point, true);
  return text + (rises.empty() ? "It rises nowhere by a fifth at once.\n" : "It rises\n" + rises);
}

}  // namespace

std::string FuturesText(const PointOfNoReturn& point) {
  return fmt::format("Point of no return: of {} futures from each of {} moments so many show {}\n\n{}\n{}{} futures"
                     "{}\n",
                     point.futures, point.checkpoints.size(), point.type, Table(point), Verdict(point), point.run,
                     point.complete ? "" : ", interrupted");
}

absl::StatusOr<std::string> FuturesSvg(const PointOfNoReturn& point, const std::string& title) {
  visualize::CurvesView view;
  view.title = title;
  view.caption = {fmt::format("of {} futures from each of {} moments so many show {}", point.futures,
                              point.checkpoints.size(), point.type)};
  view.most = point.futures;
  view.curves = {{"as the faults go on", false, {}}, {"if no further fault begins", true, {}}};
  for (const Checkpoint& checkpoint : point.checkpoints) {
    view.curves[0].points.emplace_back(checkpoint.at.nanos(), checkpoint.shown);
    view.curves[1].points.emplace_back(checkpoint.at.nanos(), checkpoint.calm);
  }
  for (const Rise& rise : point.rises) {
    if (rise.told.empty()) continue;
    const formats::StoryLine& line = rise.told.front();
    const std::string who = line.node().empty() ? "" : line.node() + ": ";
    view.marks.emplace_back(rise.to.at.nanos(), fmt::format("{} {}{}", Milliseconds(line.time_ns()), who, line.text()));
  }
  return visualize::RenderSvg(visualize::CurvesDot(view));
}

}  // namespace brokersim::runner
