// A queue that keeps every promise, under consumers that crash and answers that get lost, is never accused; one with a
// planted bug is accused of just that.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker/delivery/delivery.h"
#include "checker/history/edn.h"
#include "tests/checker/cases.h"

namespace brokersim::checker {
namespace {

enum class Bug { kNone, kLoses, kAgainAfterAck, kShortLease, kOvertakes, kMiscounts, kTooEarly, kForgetsIds, kInvents };

// A FIFO queue with groups, leases, delays and deduplication, as SQS has them; a group with a leased message waits.
class Queue {
 public:
  Queue(uint64_t seed, Bug bug) : state_(seed * 2 + 1), bug_(bug) {}

  std::string Run() {
    struct Client {
      int process;
      std::string f;       // empty: idle
      std::string value;   // as asked
      std::string answer;  // once it took effect
      bool effected = false;
      int message = -1;
    };
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) clients.push_back({i, "", "", "", false, -1});
    int next_process = 3;
    uint64_t left = 12;
    // In the end, when every lease has run out, somebody drains.
    while (left > 0) {
      Client& client = clients[Below(clients.size())];
      now_ += 1 + static_cast<int64_t>(Below(5));
      if (client.f.empty()) {
        --left;
        Begin(&client.f, &client.value);
        client.effected = false;
        Line(client.process, "invoke", client.f, client.value);
      } else if (!client.effected) {
        client.answer = Effect(client.f, client.value);
        client.effected = true;
      } else if (Below(12) == 0) {
        Line(client.process, "info", client.f, "nil");
        client = {next_process++, "", "", "", false, -1};
      } else {
        Line(client.process, "ok", client.f, client.answer);
        // Nobody can give back what nobody was told.
        if (Field(client.answer, ":receipt ") >= 0) receipts_.push_back(Field(client.answer, ":receipt "));
        client.f.clear();
      }
    }
    for (Client& client : clients) {
      if (client.f.empty()) continue;
      if (!client.effected) client.answer = Effect(client.f, client.value);
      Line(client.process, "ok", client.f, client.answer);
    }
    Drain(next_process);
    return edn_;
  }

 private:
  struct Message {
    int value = 0;
    int group = 0;
    int64_t due = 0;
    int64_t leased_until = 0;
    int count = 0;
    int receipt = -1;  // of its last delivery
    bool gone = false;
    bool acked = false;
  };

  uint64_t Below(uint64_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % n;
  }

  void Line(int process, std::string_view type, std::string_view f, std::string_view value) {
    edn_ += fmt::format("{{:process {} :type :{} :f :{} :value {} :time {}}}\n", process, type, f, value, now_);
  }

  void Begin(std::string* f, std::string* value) {
    const uint64_t what = Below(10);
    if (what < 4 || (what > 7 && receipts_.empty())) {
      *f = "send";
      ++sent_;
      const std::string delay = Below(4) == 0 ? fmt::format(" :delay {}", 5 + Below(20)) : "";
      const std::string dedup = Below(6) == 0 ? fmt::format(" :dedup {}", Below(2)) : "";
      *value = fmt::format("{{:value {} :group {}{}{}}}", sent_, Below(2), delay, dedup);
    } else if (what < 8) {
      *f = "receive";
      *value = "nil";
    } else {
      *f = what == 8 ? "ack" : "nack";
      *value = fmt::format("{}", receipts_[Below(receipts_.size())]);
    }
  }

  std::string Effect(const std::string& f, const std::string& value) {
    if (f == "send") return Send(value);
    if (f == "receive") return Receive();
    Release(std::stoi(value), f == "ack");
    return "nil";
  }

  int Field(const std::string& value, const std::string& name) {
    const size_t at = value.find(name);
    return at == value.npos ? -1 : std::stoi(value.substr(at + name.size()));
  }

  std::string Send(const std::string& value) {
    const int id = Field(value, ":dedup ");
    if (id >= 0 && bug_ != Bug::kForgetsIds && !ids_.insert(id).second) return value;
    if (bug_ == Bug::kLoses && Below(4) == 0) return value;
    Message message;
    message.value = Field(value, ":value ");
    message.group = Field(value, ":group ");
    const int delay = Field(value, ":delay ");
    message.due = now_ + (delay > 0 && bug_ != Bug::kTooEarly ? delay : 0);
    messages_.push_back(message);
    return value;
  }

  bool Available(const Message& message) const {
    if (message.gone && !(bug_ == Bug::kAgainAfterAck && message.acked)) return false;
    if (message.due > now_) return false;
    return message.leased_until <= now_ || bug_ == Bug::kShortLease;
  }

