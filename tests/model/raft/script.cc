#include "tests/model/raft/script.h"

#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "scenarios/quantity.h"
#include "tests/model/raft/group.h"

namespace brokersim::raft {
namespace {

using Words = std::vector<std::string>;

int64_t Number(const std::string& text) {
  int64_t number = -1;
  if (!absl::SimpleAtoi(text, &number)) ADD_FAILURE() << "'" << text << "' is no number";
  return number;
}

class Script {
 public:
  std::string Do(const std::string& line) {
    const Words words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    const std::string& verb = words[0];
    if (verb == "begin") return Begin(words);
    if (verb == "group") return Create(words);
    if (!group_.has_value()) return Unknown(line);
    if (verb == "run") return Run(words[1]);
    if (verb == "state") return State();
    if (verb == "sent") return Sent();
    if (verb == "heal") {
      group_->Heal();
    } else if (verb == "cut") {
      Cut(words);
    } else if (words.size() < 2) {
      return Unknown(line);
    } else {
      return DoTo(words[1] == "leader" ? group_->Leader() : Number(words[1]), words, line);
    }
    return "ok\n";
  }

 private:
  static std::string Unknown(const std::string& line) {
    ADD_FAILURE() << "can't understand: " << line;
    return "?\n";
  }

  std::string DoTo(Member member, const Words& words, const std::string& line) {
    const std::string& verb = words[0];
    if (member < 0 || member >= group_->size()) return "there is none\n";
    if (verb == "propose") {
      for (size_t i = 2; i < words.size(); ++i) {
        if (!group_->Propose(member, words[i])) return "refused\n";
      }
    } else if (verb == "timeout") {
      group_->TimeOut(member);
    } else if (verb == "transfer") {
      group_->TransferTo(member, Number(words[2].substr(3)));
    } else if (verb == "crash" || verb == "power-loss") {
      group_->Crash(member, verb == "power-loss");
    } else if (verb == "start") {
      group_->Start1(member);
    } else {
      return Unknown(line);
    }
    return "ok\n";
  }

  std::string Begin(const Words& words) {
    const auto member = static_cast<size_t>(Number(words[1]));
    if (starts_.size() <= member) starts_.resize(member + 1);
    Group::Start& start = starts_[member];
    for (size_t i = 2; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (word.rfind("term=", 0) == 0) {
        start.saved.term = Number(word.substr(5));
      } else if (word.rfind("vote=", 0) == 0) {
        start.saved.vote = Number(word.substr(5));
      } else {
        const size_t colon = word.find(':');
        start.log.push_back(MakeEntry(Number(word.substr(0, colon)), word.substr(colon + 1)));
      }
    }
    return "ok\n";
  }

  std::string Create(const Words& words) {
    Options options;
    int64_t members = 3;
    uint64_t seed = 1;
    bool no_op = false;
    sim::Duration sync = sim::Milliseconds(1);
    for (size_t i = 1; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (word.rfind("members=", 0) == 0) members = Number(word.substr(8));
      if (word.rfind("seed=", 0) == 0) seed = static_cast<uint64_t>(Number(word.substr(5)));
      if (word.rfind("sync=", 0) == 0) sync = scenarios::ParseDuration(word.substr(5)).value();
      if (word.rfind("preferred=", 0) == 0) options.dledger.preferred = {Number(word.substr(10))};
      if (word == "dledger") {
        options.dialect = Options::Dialect::kDLedger;
        options.heartbeat_interval = sim::Milliseconds(2000);
        options.election_min = sim::Milliseconds(300);
        options.election_max = sim::Milliseconds(1000);
        options.max_entries = 1;
      }
      options.pre_vote = options.pre_vote || word == "pre-vote";
      options.check_quorum = options.check_quorum || word == "check-quorum";
      options.own_term_commits_only = options.own_term_commits_only && word != "count-earlier-terms";
      options.durable_before_ack = options.durable_before_ack && word != "ack-before-durable";
      options.dledger.larger_term_first = options.dledger.larger_term_first && word != "larger-term-late";
      no_op = no_op || word == "no-op";
    }
    if (!starts_.empty()) starts_.resize(static_cast<size_t>(members));
    group_.emplace(options, members, seed, starts_);
    group_->set_no_op(no_op);
    group_->set_sync_time(sync);
    return "ok\n";
  }

  std::string Run(const std::string& time) {
    const auto duration = scenarios::ParseDuration(time);
    if (!duration.ok()) return Unknown(time);
    group_->Run(*duration);
    std::string text;
    for (const std::string& note : group_->TakeNotes()) text += note + "\n";
    return text.empty() ? "ok\n" : text;
  }

  void Cut(const Words& words) {
    std::map<Member, int> side;
    int number = 1;
    for (size_t i = 1; i < words.size(); ++i) {
      if (words[i] == "|") {
        ++number;
        continue;
      }
      for (absl::string_view member : absl::StrSplit(words[i], ',')) side[Number(std::string(member))] = number;
    }
    for (Member a = 0; a < group_->size(); ++a) {
      for (Member b = 0; b < a; ++b) {
        if (side[a] != side[b]) group_->Cut(a, b);
      }
    }
  }

  std::string State() const {
    std::string text;
    for (Member member = 0; member < group_->size(); ++member) {
      if (!group_->runs(member)) {
        text += fmt::format("{} down  log: {}\n", member, Log(member));
        continue;
      }
      const Raft& raft = group_->raft(member);
      text += fmt::format("{} {} term {} vote {}  log: {}\n", member, Name(raft.role()), raft.term(),
                          raft.vote() == kNobody ? "-" : fmt::format("{}", raft.vote()), Log(member));
    }
    return text;
  }

  std::string Log(Member member) const {
    const std::string text = group_->LogText(member);
    return text.empty() ? "empty" : text;
  }

  std::string Sent() {
    std::string text;
    for (const auto& [from, message] : group_->TakeSent()) {
      std::string fields;
      sim::TextVisitor visitor(&fields);
      std::visit([&](const auto& m) { m.Fields(visitor); }, message.message);
      const std::string_view name = std::visit([](const auto& m) { return m.kName; }, message.message);
      const char* when = message.when_durable ? "  (when synced)" : "";
      text += fmt::format("{}->{} {} {}{}\n", from, message.to, name, fields, when);
    }
    return text.empty() ? "none\n" : text;
  }

  std::vector<Group::Start> starts_;
  std::optional<Group> group_;
};

}  // namespace

std::string RunScript(std::string_view text) {
  Script script;
  std::istringstream in{std::string(text)};
  std::string result;
  std::string line;
  bool output = false;
  while (std::getline(in, line)) {
    if (line.empty()) output = false;
    if (line.empty() || output) continue;
    if (line[0] == '#') {
      result += line + "\n";
      continue;
    }
    if (line == "----") {
      output = true;
      continue;
    }
    result += line + "\n----\n" + script.Do(line) + "\n";
  }
  if (!result.empty()) result.pop_back();
  return result;
}

}  // namespace brokersim::raft
