// Judges a history while it is being recorded: stops a run within the event that first breaks a promise.
//
//   OnlineCheck check({}, "/var/tmp");
//   ... with each operation that is recorded:
//   if (check.Add(operation)) stop;      // then Check(history, checks) is INVALID, and of fewer operations is not
//   history = check.journal().Take();
//
// It doesn't judge itself: cheap tables notice whatever could matter (a second offset, a position that falls, a record
// that is passed over), and only then the offline check is asked about the history so far. Its report is therefore the
// offline one. While nothing is suspicious an operation costs a few table lookups, and the memory is that of what is
// open (suspicion.h): the history, and what is settled, lie in files.
#ifndef BROKERSIM_CHECKER_ONLINE_ONLINE_H_
#define BROKERSIM_CHECKER_ONLINE_ONLINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "checker/online/journal.h"
#include "checker/online/suspicion.h"
#include "formats/history.pb.h"

namespace brokersim::checker {

class OnlineCheck {
 public:
  // `checks` as for Check(), but "unavailable" waits for the end: a read-all under way is not one that failed. Files
  // without names lie in `folder`; if it is empty, or they can't, everything stays in memory.
  OnlineCheck(const std::vector<std::string>& checks, const std::string& folder)
      : OnlineCheck(checks, Settling{.folder = folder}) {}
  OnlineCheck(const std::vector<std::string>& checks, const Settling& settling);

  // The history's next operation. Whether the history is INVALID by now; once true, always true.
  bool Add(formats::Operation&& operation);

  // The history so far.
  Journal& journal() { return journal_; }
  const Journal& journal() const { return journal_; }
  // How often the offline check was asked.
  uint64_t asked() const { return asked_; }

 private:
  std::vector<std::string> checks_;
  Suspicion suspicion_;
  Journal journal_;
  uint64_t asked_ = 0;
  bool invalid_ = false;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_ONLINE_H_
