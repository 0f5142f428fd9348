// Cause: what anomalies that came about alike have in common, in words without names, numbers and times.
#ifndef BROKERSIM_RUNNER_CAUSE_H_
#define BROKERSIM_RUNNER_CAUSE_H_

#include <string>
#include <string_view>

#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"

namespace brokersim::runner {

// Of an anomaly with a story: how the record went, if it did, and the last election, else the last crash or fault, of
// the story before that: "removed from a log, after broker # elected leader of # in epoch #, out of the ISR: an unclean
// election"; "promised after", if the election came before the promise that was broken. Of others: the first sentence
// of the explanation.
std::string CauseOf(const formats::DecodedTrace& trace, const formats::Anomaly& anomaly);

// The first sentence of `text` with what differs from run to run replaced by #: what stands in double quotes, numbers
// with their units, and names with digits such as b2 or orders-0.
std::string WithoutParticulars(std::string_view text);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_CAUSE_H_
