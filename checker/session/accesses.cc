#include "checker/session/accesses.h"

#include <string>
#include <utility>

#include "fmt/format.h"

namespace brokersim::checker::session {
namespace {

// One part of an operation: [:r K V], [:w K V], or the whole of a :read or :write.
struct Part {
  bool write = false;
  Value key;
  Value value;
};

class Reader {
 public:
  Reader(const History& history, Accesses* accesses, Judgement* judgement)
      : history_(history), accesses_(*accesses), judgement_(*judgement) {}

  absl::Status Read() {
    // Writes first: who reads may come before who wrote.
    for (int round = 0; round < 2; ++round) {
      for (OpIndex at = 0; at < history_.size(); ++at) {
        const Op& op = history_.op(at);
        if (!op.client || op.type != OpType::kInvoke) continue;
        if (absl::Status status = ReadOperation(at, op, round == 0); !status.ok()) return status;
      }
    }
    accesses_.by_process.resize(history_.processes());
    for (uint32_t i = 0; i < accesses_.all.size(); ++i) accesses_.by_process[accesses_.all[i].process].push_back(i);
    return absl::OkStatus();
  }

 private:
  absl::Status ReadOperation(OpIndex at, const Op& op, bool writes) {
    const bool ok = history_.Outcome(op) == OpType::kOk;
    const Op& said = ok ? history_.op(op.pair) : op;  // a read's value is in its answer
    std::vector<Part> parts;
    if (absl::Status status = Parts(said, op, &parts); !status.ok()) return status;
    for (const Part& part : parts) {
      const Id key = KeyOf(part.key);
      if (writes) {
        if (part.write) Written(op, key, part.value);
      } else if (part.write) {
        if (history_.Outcome(op) != OpType::kFail) AddWrite(at, op, key, part.value);
      } else if (ok) {
        AddRead(at, op, key, part.value);
      }
    }
    return absl::OkStatus();
  }

  absl::Status Parts(const Op& said, const Op& asked, std::vector<Part>* parts) {
    const std::string_view f = history_.FName(asked.f);
    if (f == "read" || f == "write") {
      const Value& whole = f == "write" ? asked.value : said.value;
      const bool tuple = whole.is_sequence() && whole.items().size() == 2;
      const Value key = tuple ? whole.items()[0] : Value::Nil();
      parts->push_back({f == "write", key, tuple ? whole.items()[1] : whole});
      return absl::OkStatus();
    }
    constexpr std::string_view kShape = "registers have :read K, :write [K V] and :txn [[:r K V] [:w K V] ...]";
    if (f != "txn" && f != "") return BadLine(history_, said, kShape);
    for (const Value& part : said.value.items()) {
      const absl::Span<const Value> mop = part.items();
      const bool write = mop.size() == 3 && mop[0].IsWord("w");
      if (!write && !(mop.size() == 3 && mop[0].IsWord("r"))) return BadLine(history_, said, kShape);
      parts->push_back({write, mop[1], mop[2]});
    }
    return absl::OkStatus();
  }

  Id KeyOf(const Value& key) {
    const Id id = accesses_.keys.Intern(key);
    if (id == accesses_.initial.size()) {
      accesses_.initial.push_back(VersionOf(id, Value::Nil()));
      known_.back() = Known::kWritten;
    }
    return id;
  }

  Id VersionOf(Id key, const Value& value) {
    const Value pair[] = {Value::Int(key), value};
    const Id known = versions_.Find(Value::Items(Value::Kind::kVector, pair));
    if (known != kNoId) return known;
    const Id id = versions_.Intern(arena_.Vector(pair));
    accesses_.versions.push_back({key, accesses_.values.Intern(value), UINT32_MAX});
    known_.push_back(Known::kNever);
    return id;
  }

  void Written(const Op& op, Id key, const Value& value) {
    const Id version = VersionOf(key, value);
    if (history_.Outcome(op) == OpType::kFail) {
      if (known_[version] == Known::kNever) known_[version] = Known::kFailed;
      return;
    }
    if (known_[version] == Known::kWritten && !accesses_.ambiguous) {
      accesses_.ambiguous = true;
      judgement_.Undecided(fmt::format("{} is written twice, the second time by index {}: reads of it don't tell which",
                                       Name(accesses_, version), op.index));
    }
    known_[version] = Known::kWritten;
  }

  void AddWrite(OpIndex at, const Op& op, Id key, const Value& value) {
    const Id version = VersionOf(key, value);
    accesses_.versions[version].write = static_cast<uint32_t>(accesses_.all.size());
    accesses_.all.push_back({true, history_.Outcome(op) == OpType::kOk, key, version, op.process, at, op.pair});
  }

  void AddRead(OpIndex at, const Op& op, Id key, const Value& value) {
    const Id version = VersionOf(key, value);
    if (known_[version] != Known::kWritten) {
      const bool failed = known_[version] == Known::kFailed;
      judgement_.Add(failed ? "aborted-read" : "unexpected-read", {op.pair},
                     fmt::format("{} read {}, {}", Who(history_, op), Name(accesses_, version),
                                 failed ? "whose write had failed" : "which nobody wrote"));
      return;
    }
    accesses_.all.push_back({false, true, key, version, op.process, at, op.pair});
  }

  enum class Known : uint8_t { kNever, kFailed, kWritten };

  const History& history_;
  Accesses& accesses_;
  Judgement& judgement_;
  Arena arena_;
  ValueInterner versions_;    // [key value]
  std::vector<Known> known_;  // by version
};

}  // namespace

absl::Status TakeApart(const History& history, Accesses* accesses, Judgement* judgement) {
  return Reader(history, accesses, judgement).Read();
}

std::string Name(const Accesses& accesses, Id version) {
  const Version& entry = accesses.versions[version];
  const Value& key = accesses.keys.Get(entry.key);
  const std::string what = key.is_nil() ? "the register" : fmt::format("key {}", ToText(key));
  if (accesses.initial[entry.key] == version) return fmt::format("the initial value of {}", what);
  return fmt::format("{} = {}", what, ToText(accesses.values.Get(entry.value)));
}

}  // namespace brokersim::checker::session
