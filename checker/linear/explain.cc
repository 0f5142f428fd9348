#include "checker/linear/explain.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// Steps for making it small, if the verdict took fewer: enough for all but the worst.
constexpr uint64_t kLeastSteps = 3'000'000;
constexpr size_t kMostAttempts = 4;
constexpr size_t kMostOperations = 10'000;
// So many are searched once more to see what can't be placed, in so many steps and a part of those of the verdict.
constexpr size_t kMostSearched = 500;
constexpr uint64_t kStepsOnceMore = 4'000;
constexpr uint64_t kPartOnceMore = 64;
constexpr size_t kMostText = 120;

class Explainer {
 public:
  Explainer(const Explanation& what, formats::Anomaly* anomaly) : what_(what), anomaly_(*anomaly) {}

  void Run() {
    anomaly_.set_type("non-linearizable");
    anomaly_.set_code("NLIN");
    if (!what_.limits.explain) {
      anomaly_.set_explanation(
          fmt::format("No order of the operations{} explains what the clients were told.", what_.part_name));
      return;
    }
    const uint64_t steps = std::min(what_.limits.steps, std::max(kLeastSteps, 3 * what_.found.steps()));
    core_ = MinimalCore(what_.model, what_.part.ops, what_.found, steps, &arena_);
    // The last ones, if there are very many.
    const size_t count = core_.ops.size();
    for (size_t i = count - std::min(count, kMostOperations); i < count; ++i) {
      anomaly_.add_operations(Index(core_.ops[i]));
    }
    PartCheck check(what_.model, core_.ops);
    check.SearchOnly();
    const uint64_t once_more = std::min(steps, kStepsOnceMore + what_.found.steps() / kPartOnceMore);
    const bool searched =
        count <= kMostSearched && check.Run(once_more) == Outcome::kNot && check.stuck() != kNone;
    Say(searched ? &check : nullptr);
  }

 private:
  uint64_t Index(const Operation& op) const { return what_.history.op(op.begin).index; }

  static std::string Short(std::string text) {
    if (text.size() <= kMostText) return text;
    return text.substr(0, kMostText / 2) + " ... " + text.substr(text.size() - kMostText / 3);
  }

  std::string Text(const Operation& op) const {
    const std::string_view name = what_.model.ops()[op.call.f].name;
    std::string text(name);
    if (!op.call.in.is_nil()) text += ' ' + Short(ToText(op.call.in));
    if (op.call.known && !(op.call.out.is_nil() && !op.call.in.is_nil()))
      text += " -> " + Short(ToText(op.call.out));
    return text;
  }
  std::string Named(const Operation& op) const {
    const Op& line = what_.history.op(op.begin);
    return fmt::format("`{}` (operation {} of process {})", Text(op), line.index,
                       what_.history.ProcessName(line.process));
  }

  void Say(PartCheck* check) {
    std::string text = fmt::format(
        "These {} operations{} have no order in which each takes effect between its begin and its end and "
        "all end as their clients were told",
        core_.ops.size(), what_.part_name);
    if (core_.ops.size() == 1)
      text = fmt::format("Nothing{} explains {}", what_.part_name, Named(core_.ops[0]));
    if (check != nullptr && core_.ops.size() > 1) text += Stuck(*check);
    text += '.';
    if (!core_.complete) text += " Fewer of them may do: the budget for leaving some out ended.";
    anomaly_.set_explanation(text);
  }

  std::string StateAfter(const std::vector<uint32_t>& order) const {
    const std::unique_ptr<Object> object = what_.model.New();
    for (const uint32_t op : order) {
      if (!object->Step(core_.ops[op].call)) return "(a state that can't be)";
    }
    return object->Text();
  }

  // The operation that can't be placed, and what was tried.
  std::string Stuck(PartCheck& check) {
    const Operation& stuck = core_.ops[check.stuck()];
    std::vector<std::string> states;
    for (const Breadth::DeadEnd& end : check.breadth()->DeadEnds(kMostAttempts)) {
      formats::Attempt* attempt = anomaly_.add_attempts();
      for (const uint32_t op : end.order) attempt->add_order(Index(core_.ops[op]));
      const std::string state = Short(StateAfter(end.order));
      attempt->set_state(state);
      attempt->set_stuck(Index(stuck));
      attempt->set_why(end.order.empty()
                           ? fmt::format("{} can't be the first: it begins as {}.", Named(stuck), state)
                           : fmt::format("{} can't come next: the others left {}.", Named(stuck), state));
      if (std::find(states.begin(), states.end(), state) == states.end()) states.push_back(state);
    }
    std::string text = fmt::format(": {} fits nowhere", Named(stuck));
    for (size_t i = 0; i < states.size(); ++i)
      text += (i == 0 ? "; what may come before it leaves " : ", or ") + states[i];
    return text;
  }

  const Explanation& what_;
  formats::Anomaly& anomaly_;
  Arena arena_;
  Core core_;
};

}  // namespace

void Explain(const Explanation& what, formats::Anomaly* anomaly) { Explainer(what, anomaly).Run(); }

}  // namespace brokersim::checker
