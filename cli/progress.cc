#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

#include "cli/command.h"

namespace brokersim::cli {
namespace {

constexpr auto kBetweenBars = std::chrono::milliseconds(100);
constexpr auto kBetweenLines = std::chrono::seconds(10);
constexpr uint64_t kBarWidth = 24;

std::string Bar(const runner::SweepProgress& now) {
  const uint64_t full = now.of == 0 ? kBarWidth : now.done * kBarWidth / now.of;
  return fmt::format("[{:#<{}}{:.<{}}]", "", full, "", kBarWidth - full);
}

std::string Left(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(seconds));
  if (whole < 120) return fmt::format("{} s left", whole);
  if (whole < 7200) return fmt::format("{} min left", whole / 60);
  return fmt::format("{} h {} min left", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string ProgressText(const runner::SweepProgress& now, double seconds) {
  const auto run = static_cast<double>(now.done - now.stored);
  const double rate = seconds > 0 ? run / seconds : 0;
  std::string text = fmt::format("{} of {} runs  {:.{}f}/s  {} failure{}", now.done, now.of, rate, rate < 10 ? 1 : 0,
                                 now.failures, now.failures == 1 ? "" : "s");
  if (rate > 0 && now.done < now.of) text += "  " + Left(static_cast<double>(now.of - now.done) / rate);
  return text;
}

ProgressBar::ProgressBar()
    : terminal_(isatty(STDERR_FILENO) != 0),
      begin_(Clock::now()),
      next_(begin_ + (terminal_ ? Clock::duration(kBetweenBars) : Clock::duration(kBetweenLines))) {}

void ProgressBar::Show(const runner::SweepProgress& now) {
  const Clock::time_point time = Clock::now();
  if (time < next_) return;
  const std::string text = ProgressText(now, std::chrono::duration<double>(time - begin_).count());
  if (terminal_) {
    next_ = time + kBetweenBars;
    ShowProgress(Bar(now) + "  " + text);
  } else {
    next_ = time + kBetweenLines;
    fmt::print(stderr, "brokersim: {}\n", text);
  }
}

}  // namespace brokersim::cli
