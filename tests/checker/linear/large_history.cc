#include "tests/checker/linear/large_history.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "fmt/format.h"
#include "sim/random/stream.h"

namespace brokersim::checker {
namespace {

// One key's object.
struct Thing {
  int64_t value = 0;          // register (0: nil), counter
  std::deque<int64_t> queue;  // queues; of registers what they held before
  std::vector<int64_t> all;   // set, log, appended pieces
  std::string text;
  bool held = false;
};

struct Client {
  int64_t process = 0;
  bool busy = false;
  bool effected = false;
  int64_t key = 0;
  std::string_view f;
  int64_t argument = 0;
  int64_t from = 0;  // of a cas
  bool crashes = false;
  bool holds = false;  // the lock
  Value out;
  OpType outcome = OpType::kOk;
};

class Making {
 public:
  explicit Making(const LargeShape& shape)
      : shape_(shape), random_(shape.seed, "large history"), clients_(shape.clients), things_(shape.keys) {
    for (Client& client : clients_) client.process = processes_++;
  }

  History Run() {
    int begun = 0;
    int busy = 0;
    while (begun < shape_.ops || busy > 0) {
      Client& client = clients_[random_.Below(clients_.size())];
      if (!client.busy) {
        if (begun == shape_.ops) continue;
        Begin(&client);
        ++begun;
        ++busy;
      } else if (!client.effected) {
        client.effected = true;
        at_half_ = begun > shape_.ops / 2;
        Effect(&client);
      } else {
        --busy;
        End(&client);
      }
    }
    return std::move(builder_).Finish();
  }

 private:
  Value Wrapped(int64_t key, Value value) {
    if (shape_.keys == 1) return value;
    const Value pair[] = {Value::Int(key), value};
    return builder_.arena().Vector(pair);
  }

  void Begin(Client* client) {
    client->busy = true;
    client->effected = false;
    client->key = static_cast<int64_t>(random_.Below(shape_.keys));
    client->crashes = random_.Below(1000) < static_cast<uint64_t>(shape_.crashed);
    client->out = Value::Nil();
    client->outcome = OpType::kOk;
    const bool changes = random_.Below(2) == 0;
    client->argument = shape_.unique ? ++last_ : static_cast<int64_t>(1 + random_.Below(5));
    if (shape_.model == "fifo-queue" || shape_.model == "queue") {
      client->f = changes ? "enqueue" : "dequeue";
    } else if (shape_.model == "mutex") {
      client->f = client->holds ? "release" : "acquire";
    } else if (shape_.model == "kv") {
      client->f = changes ? "put" : "get";
    } else if (shape_.model == "append-kv") {
      client->f = changes ? "append" : "get";
    } else if (shape_.model == "log") {
      client->f = changes ? "append" : "read";
      const auto end = static_cast<int64_t>(things_[client->key].all.size());
      if (!changes) client->argument = std::max<int64_t>(0, end - 3);
    } else if (shape_.model == "linear-set" || shape_.model == "linear-counter") {
      client->f = random_.Below(shape_.model == "linear-set" ? 50 : 3) > 0 ? "add" : "read";
      if (shape_.model == "linear-counter") client->argument = 1;
    } else if (shape_.model == "cas-register") {
      client->f = changes ? (random_.Below(2) == 0 ? "write" : "cas") : "read";
    } else {
      client->f = changes ? "write" : "read";
    }
    Say(client, OpType::kInvoke, Argument(client));
  }

  Value Argument(Client* client) {
    const bool looks = client->f == "read" || client->f == "get" || client->f == "dequeue";
    if (client->f == "cas") {
      client->from = std::max<int64_t>(1, things_[client->key].value);
      const Value pair[] = {Value::Int(client->from), Value::Int(client->argument)};
      return builder_.arena().Vector(pair);
    }
    if (shape_.model == "append-kv" && !looks) return builder_.arena().String(Piece(client->argument));
    if (shape_.model == "mutex" || (looks && shape_.model != "log")) return Value::Nil();
    return Value::Int(client->argument);
  }
  static std::string Piece(int64_t number) { return fmt::format("x {} y", number); }

