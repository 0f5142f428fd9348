// Random histories of a few lines, as EDN: for checkers of small objects, against definitions written as plainly as
// possible.
#ifndef BROKERSIM_TESTS_CHECKER_RANDOM_LINES_H_
#define BROKERSIM_TESTS_CHECKER_RANDOM_LINES_H_

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "formats/verdict.pb.h"
#include "tests/checker/cases.h"

namespace brokersim::checker {

inline constexpr int kHistories = Cases(100'000);

// Draws that depend on nothing but the seed.
class Draws {
 public:
  explicit Draws(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t Below(uint64_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % n;
  }

 private:
  uint64_t state_;
};

struct Asked {
  std::string f;
  std::string value;
  std::string answer;
  std::string extras = {};  // beside the value, of both lines
};

// A history of up to `most` operations by 3 clients, a line every 10 ns; `operation` gives f, the value asked and the
// value answered, and `told` is called with those that were answered.
template <typename Operation, typename Told>
std::string RandomHistory(Draws* draws, uint64_t most, Operation operation, Told told) {
  std::string edn;
  std::map<uint64_t, Asked> open;
  uint64_t next_process = 3;
  int64_t now = 0;
  std::vector<uint64_t> clients = {0, 1, 2};
  const auto say = [&](uint64_t process, std::string_view type, const Asked& asked, const std::string& value) {
    now += 10;
    edn += fmt::format("{{:process {} :type :{} :f :{} :value {} :time {}{}}}\n", process, type, asked.f, value, now,
                       asked.extras);
  };
  uint64_t left = 2 + draws->Below(most - 1);
  while (left > 0 || !open.empty()) {
    const uint64_t client = draws->Below(clients.size());
    const uint64_t process = clients[client];
    const auto found = open.find(process);
    if (found == open.end()) {
      if (left == 0) {
        if (draws->Below(4) == 0) break;
        continue;
      }
      --left;
      const Asked asked = operation();
      say(process, "invoke", asked, asked.value);
      open[process] = asked;
      continue;
    }
    const uint64_t how = draws->Below(10);
    const std::string_view type = how < 8 ? "ok" : how == 8 ? "info" : "fail";
    say(process, type, found->second, type == "ok" ? found->second.answer : found->second.value);
    if (type == "ok") told(found->second);
    open.erase(found);
    if (type == "info") clients[client] = next_process++;
  }
  return edn;
}
template <typename Operation>
std::string RandomHistory(Draws* draws, Operation operation) {
  return RandomHistory(draws, 8, operation, [](const Asked&) {});
}

inline std::set<std::string> Types(const formats::Verdict& verdict) {
  std::set<std::string> types;
  for (const formats::Anomaly& anomaly : verdict.anomalies()) types.insert(anomaly.type());
  return types;
}

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_RANDOM_LINES_H_
