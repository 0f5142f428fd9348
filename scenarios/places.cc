#include "scenarios/places.h"

#include <fmt/format.h>

#include <algorithm>

namespace brokersim::scenarios {

namespace pb = google::protobuf;

Place Place::Nested(const std::string& field, int index) const {
  if (message_ == nullptr) return *this;
  const pb::FieldDescriptor* descriptor = message_->GetDescriptor()->FindFieldByName(field);
  const pb::Reflection* reflection = message_->GetReflection();
  const pb::Message* nested = nullptr;
  if (descriptor->is_repeated()) {
    nested = &reflection->GetRepeatedMessage(*message_, descriptor, index);
  } else if (reflection->HasField(*message_, descriptor)) {
    nested = &reflection->GetMessage(*message_, descriptor);
  }
  int line = line_;
  pb::TextFormat::ParseInfoTree* tree = nullptr;
  if (tree_ != nullptr) {
    tree = tree_->GetTreeForNested(descriptor, descriptor->is_repeated() ? index : -1);
    const int at = tree_->GetLocation(descriptor, descriptor->is_repeated() ? index : -1).line;
    if (at >= 0) line = at;
  }
  return Place(path_, nested, tree, line);
}

Place Place::Element(const std::string& field, const std::string& key, const std::string& value) const {
  if (message_ == nullptr) return *this;
  const pb::FieldDescriptor* descriptor = message_->GetDescriptor()->FindFieldByName(field);
  const pb::Reflection* reflection = message_->GetReflection();
  for (int i = 0; i < reflection->FieldSize(*message_, descriptor); ++i) {
    const pb::Message& element = reflection->GetRepeatedMessage(*message_, descriptor, i);
    const pb::FieldDescriptor* named = element.GetDescriptor()->FindFieldByName(key);
    if (element.GetReflection()->GetString(element, named) == value) return Nested(field, i);
  }
  return Place(path_, nullptr, nullptr, line_);
}

int Place::Find(const std::string& field, std::string_view text) const {
  if (message_ == nullptr) return -1;
  const pb::FieldDescriptor* descriptor = message_->GetDescriptor()->FindFieldByName(field);
  if (descriptor == nullptr) return -1;
  const pb::Reflection* reflection = message_->GetReflection();
  if (!descriptor->is_repeated()) {
    if (!descriptor->has_presence()) {
      // A plain value counts as given if the file names it.
      return tree_ != nullptr && tree_->GetLocation(descriptor, -1).line >= 0 ? 0 : -1;
    }
    return reflection->HasField(*message_, descriptor) ? 0 : -1;
  }
  const int size = reflection->FieldSize(*message_, descriptor);
  if (descriptor->cpp_type() != pb::FieldDescriptor::CPPTYPE_STRING) return size > 0 ? 0 : -1;
  for (int i = 0; i < size; ++i) {
    if (reflection->GetRepeatedString(*message_, descriptor, i) == text) return i;
  }
  return -1;
}

absl::Status Place::Error(const std::string& field, int index, std::string_view what) const {
  int line = line_;
  int column = 0;
  if (message_ != nullptr && tree_ != nullptr && !field.empty()) {
    const pb::FieldDescriptor* descriptor = message_->GetDescriptor()->FindFieldByName(field);
    if (descriptor != nullptr) {
      const pb::TextFormat::ParseLocation at =
          tree_->GetLocation(descriptor, descriptor->is_repeated() ? std::max(index, 0) : -1);
      if (at.line >= 0) {
        line = at.line;
        column = at.column;
      }
    }
  }
  // One line, whatever was quoted from the file.
  std::string plain(what);
  for (char& c : plain) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return absl::InvalidArgumentError(fmt::format("{}:{}:{}: {}", path_, line + 1, column + 1, plain));
}

}  // namespace brokersim::scenarios