  void Say(const Client* client, OpType type, Value value) {
    Line line;
    line.type = type;
    line.process = Value::Int(client->process);
    line.f = client->f;
    line.value = Wrapped(client->key, value);
    (void)builder_.Add(line);
  }

  void End(Client* client) {
    if (client->crashes) {
      client->process = processes_++;
      client->holds = false;
    } else {
      Say(client, client->outcome, client->out);
    }
    client->busy = false;
  }

  // Once, from the middle on.
  bool Fails(LargeShape::Fault fault, const Client* client, bool can_show) {
    if (shape_.fault != fault || failed_ || !at_half_ || client->crashes || !can_show) return false;
    failed_ = true;
    return true;
  }

  void Effect(Client* client) {
    Thing& thing = things_[client->key];
    if (client->crashes && random_.Below(2) == 0) return;
    if (client->f == "enqueue") {
      if (!Fails(LargeShape::kLost, client, thing.queue.size() < 20)) thing.queue.push_back(client->argument);
    } else if (client->f == "dequeue") {
      Dequeue(client, &thing);
    } else if (shape_.model == "log") {
      Log(client, &thing);
    } else if (shape_.model == "mutex") {
      if (client->f == "acquire" && thing.held && !Fails(LargeShape::kTwice, client, true)) {
        client->outcome = OpType::kFail;
        return;
      }
      thing.held = client->holds = client->f == "acquire";
    } else if (client->f == "get" || client->f == "read") {
      Look(client, &thing);
    } else if (client->f == "append") {
      thing.text += Piece(client->argument);
    } else if (client->f == "add" && shape_.model == "linear-counter") {
      if (!Fails(LargeShape::kLost, client, true)) thing.value += client->argument;
    } else if (client->f == "add") {
      if (!Fails(LargeShape::kLost, client, true)) thing.all.push_back(client->argument);
    } else {
      if (client->f == "cas" && thing.value != client->from) {
        client->outcome = OpType::kFail;
        return;
      }
      thing.queue.push_back(thing.value);
      thing.value = client->argument;
    }
  }

  void Dequeue(Client* client, Thing* thing) {
    if (thing->queue.empty()) return;
    size_t at = shape_.model == "queue" ? random_.Below(thing->queue.size()) : 0;
    if (Fails(LargeShape::kEarly, client, thing->queue.size() > 4)) at = thing->queue.size() / 2;
    client->out = Value::Int(thing->queue[at]);
    if (Fails(LargeShape::kTwice, client, true)) return;
    thing->queue.erase(thing->queue.begin() + static_cast<ptrdiff_t>(at));
  }

  void Log(Client* client, Thing* thing) {
    if (client->f == "append") {
      client->out = Value::Int(static_cast<int64_t>(thing->all.size()));
      thing->all.push_back(client->argument);
      return;
    }
    std::vector<Value> records;
    for (auto at = static_cast<size_t>(client->argument); at < thing->all.size(); ++at) {
      const Value pair[] = {Value::Int(static_cast<int64_t>(at)), Value::Int(thing->all[at])};
      records.push_back(builder_.arena().Vector(pair));
    }
    if (Fails(LargeShape::kStale, client, records.size() == 3)) records.clear();
    client->out = builder_.arena().Vector(records);
  }

  void Look(Client* client, Thing* thing) {
    if (shape_.model == "append-kv") {
      client->out = builder_.arena().String(thing->text);
    } else if (shape_.model == "linear-set") {
      std::vector<Value> items;
      for (const int64_t item : thing->all) items.push_back(Value::Int(item));
      client->out = builder_.arena().Items(Value::Kind::kSet, items);
    } else if (shape_.model == "linear-counter") {
      client->out = Value::Int(thing->value);
    } else if (Fails(LargeShape::kStale, client, thing->queue.size() > 20)) {
      client->out = Value::Int(thing->queue[thing->queue.size() - 20]);
    } else {
      client->out = thing->value == 0 ? Value::Nil() : Value::Int(thing->value);
    }
  }

