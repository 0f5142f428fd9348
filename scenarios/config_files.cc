#include "scenarios/config_files.h"

#include <filesystem>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "scenarios/text_proto.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;

// "key = value" as "key=value"; no comments (# or !), no blank lines.
std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto& raw : absl::StrSplit(text, '\n')) {
    const std::string line(absl::StripAsciiWhitespace(raw));
    if (line.empty() || line.front() == '#' || line.front() == '!') continue;
    const size_t equals = line.find('=');
    if (equals == std::string::npos) {
      lines.push_back(line);
      continue;
    }
    lines.push_back(std::string(absl::StripAsciiWhitespace(line.substr(0, equals))) + "=" +
                    std::string(absl::StripAsciiWhitespace(line.substr(equals + 1))));
  }
  return lines;
}

class Reader {
 public:
  Reader(const std::string& folder, const Locator& locator) : folder_(folder), locator_(locator) {}

  absl::Status Read(const Steps& steps, pb::Message* message) const {
    const pb::Reflection* reflection = message->GetReflection();
    std::vector<const pb::FieldDescriptor*> given;
    reflection->ListFields(*message, &given);
    for (const pb::FieldDescriptor* field : given) {
      if (field->name() == "config_file") {
        if (const absl::Status status = ReadHere(steps, field, message); !status.ok()) return status;
      }
      if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
      for (int i = 0; i < count; ++i) {
        pb::Message* nested = field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                                   : reflection->MutableMessage(message, field);
        if (const absl::Status status = Read(Down(steps, *field, *nested), nested); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  static Steps Down(Steps steps, const pb::FieldDescriptor& field, const pb::Message& nested) {
    const pb::FieldDescriptor* name = field.message_type()->FindFieldByName("name");
    const bool keyed = field.is_repeated() && name != nullptr;
    steps.push_back(keyed ? Step{field.name(), "name", nested.GetReflection()->GetString(nested, name)}
                          : Step{field.name(), "", ""});
    return steps;
  }

  absl::Status ReadHere(const Steps& steps, const pb::FieldDescriptor* field, pb::Message* message) const {
    const pb::Reflection* reflection = message->GetReflection();
    const pb::FieldDescriptor* config = message->GetDescriptor()->FindFieldByName("config");
    std::vector<std::string> lines;
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      const std::string name = reflection->GetRepeatedString(*message, field, i);
      const absl::StatusOr<std::string> text = ReadTextFile((std::filesystem::path(folder_) / name).string());
      if (!text.ok()) return locator_.Error(steps, "config_file", std::string(text.status().message()), name);
      for (std::string& line : LinesOf(*text)) lines.push_back(std::move(line));
    }
    for (int i = 0; i < reflection->FieldSize(*message, config); ++i) {
      lines.push_back(reflection->GetRepeatedString(*message, config, i));
    }
    reflection->ClearField(message, field);
    reflection->ClearField(message, config);
    for (std::string& line : lines) reflection->AddString(message, config, std::move(line));
    return absl::OkStatus();
  }

  const std::string& folder_;
  const Locator& locator_;
};

}  // namespace

absl::Status ReadConfigFiles(const std::string& folder, const Locator& locator, Setup* setup) {
  return Reader(folder, locator).Read({}, setup);
}

}  // namespace brokersim::scenarios
