// Determinism's hazards that have a shape rather than a name.
#include "tests/tidy/hazards.h"

#include <regex>
#include <string>

namespace brokersim::tidy {

namespace {

void Add(const SourceFile& file, size_t line, const std::string& message, std::vector<Finding>& out) {
  out.push_back({file.path, static_cast<int>(line + 1), "determinism", message});
}

// `std::map<T*, ...>`, `absl::btree_set<const T*>` and the like.
void CheckPointerKeys(const SourceFile& file, std::vector<Finding>& out) {
  static const auto& key = *new std::regex(R"((map|set|multimap|multiset|std::less)<\s*(const )?[\w:]+\s*(const )?\*)");
  for (size_t i = 0; i < file.code.size(); ++i) {
    if (file.code[i].find('*') == std::string::npos || !std::regex_search(file.code[i], key)) continue;
    Add(file, i, "a pointer as key: the order of addresses differs by run. Remedy: ids in the order of creation.", out);
  }
}

// `static int64_t next = 0;`: neither constant nor a function.
void CheckStatics(const SourceFile& file, std::vector<Finding>& out) {
  static const auto& variable = *new std::regex(R"(^\s*(inline )?static (inline )?[\w:<>, *]+\s\w+\s*(=|;|\{))");
  for (size_t i = 0; i < file.code.size(); ++i) {
    const std::string& line = file.code[i];
    if (line.find("static ") == std::string::npos || line.find("const") != std::string::npos) continue;
    if (!std::regex_search(line, variable)) continue;
    Add(file, i, "a mutable static: one run would go on where another stopped. Remedy: a member of what is one run's.",
        out);
  }
}

// The rest of the statement from (line, column) on, in one line; ends before the semicolon.
std::string StatementFrom(const SourceFile& file, size_t line, size_t column) {
  std::string text = file.code[line].substr(column);
  for (size_t i = line + 1; text.find(';') == std::string::npos && i < file.code.size(); ++i) {
    text += ' ' + file.code[i];
  }
  return text.substr(0, text.find(';'));
}

// std::sort with a comparison of its own: equal elements may be different ones. The line above it may say that no two
// are equal; the literal words count, wherever in a comment they stand.
void CheckSorts(const SourceFile& file, std::vector<Finding>& out) {
  for (size_t i = 0; i < file.code.size(); ++i) {
    const size_t at = file.code[i].find("std::sort(");
    if (at == std::string::npos) continue;
    const std::string statement = StatementFrom(file, i, at);
    int depth = 0;
    int commas = 0;
    for (const char c : statement) {
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
      if (c == ',' && depth == 1) ++commas;
    }
    if (commas < 2) continue;
    const std::string words = "no two are equal";
    if (file.lines[i].find(words) != std::string::npos) continue;
    if (i > 0 && file.lines[i - 1].find(words) != std::string::npos) continue;
    Add(file, i,
        "`std::sort` leaves equal elements in the library's order. Remedy: std::stable_sort, or compare all fields and "
        "say above that no two are equal.",
        out);
  }
}

// Two draws in one statement, if nothing such as `&&` or `?` orders them.
void CheckDraws(const SourceFile& file, std::vector<Finding>& out) {
  static const auto& draw = *new std::regex(R"(\.(Next\(\)|Below\(|Between\(|Chance\(|Sample\())");
  for (size_t i = 0; i < file.code.size(); ++i) {
    std::smatch first;
    if (file.code[i].find('.') == std::string::npos || !std::regex_search(file.code[i], first, draw)) continue;
    const std::string rest = StatementFrom(file, i, static_cast<size_t>(first.position()) + 1);
    std::smatch second;
    if (!std::regex_search(rest, second, draw)) continue;
    const std::string between = rest.substr(0, static_cast<size_t>(second.position()));
    bool ordered = false;
    for (const char* mark : {"?", " : ", "&&", "||", "{", "}"}) {
      ordered = ordered || between.find(mark) != std::string::npos;
    }
    if (ordered) continue;
    Add(file, i, "two draws in one statement: compilers order them as they like. Remedy: a statement for each.", out);
  }
}

}  // namespace

void CheckHazards(const SourceFile& file, std::vector<Finding>& out) {
  CheckPointerKeys(file, out);
  CheckStatics(file, out);
  CheckSorts(file, out);
  CheckDraws(file, out);
}

}  // namespace brokersim::tidy
