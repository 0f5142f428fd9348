#include "tests/docs/scenario_page.h"

#include <fmt/format.h>

#include <sstream>
#include <vector>

namespace brokersim::docs {
namespace {

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// What a cell of a table may hold.
std::string Cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? "\\|" : std::string(1, c);
  return cell;
}

struct Row {
  std::string name;
  std::string type;
  std::string meaning;
};

// A message or an enumeration.
struct Block {
  std::string name;  // with those it lies in: "Distribution.Uniform"
  bool is_enum = false;
  std::string meaning;
  std::vector<Row> rows;
};

class Reader {
 public:
  void Read(std::string_view proto);
  const std::vector<Block>& blocks() const { return blocks_; }
  const std::string& introduction() const { return introduction_; }

 private:
  void ReadLine(const std::string& line);
  void Open(const std::string& kind, const std::string& name);
  void AddRow(const std::string& code, const std::string& remark);
  std::string TakeComment() {
    std::string comment;
    comment.swap(comment_);
    return comment;
  }

  std::string introduction_;
  std::string comment_;         // of the lines above
  std::vector<Block> blocks_;   // in the order in which they begin
  std::vector<size_t> inside_;  // indexes of those that are open; a oneof repeats its message's
  std::string oneof_;           // the open one's name
};

void Reader::Read(std::string_view proto) {
  std::istringstream in{std::string(proto)};
  for (std::string line; std::getline(in, line);) ReadLine(Trim(line));
}

void Reader::ReadLine(const std::string& line) {
  if (line.rfind("//", 0) == 0) {
    const std::string text = Trim(line.substr(2));
    comment_ += text.empty() ? "\n\n" : (comment_.empty() || comment_.back() == '\n' ? "" : " ") + text;
    return;
  }
  if (line.empty()) {
    comment_.clear();
    return;
  }
  std::istringstream words(line);
  std::string first;
  std::string second;
  words >> first >> second;
  if (first == "syntax") {
    introduction_ = TakeComment();
  } else if (first == "message" || first == "enum" || first == "oneof") {
    Open(first, second);
  } else if (line == "}") {
    if (!inside_.empty()) inside_.pop_back();
    oneof_.clear();
  } else if (!inside_.empty()) {
    const size_t remark = line.find("//");
    AddRow(Trim(line.substr(0, remark)), remark == std::string::npos ? "" : Trim(line.substr(remark + 2)));
  }
}

void Reader::Open(const std::string& kind, const std::string& name) {
  if (kind == "oneof") {
    oneof_ = name;
    comment_.clear();
    inside_.push_back(inside_.back());
    return;
  }
  Block block;
  block.name = inside_.empty() ? name : blocks_[inside_.back()].name + "." + name;
  block.is_enum = kind == "enum";
  block.meaning = TakeComment();
  inside_.push_back(blocks_.size());
  blocks_.push_back(std::move(block));
}

void Reader::AddRow(const std::string& code, const std::string& remark) {
  const std::string declared = Trim(code.substr(0, code.find('=')));
  const size_t blank = declared.rfind(' ');
  Row row;
  row.name = blank == std::string::npos ? declared : declared.substr(blank + 1);
  row.type = blank == std::string::npos ? "" : declared.substr(0, blank);
  row.meaning = TakeComment();
  if (!oneof_.empty()) {
    row.meaning = fmt::format("One of `{}`.{}{}", oneof_, row.meaning.empty() ? "" : " ", row.meaning);
  }
  if (!remark.empty()) row.meaning += (row.meaning.empty() ? "" : " ") + remark;
  blocks_[inside_.back()].rows.push_back(std::move(row));
}

void Print(const Block& block, std::string* page) {
  *page += fmt::format("\n### {}\n", block.name);
  if (!block.meaning.empty()) *page += fmt::format("\n{}\n", block.meaning);
  *page += block.is_enum ? "\n| Value | Meaning |\n|---|---|\n" : "\n| Field | Type | Meaning |\n|---|---|---|\n";
  for (const Row& row : block.rows) {
    *page += block.is_enum ? fmt::format("| `{}` | {} |\n", row.name, Cell(row.meaning))
                           : fmt::format("| `{}` | {} | {} |\n", row.name, row.type, Cell(row.meaning));
  }
}

}  // namespace

std::string ScenarioPage(std::string_view proto, std::string_view example) {
  Reader reader;
  reader.Read(proto);
  std::string page = "# Scenario files\n\n"
      "<!-- Printed from scenarios/scenario.proto; tests/docs/pages_test.cc says how. -->\n\n";
  page += reader.introduction() + "\n\n## Messages\n";
  for (const Block& block : reader.blocks()) Print(block, &page);
  page += fmt::format("\n## A whole example\n\n`scenarios/kafka/unclean_leader_election.textproto`:\n\n"
                      "```textproto\n{}```\n",
                      example);
  return page;
}

}  // namespace brokersim::docs
