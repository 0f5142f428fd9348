#include "checker/history/porcupine.h"

#include <optional>
#include <string>
#include <utility>

#include "checker/history/edn_parser.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// The four data after the dash; false if the line is none of ours.
bool ReadFields(std::string_view text, Arena* arena, Value (&fields)[4]) {
  EdnParser parser(text, arena);
  for (Value& field : fields) {
    if (!parser.More() || !parser.Read(&field).ok()) return false;
  }
  return true;
}

absl::Status AddLine(std::string_view text, HistoryBuilder* builder) {
  const size_t dash = text.find(" - ");
  Value fields[4];
  if (!text.starts_with("INFO") || dash == text.npos || !ReadFields(text.substr(dash + 3), &builder->arena(), fields)) {
    return absl::OkStatus();
  }
  const auto& [process, word, what, value] = fields;
  const std::optional<OpType> type = OpTypeNamed(word);
  const bool keywords = word.kind() == Value::Kind::kKeyword && what.kind() == Value::Kind::kKeyword;
  if (!type.has_value() || !keywords) return absl::OkStatus();
  Line line;
  line.type = *type;
  line.process = process;
  line.f = what.text();
  Extra error;
  if (value.IsWord("timed-out")) {
    error = {builder->arena().Keyword("error"), value};
    line.extras = absl::MakeConstSpan(&error, 1);
  } else {
    line.value = value;
  }
  return builder->Add(line);
}

}  // namespace

absl::StatusOr<History> ReadPorcupineLog(std::string_view text) {
  HistoryBuilder builder;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (absl::Status status = AddLine(text.substr(0, end), &builder); !status.ok()) {
      return absl::InvalidArgumentError(fmt::format("line {}: {}", number, std::string(status.message())));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(builder).Finish();
}

}  // namespace brokersim::checker
