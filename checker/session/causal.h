// The bad patterns of causal consistency, for who needs them as a first sieve.
#ifndef BROKERSIM_CHECKER_SESSION_CAUSAL_H_
#define BROKERSIM_CHECKER_SESSION_CAUSAL_H_

#include "checker/session/accesses.h"

namespace brokersim::checker::session {

// Reports each read that shows one; whether there was none. REQUIRES: the accesses aren't ambiguous.
bool JudgeCausality(const History& history, const Accesses& accesses, Judgement* judgement);

}  // namespace brokersim::checker::session

#endif  // BROKERSIM_CHECKER_SESSION_CAUSAL_H_
