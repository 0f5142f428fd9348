// One description of fields gives digest, size and text; digests are pinned; misspelt names are guessed.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "sim/base/digest.h"
#include "sim/base/payload.h"
#include "sim/base/suggest.h"

namespace brokersim::sim {
namespace {

enum class Colour { kRed, kBlue };
std::string_view Name(Colour colour) { return colour == Colour::kRed ? "red" : "blue"; }

struct Part {
  static constexpr std::string_view kName = "Part";
  int64_t id = 0;
  template <class V>
  void Fields(V& v) const { v("id", id); }
};

struct Other {
  static constexpr std::string_view kName = "Other";
  int64_t id = 0;
  template <class V>
  void Fields(V& v) const { v("id", id); }
};

struct Everything {
  static constexpr std::string_view kName = "Everything";
  int32_t number = 0;
  bool flag = false;
  std::string text;
  Colour colour = Colour::kRed;
  Time at;
  Duration lasts;
  PayloadRef inner;
  Part part;
  std::optional<int64_t> maybe;
  std::vector<Part> parts;
  std::variant<Part, Other> either;
  template <class V>
  void Fields(V& v) const {
    v("number", number);
    v("flag", flag);
    v("text", text);
    v("colour", colour);
    v("at", at);
    v("lasts", lasts);
    v("inner", inner);
    v("part", part);
    v("maybe", maybe);
    v("parts", parts);
    v("either", either);
  }
};

TEST(Digest, IsPinned) {
  EXPECT_EQ(Digest().value(), kMixA);
  EXPECT_EQ(DigestOf(""), 1u);
  EXPECT_EQ(DigestOf("brokersim"), 11131256841992500915u);
  Digest digest;
  digest.Add(1);
  digest.Add(2);
  EXPECT_EQ(digest.value(), 11459065840933996190u);
}

TEST(Digest, DependsOnOrderAndOnEveryBit) {
  Digest ab;
  ab.Add(1);
  ab.Add(2);
  Digest ba;
  ba.Add(2);
  ba.Add(1);
  EXPECT_NE(ab.value(), ba.value());
  std::set<uint64_t> seen;
  for (int bit = 0; bit < 64; ++bit) {
    Digest one;
    one.Add(uint64_t{1} << bit);
    EXPECT_TRUE(seen.insert(one.value()).second) << bit;
  }
}

TEST(Digest, TextsThatJoinToTheSameAreDifferent) {
  Digest first;
  first.Add(std::string_view("ab"));
  first.Add(std::string_view("c"));
  Digest second;
  second.Add(std::string_view("a"));
  second.Add(std::string_view("bc"));
  EXPECT_NE(first.value(), second.value());
  EXPECT_NE(DigestOf(std::string_view("a\0", 2)), DigestOf("a"));
}

TEST(Payload, DigestDependsOnEveryField) {
  std::vector<Everything> variations(12);
  variations[1].number = 1;
  variations[2].flag = true;
  variations[3].text = "x";
  variations[4].colour = Colour::kBlue;
  variations[5].at = Time() + Nanoseconds(1);
  variations[6].lasts = Nanoseconds(1);
  variations[7].inner = MakePayload(Part{1});
  variations[8].part.id = 1;
  variations[9].maybe = 0;
  variations[10].parts.push_back({});
  variations[11].either = Other{};
  std::set<uint64_t> digests;
  for (const Everything& value : variations) digests.insert(MakePayload(value)->digest());
  EXPECT_EQ(digests.size(), variations.size());
}

TEST(Payload, EqualContentHasEqualDigestAndTheNameCounts) {
  EXPECT_EQ(MakePayload(Part{3})->digest(), MakePayload(Part{3})->digest());
  EXPECT_NE(MakePayload(Part{3})->digest(), MakePayload(Other{3})->digest());
}

TEST(Payload, TextNamesEveryField) {
  Everything value;
  value.number = -2;
  value.text = "hi";
  value.at = Time() + Milliseconds(3);
  value.parts = {{1}, {2}};
  value.inner = MakePayload(Part{9});
  EXPECT_EQ(MakePayload(value)->Text(),
            "{number=-2 flag=false text=hi colour=red at=3ms lasts=0ns inner={id=9} part={id=0} "
            "maybe=none parts=[{id=1} {id=2}] either=Part{id=0}}");
}

TEST(Payload, SizeCountsFrameAndContent) {
  EXPECT_EQ(MakePayload(Part{1})->bytes(), 20);
  Everything value;
  const int64_t bare = MakePayload(value)->bytes();
  value.text = "12345";
  EXPECT_EQ(MakePayload(value)->bytes(), bare + 5);
  value.parts = {{1}, {2}};
  EXPECT_EQ(MakePayload(value)->bytes(), bare + 5 + 8);
  value.maybe = 1;
  EXPECT_EQ(MakePayload(value)->bytes(), bare + 5 + 8 + 4);
}

TEST(Payload, AsGivesTheContentOfItsOwnTypeOnly) {
  const PayloadRef payload = MakePayload(Part{5});
  ASSERT_NE(payload->As<Part>(), nullptr);
  EXPECT_EQ(payload->As<Part>()->id, 5);
  EXPECT_EQ(payload->As<Other>(), nullptr);
  const PayloadRef envelope = MakePayload(std::variant<Part, Other>(Other{1}));
  EXPECT_EQ(envelope->name(), "Other");
  EXPECT_EQ(envelope->As<Other>(), nullptr);
}

struct Alive {
  static constexpr std::string_view kName = "Alive";
  std::shared_ptr<int> token;
  template <class V>
  void Fields(V&) const {}
};

TEST(Ref, TheLastOneDeletes) {
  const auto token = std::make_shared<int>(0);
  {
    PayloadRef a = MakePayload(Alive{token});
    PayloadRef b = a;
    a = PayloadRef();
    EXPECT_EQ(token.use_count(), 2);
    b = static_cast<const PayloadRef&>(b);
    PayloadRef c = std::move(b);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Suggest, EditDistance) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("flaw", "lawn"), 2);
}

TEST(Suggest, NamesTheNearestIfOneIsNear) {
  const std::vector<std::string> known = {"retries", "acks", "linger.ms", "lingers.ms"};
  EXPECT_EQ(DidYouMean("retires", known), " (did you mean 'retries'?)");
  EXPECT_EQ(DidYouMean("linger.m", known), " (did you mean 'linger.ms'?)");
  EXPECT_EQ(DidYouMean("zzz", known), "");
  EXPECT_EQ(DidYouMean("", known), "");
}

}  // namespace
}  // namespace brokersim::sim
