#include "checker/txn/levels.h"

#include <iterator>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// Lists of names are written as one text, with spaces between.
struct Level {
  std::string_view name;
  std::string_view weaker;   // what holds wherever this one does
  std::string_view forbids;  // what it adds to what the weaker ones forbid
};

// Sorted by name, so that lists of names are sorted too.
constexpr Level kLevels[] = {
    {"1SR", "", ""},
    {"PRAM", "monotonic-reads monotonic-writes read-your-writes", ""},
    {"causal", "writes-follow-reads PRAM", ""},
    {"causal-cerone", "read-atomic", "internal G1a"},
    {"consistent-view", "cursor-stability monotonic-view", "G1 G-single"},
    {"cursor-stability", "read-committed", "G1 lost-update"},
    {"forward-consistent-view", "consistent-view", "G1"},
    {"linearizable", "sequential", ""},
    {"monotonic-atomic-view", "read-committed", ""},
    {"monotonic-reads", "", ""},
    {"monotonic-snapshot-read", "read-committed", "G1"},
    {"monotonic-view", "read-committed", "G1"},
    {"monotonic-writes", "", ""},
    {"parallel-snapshot-isolation", "causal-cerone update-atomic", "internal G1a"},
    {"prefix", "causal-cerone", "internal G1a"},
    {"read-atomic", "monotonic-atomic-view", "internal G1a future-read"},
    {"read-committed", "read-uncommitted", "G1"},
    {"read-uncommitted", "", "G0 duplicate-elements cyclic-versions"},
    {"read-your-writes", "", ""},
    {"repeatable-read", "cursor-stability monotonic-atomic-view", "G1 G2-item lost-update"},
    {"sequential", "causal", ""},
    {"serializable", "repeatable-read snapshot-isolation update-serializable view-serializable", "internal G1 G2"},
    {"session-serializable", "1SR", ""},
    {"snapshot-isolation",
     "forward-consistent-view monotonic-atomic-view monotonic-snapshot-read parallel-snapshot-isolation prefix",
     "internal G1 G-nonadjacent"},
    {"strict-serializable",
     "linearizable serializable session-serializable snapshot-isolation strong-session-serializable "
     "strong-snapshot-isolation",
     "G1 G1c-realtime G2-realtime"},
    {"strong-read-committed", "strong-session-read-committed strong-read-uncommitted", "G1c-realtime"},
    {"strong-read-uncommitted", "strong-session-read-uncommitted", "G0-realtime"},
    {"strong-session-read-committed", "read-committed strong-session-read-uncommitted", "G1c-process"},
    {"strong-session-read-uncommitted", "read-uncommitted", "G0-process"},
    {"strong-session-serializable", "serializable strong-session-snapshot-isolation", "G1-process G2-process"},
    {"strong-session-snapshot-isolation", "snapshot-isolation strong-session-read-committed",
     "internal G1-process G-nonadjacent-process"},
    {"strong-snapshot-isolation", "strong-session-snapshot-isolation strong-read-committed",
     "internal G1-realtime G-nonadjacent-realtime"},
    {"update-atomic", "read-atomic", "lost-update"},
    {"update-serializable", "forward-consistent-view", "G1"},
    {"view-serializable", "", ""},
    {"writes-follow-reads", "", ""},
};

struct Alias {
  std::string_view alias;
  std::string_view name;
};

constexpr Alias kAliases[] = {
    {"PL-1", "read-uncommitted"},
    {"PL-2", "read-committed"},
    {"PL-2+", "consistent-view"},
    {"PL-2.99", "repeatable-read"},
    {"PL-2L", "monotonic-view"},
    {"PL-3", "serializable"},
    {"PL-3U", "update-serializable"},
    {"PL-CS", "cursor-stability"},
    {"PL-FCV", "forward-consistent-view"},
    {"PL-MSR", "monotonic-snapshot-read"},
    {"PL-SI", "snapshot-isolation"},
    {"PL-SS", "strict-serializable"},
    {"conflict-serializable", "serializable"},
    {"strong-PL-1", "strong-read-uncommitted"},
    {"strong-PL-2", "strong-read-committed"},
    {"strong-serializable", "strict-serializable"},
    {"strong-session-PL-1", "strong-session-read-uncommitted"},
    {"strong-session-PL-2", "strong-session-read-committed"},
};

