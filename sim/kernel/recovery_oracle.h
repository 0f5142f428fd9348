// What is left of a system after its faults, and whether it could serve again: asked before a run that is stuck is held
// against the system. A family of models answers for its own, from the disks and processes of the simulation.
#ifndef BROKERSIM_SIM_KERNEL_RECOVERY_ORACLE_H_
#define BROKERSIM_SIM_KERNEL_RECOVERY_ORACLE_H_

#include <string>
#include <vector>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

// Something that clients may demand when all faults are over, e.g. to read a log.
struct Recoverable {
  std::string log;
  bool possible = true;
  // A clause: who could serve it, or what is gone for good and by which fault.
  std::string why;
};

class RecoveryOracle {
 public:
  virtual ~RecoveryOracle() = default;
  // Of every log, in a fixed order. Only what faults have destroyed makes one impossible: whatever else keeps it from
  // being served is the system's own doing.
  virtual std::vector<Recoverable> Ask(const Simulation& simulation) const = 0;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_RECOVERY_ORACLE_H_
