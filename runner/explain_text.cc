// What an explanation looks like.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "runner/explain.h"
#include "visualize/event_text.h"

namespace brokersim::runner {
namespace {

constexpr size_t kCausesShown = 3;
// Of the paragraph that says what is wrong.
constexpr int kWidth = 118;
constexpr int kLines = 40;
// Of what a message says.
constexpr int kContentLines = 2;
// Decisions that are not shown in full.
constexpr size_t kOthersNamed = 4;

std::string Milliseconds(int64_t ns) { return fmt::format("{}.{:03} ms", ns / 1'000'000, ns / 1000 % 1000); }

std::string StoryText(const Explanation& explanation) {
  std::string text;
  for (const formats::StoryLine& line : explanation.anomaly.story()) {
    text += fmt::format("  {:>14}  {:<10}  {}\n", Milliseconds(line.time_ns()), line.node(), line.text());
  }
  const std::string indent = explanation.anomaly.story_size() > 0 ? std::string(18, ' ') : "  ";
  if (!explanation.rule.empty()) text += fmt::format("{}{:<10}  {}\n", indent, "rule", explanation.rule);
  return text;
}

// "with false: in 0 of 12"
std::string TriedText(const Explanation& explanation, const Cause& cause) {
  const bool setting = cause.what.kind != Candidate::Kind::kFault;
  return fmt::format("{}: in {} of {}", setting ? "with " + cause.what.instead : "without", cause.shown,
                     explanation.search.courses);
}

// What it is, beside its name.
std::string Meaning(const Explanation& explanation, const Candidate& what) {
  if (what.kind == Candidate::Kind::kRule) return what.risk;
  if (what.faults.size() == 1) return explanation.FaultText(what.faults.front());
  return absl::StrJoin(what.faults, ", ");
}

std::string CausesText(const Explanation& explanation) {
  const CauseSearch& search = explanation.search;
  const std::string from = search.at > sim::Time() ? fmt::format("from {} on", sim::ToText(search.at - sim::Time()))
                                                   : std::string("from the beginning");
  std::string text = fmt::format("With other draws {}, {} of {} courses of the run show {}. With one thing undone:\n",
                                 from, search.shown, search.courses, explanation.type);
  for (size_t i = 0; i < std::min(search.causes.size(), kCausesShown); ++i) {
    const Cause& cause = search.causes[i];
    text += fmt::format("  {}. {:<52}  {}\n", i + 1, cause.what.name, TriedText(explanation, cause));
    const std::string meaning = Meaning(explanation, cause.what);
    if (!meaning.empty()) text += fmt::format("     {}\n", meaning);
  }
  std::vector<std::string> others;
  for (size_t i = kCausesShown; i < search.causes.size(); ++i) others.push_back(search.causes[i].what.name);
  if (!others.empty()) text += fmt::format("  also: {}\n", absl::StrJoin(others, ", "));
  if (search.causes.empty()) text += "  nothing of its setup, undone alone, makes that clearly rarer\n";
  return text;
}

std::string RestText(const Explanation& explanation) {
  const CauseSearch& search = explanation.search;
  std::string text;
  if (search.without_faults) text += "It happens without any fault, too.\n";
  if (!search.unconfirmed.empty()) {
    std::vector<std::string> names;
    for (const Cause& cause : search.unconfirmed) {
      names.push_back(fmt::format("{} ({} of {})", cause.what.name, cause.shown, search.courses));
    }
    text += fmt::format("Not confirmed: without it this run is spared, but of the others no more than by chance: {}\n",
                        absl::StrJoin(names, ", "));
  }
  text += search.complete
              ? fmt::format("{} runs; {} settings and faults were tried\n", search.runs, search.candidates)
              : fmt::format("{} runs, interrupted: not all of {} settings and faults were tried\n", search.runs,
                            search.candidates);
  return text;
}

// "no lost-write", "no lost-write of this record, but of 18 others", "no lost-write, but duplicate"
std::string Spared(const Explanation& explanation, const Deciding& deciding) {
  std::string text = fmt::format("no {}", explanation.type);
  if (deciding.others > 0) text += fmt::format(" of this record; {} others remain", deciding.others);
  if (!deciding.instead.empty()) text += fmt::format(", but {}", absl::StrJoin(deciding.instead, ", "));
  return text;
}

std::string_view HadIt(Decision::Undone undone) {
  switch (undone) {
    case Decision::Undone::kArrives: return "had it arrived at once";
    case Decision::Undone::kLater: return "had it fired only after the breaking";
    case Decision::Undone::kIsLost: return "had it not arrived";
  }
  return "";
}

std::string DecidingText(const Explanation& explanation, size_t index) {
  const Deciding& deciding = explanation.decisions.found[index];
  const Decision& what = deciding.what;
  std::string text = fmt::format("  {}. {}{}{}\n", index + 1, what.name, what.was.empty() ? "" : ": ", what.was);
  for (const std::string& line : visualize::WrapText(what.content, kWidth - 5, kContentLines)) {
    text += fmt::format("     {}\n", line);
  }
  text += fmt::format("     {}: {}\n", HadIt(what.undone), Spared(explanation, deciding));
  text += fmt::format("     with other draws from {} on: in {} of {}, as it is in {}\n",
                      deciding.from > what.at ? sim::ToText(deciding.from - sim::Time()) : "then",
                      deciding.shown_without, deciding.courses, deciding.shown);
  return text + fmt::format("     {}\n", FaultText(what.fault));
}

std::string NamesOf(const std::vector<Deciding>& found, size_t from, bool tried) {
  std::vector<std::string> names;
  for (size_t i = from; i < found.size(); ++i) {
    const bool shows = found[i].courses > 0;
    if (shows == tried) names.push_back(found[i].what.name);
  }
  const size_t more = names.size() > kOthersNamed ? names.size() - kOthersNamed : 0;
  names.resize(names.size() - more);
  return absl::StrJoin(names, "; ") + (more > 0 ? fmt::format("; and {} more", more) : "");
}

std::string DecisionsText(const Explanation& explanation) {
  const DecisionSearch& search = explanation.decisions;
  if (search.tried == 0) return "";
  std::string text =
      fmt::format("{}{} single messages and timers on the way to it were undone, each alone and in this run",
                  search.tried < search.decisions ? fmt::format("{} of ", search.tried) : "", search.decisions);
  if (search.no_promise > 0) {
    text += fmt::format("; {} took the promise with them, which proves nothing", search.no_promise);
  }
  const size_t shown = DecidingShown(explanation);
  if (search.found.empty()) {
    text += ". None decides.";
  } else {
    text += shown == 0 ? ". None clearly decides." : ". These decide:";
  }
  text = absl::StrJoin(visualize::WrapText(text, kWidth, kLines), "\n") + "\n";
  for (size_t i = 0; i < shown; ++i) text += DecidingText(explanation, i);
  const std::string also = NamesOf(search.found, shown, false);
  const std::string chance = NamesOf(search.found, shown, true);
  if (!also.empty()) text += fmt::format("  in this run{}: {}\n", shown > 0 ? " also" : "", also);
  if (!chance.empty()) text += fmt::format("  in this run, with other draws no more than by chance: {}\n", chance);
  text += fmt::format("{} runs{}\n", search.runs, search.complete ? "" : ", interrupted");
  return text;
}

nlohmann::ordered_json JsonOf(const DecisionSearch& search) {
  nlohmann::ordered_json json;
  json["of"] = search.decisions;
  json["tried"] = search.tried;
  json["without_promise"] = search.no_promise;
  json["complete"] = search.complete;
  json["runs"] = search.runs;
  json["deciding"] = nlohmann::ordered_json::array();
  for (const Deciding& deciding : search.found) {
    constexpr const char* kUndone[] = {"arrives", "later", "lost"};
    nlohmann::ordered_json entry;
    entry["name"] = deciding.what.name;
    entry["event"] = deciding.what.event;
    if (!deciding.what.was.empty()) entry["was"] = deciding.what.was;
    if (!deciding.what.content.empty()) entry["content"] = deciding.what.content;
    entry["undone"] = kUndone[static_cast<size_t>(deciding.what.undone)];
    entry["fault"] = FaultText(deciding.what.fault);
    entry["others"] = deciding.others;
    if (!deciding.instead.empty()) entry["instead"] = deciding.instead;
    entry["courses"] = deciding.courses;
    entry["courses_from_ns"] = deciding.from.nanos();
    entry["shown"] = deciding.shown;
    entry["shown_without"] = deciding.shown_without;
    entry["without_promise"] = deciding.void_without;
    entry["confirmed"] = deciding.confirmed;
    json["deciding"].push_back(std::move(entry));
  }
  return json;
}

nlohmann::ordered_json JsonOf(const std::vector<Cause>& causes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Cause& cause : causes) {
    constexpr const char* kKinds[] = {"rule", "fault", "setting"};
    nlohmann::ordered_json entry;
    entry["kind"] = kKinds[static_cast<size_t>(cause.what.kind)];
    entry["name"] = cause.what.name;
    if (!cause.what.line.empty()) entry["setting"] = cause.what.line;
    if (!cause.what.instead.empty()) entry["instead"] = cause.what.instead;
    if (!cause.what.risk.empty()) entry["allows"] = cause.what.risk;
    if (!cause.what.faults.empty()) entry["faults"] = cause.what.faults;
    entry["shown_without"] = cause.shown;
    list.push_back(std::move(entry));
  }
  return list;
}

nlohmann::ordered_json JsonOf(const PointOfNoReturn& point) {
  nlohmann::ordered_json json;
  json["of"] = point.futures;
  json["complete"] = point.complete;
  json["checkpoints"] = nlohmann::ordered_json::array();
  for (const Checkpoint& checkpoint : point.checkpoints) {
    json["checkpoints"].push_back(
        {{"time_ns", checkpoint.at.nanos()}, {"shown", checkpoint.shown}, {"without_further_faults", checkpoint.calm}});
  }
  json["rises"] = nlohmann::ordered_json::array();
  for (const Rise& rise : point.rises) {
    nlohmann::ordered_json entry = {{"without_further_faults", rise.calm},
                                    {"after_ns", rise.from.at.nanos()},
                                    {"up_to_ns", rise.to.at.nanos()},
                                    {"from", rise.calm ? rise.from.calm : rise.from.shown},
                                    {"to", rise.calm ? rise.to.calm : rise.to.shown},
                                    {"events", nlohmann::ordered_json::array()}};
    for (const formats::StoryLine& line : rise.told) entry["events"].push_back(line.event());
    json["rises"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace

size_t DecidingShown(const Explanation& explanation) {
  size_t shown = 0;
  const std::vector<Deciding>& found = explanation.decisions.found;
  while (shown < found.size() && shown < kCausesShown && found[shown].confirmed) ++shown;
  return shown;
}

std::string ExplanationText(const Explanation& explanation) {
  const Outcome& outcome = explanation.outcome;
  const formats::Anomaly& anomaly = explanation.anomaly;
  const std::string which = explanation.number == 0 ? "" : fmt::format(", number {}", explanation.number);
  const std::string count = explanation.of_type > 1 ? fmt::format(" of {} of its type", explanation.of_type) : "";
  const std::string point = explanation.point.has_value() ? "\n" + FuturesText(*explanation.point) : "";
  return fmt::format("scenario  {} ({})\nseed      {}\nanomaly   {}{}{}\n\n{}\n{}\n{}{}{}", outcome.scenario,
                     outcome.variant, outcome.seed, explanation.type, which, count,
                     absl::StrJoin(visualize::WrapText(anomaly.explanation(), kWidth, kLines), "\n"),
                     StoryText(explanation), CausesText(explanation), RestText(explanation),
                     DecisionsText(explanation) + point);
}

std::string ExplanationJson(const Explanation& explanation) {
  const CauseSearch& search = explanation.search;
  nlohmann::ordered_json json;
  json["scenario"] = explanation.outcome.scenario;
  json["variant"] = explanation.outcome.variant;
  json["seed"] = explanation.outcome.seed;
  json["type"] = explanation.type;
  if (explanation.number > 0) json["anomaly"] = explanation.number;
  json["explanation"] = explanation.anomaly.explanation();
  json["story"] = nlohmann::ordered_json::array();
  for (const formats::StoryLine& line : explanation.anomaly.story()) {
    json["story"].push_back(
        {{"event", line.event()}, {"time_ns", line.time_ns()}, {"node", line.node()}, {"text", line.text()}});
  }
  json["rule"] = explanation.rule;
  json["causes"] = JsonOf(search.causes);
  json["unconfirmed"] = JsonOf(search.unconfirmed);
  json["courses"] = search.courses;
  json["courses_from_ns"] = (search.at - sim::Time()).nanos();
  json["shown"] = search.shown;
  json["without_faults"] = search.without_faults;
  json["complete"] = search.complete;
  json["runs"] = search.runs;
  if (explanation.decisions.runs > 0) json["decisions"] = JsonOf(explanation.decisions);
  if (explanation.point.has_value()) json["futures"] = JsonOf(*explanation.point);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace brokersim::runner
