#include "checker/history/edn.h"

#include <string>
#include <utility>

#include "checker/history/edn_parser.h"
#include "checker/history/op_fields.h"

namespace brokersim::checker {

absl::StatusOr<History> ReadEdn(std::string_view text) {
  HistoryBuilder builder;
  EdnParser parser(text, &builder.arena());
  OpFields fields;
  const bool listed = parser.Enter();
  while (true) {
    if (listed && parser.AtClose()) break;
    if (!parser.More()) {
      if (!parser.status().ok()) return parser.status();
      if (listed) return parser.Error("the history begins with a bracket, but nothing closes it");
      break;
    }
    absl::Span<const Value> items;
    if (absl::Status status = parser.ReadMap(&items); !status.ok()) return status;
    if (absl::Status status = fields.Add(items, &builder); !status.ok()) {
      return parser.ErrorAtDatum(std::string(status.message()));
    }
  }
  if (parser.More()) return parser.Error("something follows the end of the history");
  if (!parser.status().ok()) return parser.status();
  return std::move(builder).Finish();
}

}  // namespace brokersim::checker
