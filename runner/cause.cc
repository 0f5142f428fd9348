#include "runner/cause.h"

#include <fmt/format.h>

#include <algorithm>

#include "visualize/selection.h"

namespace brokersim::runner {
namespace {

using formats::EventKind;
using formats::RecordVerb;
using formats::TraceEvent;

constexpr std::string_view kPlace = "#";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

// From `at`: a word, with a dot inside of it.
size_t EndOfWord(std::string_view text, size_t at) {
  while (at < text.size() && (IsWord(text[at]) || (text[at] == '.' && at + 1 < text.size() && IsWord(text[at + 1])))) {
    ++at;
  }
  return at;
}

void Append(std::string_view word, std::string* result) {
  // Lists of names have any length, and a unit belongs to its number.
  if (word == kPlace && result->ends_with("# ")) return result->pop_back();
  if ((word == "ms" || word == "s") && result->ends_with("# ")) return result->pop_back();
  result->append(word);
}

// Of a leader; "has no leader" is none.
bool IsElection(const TraceEvent& event) {
  return event.kind == EventKind::kNote && event.type == "election" && event.text.find("elected") != std::string::npos;
}

bool IsFault(const TraceEvent& event) {
  return event.kind == EventKind::kCrash || event.kind == EventKind::kPowerLoss || event.kind == EventKind::kFaultOn;
}

// A fault by its kind alone: whom it hits is told by nodes, with words between them.
std::string TextOf(const TraceEvent& event) {
  if (event.kind == EventKind::kFaultOn) return fmt::format("fault {}", event.type);
  if (event.kind == EventKind::kCrash) return "a crash";
  if (event.kind == EventKind::kPowerLoss) return "a power loss";
  return WithoutParticulars(event.text);
}

std::string_view HowItWent(const TraceEvent& end, const formats::Anomaly& anomaly) {
  for (const formats::RecordNote& note : end.records) {
    if (!visualize::IsAbout(note, anomaly)) continue;
    if (note.verb == RecordVerb::kLost) return "lost with the power";
    if (note.verb == RecordVerb::kTruncated) return "removed from a log";
  }
  return "";
}

}  // namespace

std::string WithoutParticulars(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      const size_t close = text.find('"', at + 1);
      at = close == std::string_view::npos ? text.size() : close + 1;
      Append(kPlace, &result);
    } else if (IsWord(text[at])) {
      const size_t end = EndOfWord(text, at);
      const std::string_view word = text.substr(at, end - at);
      Append(std::any_of(word.begin(), word.end(), IsDigit) ? kPlace : word, &result);
      at = end;
    } else {
      if (text[at] == '.' && at + 1 < text.size() && text[at + 1] == ' ') break;
      result += text[at++];
    }
  }
  while (!result.empty() && (result.back() == '.' || result.back() == ' ')) result.pop_back();
  return result;
}

std::string CauseOf(const formats::DecodedTrace& trace, const formats::Anomaly& anomaly) {
  if (anomaly.story().empty()) return WithoutParticulars(anomaly.explanation());
  const visualize::Promise promise = visualize::FindPromise(trace, anomaly);
  const uint64_t end = promise.broken != 0 ? promise.broken : anomaly.story().rbegin()->event();
  const TraceEvent* election = nullptr;
  const TraceEvent* fault = nullptr;
  for (const formats::StoryLine& line : anomaly.story()) {
    if (line.event() == 0 || line.event() > end || line.event() > trace.events.size()) continue;
    const TraceEvent& event = trace.events[line.event() - 1];
    if (IsElection(event)) election = &event;
    if (IsFault(event)) fault = &event;
  }
  const TraceEvent* cause = election != nullptr ? election : fault;
  std::string text(end <= trace.events.size() ? HowItWent(trace.events[end - 1], anomaly) : "");
  if (cause == nullptr) return text.empty() ? WithoutParticulars(anomaly.explanation()) : text;
  // A promise that was made by somebody who had been replaced by then is another story.
  const bool before = cause == election && promise.made > cause->id;
  text += fmt::format("{}{}after {}", text.empty() ? "" : ", ", before ? "promised " : "", TextOf(*cause));
  return text;
}

}  // namespace brokersim::runner
