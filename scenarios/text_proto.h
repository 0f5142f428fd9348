// Protobuf text files: one message each, or one error that says where, what, and what to do.
#ifndef BROKERSIM_SCENARIOS_TEXT_PROTO_H_
#define BROKERSIM_SCENARIOS_TEXT_PROTO_H_

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace brokersim::scenarios {

// `tree` (may be null) tells where each field stands. Errors: kInvalidArgument: "PATH:LINE:COLUMN: what is wrong; what
// to do".
absl::Status ParseTextProto(std::string_view text, std::string_view path, google::protobuf::Message* message,
                            google::protobuf::TextFormat::ParseInfoTree* tree);

// The file's content. Errors: kNotFound.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

// Names of the files `folder`/NAME.textproto, sorted.
std::vector<std::string> ListTextProtos(const std::string& folder);

// The path of what is named: the name itself if it ends as a file does (relative to `beside`), else a file of that name
// in `folder`. Errors: kNotFound, "there is no WHAT 'NAME'", with the nearest and all that there are.
absl::StatusOr<std::string> FindTextProto(std::string_view what, const std::string& name, const std::string& folder,
                                          const std::string& beside);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_TEXT_PROTO_H_
