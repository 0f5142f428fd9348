// The checks, a file a family. Each adds what it finds, in an order of its own that only depends on
// the history; the rule of each is in its file and, in a line, in README.md.
#ifndef BROKERSIM_CHECKER_FAMILIES_H_
#define BROKERSIM_CHECKER_FAMILIES_H_

#include "checker/facts.h"
#include "checker/findings.h"

namespace brokersim::checker {

// loss.cc, loss_by_group.cc
void CheckLostWrite(const Facts& facts, Findings* findings);
void CheckLostByGroup(const Facts& facts, Findings* findings);  // a part of lost-write

// copies.cc
void CheckDuplicate(const Facts& facts, Findings* findings);
void CheckRedelivery(const Facts& facts, Findings* findings);

// order.cc
void CheckReordered(const Facts& facts, Findings* findings);
void CheckSkipped(const Facts& facts, Findings* findings);

// positions.cc
void CheckInconsistentOffsets(const Facts& facts, Findings* findings);
void CheckRollback(const Facts& facts, Findings* findings);

// mirrors.cc
void CheckHang(const Facts& facts, Findings* findings);

// visibility.cc
void CheckStaleRead(const Facts& facts, Findings* findings);
void CheckAbortedRead(const Facts& facts, Findings* findings);
void CheckDirtyRead(const Facts& facts, Findings* findings);
void CheckUnavailable(const Facts& facts, Findings* findings);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_FAMILIES_H_
