#include "checker/linear/linear.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/linear/explain.h"
#include "checker/linear/models.h"
#include "checker/linear/operations.h"
#include "checker/linear/part_check.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// Steps that an object may take before the others have their turn: one without an order is often found at
// once.
constexpr uint64_t kFirstRound = 1 << 16;

using Maker = std::unique_ptr<Model> (*)();

constexpr Maker kMakers[] = {
    [] { return NewRegister(false, false); },
    [] { return NewRegister(true, false); },
    [] { return NewRegister(true, true); },
    NewKv,
    NewAppendKv,
    [] { return NewQueue(false); },
    [] { return NewQueue(true); },
    NewSet,
    NewCounter,
    NewMutex,
    NewLog,
};

// One operation takes effect at the latest begin before it in its object's order: sorted by that, orders of
// several objects become one, and nothing comes after what began only later.
void PutOrder(const Operations& operations, const History& history,
              const std::vector<std::vector<uint32_t>>& orders, formats::Verdict* verdict) {
  std::vector<uint32_t> first(size_t{operations.lines} + 1, 0);
  const auto each = [&](const auto& use) {
    for (size_t p = 0; p < orders.size(); ++p) {
      OpIndex at = 0;
      for (const uint32_t op : orders[p]) {
        at = std::max(at, operations.parts[p].ops[op].begin);
        use(at, operations.parts[p].ops[op].begin);
      }
    }
  };
  each([&](OpIndex at, OpIndex) { ++first[at + 1]; });
  for (size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
  verdict->mutable_order()->Resize(static_cast<int>(first.back()), 0);
  uint64_t* order = verdict->mutable_order()->mutable_data();
  each([&](OpIndex at, OpIndex begin) { order[first[at]++] = history.op(begin).index; });
}

std::string PartName(const Part& part) {
  std::string name;
  if (part.has_key) name = " of key " + ToText(part.key);
  if (part.has_element) name += " about " + ToText(part.element);
  return name;
}

class Checking {
 public:
  Checking(const Model& model, const History& history, const Limits& limits)
      : model_(model), history_(history), limits_(limits) {}

  absl::StatusOr<formats::Verdict> Run() {
    absl::StatusOr<Operations> read = ReadOperations(model_, history_, true);
    if (!read.ok()) return read.status();
    operations_ = *std::move(read);
    verdict_.set_schema_version(1);
    verdict_.set_model(std::string(model_.name()));
    verdict_.add_checks("linearizable");
    verdict_.mutable_counts()->set_operations(operations_.count);
    orders_.resize(operations_.parts.size());
    Decide();
    verdict_.set_steps(steps_);
    return std::move(verdict_);
  }

 private:
  struct Open {
    uint32_t part = 0;
    std::unique_ptr<PartCheck> check;
  };

  void Decide() {
    std::vector<Open> open;
    for (uint32_t p = 0; p < operations_.parts.size(); ++p) {
      Open one = {p, std::make_unique<PartCheck>(model_, operations_.parts[p].ops)};
      const Outcome outcome = Spend(&one, kFirstRound);
      if (outcome == Outcome::kNot) return Invalid(one);
      if (outcome == Outcome::kPaused) open.push_back(std::move(one));
    }
    for (uint64_t round = 2 * kFirstRound; !open.empty(); round *= 2) {
      for (Open& one : open) {
        if (Left() == 0 || Bytes(open) > limits_.memory) return Unknown(open);
        if (Spend(&one, round) == Outcome::kNot) return Invalid(one);
      }
      std::erase_if(open, [](const Open& one) { return one.check == nullptr; });
    }
    verdict_.set_result(formats::Verdict::VALID);
    PutOrder(operations_, history_, orders_, &verdict_);
  }

  uint64_t Left() const { return limits_.steps - std::min(limits_.steps, steps_); }

  static uint64_t Bytes(const std::vector<Open>& open) {
    uint64_t bytes = 0;
    for (const Open& one : open) bytes += one.check == nullptr ? 0 : one.check->bytes();
    return bytes;
  }

  // In slices, so that memory is looked at often enough.
  Outcome Spend(Open* one, uint64_t steps) {
    const uint64_t before = one->check->steps();
    Outcome outcome = Outcome::kPaused;
    for (uint64_t spent = 0; outcome == Outcome::kPaused && spent < steps; spent += kFirstRound) {
      const uint64_t slice = std::min(kFirstRound, Left() - std::min(Left(), one->check->steps() - before));
      if (slice == 0 || one->check->bytes() > limits_.memory) break;
      outcome = one->check->Run(slice);
    }
    steps_ += one->check->steps() - before;
    if (outcome != Outcome::kLinearizable) return outcome;
    orders_[one->part] = one->check->Order();
    one->check = nullptr;
    return outcome;
  }

  void Invalid(const Open& one) {
    verdict_.set_result(formats::Verdict::INVALID);
    Explain({.model = model_,
             .history = history_,
             .part = operations_.parts[one.part],
             .part_name = PartName(operations_.parts[one.part]),
             .found = *one.check,
             .limits = limits_},
            verdict_.add_anomalies());
  }

  void Unknown(const std::vector<Open>& open) {
    verdict_.set_result(formats::Verdict::UNKNOWN);
    for (const Open& one : open) {
      if (one.check == nullptr) continue;
      const Part& part = operations_.parts[one.part];
      uint64_t all = 0;
      for (const Operation& op : part.ops) all += op.open() ? 0 : 1;
      verdict_.add_unknown_reasons(fmt::format(
          "The operations{} are undecided after {} steps and {} MB: an order explains the first {} of the {} "
          "operations that ended. Remedy: more steps (now {}) or memory (now {} MB).",
          PartName(part), one.check->steps(), one.check->bytes() >> 20, one.check->ended(), all,
          limits_.steps, limits_.memory >> 20));
    }
  }

  const Model& model_;
  const History& history_;
  const Limits& limits_;
  Operations operations_;
  std::vector<std::vector<uint32_t>> orders_;  // by part
  formats::Verdict verdict_;
  uint64_t steps_ = 0;
};

struct Catalogue {
  std::vector<std::unique_ptr<Model>> models;
  std::vector<std::string> ops;
  std::vector<LinearModelInfo> infos;
};

Catalogue MakeCatalogue() {
  Catalogue all;
  for (const Maker maker : kMakers) {
    all.models.push_back(maker());
    std::string names;
    for (const ModelOp& op : all.models.back()->ops())
      names += (names.empty() ? "" : ", ") + std::string(op.name);
    all.ops.push_back(std::move(names));
  }
  for (size_t i = 0; i < all.models.size(); ++i) {
    all.infos.push_back({all.models[i]->name(), all.models[i]->meaning(), all.ops[i]});
  }
  return all;
}

const Catalogue& TheCatalogue() {
  static const Catalogue& catalogue = *new Catalogue(MakeCatalogue());
  return catalogue;
}

}  // namespace

std::span<const LinearModelInfo> LinearModels() { return TheCatalogue().infos; }

std::unique_ptr<Model> FindLinearModel(std::string_view name) {
  for (const Maker maker : kMakers) {
    std::unique_ptr<Model> model = maker();
    if (model->name() == name) return model;
  }
  return nullptr;
}

absl::StatusOr<formats::Verdict> CheckLinearizable(const Model& model, const History& history,
                                                   const Limits& limits) {
  return Checking(model, history, limits).Run();
}

absl::StatusOr<formats::Verdict> CheckLinearizable(std::string_view model, const History& history,
                                                   const Limits& limits) {
  for (const std::unique_ptr<Model>& one : TheCatalogue().models) {
    if (one->name() == model) return CheckLinearizable(*one, history, limits);
  }
  std::string names;
  for (const LinearModelInfo& info : LinearModels()) names += (names.empty() ? "" : ", ") + std::string(info.name);
  return absl::NotFoundError(
      fmt::format("no model is called {}. Remedy: one of {}", std::string(model), names));
}

}  // namespace brokersim::checker
