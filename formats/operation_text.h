// An operation on one line, as protobuf prints it, but many times as fast: traces have a line for each.
#ifndef BROKERSIM_FORMATS_OPERATION_TEXT_H_
#define BROKERSIM_FORMATS_OPERATION_TEXT_H_

#include <string>

#include "formats/history.pb.h"

namespace brokersim::formats {

// Equal to operation.ShortDebugString().
std::string ShortText(const Operation& operation);

}  // namespace brokersim::formats

#endif  // BROKERSIM_FORMATS_OPERATION_TEXT_H_
