// In the middle of a long valid history, a few transactions go wrong: that is found and named, and nothing else is.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "checker/history/edn.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/checker/txn/txn_text.h"

namespace brokersim::checker {
namespace {

// Lines of a history of a correct database with keys :x and :y; six processes, crashes and aborts among them.
std::vector<std::string> Valid(bool registers, uint64_t seed) {
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  const auto below = [&](int n) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<int>((state >> 33) % static_cast<uint64_t>(n));
  };
  struct Open {
    std::vector<std::string> begun;
    std::vector<std::pair<bool, int>> ops;  // write, key
  };
  std::map<int, Open> open;
  std::map<int, std::vector<int>> lists;
  std::vector<std::string> lines;
  int next = 1;
  int fresh = 10;  // processes that crashed are replaced
  std::vector<int> processes = {0, 1, 2, 3, 4, 5};
  const auto join = [](const std::vector<std::string>& parts) { return fmt::format("[{}]", fmt::join(parts, " ")); };
  for (int step = 0; step < 300; ++step) {
    int& process = processes[static_cast<size_t>(below(6))];
    if (!open.count(process)) {
      Open& txn = open[process];
      for (int n = 1 + below(3); n > 0; --n) txn.ops.emplace_back(below(2) == 0, below(2));
      for (const auto& [write, key] : txn.ops) {
        const char name = static_cast<char>('x' + key);
        txn.begun.push_back(write ? fmt::format("[{} :{} {}]", registers ? ":w" : ":append", name, next++)
                                  : fmt::format("[:r :{} nil]", name));
      }
      lines.push_back(fmt::format("{{:process {} :type :invoke :f :txn :value {}}}\n", process, join(txn.begun)));
      continue;
    }
    const Open txn = open[process];
    open.erase(process);
    const int fate = below(10);
    const std::string_view type = fate == 0 ? "fail" : fate == 1 ? "info" : "ok";
    std::vector<std::string> done = txn.begun;
    for (size_t i = 0; i < txn.ops.size() && (fate > 1 || (fate == 1 && below(2) == 0)); ++i) {
      std::vector<int>& list = lists[txn.ops[i].second];
      if (txn.ops[i].first) {
        if (registers) list.clear();
        list.push_back(std::stoi(done[i].substr(done[i].rfind(' '))));
      } else if (fate > 1) {
        const char name = static_cast<char>('x' + txn.ops[i].second);
        const std::string value = registers ? (list.empty() ? "nil" : std::to_string(list.back()))
                                            : fmt::format("[{}]", fmt::join(list, " "));
        done[i] = fmt::format("[:r :{} {}]", name, value);
      }
      // A crashed transaction takes effect whole.
      if (fate == 1) {
        for (size_t j = i + 1; j < txn.ops.size(); ++j) {
          if (!txn.ops[j].first) continue;
          std::vector<int>& other = lists[txn.ops[j].second];
          if (registers) other.clear();
          other.push_back(std::stoi(done[j].substr(done[j].rfind(' '))));
        }
        break;
      }
    }
    lines.push_back(fmt::format("{{:process {} :type :{} :f :txn :value {}}}\n", process, type, join(done)));
    if (fate == 1) process = fresh++;
  }
  return lines;
}

struct Plant {
  std::string_view lines;  // with keys p, q and r, and processes 6 to 9
  std::string_view level;
  std::string_view expected;
};

// What else each implies, by its definition, stands beside it.
constexpr Plant kLists[] = {
    {"", "strict-serializable", "VALID"},
    {"6 ok ap1 aq1; 7 ok ap2 aq2; 8 ok rp12 rq21", "serializable", "G0"},
    {"6 fail ap1; 7 ok rp1", "strict-serializable", "G1a"},
    {"6 ok ap1 ap2; 7 ok rp1", "read-committed", "G1b"},
    {"6 ok ap1 rq1; 7 ok ap2 aq1; 8 ok rp12", "serializable", "G1c"},
    {"6 ok ap1 aq1; 7 ok ap2 rq; 8 ok rp12", "serializable", "G-single-item"},
    {"6 ok ap1; 7 ok rp1 rq; 8 ok aq1; 9 ok rq1 rp", "serializable", "G-nonadjacent-item"},
    {"6 ok ap1 rq; 7 ok aq1 rp", "serializable", "G2-item"},
    {"6 ok rp1 aq1; 7 ok rq1; 7 ok ap1", "strong-session-serializable", "G1c-process"},
    {"6 ok ap1; 7 ok ap2; 7 ok rp1; 8 ok rp12", "strong-session-serializable", "G-single-item-process"},
    {"6 ok ap1; 7 ok ap2; 8 ok rp1; 9 ok rp12", "strict-serializable", "G-single-item-realtime"},
    {"6 ok ap2; 7 ok ap1; 8 ok rp12", "strict-serializable", "G0-realtime"},
    {"6 ok rp1; 7 ok ap1", "strict-serializable", "G1c-realtime"},
    {"6 ok ap3 rp", "strict-serializable", "internal"},
    {"6 ok rp1 ap1", "strict-serializable", "future-read"},
    {"6 fail ap1; 7 ok ap2; 8 ok rp12", "strict-serializable", "G1a dirty-update"},
    {"6 ok ap1; 6 invoke rp; 7 invoke rp; 6 ok rp1 ap2; 7 ok rp1 ap3", "strict-serializable", "G2-item lost-update"},
    {"6 ok ap1; 7 ok rp11", "strict-serializable", "duplicate-elements"},
    {"6 ok ap1; 7 ok ap2; 8 invoke rp; 9 invoke rp; 8 ok rp12; 9 ok rp21", "read-committed", "incompatible-order"},
    {"6 ok ap1; 7 ok rp19", "strict-serializable", "phantom-read"},
    {"6 ok ap1; 7 ok ap1", "strict-serializable", "UNKNOWN: duplicate-appends"},
};

constexpr Plant kRegisters[] = {
    {"", "strict-serializable", "VALID"},
    {"6 fail wp1; 7 ok rp1", "strict-serializable", "G1a"},
    {"6 ok wp1 wp2; 7 ok rp1", "strict-serializable", "G1b"},
    {"6 invoke wp1 rq; 7 invoke wq1 rp; 6 ok wp1 rq1; 7 ok wq1 rp1", "strict-serializable", "G1c"},
    {"6 invoke rp rq; 7 ok wp1 wq1; 6 ok rp_ rq1", "strict-serializable", "G-single-item"},
    {"6 invoke rp wq1; 7 invoke rq wp1; 6 ok rp_ wq1; 7 ok rq_ wp1", "strict-serializable", "G2-item"},
    {"6 ok wp1; 7 ok wp2; 8 ok rp1", "strict-serializable", "cyclic-versions"},
    {"6 ok wp1; 7 ok rp1 rp2", "strict-serializable", "internal"},
    {"6 ok rp1 wp1", "strict-serializable", "future-read"},
    {"6 ok wp0; 6 invoke rp wp1; 7 invoke rp wp2; 6 ok rp0 wp1; 7 ok rp0 wp2", "strict-serializable",
     "G2-item lost-update"},
    {"6 ok wp1; 7 ok wp1; 8 ok rp1", "strict-serializable", "UNKNOWN: duplicate-writes"},
};

std::string CheckPlanted(const Plant& plant, bool registers, uint64_t seed) {
  std::vector<std::string> lines = Valid(registers, seed);
  const size_t at = seed * 37 % lines.size();
  lines.insert(lines.begin() + static_cast<ptrdiff_t>(at), TxnEdn(plant.lines, registers));
  std::string edn;
  for (const std::string& line : lines) edn += line;
  const History history = ReadEdn(edn).value();
  TxnOptions options;
  options.levels = {std::string(plant.level)};
  options.wfr_keys = options.sequential_keys = options.linearizable_keys = registers;
  return Summary(registers ? CheckRwRegister(history, options, {}) : CheckListAppend(history, options, {}));
}

TEST(MutationTest, Lists) {
  for (const Plant& plant : kLists) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      ASSERT_EQ(CheckPlanted(plant, false, seed), plant.expected) << plant.lines << " seed " << seed;
    }
  }
}

TEST(MutationTest, Registers) {
  for (const Plant& plant : kRegisters) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      ASSERT_EQ(CheckPlanted(plant, true, seed), plant.expected) << plant.lines << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace brokersim::checker
