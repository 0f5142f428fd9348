#include "tests/tidy/rules.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

#include "tests/tidy/hazards.h"

namespace brokersim::tidy {

namespace {

constexpr size_t kMaxColumns = 120;  // 100 is what we aim at
constexpr size_t kMaxLines = 600;    // 100 to 300 is what we aim at

using Names = std::initializer_list<std::string_view>;

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Join(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Whether `line` holds `token`. Where the token begins or ends (if `whole`) with a word character,
// no word goes on. A token that begins with one underscore is the end of a word.
bool HasToken(std::string_view line, std::string_view token, bool whole) {
  const bool is_end_of_word = token.starts_with('_') && !token.starts_with("__");
  for (size_t at = line.find(token); at != line.npos; at = line.find(token, at + 1)) {
    const size_t end = at + token.size();
    const bool begins = at == 0 || is_end_of_word || !IsWordCharacter(token.front()) ||
                        !IsWordCharacter(line[at - 1]);
    const bool ends = !whole || end == line.size() || !IsWordCharacter(token.back()) ||
                      !IsWordCharacter(line[end]);
    if (begins && ends) return true;
  }
  return false;
}

// ---- form

void CheckWidth(const SourceFile& file, std::vector<Finding>& out) {
  if (file.kind != Kind::kCpp && file.kind != Kind::kProto) return;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const auto columns = std::count_if(file.lines[i].begin(), file.lines[i].end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // not the inside of a UTF-8 character
    });
    if (static_cast<size_t>(columns) <= kMaxColumns) continue;
    out.push_back({file.path, static_cast<int>(i + 1), "width",
                   std::to_string(columns) +
                       " columns, at most 120 are allowed. Remedy: break the line, best at 100 "
                       "columns."});
  }
}

void CheckLength(const SourceFile& file, std::vector<Finding>& out) {
  if (file.kind != Kind::kCpp && file.kind != Kind::kProto) return;
  if (file.lines.size() <= kMaxLines) return;
  out.push_back(
      {file.path, static_cast<int>(kMaxLines + 1), "length",
       std::to_string(file.lines.size()) +
           " lines, at most 600 are allowed. Remedy: split the file by what its parts are about."});
}

void CheckBlanks(const SourceFile& file, std::vector<Finding>& out) {
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    const int number = static_cast<int>(i + 1);
    if (!line.empty() && Trim(line.substr(line.size() - 1)).empty()) {
      out.push_back(
          {file.path, number, "blanks", "The line ends with blanks. Remedy: delete them."});
    }
    if (file.kind == Kind::kCpp && line.find('\t') != line.npos) {
      out.push_back({file.path, number, "blanks",
                     "A tab. Remedy: indent with blanks; in a literal, write \\t."});
    }
  }
}

void CheckUnfinished(const SourceFile& file, std::vector<Finding>& out) {
  for (size_t i = 0; i < file.lines.size(); ++i) {
    for (const char* word : {"TODO", "FIXME", "XXX"}) {
      if (!HasToken(file.lines[i], word, true)) continue;
      out.push_back({file.path, static_cast<int>(i + 1), "unfinished",
                     std::string(word) +
                         ". Remedy: do it, or say what isn't covered in the folder's README."});
    }
  }
}

std::string GuardOf(std::string_view path) {
  std::string guard = "BROKERSIM_";
  for (const char c : path) {
    const bool small = c >= 'a' && c <= 'z';
    guard += small ? static_cast<char>(c - 'a' + 'A') : IsWordCharacter(c) ? c : '_';
  }
  return guard + "_";
}

void CheckGuard(const SourceFile& file, std::vector<Finding>& out) {
  if (!file.IsHeader()) return;
  const std::string guard = GuardOf(file.path);
  std::vector<size_t> filled;
  for (size_t i = 0; i < file.code.size(); ++i) {
    if (!Trim(file.code[i]).empty()) filled.push_back(i);
  }
  const auto check = [&](size_t line, std::string_view found, const std::string& wanted) {
    if (found == wanted) return;
    out.push_back(
        {file.path, static_cast<int>(line + 1), "guard", "Remedy: write `" + wanted + "` here."});
  };
  if (filled.size() < 3) {
    check(0, "", "#ifndef " + guard);
    return;
  }
  check(filled[0], Trim(file.code[filled[0]]), "#ifndef " + guard);
  check(filled[1], Trim(file.code[filled[1]]), "#define " + guard);
  check(filled.back(), Trim(file.lines[filled.back()]), "#endif  // " + guard);
}

void CheckContract(const SourceFile& file, std::vector<Finding>& out) {
  if (!file.IsHeader()) return;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const std::string_view code = Trim(file.code[i]);
    if (code.empty() && !Trim(file.lines[i]).empty()) return;  // a comment
    if (code.empty() || code.starts_with('#') || code.starts_with("namespace ")) continue;
    out.push_back({file.path, static_cast<int>(i + 1), "contract",
                   "The header declares before it says what it is. Remedy: open it with a comment: "
                   "what it is for, "
                   "what it promises, who owns what."});
    return;
  }
}

