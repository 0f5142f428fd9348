// The files of the source tree, as the style rules look at them.
#ifndef BROKERSIM_TESTS_TIDY_SOURCE_FILE_H_
#define BROKERSIM_TESTS_TIDY_SOURCE_FILE_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::tidy {

enum class Kind {
  kOther,  // not looked at
  kCpp,    // .cc .h .inc
  kProto,
  kBuild,   // BUILD, .bzl
  kScript,  // .sh .py
};

// By the name alone.
Kind KindOf(std::string_view path);

struct SourceFile {
  std::string path;  // from the root, with slashes
  Kind kind = Kind::kOther;
  std::vector<std::string> lines;
  // C++ and protos: `lines` with comments and what is between quotes replaced by blanks, column by
  // column. BUILD files: `lines` without their comments. Otherwise the lines themselves.
  std::vector<std::string> code;

  // The first folder: the room.
  std::string_view Room() const { return std::string_view(path).substr(0, path.find('/')); }
  bool IsHeader() const { return path.ends_with(".h"); }
};

SourceFile MakeSourceFile(std::string path, std::string_view text);

// All files below `root` of a kind that is looked at, by path. Left out are what version control
// and builds leave there: hidden folders, links, and the folders that .gitignore names.
std::vector<SourceFile> ReadTree(const std::filesystem::path& root);

bool IsWordCharacter(char c);

}  // namespace brokersim::tidy

#endif  // BROKERSIM_TESTS_TIDY_SOURCE_FILE_H_
