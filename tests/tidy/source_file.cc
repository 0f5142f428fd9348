#include "tests/tidy/source_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace brokersim::tidy {

namespace fs = std::filesystem;

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether the quote at `at` separates digits, as in 1'000.
bool SeparatesDigits(std::string_view line, size_t at) {
  size_t begin = at;
  while (begin > 0 && (IsWordCharacter(line[begin - 1]) || line[begin - 1] == '\'')) --begin;
  return begin < at && IsDigit(line[begin]);
}

// Blanks comments and the insides of literals. Remembers from line to line what is still open.
class Blanker {
 public:
  std::string Line(std::string_view line) {
    std::string out(line);
    size_t i = 0;
    while (i < line.size()) {
      if (!closing_.empty()) {
        i = BlankUntil(closing_, line, i, out);
      } else if (line.substr(i, 2) == "//") {
        std::fill(out.begin() + i, out.end(), ' ');
        break;
      } else if (line.substr(i, 2) == "/*") {
        closing_ = "*/";
        out[i] = out[i + 1] = ' ';
        i += 2;
      } else if (line.substr(i, 2) == "R\"" && (i == 0 || !IsWordCharacter(line[i - 1]))) {
        const size_t open = line.find('(', i);
        if (open == line.npos) break;
        closing_ = ")" + std::string(line.substr(i + 2, open - i - 2)) + "\"";
        i = open + 1;
      } else if (line[i] == '"' || (line[i] == '\'' && !SeparatesDigits(line, i))) {
        i = BlankLiteral(line, i, out);
      } else {
        ++i;
      }
    }
    return out;
  }

 private:
  size_t BlankUntil(const std::string& closing, std::string_view line, size_t i, std::string& out) {
    const size_t end = line.find(closing, i);
    const size_t stop = end == line.npos ? line.size() : end + closing.size();
    std::fill(out.begin() + i, out.begin() + stop, ' ');
    if (end != line.npos) closing_.clear();
    return stop;
  }

  // The position behind the literal that opens at `i`.
  static size_t BlankLiteral(std::string_view line, size_t i, std::string& out) {
    const char quote = line[i];
    for (++i; i < line.size() && line[i] != quote; ++i) {
      out[i] = ' ';
      if (line[i] == '\\' && i + 1 < line.size()) out[++i] = ' ';
    }
    return i + 1;
  }

  std::string closing_;  // of the comment or raw string that is open
};

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

bool IsLeftOut(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return entry.is_symlink() || name.starts_with('.') || name.starts_with("bazel-") ||
         name == "out" || name == "brokersim-out";
}

}  // namespace

bool IsWordCharacter(char c) {
  return IsDigit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Kind KindOf(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const char* end : {".cc", ".h", ".inc"}) {
    if (name.ends_with(end)) return Kind::kCpp;
  }
  if (name.ends_with(".proto")) return Kind::kProto;
  if (name == "BUILD" || name.ends_with(".bzl")) return Kind::kBuild;
  if (name.ends_with(".sh") || name.ends_with(".py")) return Kind::kScript;
  return Kind::kOther;
}

SourceFile MakeSourceFile(std::string path, std::string_view text) {
  SourceFile file;
  file.kind = KindOf(path);
  file.path = std::move(path);
  file.lines = SplitLines(text);
  file.code = file.lines;
  if (file.kind == Kind::kCpp || file.kind == Kind::kProto) {
    Blanker blanker;
    for (std::string& line : file.code) line = blanker.Line(line);
  } else if (file.kind == Kind::kBuild) {
    for (std::string& line : file.code) line = line.substr(0, line.find('#'));
  }
  return file;
}

std::vector<SourceFile> ReadTree(const fs::path& root) {
  std::vector<SourceFile> files;
  for (auto i = fs::recursive_directory_iterator(root); i != fs::recursive_directory_iterator();
       ++i) {
    if (IsLeftOut(*i)) {
      i.disable_recursion_pending();
      continue;
    }
    std::string path = i->path().lexically_relative(root).generic_string();
    if (!i->is_regular_file() || KindOf(path) == Kind::kOther) continue;
    std::ifstream in(i->path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    files.push_back(MakeSourceFile(std::move(path), text));
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

}  // namespace brokersim::tidy
