#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "checker/effects/effects.h"
#include "checker/effects/pairs.h"
#include "checker/judgement.h"
#include "checker/stable_sort.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using effects::Done;
using effects::Effect;
using effects::Input;
using effects::Pairs;

class ExactlyOnce {
 public:
  ExactlyOnce(const History& history, const Pairs& pairs)
      : history_(history), pairs_(pairs), judgement_("exactly-once", history) {}

  formats::Verdict Run() {
    if (pairs_.groups.size() == 0) judgement_.Undecided("no group ever processed, committed or drained anything");
    CountOutputs();
    std::vector<uint32_t> order(pairs_.effects.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    StableSort(&order, [&](uint32_t a, uint32_t b) {
      const Effect& x = pairs_.effects[a];
      const Effect& y = pairs_.effects[b];
      return x.group != y.group ? x.group < y.group : x.input < y.input;
    });
    size_t at = 0;
    for (Id group = 0; group < pairs_.groups.size(); ++group) {
      FindDone(group);
      for (Id input = 0; input < pairs_.inputs.size(); ++input) {
        std::vector<const Effect*> some;
        for (; at < order.size() && Is(pairs_.effects[order[at]], group, input); ++at) {
          some.push_back(&pairs_.effects[order[at]]);
        }
        JudgePair(group, input, some);
      }
    }
    JudgeStrayOutputs();
    for (const auto& [name, count] : counts_) judgement_.Measure(name, static_cast<double>(count));
    return std::move(judgement_).Finish();
  }

 private:
  static bool Is(const Effect& effect, Id group, Id input) { return effect.group == group && effect.input == input; }
  bool HaveOutputs() const { return pairs_.outputs.done != kNoOp; }
  std::string InputName(Id input) const { return ToText(pairs_.values.Get(input)); }
  std::string GroupName(Id group) const {
    const Value& name = pairs_.groups.Get(group);
    return name.is_nil() ? "the group" : fmt::format("group {}", ToText(name));
  }
  std::string WhoAt(OpIndex line) const { return Who(history_, history_.op(line)); }
  static OpIndex Shown(const Effect& effect) { return effect.done == kNoOp ? effect.invoke : effect.done; }

  void CountOutputs() {
    for (const auto& [group, value] : pairs_.outputs.all) ++output_count_[{group, value}];
  }
  uint64_t CountOf(Id group, Id output) const {
    uint64_t count = 0;
    for (Id key : {group, kNoId}) {
      const auto found = output_count_.find({key, output});
      if (found != output_count_.end()) count += found->second;
    }
    return count;
  }

  // Of each log how far the group says it is done; and up to which line it had drained everything.
  void FindDone(Id group) {
    committed_.assign(pairs_.logs.size(), nullptr);
    drained_ = nullptr;
    for (const Done& done : pairs_.done) {
      if (done.group != group) continue;
      if (done.log == kNoId) {
        drained_ = &done;
      } else if (committed_[done.log] == nullptr || done.offset > committed_[done.log]->offset) {
        committed_[done.log] = &done;
      }
    }
  }

  // The line by which the group is done with an input; kNoOp if it may yet come to it.
  OpIndex DoneWith(const Input& input) const {
    if (drained_ != nullptr && input.acked < drained_->line) return drained_->line;
    if (input.log == kNoId || input.offset < 0) return kNoOp;
    const Done* const done = committed_[input.log];
    return done != nullptr && done->offset > input.offset ? done->line : kNoOp;
  }

  void Indeterminate(Id group, Id input, std::string_view why) {
    ++counts_["indeterminate"];
    judgement_.Undecided(fmt::format("{} in {}: {}", InputName(input), GroupName(group), why));
  }

  void JudgePair(Id group, Id id, const std::vector<const Effect*>& some) {
    const Input& input = pairs_.inputs[id];
    if (some.empty() && input.sent == kNoOp) return;  // an output, or a send that failed
    if (input.sent == kNoOp) {
      judgement_.Add("unexpected", {Shown(*some.front())},
                     fmt::format("{} processed {}, {}", WhoAt(some.front()->invoke), InputName(id),
                                 input.failed == kNoOp ? "which nobody sent" : "whose send had failed"));
      return;
    }
    const bool named = std::any_of(some.begin(), some.end(), [](const Effect* e) { return !e->outputs.empty(); });
    if (named && HaveOutputs()) {
      JudgeByOutputs(group, id, some);
    } else {
      JudgeByEffects(group, id, some);
    }
  }

  // Nobody looked at what became visible: what the processes were told has to do.
  void JudgeByEffects(Id group, Id id, const std::vector<const Effect*>& some) {
    std::vector<const Effect*> applied;
    const Effect* unknown = nullptr;
    for (const Effect* effect : some) {
      if (effect->outcome == OpType::kOk) applied.push_back(effect);
      if (effect->outcome == OpType::kInfo) unknown = effect;
    }
    if (applied.size() > 1) {
      Twice(group, id, *applied[0], *applied[1]);
    } else if (unknown != nullptr) {
      Indeterminate(group, id, fmt::format("whether the effect of index {} happened is unknown",
                                           history_.op(unknown->invoke).index));
    } else if (applied.size() == 1) {
      ++counts_["exactly-once"];
    } else {
      Never(group, id, some);
    }
  }

  void Twice(Id group, Id id, const Effect& first, const Effect& second) {
    const bool zombie = first.zombie || second.zombie;
    ++counts_[zombie ? "zombie" : "duplicated"];
    const Effect& late = first.zombie ? first : second;
    judgement_.Add(zombie ? "zombie" : "duplicate", {pairs_.inputs[id].sent, Shown(first), Shown(second)},
                   fmt::format("the effect of {} was applied twice in {}: by {} and by {}{}", InputName(id),
                               GroupName(group), WhoAt(first.invoke), WhoAt(second.invoke),
                               zombie ? fmt::format("; {} no longer owned the log", WhoAt(late.invoke)) : ""));
  }

  void Never(Id group, Id id, const std::vector<const Effect*>& some) {
    const Input& input = pairs_.inputs[id];
    const OpIndex line = DoneWith(input);
    if (input.acked == kNoOp && some.empty()) return;  // perhaps it was never there
    if (line == kNoOp) {
      Indeterminate(group, id, "it was not processed, but the group never said that it is done with it");
      return;
    }
    ++counts_["lost"];
    judgement_.Add("lost", {input.acked, some.empty() ? kNoOp : Shown(*some.back()), line},
                   fmt::format("{} is done with {} by its own word, but never applied its effect", GroupName(group),
                               InputName(id)));
  }

  // What became visible is known: each effect's outputs are there or not.
  void JudgeByOutputs(Id group, Id id, const std::vector<const Effect*>& some) {
    bool whole = false;
    const Effect* valid = nullptr;  // the last of those that are there and haven't failed
    bool open = false;
    for (const Effect* effect : some) {
      size_t there = 0;
      Id missing = kNoId;
      for (Id output : effect->outputs) {
        const uint64_t count = CountOf(group, output);
        there += count > 0 ? 1 : 0;
        if (count == 0) missing = output;
        if (count > 1 && !reported_[{group, output}]) Repeated(group, id, output, some);
      }
      const bool settled = effect->outcome == OpType::kOk && effect->done < pairs_.outputs.invoke;
      open = open || (effect->outcome == OpType::kInfo || (effect->outcome == OpType::kOk && !settled));
      if (!effect->outputs.empty() && there == effect->outputs.size()) {
        // The same outputs are counted above; those of a failed one are a matter of their own.
        const bool failed = effect->outcome == OpType::kFail;
        if (valid != nullptr && !failed && !ShareOutputs(*valid, *effect)) return Twice(group, id, *valid, *effect);
        whole = true;
        if (!failed) valid = effect;
      }
      if (there > 0 && missing != kNoId) return Torn(group, id, *effect, missing, settled);
      if (there == 0 && settled && !effect->outputs.empty()) return Vanished(group, id, *effect);
    }
    if (counted_.insert({{group, id}, true}).second && whole) {
      ++counts_["exactly-once"];
    } else if (!whole && open) {
      Indeterminate(group, id, "none of its outputs is there, but an effect of unknown outcome may yet happen");
    } else if (!whole) {
      Never(group, id, some);
    }
  }

  static bool ShareOutputs(const Effect& a, const Effect& b) {
    return std::find_first_of(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end()) !=
           a.outputs.end();
  }

  void Repeated(Id group, Id id, Id output, const std::vector<const Effect*>& some) {
    reported_[{group, output}] = true;
    const auto zombie = std::find_if(some.begin(), some.end(), [](const Effect* e) { return e->zombie; });
    const bool by_zombie = zombie != some.end() && some.size() > 1;
    counted_[{group, id}] = true;
    ++counts_[by_zombie ? "zombie" : "duplicated"];
    std::vector<OpIndex> lines = {pairs_.outputs.done};
    for (const Effect* one : some) lines.push_back(Shown(*one));
    judgement_.Add(by_zombie ? "zombie" : "duplicate", std::move(lines),
                   fmt::format("output {} of {} is there {} times in {}{}", InputName(output), InputName(id),
                               CountOf(group, output), GroupName(group),
                               by_zombie ? fmt::format("; {} no longer owned the log", WhoAt((*zombie)->invoke)) : ""));
  }

  void Torn(Id group, Id id, const Effect& effect, Id missing, bool settled) {
    if (!settled && effect.outcome == OpType::kOk) {
      Indeterminate(group, id, "its outputs were read while it was being processed");
      return;
    }
    ++counts_["torn"];
    judgement_.Add("torn", {Shown(effect), pairs_.outputs.done},
                   fmt::format("some outputs of {} are there in {}, but {} is not", InputName(id), GroupName(group),
                               InputName(missing)));
  }

  void Vanished(Id group, Id id, const Effect& effect) {
    ++counts_["lost"];
    judgement_.Add("lost", {Shown(effect), pairs_.outputs.done},
                   fmt::format("{} was told that the effect of {} is applied in {}, but none of its outputs is there",
                               WhoAt(effect.invoke), InputName(id), GroupName(group)));
  }

  // Outputs of nobody's effect, or only of failed ones.
  void JudgeStrayOutputs() {
    if (!HaveOutputs()) return;
    std::map<Id, const Effect*> makers;
    bool named = false;
    for (const Effect& effect : pairs_.effects) {
      for (Id output : effect.outputs) {
        named = true;
        const Effect*& maker = makers[output];
        if (maker == nullptr || maker->outcome == OpType::kFail) maker = &effect;
      }
    }
    if (!named) return;
    std::map<Id, bool> told;
    for (const auto& [group, output] : pairs_.outputs.all) {
      const auto maker = makers.find(output);
      if (maker != makers.end() && maker->second->outcome != OpType::kFail) continue;
      if (!told.insert({output, true}).second) continue;
      const bool failed = maker != makers.end();
      judgement_.Add(failed ? "aborted-output" : "unexpected",
                     {failed ? Shown(*maker->second) : kNoOp, pairs_.outputs.done},
                     fmt::format("output {} is there, {}", InputName(output),
                                 failed ? "but the effect that makes it failed" : "but no effect makes it"));
    }
  }

  const History& history_;
  const Pairs& pairs_;
  Judgement judgement_;
  std::map<std::pair<Id, Id>, uint64_t> output_count_;  // by group and value
  std::map<std::pair<Id, Id>, bool> reported_;          // outputs told to be there twice
  std::map<std::pair<Id, Id>, bool> counted_;           // pairs that have their verdict
  std::map<std::string, uint64_t, std::less<>> counts_;
  std::vector<const Done*> committed_;  // of the group being judged, by log
  const Done* drained_ = nullptr;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckExactlyOnce(const History& history) {
  Pairs pairs;
  if (absl::Status status = TakeApart(history, &pairs); !status.ok()) return status;
  return ExactlyOnce(history, pairs).Run();
}

}  // namespace brokersim::checker