  const LargeShape& shape_;
  sim::Stream random_;
  std::vector<Client> clients_;
  std::vector<Thing> things_;
  HistoryBuilder builder_;
  int64_t processes_ = 0;
  int64_t last_ = 0;
  bool at_half_ = false;
  bool failed_ = false;
};

}  // namespace

const std::vector<LargeShape>& LargeShapes() {
  static const auto& shapes = *new std::vector<LargeShape>{
      {.name = "fifo-queue, 1,000,000 operations", .model = "fifo-queue", .ops = 1'000'000},
      {.name = "queue, 1,000,000 operations", .model = "queue", .ops = 1'000'000},
      {.name = "register, 1,000,000 operations", .model = "register", .ops = 1'000'000},
      {.name = "kv, 1,000,000 operations, 1,000 keys", .model = "kv", .ops = 1'000'000, .keys = 1000},
      {.name = "log, 1,000,000 operations", .model = "log", .ops = 1'000'000},
      {.name = "linear-set, 10,000 operations", .model = "linear-set", .ops = 10'000},
      {.name = "linear-counter, 100,000 operations", .model = "linear-counter", .ops = 100'000},
      {.name = "append-kv, 10,000 operations, 10 keys",
       .model = "append-kv",
       .ops = 10'000,
       .clients = 50,
       .keys = 10},
      {.name = "mutex, 100,000 operations", .model = "mutex", .ops = 100'000, .crashed = 0},
      {.name = "register, 5 values, 100,000 operations",
       .model = "register",
       .ops = 100'000,
       .crashed = 1,
       .unique = false},
      {.name = "kv, 5 values, 10,000 operations, 50 clients, 1 key",
       .model = "kv",
       .ops = 10'000,
       .clients = 50,
       .crashed = 0,
       .keys = 2,
       .unique = false},
      {.name = "fifo-queue, 5 values, 10,000 operations",
       .model = "fifo-queue",
       .ops = 10'000,
       .clients = 8,
       .crashed = 0,
       .unique = false},
      {.name = "queue, 5 values, 10,000 operations",
       .model = "queue",
       .ops = 10'000,
       .clients = 8,
       .crashed = 1,
       .unique = false},
      {.name = "cas-register, 5 values, 1,000 operations, 40 clients, 10 % crashed",
       .model = "cas-register",
       .ops = 1'000,
       .clients = 40,
       .crashed = 100,
       .unique = false},
      {.name = "cas-register, 5 values, 10,000 operations, 10 clients, 1 % crashed",
       .model = "cas-register",
       .ops = 10'000,
       .clients = 10,
       .unique = false},
  };
  return shapes;
}

const std::vector<LargeShape>& FaultyShapes() {
  static const auto& shapes = *new std::vector<LargeShape>{
      {.name = "fifo-queue, 1,000,000 operations, early",
       .model = "fifo-queue",
       .ops = 1'000'000,
       .fault = LargeShape::kEarly},
      {.name = "fifo-queue, 5 values, 10,000 operations, early",
       .model = "fifo-queue",
       .ops = 10'000,
       .clients = 8,
       .crashed = 0,
       .unique = false,
       .fault = LargeShape::kEarly},
      {.name = "register, 1,000,000 operations, stale",
       .model = "register",
       .ops = 1'000'000,
       .fault = LargeShape::kStale},
      {.name = "log, 1,000,000 operations, stale",
       .model = "log",
       .ops = 1'000'000,
       .fault = LargeShape::kStale},
      {.name = "linear-set, 10,000 operations, lost",
       .model = "linear-set",
       .ops = 10'000,
       .fault = LargeShape::kLost},
      {.name = "linear-counter, 10,000 operations, lost",
       .model = "linear-counter",
       .ops = 10'000,
       .crashed = 0,
       .fault = LargeShape::kLost},
  };
  return shapes;
}

History LargeHistory(const LargeShape& shape) { return Making(shape).Run(); }

}  // namespace brokersim::checker
