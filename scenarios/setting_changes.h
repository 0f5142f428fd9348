// The settings of a setup one by one, each set back: what `brokersim explain` tries.
#ifndef BROKERSIM_SCENARIOS_SETTING_CHANGES_H_
#define BROKERSIM_SCENARIOS_SETTING_CHANGES_H_

#include <string>
#include <vector>

#include "scenarios/scenario.pb.h"

namespace brokersim::scenarios {

// A setting that has not its default or not its safe value, and the setup in which it has.
struct SettingChange {
  std::string line;     // as it is: "min.insync.replicas=1"
  std::string whose;    // "brokers", "p1 p2"
  std::string instead;  // the value that it has in `setup`
  bool given = false;   // the scenario says so; false: it is the default
  std::string risk;     // what the value allows, a sentence without its full stop; empty: nothing is known
  Setup setup;
};

// Family by family: lines of settings, then what the setup says in fields of its own (a consumer's `commit`, ...). A
// setting whose default is neither the safe value nor what it has comes twice: with the default, then with the safe
// value. Names (group.id, transactional.id) are no settings here. The setups may not build.
std::vector<SettingChange> SettingChanges(const Setup& setup);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_SETTING_CHANGES_H_
