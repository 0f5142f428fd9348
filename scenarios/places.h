// Where in a scenario file something stands, for error messages.
#ifndef BROKERSIM_SCENARIOS_PLACES_H_
#define BROKERSIM_SCENARIOS_PLACES_H_

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace brokersim::scenarios {

// A message of the file together with where its fields stand. Copyable; the parse tree must outlive it.
class Place {
 public:
  Place(std::string_view path, const google::protobuf::Message* message,
        const google::protobuf::TextFormat::ParseInfoTree* tree, int line)
      : path_(path), message_(message), tree_(tree), line_(line) {}

  // The field's (index-th) message.
  Place Nested(const std::string& field, int index = -1) const;
  // Nested, for the element of a repeated field whose `key` field has this value; not valid if there is none.
  Place Element(const std::string& field, const std::string& key, const std::string& value) const;
  bool valid() const { return message_ != nullptr; }
  // Index of a field that is given, -1 if it isn't: of a repeated field of texts that of `text`, of others 0.
  int Find(const std::string& field, std::string_view text) const;

  // "PATH:LINE:COLUMN: WHAT" at the field, or where the message begins if the field isn't given.
  absl::Status Error(const std::string& field, int index, std::string_view what) const;
  absl::Status Error(const std::string& field, std::string_view what) const { return Error(field, -1, what); }

 private:
  std::string path_;
  const google::protobuf::Message* message_;
  const google::protobuf::TextFormat::ParseInfoTree* tree_;
  int line_;  // where the message begins, from 0
};

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_PLACES_H_
