#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/history/proto.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::Action;
using formats::Datum;
using formats::Operation;

class Importer {
 public:
  explicit Importer(HistoryBuilder* builder) : builder_(*builder), arena_(builder->arena()) {}

  absl::Status Add(const Operation& op) {
    Line line;
    extras_.clear();
    if (absl::Status status = SetType(op, &line); !status.ok()) return status;
    line.process = Process(op.process());
    line.f = op.f();
    line.index = static_cast<int64_t>(op.index());
    if (op.has_time_ns()) line.time = op.time_ns();
    if (op.actions_size() > 0) {
      line.value = Actions(op, &line);
    } else {
      line.value = FromDatum(op.value(), 0);
      // What a run recorded without any action, an empty poll say, is empty, not absent.
      const bool typed = op.f() == "send" || op.f() == "mirror" || op.f() == "poll" || op.f() == "commit" ||
                         op.f() == "process";
      if (typed && op.type() == Operation::OK && !op.has_value()) line.value = arena_.Vector({});
      for (const formats::Entry& extra : op.extras()) {
        extras_.push_back({FromDatum(extra.key(), 0), FromDatum(extra.value(), 0)});
      }
    }
    if (!op.error().empty()) AddExtra("error", arena_.String(op.error()));
    line.extras = extras_;
    return builder_.Add(line);
  }

 private:
  absl::Status SetType(const Operation& op, Line* line) {
    if (op.type() == Operation::INVOKE) {
      if (!line_of_.empty() && line_of_.back().first >= op.index()) {
        return absl::InvalidArgumentError("its index isn't above the former invocation's");
      }
      line_of_.emplace_back(op.index(), builder_.size());
      line->invocation = builder_.size();
      return absl::OkStatus();
    }
    if (op.type() == Operation::OK) {
      line->type = OpType::kOk;
    } else if (op.type() == Operation::FAIL) {
      line->type = OpType::kFail;
    } else if (op.type() == Operation::INFO) {
      line->type = OpType::kInfo;
    } else {
      return absl::InvalidArgumentError("its type is none of INVOKE, OK, FAIL and INFO");
    }
    // Where it completes nothing, the builder makes an invocation up.
    const auto known = std::lower_bound(line_of_.begin(), line_of_.end(), std::make_pair(op.invocation(), OpIndex{0}));
    if (known != line_of_.end() && known->first == op.invocation()) line->invocation = known->second;
    return absl::OkStatus();
  }

  // "3", ":nemesis" and "p1".
  Value Process(const std::string& name) {
    if (name.empty()) return Value::Nil();
    if (name[0] == ':') return arena_.Keyword(std::string_view(name).substr(1));
    const bool digits = name.find_first_not_of("0123456789") == name.npos && name.size() < 19;
    return digits ? Value::Int(std::stoll(name)) : arena_.String(name);
  }

  Value FromDatum(const Datum& datum, int depth) {
    switch (datum.kind_case()) {
      case Datum::kBoolean:
        return Value::Bool(datum.boolean());
      case Datum::kInteger:
        return Value::Int(datum.integer());
      case Datum::kNumber:
        return arena_.Text(Value::Kind::kNumber, datum.number());
      case Datum::kText:
        return arena_.String(datum.text());
      case Datum::kKeyword:
        return arena_.Keyword(datum.keyword());
      case Datum::kSymbol:
        return arena_.Text(Value::Kind::kSymbol, datum.symbol());
      case Datum::kList:
        return Items(Value::Kind::kList, datum.list(), depth);
      case Datum::kVector:
        return Items(Value::Kind::kVector, datum.vector(), depth);
      case Datum::kSet:
        return Items(Value::Kind::kSet, datum.set(), depth);
      case Datum::kMap: {
        std::vector<Value> items;
        for (const formats::Entry& entry : datum.map().entries()) {
          items.push_back(FromDatum(entry.key(), depth + 1));
          items.push_back(FromDatum(entry.value(), depth + 1));
        }
        return arena_.Items(Value::Kind::kMap, items);
      }
      case Datum::KIND_NOT_SET:
        break;
    }
    return Value::Nil();
  }

  Value Items(Value::Kind kind, const Datum::Items& items, int depth) {
    std::vector<Value> values;
    if (depth < kDeepestValue) {
      for (const Datum& item : items.items()) values.push_back(FromDatum(item, depth + 1));
    }
    return arena_.Items(kind, values);
  }

  void AddExtra(std::string_view key, const Value& value) { extras_.push_back({arena_.Keyword(key), value}); }
  void AddGroup(const std::string& group) {
    if (!group.empty()) AddExtra("group", arena_.String(group));
  }
  Value Record(int64_t offset, const std::string& value) {
    return arena_.Vector({Value::Int(offset), arena_.String(value)});
  }