  std::string Receive() {
    if (bug_ == Bug::kInvents && Below(4) == 0) return fmt::format("{{:value {}}}", 1000 + Below(1000));
    std::vector<size_t> candidates;
    std::set<int> blocked;
    for (size_t i = 0; i < messages_.size(); ++i) {
      const Message& message = messages_[i];
      if (Available(message) && (!blocked.contains(message.group) || bug_ == Bug::kOvertakes)) candidates.push_back(i);
      // A delayed message is not yet in the line.
      if (!message.gone && message.due <= now_) blocked.insert(message.group);
    }
    if (candidates.empty()) return "nil";
    Message& message = messages_[bug_ == Bug::kOvertakes ? candidates.back() : candidates.front()];
    ++message.count;
    message.leased_until = now_ + 15;
    const int receipt = static_cast<int>(by_receipt_.size()) + 5000;
    message.receipt = receipt;
    by_receipt_.push_back(static_cast<size_t>(&message - messages_.data()));
    return fmt::format("{{:value {} :receipt {} :until {} :count {}}}", message.value, receipt, message.leased_until,
                       bug_ == Bug::kMiscounts ? 1 : message.count);
  }

  void Release(int receipt, bool ack) {
    Message& message = messages_[by_receipt_[static_cast<size_t>(receipt - 5000)]];
    if (message.receipt != receipt) return;  // it has been given to somebody else since
    if (ack) {
      message.gone = true;
      message.acked = true;
      message.leased_until = now_;
    } else {
      message.leased_until = now_;
    }
  }

  void Drain(int process) {
    for (int i = 0; i < 60; ++i) {
      now_ += 20;
      Line(process, "invoke", "receive", "nil");
      const std::string answer = Receive();
      Line(process, "ok", "receive", answer);
      if (answer == "nil") return;
      const int receipt = Field(answer, ":receipt ");
      if (receipt < 0) continue;
      Line(process, "invoke", "ack", fmt::format("{}", receipt));
      Release(receipt, true);
      Line(process, "ok", "ack", "nil");
    }
  }

  uint64_t state_;
  Bug bug_;
  int64_t now_ = 0;
  int sent_ = 0;
  std::string edn_;
  std::vector<Message> messages_;
  std::vector<size_t> by_receipt_;
  std::vector<int> receipts_;  // that consumers know of
  std::set<int> ids_;
};

// How many of the seeds show which type; "" for those that show none.
std::map<std::string, int> Types(Bug bug, const DeliveryOptions& options, int seeds) {
  std::map<std::string, int> types;
  for (int seed = 0; seed < seeds; ++seed) {
    const std::string edn = Queue(static_cast<uint64_t>(seed), bug).Run();
    const absl::StatusOr<History> history = ReadEdn(edn);
    EXPECT_TRUE(history.ok()) << history.status() << edn;
    const absl::StatusOr<formats::Verdict> verdict = CheckDelivery(*history, options);
    EXPECT_TRUE(verdict.ok()) << verdict.status() << edn;
    if (!verdict.ok()) return types;
    if (verdict->anomalies_size() == 0) ++types[""];
    for (const formats::Anomaly& anomaly : verdict->anomalies()) {
      if (bug == Bug::kNone) ADD_FAILURE() << anomaly.explanation() << "\n" << edn;
      ++types[anomaly.type()];
    }
    if (bug == Bug::kNone && verdict->anomalies_size() > 0) return types;
  }
  return types;
}

constexpr DeliveryOptions kFifo = {.guarantee = DeliveryOptions::Guarantee::kAtLeastOnce,
                                   .order = DeliveryOptions::Order::kGroup,
                                   .lateness = 1000};

TEST(DeliveryProperty, AQueueThatKeepsItsPromisesIsNeverAccused) {
  EXPECT_EQ(Types(Bug::kNone, kFifo, Cases(100'000)).size(), 1u);
}

struct Planted {
  Bug bug;
  std::string_view type;
};

TEST(DeliveryProperty, APlantedBugIsFoundAndNamed) {
  DeliveryOptions exactly_once = kFifo;
  exactly_once.guarantee = DeliveryOptions::Guarantee::kExactlyOnce;
  for (const Planted& planted :
       {Planted{Bug::kLoses, "lost"}, Planted{Bug::kAgainAfterAck, "duplicate"},
        Planted{Bug::kShortLease, "double-ownership"}, Planted{Bug::kOvertakes, "reordered"},
        Planted{Bug::kMiscounts, "redelivery-count"}, Planted{Bug::kTooEarly, "early-delivered"},
        Planted{Bug::kForgetsIds, "dedup-missed"}, Planted{Bug::kInvents, "unexpected"}}) {
    const bool again = planted.bug == Bug::kAgainAfterAck;
    const std::map<std::string, int> types = Types(planted.bug, again ? exactly_once : kFifo, 2000);
    std::string all;
    for (const auto& [type, count] : types) all += fmt::format("{} {}; ", type, count);
    EXPECT_TRUE(types.contains(std::string(planted.type))) << all;
    // What a bug implies beside itself: a lost or short-leased message lets others be lost, never-delivered, overtaken.
    const std::set<std::string> implied = planted.bug == Bug::kLoses        ? std::set<std::string>{"never-delivered"}
                                          : planted.bug == Bug::kShortLease ? std::set<std::string>{"reordered"}
                                          : again ? std::set<std::string>{"reordered", "double-ownership"}
                                                  : std::set<std::string>{};
    for (const auto& [type, count] : types) {
      EXPECT_TRUE(type.empty() || type == planted.type || implied.contains(type)) << planted.type << ": " << all;
    }
  }
}

}  // namespace
}  // namespace brokersim::checker
