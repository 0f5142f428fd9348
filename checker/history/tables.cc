#include "checker/history/tables.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "checker/stable_sort.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using Fields = std::vector<std::string_view>;

Fields Split(std::string_view line, std::string_view separators, bool runs) {
  Fields fields;
  while (true) {
    if (runs) line.remove_prefix(std::min(line.find_first_not_of(separators), line.size()));
    if (runs && line.empty()) return fields;
    const size_t end = std::min(line.find_first_of(separators), line.size());
    fields.push_back(line.substr(0, end));
    if (end == line.size()) return fields;
    line.remove_prefix(end + 1);
  }
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// A number if it is one, a string otherwise.
Value Datum(std::string_view text, Arena* arena) {
  if (text.empty() || text == "null" || text == "nil") return Value::Nil();
  const std::optional<int64_t> number = Number(text);
  return number.has_value() ? Value::Int(*number) : arena->String(text);
}

// Calls `row` for each line that isn't blank; gives its errors their line.
absl::Status EachLine(std::string_view text, absl::FunctionRef<absl::Status(std::string_view)> row) {
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != line.npos) {
      if (absl::Status status = row(line); !status.ok()) {
        return absl::InvalidArgumentError(fmt::format("line {}: {}", number, std::string(status.message())));
      }
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return absl::OkStatus();
}

absl::Status AddFault(const Fields& fields, HistoryBuilder* builder) {
  Line line;
  line.type = OpType::kInfo;
  line.process = builder->arena().Keyword("nemesis");
  line.f = fields[1];
  if (fields.size() > 2) line.value = builder->arena().Keyword(fields[2]);
  if (fields.size() > 3) line.time = Number(fields[3]).value_or(0) * 1'000'000;
  return builder->Add(line);
}

absl::Status AddChaosRow(std::string_view row, HistoryBuilder* builder) {
  const Fields fields = Split(row, "\t", false);
  if (fields.size() >= 2 && fields[0] == "fault") return AddFault(fields, builder);
  constexpr std::string_view kShape =
      "an OpenChaos row is `client op REQUEST value key ts` or `client op RESPONSE SUCCESS value key ts`, tabs between";
  if (fields.size() < 6) return absl::InvalidArgumentError(fmt::format("{} fields; {}", fields.size(), kShape));
  Arena& arena = builder->arena();
  Line line;
  line.process = arena.String(fields[0]);
  line.f = fields[1];
  const bool request = fields[2] == "REQUEST";
  if (!request && fields[2] != "RESPONSE") return absl::InvalidArgumentError(std::string(kShape));
  if (!request) {
    if (fields.size() < 7) return absl::InvalidArgumentError(fmt::format("{} fields; {}", fields.size(), kShape));
    line.type = fields[3] == "SUCCESS" ? OpType::kOk : fields[3] == "FAILURE" ? OpType::kFail : OpType::kInfo;
  }
  const size_t value = request ? 3 : 4;
  line.value = Datum(fields[value], &arena);
  line.time = Number(fields[value + 2]).value_or(0) * 1'000'000;
  const Extra key = {arena.Keyword("key"), Datum(fields[value + 1], &arena)};
  if (!key.value.is_nil()) line.extras = absl::MakeConstSpan(&key, 1);
  return builder->Add(line);
}

struct Row {
  int64_t start = 0;
  int64_t end = 0;
  Value process;
  std::string_view f;
  Value value;
};

absl::Status ReadRow(std::string_view text, Arena* arena, std::vector<Row>* rows) {
  if (text.starts_with('#')) return absl::OkStatus();
  const Fields fields = Split(text, " \t,", true);
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"ENQ", "enqueue"}, {"DEQ", "dequeue"}, {"PEEK", "peek"}};
  if (fields.size() < 4) {
    return absl::InvalidArgumentError(
        fmt::format("{} fields; a row is `process start end ENQ|DEQ|PEEK value`", fields.size()));
  }
  const std::optional<int64_t> start = Number(fields[1]);
  const std::optional<int64_t> end = Number(fields[2]);
  if (!start.has_value() || !end.has_value() || *end < *start) {
    return absl::InvalidArgumentError("start and end are whole numbers, and the end isn't before the start");
  }
  Row row = {*start, *end, Datum(fields[0], arena), fields[3], Value::Nil()};
  for (const auto& [theirs, ours] : kNames) {
    if (row.f == theirs) row.f = ours;
  }
  if (fields.size() > 4) row.value = Datum(fields[4], arena);
  rows->push_back(row);
  return absl::OkStatus();
}

// The lines of closed intervals: of one instant first what begins.
absl::Status AddRows(const std::vector<Row>& rows, HistoryBuilder* builder) {
  struct Moment {
    int64_t time = 0;
    bool end = false;
    uint32_t row = 0;
  };
  std::vector<Moment> moments;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    moments.push_back({rows[i].start, false, i});
    moments.push_back({rows[i].end, true, i});
  }
  StableSort(&moments, [](const Moment& a, const Moment& b) {
    return a.time != b.time ? a.time < b.time : a.end < b.end;
  });
  std::vector<OpIndex> began(rows.size(), kNoOp);
  for (const Moment& moment : moments) {
    const Row& row = rows[moment.row];
    Line line;
    line.type = moment.end ? OpType::kOk : OpType::kInvoke;
    line.process = row.process;
    line.f = row.f;
    if (moment.end || row.f == "enqueue") line.value = row.value;
    line.time = moment.time;
    if (!moment.end) began[moment.row] = builder->size();
    line.invocation = began[moment.row];
    if (absl::Status status = builder->Add(line); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<History> ReadOpenChaos(std::string_view text) {
  HistoryBuilder builder;
  const absl::Status status = EachLine(text, [&](std::string_view row) { return AddChaosRow(row, &builder); });
  if (!status.ok()) return status;
  return std::move(builder).Finish();
}

absl::StatusOr<History> ReadFptlin(std::string_view text) {
  HistoryBuilder builder;
  std::vector<Row> rows;
  absl::Status status = EachLine(text, [&](std::string_view row) { return ReadRow(row, &builder.arena(), &rows); });
  if (status.ok()) status = AddRows(rows, &builder);
  if (!status.ok()) return status;
  return std::move(builder).Finish();
}

}  // namespace brokersim::checker
