#include "model/rocketmq/message_store.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/random/stream.h"

namespace brokersim::rocketmq {
namespace {

Message Make(const std::string& topic, int32_t queue, const std::string& body) {
  Message message;
  message.topic = topic;
  message.queue_id = queue;
  message.body = body;
  return message;
}

// A store over a disk, to which its effects are applied as the kernel would.
class StoreTest : public testing::Test {
 protected:
  StoreTest() : file_(disk_.Open("commitlog")) {}

  MessageStore Open() {
    sim::Effects out(sim::NodeId{0}, &counters_, false, &list_);
    MessageStore store(file_, disk_.file(file_), out);
    Perform();
    return store;
  }
  StoredMessage Put(MessageStore* store, Message message) {
    sim::Effects out(sim::NodeId{0}, &counters_, false, &list_);
    StoredMessage stored = store->Put(std::move(message), sim::Time(), out);
    Perform();
    return stored;
  }
  void PutReplica(MessageStore* store, const StoredMessage& message) {
    sim::Effects out(sim::NodeId{0}, &counters_, false, &list_);
    store->PutReplica(message, out);
    Perform();
  }
  void Perform() {
    for (const sim::Effect& effect : list_) {
      if (const auto* append = std::get_if<sim::AppendEffect>(&effect)) disk_.Append(append->file, append->content);
      if (const auto* cut = std::get_if<sim::TruncateEffect>(&effect)) disk_.Truncate(cut->file, cut->blocks);
    }
    list_.clear();
  }

  sim::Disk disk_;
  sim::FileId file_;
  sim::Effects::Counters counters_;
  std::vector<sim::Effect> list_;
};

TEST_F(StoreTest, PlacesCountBytesInTheLogAndMessagesInTheQueue) {
  MessageStore store = Open();
  const StoredMessage a = Put(&store, Make("orders", 0, "a"));
  const StoredMessage b = Put(&store, Make("orders", 1, "b"));
  const StoredMessage c = Put(&store, Make("orders", 0, "c"));
  EXPECT_EQ(a->value().phy_offset, 0);
  EXPECT_EQ(b->value().phy_offset, a->value().size);
  EXPECT_EQ(c->value().phy_offset, a->value().size + b->value().size);
  EXPECT_EQ(store.max_phy(), c->value().phy_offset + c->value().size);
  EXPECT_EQ(b->value().queue_offset, 0);
  EXPECT_EQ(c->value().queue_offset, 1);
}

TEST_F(StoreTest, ConsumersSeeWhatWasDispatched) {
  MessageStore store = Open();
  const StoredMessage a = Put(&store, Make("orders", 0, "a"));
  Put(&store, Make("orders", 0, "b"));
  EXPECT_EQ(store.MaxOffset("orders", 0), 0);
  EXPECT_EQ(store.Reput(a->value().size).size(), 1u);
  EXPECT_EQ(store.MaxOffset("orders", 0), 1);
  EXPECT_EQ((*store.At("orders", 0, 0))->value().body, "a");
  EXPECT_EQ(store.At("orders", 0, 1), nullptr);
  // Half a message isn't dispatched.
  EXPECT_TRUE(store.Reput(store.max_phy() - 1).empty());
  EXPECT_EQ(store.Reput(store.max_phy()).size(), 1u);
}

TEST_F(StoreTest, RecoveryCutsAtTheFirstDamagedBlock) {
  {
    MessageStore store = Open();
    for (const char* body : {"a", "b", "c"}) Put(&store, Make("orders", 0, body));
  }
  disk_.Damage(file_, 1);
  MessageStore store = Open();
  EXPECT_EQ(disk_.file(file_).size(), 1);
  store.Reput(store.max_phy());
  EXPECT_EQ(store.MaxOffset("orders", 0), 1);
  // Its queue offset is given again: who read "b" at 1 will find another message there.
  EXPECT_EQ(Put(&store, Make("orders", 0, "d"))->value().queue_offset, 1);
}

TEST_F(StoreTest, MessagesFromAnOffsetOn) {
  MessageStore store = Open();
  const StoredMessage a = Put(&store, Make("orders", 0, "a"));
  const StoredMessage b = Put(&store, Make("orders", 0, "b"));
  EXPECT_EQ(store.From(0, 1).size(), 1u) << "at least one";
  EXPECT_EQ(store.From(0, a->value().size + b->value().size).size(), 2u);
  EXPECT_EQ(store.From(b->value().phy_offset, 1 << 20).size(), 1u);
  EXPECT_TRUE(store.From(1, 1 << 20).empty()) << "no message begins there";
  EXPECT_TRUE(store.From(store.max_phy(), 1 << 20).empty());
}

// A slave copied what its master lost with the power; the master gave the same places to other messages.
TEST_F(StoreTest, ASlavesQueueKeepsTheFirstOfTwoMessagesAtOnePlace) {
  MessageStore master = Open();
  const StoredMessage a = Put(&master, Make("orders", 0, "a"));
  Message other = Make("orders", 0, "x");
  other.queue_offset = 0;
  other.phy_offset = a->value().size;
  other.size = 40;
  sim::Disk own;
  sim::Effects out(sim::NodeId{0}, &counters_, false, &list_);
  const sim::FileId file = own.Open("commitlog");
  MessageStore slave(file, own.file(file), out);
  slave.PutReplica(a, out);
  slave.PutReplica(sim::MakePayload(other), out);
  slave.Reput(slave.max_phy());
  EXPECT_EQ(slave.MaxOffset("orders", 0), 1);
  EXPECT_EQ((*slave.At("orders", 0, 0))->value().body, "a");
}

// Whatever is put, dispatched and recovered: queues are dense, and hold the messages of the log in its order.
TEST_F(StoreTest, QueuesFollowTheLogOverSeeds) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    disk_.Truncate(file_, 0);
    sim::Stream random(seed, "store");
    MessageStore store = Open();
    std::vector<std::string> bodies;
    for (int i = 0; i < 40; ++i) {
      const auto queue = static_cast<int32_t>(random.Below(3));
      Put(&store, Make("orders", queue, std::to_string(i)));
      if (random.Below(4) == 0) store.Reput(store.max_phy());
    }
    const MessageStore again = [&] {
      MessageStore opened = Open();
      opened.Reput(opened.max_phy());
      return opened;
    }();
    store.Reput(store.max_phy());
    for (int32_t queue = 0; queue < 3; ++queue) {
      ASSERT_EQ(store.MaxOffset("orders", queue), again.MaxOffset("orders", queue));
      for (int64_t at = 0; at < store.MaxOffset("orders", queue); ++at) {
        const Message& m = (*store.At("orders", queue, at))->value();
        ASSERT_EQ(m.queue_offset, at);
        ASSERT_EQ((*again.At("orders", queue, at))->value().body, m.body);
        const int64_t before = at == 0 ? -1 : (*store.At("orders", queue, at - 1))->value().phy_offset;
        ASSERT_LT(before, m.phy_offset);
      }
    }
  }
}

}  // namespace
}  // namespace brokersim::rocketmq
