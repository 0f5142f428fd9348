// A Raft group in a test's own small world: members, their disks, and links between them. After each step it looks
// whether the paper's five properties (figure 3) hold, and keeps what it finds.
#ifndef BROKERSIM_TESTS_MODEL_RAFT_GROUP_H_
#define BROKERSIM_TESTS_MODEL_RAFT_GROUP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/raft/raft.h"

namespace brokersim::raft {

// What entries hold here.
struct Word {
  static constexpr std::string_view kName = "Word";
  std::string text;
  template <class V> void Fields(V& v) const { v("text", text); }
};
Entry MakeEntry(int64_t term, std::string text);
std::string TextOf(const Entry& entry);  // "" of a no-op

class Group {
 public:
  struct Start {
    Saved saved;
    std::vector<Entry> log;
  };
  // Members begin with what `starts` says, if it says anything.
  Group(Options options, int64_t members, uint64_t seed, std::vector<Start> starts = {});

  // ---- What a test does.
  void Run(sim::Duration time);
  // False: it isn't a leader, or hands leadership over.
  bool Propose(Member member, std::string text);
  void TransferTo(Member leader, Member to);
  // Its election timeout passes now. (Paper.)
  void TimeOut(Member member);
  void Step(Member from, Member to, const Message& message);
  // `lost`: what was not synced goes with the power.
  void Crash(Member member, bool lost);
  void Start1(Member member);
  // No link between these two, either way.
  void Cut(Member a, Member b) { cut_.insert({std::min(a, b), std::max(a, b)}); }
  void Heal() { cut_.clear(); }
  void set_loss(sim::Ratio loss) { loss_ = loss; }
  void set_delay(sim::Duration least, sim::Duration most) { delay_ = {least, most}; }
  // Messages of a link arrive in the order in which they were sent, as on a connection.
  void set_ordered(bool ordered) { ordered_ = ordered; }
  void set_sync_time(sim::Duration time) { sync_time_ = time; }
  // A leader begins its term with a no-op (section 8).
  void set_no_op(bool no_op) { no_op_ = no_op; }

  // ---- What it sees.
  sim::Time now() const { return now_; }
  int64_t size() const { return static_cast<int64_t>(members_.size()); }
  bool runs(Member member) const { return At(member).raft.has_value(); }
  const Raft& raft(Member member) const { return *At(member).raft; }
  // The leader of the largest term that runs; kNobody: there is none.
  Member Leader() const;
  std::string LogText(Member member) const;  // "1:a 1:b | 2:c", the bar behind what is committed
  // Properties that were broken, as sentences.
  const std::vector<std::string>& broken() const { return broken_; }
  // "   12ms  1 is a leader in term 2", since the last call.
  std::vector<std::string> TakeNotes() { return std::exchange(notes_, {}); }
  // All messages that were sent, since the last call.
  std::vector<std::pair<Member, Outgoing>> TakeSent() { return std::exchange(sent_, {}); }
  const std::map<int64_t, Entry>& committed() const { return committed_; }

 private:
  struct Node {
    std::optional<Raft> raft;
    sim::Stream random;
    // Its disk.
    Saved saved;
    std::vector<Entry> log;
    int64_t synced = 0;
    int incarnation = 0;
    std::vector<Outgoing> after_sync;
    bool syncing = false;
    Role role = Role::kFollower;  // as noted
    std::vector<Entry> as_leader;  // its log when it was looked at last, while it leads
  };
  Node& At(Member member) { return members_[static_cast<size_t>(member)]; }
  const Node& At(Member member) const { return members_[static_cast<size_t>(member)]; }
  Input In(Member member) { return {now_, &At(member).random}; }
  void Later(sim::Duration after, std::function<void()> what) { events_.emplace(now_ + after, std::move(what)); }
  void Perform(Member member);
  void Deliver(Member from, const Outgoing& message);
  void Sync(Member member);
  void ArmTimer(Member member);
  void Note(Member member, const std::string& text);
  void CheckProperties(Member member);
  void CheckCommitted(Member member);
  void Break(const std::string& text);

  Options options_;
  std::vector<Node> members_;
  sim::Time now_;
  sim::Stream random_;
  std::multimap<sim::Time, std::function<void()>> events_;
  std::set<std::pair<Member, Member>> cut_;
  sim::Ratio loss_;
  std::pair<sim::Duration, sim::Duration> delay_ = {sim::Milliseconds(1), sim::Milliseconds(1)};
  sim::Duration sync_time_ = sim::Milliseconds(1);
  bool ordered_ = false;
  std::map<std::pair<Member, Member>, sim::Time> last_arrival_;
  bool no_op_ = false;
  std::vector<std::string> notes_;
  std::vector<std::pair<Member, Outgoing>> sent_;
  std::vector<std::string> broken_;
  std::map<int64_t, Member> leaders_;    // by term
  std::map<int64_t, Entry> committed_;   // by index
};

}  // namespace brokersim::raft

#endif  // BROKERSIM_TESTS_MODEL_RAFT_GROUP_H_
