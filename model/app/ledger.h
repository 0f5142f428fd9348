// Ledger: the outside world that an application changes, e.g. a database. It records each effect in the history
// at the moment when it takes place, so that it is known even if its author dies before hearing of it.
#ifndef BROKERSIM_MODEL_APP_LEDGER_H_
#define BROKERSIM_MODEL_APP_LEDGER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/btree_set.h"
#include "sim/kernel/process.h"

namespace brokersim::app {

struct ApplyEffect {
  static constexpr std::string_view kName = "ApplyEffect";
  int64_t number = 0;  // of the request, for the answer
  std::string group;
  std::string log;
  int64_t offset = -1;
  std::string value;
  bool unique = false;  // refuse what was applied before: a unique constraint on the value
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("group", group);
    v("log", log);
    v("offset", offset);
    v("value", value);
    v("unique", unique);
  }
};

struct EffectApplied {
  static constexpr std::string_view kName = "EffectApplied";
  int64_t number = 0;
  bool applied = false;
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("applied", applied);
  }
};

class Ledger final : public sim::Process {
 public:
  explicit Ledger(sim::Env& env);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Ledger>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer, sim::Env&, sim::Effects&) override {}
  std::string_view TimerName(sim::Timer) const override { return "none"; }
  void Describe(sim::Describer& d) const override;

 private:
  sim::FileId file_;
  absl::btree_set<std::string> applied_;  // GROUP/VALUE
  int64_t effects_ = 0;
};

class LedgerFactory final : public sim::ProcessFactory {
 public:
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects&) const override {
    return std::make_unique<Ledger>(env);
  }
};

}  // namespace brokersim::app

#endif  // BROKERSIM_MODEL_APP_LEDGER_H_
