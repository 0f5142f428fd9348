#include "checker/history/op_fields.h"

#include <optional>

#include "fmt/format.h"

namespace brokersim::checker {
absl::Status OpFields::Add(absl::Span<const Value> fields, HistoryBuilder* builder) {
  Line line;
  extras_.clear();
  std::optional<OpType> type;
  std::optional<int64_t> invocation;
  for (size_t i = 0; i + 1 < fields.size(); i += 2) {
    const Value& key = fields[i];
    const Value& value = fields[i + 1];
    if (key.IsWord("type")) {
      type = OpTypeNamed(value);
      if (!type.has_value()) {
        return absl::InvalidArgumentError(
            fmt::format(":type is {}, which is none of :invoke, :ok, :fail, :info", ToText(value)));
      }
    } else if (key.IsWord("process")) {
      line.process = value;
    } else if (key.IsWord("f")) {
      line.f = value.text();
    } else if (key.IsWord("value")) {
      line.value = value;
    } else if (key.IsWord("time")) {
      if (value.is_int()) line.time = value.integer();
    } else if (key.IsWord("index")) {
      if (value.is_int()) line.index = value.integer();
    } else if (key.IsWord("invocation") && value.is_int()) {
      invocation = value.integer();
    } else {
      extras_.push_back({key, value});
    }
  }
  if (!type.has_value()) {
    return absl::InvalidArgumentError("a line without :type; a history's line is a map such as "
                                      "{:type :invoke, :process 0, :f :read, :value nil}");
  }
  line.type = *type;
  if (invocation.has_value()) {
    line.invocation = *type == OpType::kInvoke ? builder->size() : builder->At(static_cast<uint64_t>(*invocation));
    if (line.invocation == kNoOp) {
      return absl::InvalidArgumentError(
          fmt::format(":invocation is {}, but no line before has that :index", *invocation));
    }
  }
  line.extras = extras_;
  return builder->Add(line);
}

}  // namespace brokersim::checker
