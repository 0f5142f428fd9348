// Whether a history is one at all. A verdict over a malformed history would be about the recorder.
#ifndef BROKERSIM_CHECKER_MALFORMED_H_
#define BROKERSIM_CHECKER_MALFORMED_H_

#include <string>

#include "formats/history.pb.h"

namespace brokersim::checker {

// One sentence naming the first operation that is wrong and what is wrong with it; empty if none.
//
// Wrong is: an index that isn't the position, time that goes back, an unknown type, an operation
// without process or f, a completion of anything but an earlier, still open INVOKE of the same
// process and f, an action of the wrong kind for its f, a name or value that is missing, a
// negative offset, an OK send that doesn't repeat the records of its INVOKE.
std::string FirstMalformed(const formats::History& history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_MALFORMED_H_
