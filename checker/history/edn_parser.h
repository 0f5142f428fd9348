// A parser of EDN, datum by datum.
#ifndef BROKERSIM_CHECKER_HISTORY_EDN_PARSER_H_
#define BROKERSIM_CHECKER_HISTORY_EDN_PARSER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "checker/history/value.h"

namespace brokersim::checker {

// Takes all of EDN. Tags and metadata are dropped (`#inst "x"` is "x"), characters become strings.
// After an error the parser is not to be asked again.
class EdnParser {
 public:
  EdnParser(std::string_view text, Arena* arena)
      : at_(text.data()), end_(text.data() + text.size()), begin_(text.data()), arena_(arena) {}

  // Skips blanks, commas, comments and `#_ datum`. False at the end of the text, and after an error.
  bool More();
  // The next character. REQUIRES: More().
  char Peek() const { return *at_; }

  // Reads one datum.
  absl::Status Read(Value* value);
  // Reads a collection's items without keeping the collection; tags before it are dropped. They are
  // good until the next call. Null if the next datum is no such collection.
  absl::Status ReadMap(absl::Span<const Value>* items);
  // Goes into a vector or list, whose items are then read one by one until AtClose().
  bool Enter();
  bool AtClose();

  // kInvalidArgument with line and column of where the parser is.
  absl::Status Error(std::string_view what) const { return ErrorAt(at_, what); }
  // ... and of where the last datum began.
  absl::Status ErrorAtDatum(std::string_view what) const { return ErrorAt(datum_, what); }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status ErrorAt(const char* place, std::string_view what) const;
  absl::Status ReadDatum(Value* value, int depth);
  absl::Status ReadItems(char close, int depth);
  absl::Status ReadCollection(Value::Kind kind, char close, int depth, Value* value);
  absl::Status ReadString(Value* value);
  absl::Status ReadEscape();
  absl::Status ReadCharacter(Value* value);
  absl::Status ReadDispatch(Value* value, int depth);
  absl::Status ReadAtom(Value* value);
  absl::Status SkipTags();
  std::string_view Token();

  const char* at_;
  const char* end_;
  const char* begin_;
  const char* datum_ = nullptr;
  Arena* arena_;
  std::vector<Value> stack_;  // items of the collections that are being read
  std::string scratch_;
  absl::Status status_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_EDN_PARSER_H_