struct AnomalyRow {
  std::string_view name;
  std::string_view implies;  // what it is a special case of
};

// "-item": only single records are concerned, no predicates. Neither lists nor registers have any.
constexpr AnomalyRow kAnomalies[] = {
    {"G-nonadjacent", "G2 G-nonadjacent-process"},
    {"G-nonadjacent-item", "G-nonadjacent G2-item G-nonadjacent-item-process"},
    {"G-nonadjacent-item-process", "G-nonadjacent-process G2-item-process G-nonadjacent-item-realtime"},
    {"G-nonadjacent-item-realtime", "G-nonadjacent-realtime G2-item-realtime"},
    {"G-nonadjacent-process", "G2-process G-nonadjacent-realtime"},
    {"G-nonadjacent-realtime", "G2-realtime"},
    {"G-single", "G-nonadjacent G-single-process"},
    {"G-single-item", "G-single G-single-item-process G-nonadjacent-item"},
    {"G-single-item-process", "G-single-process G-single-item-realtime G-nonadjacent-item-process"},
    {"G-single-item-realtime", "G-single-realtime G-nonadjacent-item-realtime"},
    {"G-single-process", "G-nonadjacent-process G-single-realtime"},
    {"G-single-realtime", "G-nonadjacent-realtime"},
    {"G0", "G1c G0-process"},
    {"G0-process", "G1c-process G0-realtime"},
    {"G0-realtime", "G1c-realtime"},
    {"G1", "G1-process"},
    {"G1-process", "G1-realtime"},
    {"G1-realtime", ""},
    {"G1a", "G1"},
    {"G1b", "G1"},
    {"G1c", "G1 G1c-process"},
    {"G1c-process", "G1-process G1c-realtime"},
    {"G1c-realtime", "G1-realtime"},
    {"G2", "G2-process"},
    {"G2-item", "G2 G2-item-process"},
    {"G2-item-process", "G2-process G2-item-realtime"},
    {"G2-item-realtime", "G2-realtime"},
    {"G2-process", "G2-realtime"},
    {"G2-realtime", ""},
    {"cyclic-versions", ""},
    {"dirty-update", "G1a"},
    {"duplicate-elements", ""},
    {"future-read", "G1c"},
    // Two reads that no single order of appends explains: one of them saw what was later undone.
    {"incompatible-order", "G1a"},
    {"internal", ""},
    {"lost-update", "G2-item write-skew"},
    // Nobody ever wrote it, so nobody committed it.
    {"phantom-read", "G1a"},
    {"write-skew", "G2"},
};

constexpr int kLevelCount = static_cast<int>(std::size(kLevels));
constexpr int kAnomalyCount = static_cast<int>(std::size(kAnomalies));
static_assert(kLevelCount <= 64 && kAnomalyCount <= 64);

template <typename Rows>
constexpr int Row(const Rows& rows, std::string_view name) {
  for (int i = 0; i < static_cast<int>(std::size(rows)); ++i) {
    if (rows[i].name == name) return i;
  }
  return -1;
}

