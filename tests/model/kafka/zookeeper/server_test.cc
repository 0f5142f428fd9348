// ZooKeeper's sessions and watches: what a client is told, message by message.
#include "model/kafka/zookeeper/server.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {
namespace {

// A ZooKeeper whose syncs are done at once, and the messages that it sends.
class ServerTest : public testing::Test {
 protected:
  ServerTest() { Start(); }

  void Start() {
    Do([this](sim::Env& env, sim::Effects& out) { server_ = std::make_unique<ZooKeeper>(cluster_, env, out); });
  }

  void Do(const std::function<void(sim::Env&, sim::Effects&)>& handler) {
    std::vector<sim::Effect> list;
    sim::Effects out(sim::NodeId{0}, &counters_, /*tracing=*/false, &list);
    sim::Env env(sim::NodeId{0}, &name_, 1, 1, sim::Time(), &clock_, &disk_, &streams_, &settings_);
    handler(env, out);
    std::vector<sim::SyncTicket> synced;
    for (const sim::Effect& effect : list) {
      if (const auto* send = std::get_if<sim::SendEffect>(&effect)) Keep(send->conn, send->message);
      if (const auto* after = std::get_if<sim::SendAfterEffect>(&effect)) Keep(after->conn, after->message);
      if (const auto* close = std::get_if<sim::CloseEffect>(&effect)) sent_.push_back(At(close->conn) + "closed");
      if (const auto* append = std::get_if<sim::AppendEffect>(&effect)) disk_.Append(append->file, append->content);
      if (const auto* sync = std::get_if<sim::SyncEffect>(&effect)) synced.push_back(sync->ticket);
    }
    for (const sim::SyncTicket ticket : synced) {
      Do([&](sim::Env& e, sim::Effects& o) { server_->OnSynced(ticket, e, o); });
    }
  }

  static std::string At(sim::ConnId conn) { return fmt::format("{}: ", conn.serial()); }
  void Keep(sim::ConnId conn, const sim::MessageRef& message) {
    const Body& body = message->As<Frame>()->body;
    if (const auto* connected = std::get_if<ZkConnectResponse>(&body)) {
      sent_.push_back(At(conn) + (connected->session_id == 0 ? "expired" : "connected"));
      session_ = connected->session_id;
    } else if (const auto* event = std::get_if<ZkWatcherEvent>(&body)) {
      sent_.push_back(At(conn) + event->path + (event->exists ? " changed" : " deleted"));
    } else if (const auto* answer = std::get_if<ZkResponse>(&body)) {
      sent_.push_back(At(conn) + std::string(Name(answer->results.back().code)));
    } else {
      sent_.push_back(At(conn) + std::string(message->name()));
    }
  }

  // What was sent on connections, in order.
  std::vector<std::string> Sent() { return std::exchange(sent_, {}); }
  std::vector<std::string> Receive(uint32_t conn, Body body) {
    const sim::MessageRef message = sim::MakePayload(Frame{1, std::move(body)});
    Do([&](sim::Env& env, sim::Effects& out) {
      server_->OnMessage({sim::NodeId{1}, {1, conn}, *message}, env, out);
    });
    return Sent();
  }
  std::vector<std::string> Expire(int64_t session) {
    Do([&](sim::Env& env, sim::Effects& out) { server_->OnTimer({0, session}, env, out); });
    return Sent();
  }
  static ZkRequest Request(ZkOpType type, std::string path, bool watch = false) {
    return {{{type, std::move(path), {}, kAnyVersion, watch}}};
  }

