// Positions in a history.
#ifndef BROKERSIM_CHECKER_HISTORY_OP_INDEX_H_
#define BROKERSIM_CHECKER_HISTORY_OP_INDEX_H_

#include <cstdint>

namespace brokersim::checker {

// Position of a line in its history, from 0.
using OpIndex = uint32_t;
inline constexpr OpIndex kNoOp = UINT32_MAX;

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_OP_INDEX_H_
