#include "checker/report/text.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_join.h"
#include "checker/history/format.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

class Report {
 public:
  Report(const formats::Verdict& verdict, const History& history, const TextOptions& options)
      : verdict_(verdict), history_(history), options_(options) {}

  std::string Write() {
    Line("verdict", ResultWord(verdict_.result()));
    if (!verdict_.model().empty()) Line("model", verdict_.model());
    Line("history", fmt::format("{} lines by {}", history_.size(), Processes()));
    if (verdict_.steps() > 0) Line("search", fmt::format("{} steps", verdict_.steps()));
    if (verdict_.rules_out_size() > 0) {
      Line("rules out", absl::StrJoin(verdict_.rules_out(), ", "));
      if (verdict_.also_rules_out_size() > 0) Line("", absl::StrJoin(verdict_.also_rules_out(), ", "));
    }
    for (const formats::Metric& metric : verdict_.metrics()) {
      Line("measured", fmt::format("{} = {:g}{}{}", metric.name(), metric.value(), metric.unit().empty() ? "" : " ",
                                   metric.unit()));
    }
    for (const std::string& reason : verdict_.unknown_reasons()) Line("undecided", reason);
    Anomalies();
    return std::move(out_);
  }

 private:
  void Line(std::string_view what, std::string_view text) {
    fmt::format_to(std::back_inserter(out_), "{:<9}  {}\n", what, text);
  }

  std::string Processes() const {
    std::vector<bool> clients(history_.processes(), false);
    for (const Op& op : history_.ops()) clients[op.process] = clients[op.process] || op.client;
    const auto count = std::count(clients.begin(), clients.end(), true);
    return fmt::format("{} process{}", count, count == 1 ? "" : "es");
  }

  void Anomalies() {
    std::map<std::string, size_t> count;
    for (const formats::Anomaly& anomaly : verdict_.anomalies()) ++count[anomaly.type()];
    std::map<std::string, size_t> told;
    for (const formats::Anomaly& anomaly : verdict_.anomalies()) {
      if (told[anomaly.type()]++ < options_.per_type) Tell(anomaly);
    }
    for (const auto& [type, all] : count) {
      if (all > options_.per_type) {
        fmt::format_to(std::back_inserter(out_), "\n{} more of {}; --all tells them, --json holds them\n",
                       all - options_.per_type, type);
      }
    }
  }

  void Tell(const formats::Anomaly& anomaly) {
    const auto out = std::back_inserter(out_);
    const std::string code = anomaly.code().empty() ? "" : fmt::format(" ({})", anomaly.code());
    fmt::format_to(out, "\n{}{}: {}\n", anomaly.type(), code, anomaly.explanation());
    for (uint64_t index : anomaly.operations()) fmt::format_to(out, "  {}\n", LineOf(index));
    for (const formats::Edge& edge : anomaly.edges()) {
      fmt::format_to(out, "  {} -{}-> {}: {}\n", edge.from(), edge.kind(), edge.to(), edge.why());
    }
    for (const formats::Attempt& attempt : anomaly.attempts()) {
      const std::string state = attempt.state().empty() ? "" : fmt::format(" leads to {}, then", attempt.state());
      fmt::format_to(out, "  the order {}{} {}: {}\n",
                     attempt.order_size() == 0 ? "that begins with nothing" : Shortened(attempt), state,
                     attempt.stuck(), attempt.why());
    }
  }

  // The last ones tell most.
  static std::string Shortened(const formats::Attempt& attempt) {
    constexpr int kShown = 12;
    const int from = std::max(attempt.order_size() - kShown, 0);
    std::string text = from > 0 ? "... " : "";
    for (int i = from; i < attempt.order_size(); ++i) {
      fmt::format_to(std::back_inserter(text), "{}{}", i > from ? " " : "", attempt.order(i));
    }
    return text;
  }

  std::string LineOf(uint64_t index) const {
    const OpIndex at = history_.At(index);
    if (at == kNoOp) return fmt::format("index {}", index);
    const Op& op = history_.op(at);
    std::string text = LineText(history_, op);
    // An operation named by its beginning: what became of it.
    if (op.type == OpType::kInvoke && op.pair != kNoOp) {
      const Op& end = history_.op(op.pair);
      text += fmt::format(" -> :{} {}", ToText(end.type), ToText(end.value));
    }
    if (text.size() > options_.widest) {
      const size_t half = (options_.widest - 5) / 2;
      text = fmt::format("{} ... {}", text.substr(0, half), text.substr(text.size() - half));
    }
    return text;
  }

  const formats::Verdict& verdict_;
  const History& history_;
  const TextOptions& options_;
  std::string out_;
};

}  // namespace

std::string_view ResultWord(formats::Verdict::Result result) {
  if (result == formats::Verdict::VALID) return "valid";
  if (result == formats::Verdict::INVALID) return "invalid";
  return "unknown";
}

std::string ReportText(const formats::Verdict& verdict, const History& history, const TextOptions& options) {
  return Report(verdict, history, options).Write();
}

}  // namespace brokersim::checker