  using Texts = std::vector<std::string>;
  std::shared_ptr<const ClusterSpec> cluster_ = std::make_shared<ClusterSpec>();
  std::string name_ = "zookeeper";
  sim::NodeClock clock_;
  sim::Disk disk_;
  sim::Streams streams_;
  sim::Settings settings_;
  sim::Effects::Counters counters_;
  std::unique_ptr<ZooKeeper> server_;
  std::vector<std::string> sent_;
  int64_t session_ = 0;
};

// ZooKeeper Programmer's Guide, Watches: one-time trigger
TEST_F(ServerTest, AWatchIsToldOfOnce) {
  Receive(1, ZkConnectRequest{0, 6000, {}});
  EXPECT_EQ((Texts{"1: NONODE"}), Receive(1, Request(ZkOpType::kGetData, "/controller", true)));
  EXPECT_EQ((Texts{"1: /controller changed", "1: OK"}),
            Receive(1, Request(ZkOpType::kCreateEphemeral, "/controller")));
  EXPECT_EQ((Texts{"1: OK"}), Receive(1, Request(ZkOpType::kSetData, "/controller")));
}

// ZooKeeper Programmer's Guide, ZooKeeper Sessions
TEST_F(ServerTest, ASessionThatExpiresTakesItsEphemeralZnodesAlong) {
  Receive(1, ZkConnectRequest{0, 6000, {}});
  const int64_t first = session_;
  Receive(1, Request(ZkOpType::kCreateEphemeral, "/controller"));
  Receive(2, ZkConnectRequest{0, 6000, {}});
  Receive(2, Request(ZkOpType::kGetData, "/controller", true));
  EXPECT_EQ((Texts{"2: /controller deleted", "1: closed"}), Expire(first));
  EXPECT_EQ((Texts{"3: expired"}), Receive(3, ZkConnectRequest{first, 6000, {}}));
}

// A request on a connection whose session has expired means nothing any more.
TEST_F(ServerTest, NobodyIsServedWithoutASession) {
  Receive(1, ZkConnectRequest{0, 6000, {}});
  Expire(session_);
  EXPECT_EQ(Texts{}, Receive(1, Request(ZkOpType::kCreate, "/a")));
}

// DataTree.setWatches: no notification is lost over a reconnection
TEST_F(ServerTest, WhatChangedDuringADisconnectionIsToldOfAfterIt) {
  Receive(1, ZkConnectRequest{0, 6000, {}});
  const int64_t first = session_;
  Do([&](sim::Env& env, sim::Effects& out) { server_->OnDisconnected({1, 1}, env, out); });
  const ZkWatch controller{"/controller", ZkWatchType::kData, 0};
  const ZkWatch epoch{std::string(kControllerEpochPath), ZkWatchType::kData, 1};
  Receive(2, ZkConnectRequest{0, 6000, {}});
  Receive(2, Request(ZkOpType::kCreateEphemeral, "/controller"));
  EXPECT_EQ((Texts{"3: connected", "3: /controller changed"}),
            Receive(3, ZkConnectRequest{first, 6000, {controller, epoch}}));
  // The other one is watched as before.
  EXPECT_EQ((Texts{"3: /controller_epoch changed", "2: OK"}),
            Receive(2, Request(ZkOpType::kSetData, std::string(kControllerEpochPath))));
}

// ZooKeeper.close
TEST_F(ServerTest, ASessionThatIsClosedEndsAtOnce) {
  Receive(1, ZkConnectRequest{0, 6000, {}});
  Receive(1, Request(ZkOpType::kCreateEphemeral, "/brokers/ids/1"));
  Receive(2, ZkConnectRequest{0, 6000, {}});
  Receive(2, Request(ZkOpType::kGetChildren, "/brokers/ids", true));
  EXPECT_EQ((Texts{"2: /brokers/ids changed", "1: closed"}), Receive(1, ZkCloseRequest{}));
}

// Sessions and znodes are transactions of its log.
TEST_F(ServerTest, ARestartKeepsSessionsAndZnodes) {
  Receive(1, ZkConnectRequest{0, 6000, {}});
  const int64_t first = session_;
  Receive(1, Request(ZkOpType::kCreateEphemeral, "/controller"));
  Start();
  EXPECT_EQ((Texts{"2: connected"}), Receive(2, ZkConnectRequest{first, 6000, {}}));
  EXPECT_EQ((Texts{"2: OK"}), Receive(2, Request(ZkOpType::kGetData, "/controller")));
}

}  // namespace
}  // namespace brokersim::kafka