// The set of a text's names. A name that isn't in the table doesn't compile: the shift is by a negative number.
template <typename Rows>
constexpr NameSet Parse(const Rows& rows, std::string_view names) {
  NameSet set = 0;
  while (!names.empty()) {
    const size_t end = std::min(names.find(' '), names.size());
    set |= NameSet{1} << Row(rows, names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return set;
}

struct Tables {
  NameSet weaker[kLevelCount] = {};        // of a level: itself and all that holds where it does
  NameSet stronger[kLevelCount] = {};      // of a level: itself and all where it holds
  NameSet forbids[kLevelCount] = {};       // of a level: what it adds
  NameSet implies[kAnomalyCount] = {};     // of an anomaly: itself and all that it is a case of
  NameSet implied_by[kAnomalyCount] = {};  // of an anomaly: itself and all its cases
};

template <int kCount>
constexpr void Close(NameSet (&reaches)[kCount]) {
  for (int through = 0; through < kCount; ++through) {
    for (int from = 0; from < kCount; ++from) {
      if (reaches[from] >> through & 1) reaches[from] |= reaches[through];
    }
  }
}

template <int kCount>
constexpr void Turn(const NameSet (&reaches)[kCount], NameSet (&reached)[kCount]) {
  for (int from = 0; from < kCount; ++from) {
    for (int to = 0; to < kCount; ++to) {
      if (reaches[from] >> to & 1) reached[to] |= NameSet{1} << from;
    }
  }
}

constexpr Tables MakeTables() {
  Tables tables;
  for (int i = 0; i < kLevelCount; ++i) {
    tables.weaker[i] = Parse(kLevels, kLevels[i].weaker) | NameSet{1} << i;
    tables.forbids[i] = Parse(kAnomalies, kLevels[i].forbids);
  }
  for (int i = 0; i < kAnomalyCount; ++i) {
    tables.implies[i] = Parse(kAnomalies, kAnomalies[i].implies) | NameSet{1} << i;
  }
  Close(tables.weaker);
  Close(tables.implies);
  Turn(tables.weaker, tables.stronger);
  Turn(tables.implies, tables.implied_by);
  return tables;
}

constexpr Tables kTables = MakeTables();

template <int kCount>
NameSet Union(const NameSet (&of)[kCount], NameSet members) {
  NameSet all = 0;
  for (int i = 0; i < kCount; ++i) {
    if (members >> i & 1) all |= of[i];
  }
  return all;
}

template <typename Rows>
std::string AllNames(const Rows& rows) {
  std::string names;
  for (const auto& row : rows) names.append(names.empty() ? "" : ", ").append(row.name);
  return names;
}

}  // namespace

absl::StatusOr<int> FindLevel(std::string_view name) {
  if (name.starts_with(':')) name.remove_prefix(1);
  for (const Alias& alias : kAliases) {
    if (alias.alias == name) name = alias.name;
  }
  if (const int row = Row(kLevels, name); row >= 0) return row;
  return absl::InvalidArgumentError(
      fmt::format("there is no consistency level {:?}; name one of {}", name, AllNames(kLevels)));
}

absl::StatusOr<int> FindAnomaly(std::string_view name) {
  if (name.starts_with(':')) name.remove_prefix(1);
  if (const int row = Row(kAnomalies, name); row >= 0) return row;
  return absl::InvalidArgumentError(
      fmt::format("there is no anomaly {:?}; name one of {}", name, AllNames(kAnomalies)));
}

std::string_view LevelName(int level) { return kLevels[level].name; }
std::string_view AnomalyName(int anomaly) { return kAnomalies[anomaly].name; }

std::vector<std::string> AnomalyNames() {
  std::vector<std::string> names;
  for (const AnomalyRow& row : kAnomalies) names.emplace_back(row.name);
  return names;
}

NameSet AnomaliesImplying(NameSet anomalies) { return Union(kTables.implied_by, anomalies); }
NameSet AnomaliesImpliedBy(NameSet anomalies) { return Union(kTables.implies, anomalies); }

NameSet AnomaliesForbiddenBy(NameSet levels) {
  return AnomaliesImplying(Union(kTables.forbids, Union(kTables.weaker, levels)));
}

NameSet LevelsRuledOutBy(NameSet anomalies) {
  const NameSet all = AnomaliesImpliedBy(anomalies);
  NameSet forbidding = 0;
  for (int i = 0; i < kLevelCount; ++i) {
    if (kTables.forbids[i] & all) forbidding |= NameSet{1} << i;
  }
  return Union(kTables.stronger, forbidding);
}

NameSet WeakestOf(NameSet levels) {
  NameSet weakest = 0;
  for (int i = 0; i < kLevelCount; ++i) {
    const NameSet self = NameSet{1} << i;
    if ((levels & self) && !(kTables.weaker[i] & levels & ~self)) weakest |= self;
  }
  return weakest;
}

std::vector<std::string> LevelNames(NameSet levels) {
  std::vector<std::string> names;
  for (int i = 0; i < kLevelCount; ++i) {
    if (levels >> i & 1) names.emplace_back(kLevels[i].name);
  }
  return names;
}

}  // namespace brokersim::checker
