// The run hash, and the two hashes that it is an extension of.
//
// Each event is mixed once into a word, by multiplications that don't wait for each other; the word is
// folded into `all` and into what the event is an ingredient of.
#ifndef BROKERSIM_SIM_RECORD_RUN_HASH_H_
#define BROKERSIM_SIM_RECORD_RUN_HASH_H_

#include <array>
#include <cstdint>

#include "formats/trace_codec.h"
#include "sim/base/digest.h"

namespace brokersim::sim {

// A change of a model that adds an internal step changes `all` only: what was on the wire, and what
// processes did to durable or visible state, stays what it was.
struct RunHashes {
  uint64_t all = 0;    // every event
  uint64_t wire = 0;   // messages: sent, delivered, dropped, copied, held, released
  uint64_t state = 0;  // disks, histories, notes, and processes that start and end
  friend bool operator==(const RunHashes&, const RunHashes&) = default;
};

namespace run_hash_internal {

enum Ingredient : uint8_t { kAll, kWire, kState, kInternal };

constexpr Ingredient IngredientOf(formats::EventKind kind) {
  using K = formats::EventKind;
  for (K wire : {K::kSend, K::kDeliver, K::kDrop, K::kDuplicate, K::kHold, K::kRelease}) {
    if (kind == wire) return kWire;
  }
  for (K state : {K::kDiskAppend, K::kDiskTruncate, K::kDiskReplace, K::kDiskSync, K::kDiskSynced, K::kDiskLost,
                  K::kCrash, K::kPowerLoss, K::kStart, K::kStop, K::kExit, K::kInvoke, K::kComplete, K::kNote,
                  K::kDiskError, K::kOperate}) {
    if (kind == state) return kState;
  }
  return kInternal;
}

inline constexpr auto kIngredients = [] {
  std::array<Ingredient, formats::kEventKindCount> table{};
  for (size_t i = 0; i < table.size(); ++i) table[i] = IngredientOf(static_cast<formats::EventKind>(i));
  return table;
}();

}  // namespace run_hash_internal

class RunHash {
 public:
  // `node` and `peer` are digests of their names, 0 for none; `content` a digest of what it was about.
  [[gnu::always_inline]] constexpr void Add(int64_t time_ns, formats::EventKind kind, uint64_t node, uint64_t peer,
                                            uint64_t content) {
    const auto number = static_cast<uint64_t>(kind);
    const uint64_t when = FoldMultiply(static_cast<uint64_t>(time_ns) ^ kMixA, (node + number) ^ kMixB);
    const uint64_t what = FoldMultiply(content ^ kMixB, peer ^ kMixC);
    const uint64_t word = when ^ (what << 1 | what >> 63);
    Fold(word, &folds_[run_hash_internal::kAll]);
    Fold(word, &folds_[run_hash_internal::kIngredients[number]]);
  }
  constexpr uint64_t value() const { return folds_[run_hash_internal::kAll]; }
  constexpr RunHashes values() const { return {folds_[run_hash_internal::kAll], folds_[run_hash_internal::kWire],
            folds_[run_hash_internal::kState]}; }

 private:
  static constexpr uint64_t kMixC = 0xc90fdaa22168c235ull;  // odd, from the digits of pi

  // The sum keeps a word that the product would swallow.
  static constexpr void Fold(uint64_t word, uint64_t* fold) { *fold = FoldMultiply(*fold ^ word, kMixB) + word; }

  std::array<uint64_t, 4> folds_ = {kMixA, kMixA, kMixA, kMixA};
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_RECORD_RUN_HASH_H_
