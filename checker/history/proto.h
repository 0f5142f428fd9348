// Histories in brokersim's own format (formats/history.proto), as data and back.
//
// What a run records has typed actions; as data they take the shape of jepsen.tests.kafka:
//   send      f :send    [[:send "orders-0" "a"]], completed [[:send "orders-0" [5 "a"]]]
//             extras :keys, :delays if any has one
//   poll      f :poll    [[:poll {"orders-0" [[5 "a"]]}]]; extras :group, :positions [[from next end]] by action
//   read-all  f :poll    the same, with the extra :read-all true
//   commit    f :commit  [[:commit "orders-0" 6]]; extra :group
//   process   f :process [[:process "orders-0" [5 "a"] true]]: applied, or recognised as done; extra :group
//   assign    f :assign  ["orders-0"]; extras :group, :positions [5] (-1: not known yet)
#ifndef BROKERSIM_CHECKER_HISTORY_PROTO_H_
#define BROKERSIM_CHECKER_HISTORY_PROTO_H_

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "formats/history.pb.h"

namespace brokersim::checker {

// kInvalidArgument names the operation that is wrong.
absl::StatusOr<History> FromProto(const formats::History& history);

// Lines of the shapes above become actions again; all others are kept as data.
formats::History ToProto(const History& history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_PROTO_H_