// ---- determinism

constexpr std::string_view kDeterministic[] = {"sim",     "model",     "scenarios",
                                               "checker", "visualize", "formats"};
constexpr std::string_view kDeciding[] = {"sim", "model", "scenarios"};

struct Banned {
  std::string_view token;
  bool whole;  // no word goes on behind it
  std::span<const std::string_view> rooms;
  std::string_view instead;
};

constexpr std::string_view kOrdered =
    "the order of hash containers differs by library and by run. Remedy: absl::btree_map, std::map "
    "or a sorted vector.";
constexpr std::string_view kDigest =
    "its values differ by library and by run. Remedy: sim/base/digest.h, or compare the values "
    "themselves.";
constexpr std::string_view kStream =
    "its draws differ by library or by run. Remedy: a stream by name, sim/random/stream.h and "
    "distributions.h.";
constexpr std::string_view kVirtual =
    "wall clocks differ by run. Remedy: virtual time (sim/base/sim_time.h) or the node's clock.";
constexpr std::string_view kHandedIn =
    "results may not depend on the surroundings. Remedy: read it in cli/ and hand it down as data.";
constexpr std::string_view kListing =
    "folders list their files in any order. Remedy: sort the names, and say so in tests/tidy/exceptions.cc.";
constexpr std::string_view kOneThread =
    "a run is one object in one thread. Remedy: hand the object down; run many seeds side by side "
    "in runner/.";
constexpr std::string_view kNoAddress =
    "addresses differ by run. Remedy: ids in the order of creation (sim/base/ids.h).";
constexpr std::string_view kWhole =
    "its roundings differ by compiler. Remedy: whole numbers and sim::Ratio; format with doubles "
    "in reports only.";

constexpr Banned kBanned[] = {
    {"std::unordered_", false, kDeterministic, kOrdered},
    {"absl::flat_hash_", false, kDeterministic, kOrdered},
    {"absl::node_hash_", false, kDeterministic, kOrdered},
    {"std::hash", true, kDeterministic, kDigest},
    {"absl::Hash", false, kDeterministic, kDigest},
    {"rand(", false, kDeterministic, kStream},
    {"random_device", true, kDeterministic, kStream},
    {"std::mt19937", false, kDeterministic, kStream},
    {"std::minstd_rand", false, kDeterministic, kStream},
    {"std::default_random_engine", true, kDeterministic, kStream},
    {"_distribution", true, kDeterministic, kStream},
    {"std::shuffle", true, kDeterministic, kStream},
    {"absl::BitGen", false, kDeterministic, kStream},
    {"system_clock", true, kDeterministic, kVirtual},
    {"steady_clock", true, kDeterministic, kVirtual},
    {"high_resolution_clock", true, kDeterministic, kVirtual},
    {"absl::Now", true, kDeterministic, kVirtual},
    {"clock_gettime", true, kDeterministic, kVirtual},
    {"gettimeofday", true, kDeterministic, kVirtual},
    {"last_write_time", true, kDeterministic, kVirtual},
    {"getenv", true, kDeterministic, kHandedIn},
    {"setlocale", true, kDeterministic, kHandedIn},
    {"std::locale", true, kDeterministic, kHandedIn},
    {"current_path", true, kDeterministic, kHandedIn},
    {"getpid", true, kDeterministic, kHandedIn},
    {"directory_iterator", true, kDeterministic, kListing},
    {"recursive_directory_iterator", true, kDeterministic, kListing},
    {"readdir", true, kDeterministic, kListing},
    {"__DATE__", true, kDeterministic, kHandedIn},
    {"__TIME__", true, kDeterministic, kHandedIn},
    {"thread_local", true, kDeterministic, kOneThread},
    {"std::thread", true, kDeterministic, kOneThread},
    {"std::jthread", true, kDeterministic, kOneThread},
    {"std::async", true, kDeterministic, kOneThread},
    {"this_thread", true, kDeterministic, kOneThread},
    {"pthread_self", true, kDeterministic, kOneThread},
    {"reinterpret_cast<uintptr_t>", false, kDeterministic, kNoAddress},
    {"reinterpret_cast<std::uintptr_t>", false, kDeterministic, kNoAddress},
    {"reinterpret_cast<size_t>", false, kDeterministic, kNoAddress},
    {"reinterpret_cast<int64_t>", false, kDeterministic, kNoAddress},
    {"reinterpret_cast<uint64_t>", false, kDeterministic, kNoAddress},
    {"static_cast<const void*>", false, kDeterministic, kNoAddress},
    {"double", true, kDeciding, kWhole},
    {"float", true, kDeciding, kWhole},
};