  Value Actions(const Operation& op, Line* line) {
    if (op.f() == "read-all") {
      line->f = "poll";
      AddExtra("read-all", Value::Bool(true));
    }
    const Action& first = op.actions(0);
    if (first.has_poll()) return Polls(op);
    if (first.has_assign()) return Assign(first.assign());
    if (first.has_commit()) AddGroup(first.commit().group());
    if (first.has_process()) AddGroup(first.process().group());
    std::vector<Value> parts;
    for (const Action& action : op.actions()) parts.push_back(Part(action, op.type() == Operation::OK));
    AddKeys(op);
    AddDelays(op);
    return arena_.Vector(parts);
  }

  Value Part(const Action& action, bool ok) {
    if (action.has_send()) {
      const formats::Send& send = action.send();
      Value what = arena_.String(send.value());
      if (ok) what = arena_.Vector({send.has_offset() ? Value::Int(send.offset()) : Value::Nil(), what});
      return arena_.Vector({arena_.Keyword("send"), arena_.String(send.log()), what});
    }
    if (action.has_commit()) {
      const formats::Commit& commit = action.commit();
      return arena_.Vector({arena_.Keyword("commit"), arena_.String(commit.log()), Value::Int(commit.offset())});
    }
    const formats::Process& process = action.process();
    std::vector<Value> parts = {arena_.Keyword("process"), arena_.String(process.log()),
                                Record(process.offset(), process.value()), Value::Bool(process.applied())};
    if (process.outputs_size() > 0) {
      std::vector<Value> outputs;
      for (const std::string& output : process.outputs()) outputs.push_back(arena_.String(output));
      parts.push_back(arena_.Vector(outputs));
    }
    return arena_.Vector(parts);
  }

  // The records' keys, if any has one.
  void AddKeys(const Operation& op) {
    std::vector<Value> keys;
    bool any = false;
    for (const Action& action : op.actions()) {
      keys.push_back(arena_.String(action.send().key()));
      any = any || !action.send().key().empty();
    }
    if (any) AddExtra("keys", arena_.Vector(keys));
  }

  // How long each record is kept back, if any is.
  void AddDelays(const Operation& op) {
    std::vector<Value> delays;
    bool any = false;
    for (const Action& action : op.actions()) {
      delays.push_back(Value::Int(action.send().delay_ns()));
      any = any || action.send().delay_ns() != 0;
    }
    if (any) AddExtra("delays", arena_.Vector(delays));
  }

  Value Polls(const Operation& op) {
    const Value poll = arena_.Keyword("poll");
    AddGroup(op.actions(0).poll().group());
    std::vector<Value> positions;
    std::vector<Value> parts;
    for (const Action& action : op.actions()) {
      const formats::Poll& read = action.poll();
      positions.push_back(arena_.Vector({Value::Int(read.from()), Value::Int(read.next()),
                                         read.has_end() ? Value::Int(read.end()) : Value::Nil()}));
      std::vector<Value> records;
      for (const formats::Read& record : read.reads()) records.push_back(Record(record.offset(), record.value()));
      const Value got = arena_.Items(Value::Kind::kMap, {arena_.String(read.log()), arena_.Vector(records)});
      parts.push_back(arena_.Vector({poll, got}));
    }
    AddExtra("positions", arena_.Vector(positions));
    return arena_.Vector(parts);
  }

  Value Assign(const formats::Assign& assign) {
    AddGroup(assign.group());
    std::vector<Value> logs;
    std::vector<Value> offsets;
    for (const formats::Position& position : assign.positions()) {
      logs.push_back(arena_.String(position.log()));
      offsets.push_back(Value::Int(position.offset()));
    }
    AddExtra("positions", arena_.Vector(offsets));
    return arena_.Vector(logs);
  }

  HistoryBuilder& builder_;
  Arena& arena_;
  std::vector<Extra> extras_;
  std::vector<std::pair<uint64_t, OpIndex>> line_of_;  // invocations: their index in the file, their line
};

}  // namespace

absl::StatusOr<History> FromProto(const formats::History& history) {
  HistoryBuilder builder;
  Importer importer(&builder);
  for (int i = 0; i < history.operations_size(); ++i) {
    if (absl::Status status = importer.Add(history.operations(i)); !status.ok()) {
      return absl::InvalidArgumentError(fmt::format("operation {}: {}", i, std::string(status.message())));
    }
  }
  return std::move(builder).Finish();
}

}  // namespace brokersim::checker
