// One message from its producer to whoever got it, from a trace and, where there is one, the history of the same run.
#ifndef BROKERSIM_CHECKER_LIFE_H_
#define BROKERSIM_CHECKER_LIFE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct MessageLife {
  std::string value;
  std::vector<std::string> logs;  // that ever had it, by name
  // In time order; at most kLifeLines of them, the steps that matter least are left out first.
  std::vector<formats::StoryLine> steps;
  size_t left_out = 0;
  // What became of it, a sentence each: where it was lost or doubled, or that it was not.
  std::vector<std::string> outcome;
  bool lost = false;
  bool doubled = false;
};

inline constexpr size_t kLifeLines = 60;

// `message`: the value of a record ("p1-19"), or a log and an offset ("orders-0@18"): of several records that were
// there the first. `history` may be null. Errors: kNotFound, with the names that are nearest.
absl::StatusOr<MessageLife> LifeOfMessage(const formats::DecodedTrace& trace, const formats::History* history,
                                          std::string_view message);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LIFE_H_