void CheckBanned(const SourceFile& file, std::vector<Finding>& out) {
  if (file.kind != Kind::kCpp && file.kind != Kind::kProto) return;
  for (size_t i = 0; i < file.code.size(); ++i) {
    const int number = static_cast<int>(i + 1);
    for (const Banned& banned : kBanned) {
      if (!Contains(banned.rooms, file.Room()) ||
          !HasToken(file.code[i], banned.token, banned.whole))
        continue;
      out.push_back({file.path, number, "determinism",
                     "`" + std::string(banned.token) + "`: " + std::string(banned.instead)});
    }
    if (file.kind == Kind::kProto && HasToken(file.code[i], "map<", false)) {
      out.push_back({file.path, number, "determinism",
                     "`map<`: protobuf writes maps in any order. Remedy: a repeated message of key "
                     "and value, sorted "
                     "by key."});
    }
  }
}

// ---- who may know whom

// The rooms that the files of a room may include from. A room that isn't named here may include
// all.
const std::map<std::string_view, std::vector<std::string_view>>& Arrows() {
  static const auto& arrows = *new std::map<std::string_view, std::vector<std::string_view>>{
      {"formats", {"formats"}},
      {"sim", {"sim", "formats"}},
      {"model", {"model", "sim", "formats"}},
      {"scenarios", {"scenarios", "model", "sim", "formats"}},
      {"checker", {"checker", "formats"}},
      {"visualize", {"visualize", "formats"}},
      {"runner", {"runner", "scenarios", "checker", "visualize", "model", "sim", "formats"}},
      {"cli", {"cli", "runner", "scenarios", "checker", "visualize", "model", "sim", "formats"}},
  };
  return arrows;
}

constexpr std::string_view kRooms[] = {"formats",   "sim",    "model", "scenarios", "checker",
                                       "visualize", "runner", "cli",   "tests",     "bench"};

void CheckArrows(const SourceFile& file, std::vector<Finding>& out) {
  const auto arrow = Arrows().find(file.Room());
  if (file.kind != Kind::kCpp || arrow == Arrows().end()) return;
  constexpr std::string_view kInclude = "#include \"";
  for (size_t i = 0; i < file.lines.size(); ++i) {
    // The blanked line tells an include from one in a comment; the path itself is blanked there.
    if (!file.code[i].starts_with(kInclude)) continue;
    const std::string_view path = std::string_view(file.lines[i]).substr(kInclude.size());
    const std::string_view room = path.substr(0, path.find('/'));
    if (!Contains(kRooms, room) || Contains(arrow->second, room)) continue;
    out.push_back({file.path, static_cast<int>(i + 1), "arrows",
                   std::string(file.Room()) + "/ may not know " + std::string(room) + "/ (only " +
                       Join(arrow->second) +
                       "). Remedy: hand it in as data, or move what both need to a lower room."});
  }
}

// ---- dead files

constexpr std::string_view kBuilt[] = {"formats", "sim",       "model",  "scenarios",
                                       "checker", "visualize", "runner", "cli"};

void CheckBuilt(const SourceFile& file, const std::map<std::string, const SourceFile*>& by_path,
                std::vector<Finding>& out) {
  if ((file.kind != Kind::kCpp && file.kind != Kind::kProto) || !Contains(kBuilt, file.Room()))
    return;
  // The package is the nearest folder with a BUILD file.
  std::string folder = file.path;
  auto package = by_path.end();
  while (package == by_path.end() && folder.find('/') != folder.npos) {
    folder.resize(folder.rfind('/'));
    package = by_path.find(folder + "/BUILD");
  }
  if (package == by_path.end()) {
    out.push_back({file.path, 1, "dead",
                   "No BUILD file in its folder or above. Remedy: add one that names it."});
    return;
  }
  const std::string name = file.path.substr(folder.size() + 1);
  for (const std::string& line : package->second->code) {
    if (line.find('"' + name + '"') != line.npos || line.find("\":" + name + '"') != line.npos)
      return;
  }
  out.push_back(
      {file.path, 1, "dead",
       "Nothing builds it. Remedy: name \"" + name + "\" in " + folder + "/BUILD, or delete it."});
}

}  // namespace

std::vector<Finding> CheckAll(std::span<const SourceFile> files) {
  std::map<std::string, const SourceFile*> by_path;
  for (const SourceFile& file : files) by_path.emplace(file.path, &file);
  std::vector<Finding> out;
  for (const SourceFile& file : files) {
    CheckWidth(file, out);
    CheckLength(file, out);
    CheckBlanks(file, out);
    CheckUnfinished(file, out);
    CheckGuard(file, out);
    CheckContract(file, out);
    CheckBanned(file, out);
    if (file.kind == Kind::kCpp && Contains(kDeterministic, file.Room())) CheckHazards(file, out);
    CheckArrows(file, out);
    CheckBuilt(file, by_path, out);
  }
  return out;
}

}  // namespace brokersim::tidy
