#include "bench/reference.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "bench/actors.h"
#include "sim/record/run_hash.h"

namespace brokersim::bench {

using formats::EventKind;
using sim::FoldMultiply;
using sim::kMixA;
using sim::kMixB;
using sim::Stream;

namespace {

struct Key {
  int64_t time = 0;
  uint64_t sequence_and_index = 0;  // 40 and 24 bits
  uint32_t index() const { return static_cast<uint32_t>(sequence_and_index & 0xffffff); }
  friend bool operator<(const Key& a, const Key& b) {
    return a.time != b.time ? a.time < b.time : a.sequence_and_index < b.sequence_and_index;
  }
};

class Heap {
 public:
  const Key& top() const { return keys_.front(); }
  void Push(int64_t time, uint32_t index) {
    size_t i = keys_.size();
    const Key key = Make(time, index);
    keys_.push_back(key);
    for (; i > 0 && key < keys_[(i - 1) / 4]; i = (i - 1) / 4) keys_[i] = keys_[(i - 1) / 4];
    keys_[i] = key;
  }
  // Pops, and pushes another.
  void ReplaceTop(int64_t time, uint32_t index) {
    const Key key = Make(time, index);
    size_t i = 0;
    while (true) {
      const size_t first = 4 * i + 1;
      if (first >= keys_.size()) break;
      const size_t end = std::min(first + 4, keys_.size());
      size_t least = first;
      for (size_t child = first + 1; child < end; ++child) {
        if (keys_[child] < keys_[least]) least = child;
      }
      if (!(keys_[least] < key)) break;
      keys_[i] = keys_[least];
      i = least;
    }
    keys_[i] = key;
  }

 private:
  Key Make(int64_t time, uint32_t index) { return {time, sequence_++ << 24 | index}; }

  std::vector<Key> keys_;
  uint64_t sequence_ = 0;
};

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

std::vector<uint64_t> NameDigests(int nodes) {
  std::vector<uint64_t> digests;
  for (int i = 0; i < nodes; ++i) digests.push_back(sim::DigestOf(fmt::format("n{}", i)));
  return digests;
}

uint64_t DigestOf(const Ball& ball) {
  sim::Digest digest;
  digest.Add(Ball::kName);
  sim::DigestVisitor visitor(&digest);
  visitor.Visit(ball);
  return digest.value() | 1;
}

}  // namespace

ReferenceRun ReferenceTimers(int actors, uint64_t max_events, uint64_t seed) {
  const std::vector<uint64_t> names = NameDigests(actors);
  const uint64_t timer = FoldMultiply(kMixA, kMixB);
  std::vector<Stream> streams;
  Heap heap;
  sim::RunHash hash;
  uint64_t events = 0;
  const auto draw = [&](uint32_t actor) {
    return static_cast<int64_t>(streams[actor].Below(uint64_t{1} << kDelayBits)) + 1;
  };
  for (int i = 0; i < actors; ++i) {
    streams.emplace_back(seed, fmt::format("node/n{}/1/delay", i));
    hash.Add(0, EventKind::kStart, names[i], 0, 1);
    const int64_t delay = draw(i);
    hash.Add(0, EventKind::kTimerSet, names[i], 0, timer ^ static_cast<uint64_t>(delay));
    heap.Push(delay, i);
    events += 2;
  }
  const auto start = std::chrono::steady_clock::now();
  while (events < max_events) {
    const int64_t now = heap.top().time;
    const uint32_t actor = heap.top().index();
    hash.Add(now, EventKind::kTimerFire, names[actor], 0, timer);
    const int64_t delay = draw(actor);
    hash.Add(now, EventKind::kTimerSet, names[actor], 0, timer ^ static_cast<uint64_t>(delay));
    heap.ReplaceTop(now + delay, actor);
    events += 2;
  }
  return {hash.value(), Seconds(start)};
}

ReferenceRun ReferenceBalls(int pairs, uint64_t max_events, uint64_t seed) {
  struct Flight {
    uint32_t to = 0;
    Ball ball;
    uint64_t digest = 0;
  };
  const std::vector<uint64_t> names = NameDigests(2 * pairs);
  std::vector<Stream> links;  // of each sender
  std::vector<Flight> flights(2 * pairs);
  Heap heap;
  sim::RunHash hash;
  uint64_t events = 0;
  for (uint32_t i = 0; i < names.size(); ++i) links.emplace_back(seed, fmt::format("net/n{}/n{}", i, i ^ 1));
  // Returns when it arrives.
  const auto send = [&](int64_t now, uint32_t from, int64_t strokes, Flight* flight) {
    *flight = {from ^ 1, {strokes}, DigestOf(Ball{strokes})};
    hash.Add(now, EventKind::kSend, names[from], names[flight->to], flight->digest);
    return now + links[from].Between(kShortest.nanos(), kLongest.nanos());
  };
  for (uint32_t i = 0; i < names.size(); ++i) {
    hash.Add(0, EventKind::kStart, names[i], 0, 1);
    ++events;
    if (i % 2 == 1) continue;
    heap.Push(send(0, i, 1, &flights[i]), i);
    ++events;
  }
  const auto start = std::chrono::steady_clock::now();
  while (events < max_events) {
    const int64_t now = heap.top().time;
    const uint32_t index = heap.top().index();
    Flight& flight = flights[index];
    hash.Add(now, EventKind::kDeliver, names[flight.to], names[flight.to ^ 1], flight.digest);
    heap.ReplaceTop(send(now, flight.to, flight.ball.strokes + 1, &flight), index);
    events += 2;
  }
  return {hash.value(), Seconds(start)};
}

}  // namespace brokersim::bench
