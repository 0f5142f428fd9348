// Judges a history while it is being recorded: stops a run within the event that first breaks a promise.
//
//   OnlineCheck check(&history, {});
//   ... after each operation appended:
//   if (check.Advance()) stop;           // then Check(history, checks) is INVALID, and of fewer operations is not
//
// It doesn't judge itself: cheap tables notice whatever could matter (a second offset, a position that falls, a record
// that is passed over), and only then the offline check is asked about the history so far. Its report is therefore the
// offline one. While nothing is suspicious an operation costs a few table lookups; the memory is that of the history.
#ifndef BROKERSIM_CHECKER_ONLINE_H_
#define BROKERSIM_CHECKER_ONLINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/history.pb.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

class OnlineCheck {
 public:
  // `checks` as for Check(), but "unavailable" waits for the end: a read-all under way is not one that failed. The
  // history must outlive it, and only grow.
  OnlineCheck(const formats::History* history, const std::vector<std::string>& checks);
  ~OnlineCheck();

  // Looks at the operations appended since the last call; whether the history is INVALID by now. Once true, always
  // true.
  bool Advance();

  // How often the offline check was asked.
  uint64_t asked() const { return asked_; }

 private:
  class Suspicion;

  const formats::History* history_;
  std::vector<std::string> checks_;
  std::unique_ptr<Suspicion> suspicion_;
  int seen_ = 0;
  uint64_t asked_ = 0;
  bool anything_ = false;  // whether there is a check to ask for
  bool invalid_ = false;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_H_
