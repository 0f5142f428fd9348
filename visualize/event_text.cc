#include "visualize/event_text.h"

#include <cctype>

#include "fmt/format.h"

namespace brokersim::visualize {
namespace {

using formats::EventKind;
using formats::RecordNote;
using formats::StateChange;
using formats::TraceEvent;

bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

// A byte that continues a UTF-8 character: text is never cut before one.
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The words before type and text.
std::string Opening(const formats::DecodedTrace& trace, const TraceEvent& event) {
  const std::string_view peer = trace.NodeName(event.peer);
  switch (event.kind) {
    case EventKind::kSend:
      return fmt::format("to {}: {}", peer, TypeAndText(event));
    case EventKind::kDeliver:
      return fmt::format("from {}: {}", peer, TypeAndText(event));
    case EventKind::kFaultOn:
    case EventKind::kFaultOff:
      return fmt::format("{} {}: {}", event.kind == EventKind::kFaultOn ? "fault" : "end of fault",
                         event.fault, TypeAndText(event));
    case EventKind::kDrop:
      return fmt::format("lost: {} to {}", TypeAndText(event), peer);
    case EventKind::kNote:
      if (event.type.empty() || event.text.starts_with(event.type)) return TypeAndText(event);
      return fmt::format("{}: {}", event.type, event.text);
    case EventKind::kNone:
    case EventKind::kDuplicate:
    case EventKind::kHold:
    case EventKind::kRelease:
    case EventKind::kTimerSet:
    case EventKind::kTimerFire:
    case EventKind::kTimerCancel:
    case EventKind::kDiskAppend:
    case EventKind::kDiskTruncate:
    case EventKind::kDiskReplace:
    case EventKind::kDiskSync:
    case EventKind::kDiskSynced:
    case EventKind::kDiskLost:
    case EventKind::kCrash:
    case EventKind::kPowerLoss:
    case EventKind::kStart:
    case EventKind::kStop:
    case EventKind::kExit:
    case EventKind::kPause:
    case EventKind::kResume:
    case EventKind::kConnect:
    case EventKind::kConnected:
    case EventKind::kDisconnected:
    case EventKind::kInvoke:
    case EventKind::kComplete:
    case EventKind::kClock:
    case EventKind::kDiskError:
    case EventKind::kOperate:
      break;
  }
  std::string text(EventKindName(event.kind));
  if (const std::string more = TypeAndText(event); !more.empty()) text += " " + more;
  if (!peer.empty()) text += fmt::format(" ({})", peer);
  return text;
}

}  // namespace

std::string FormatSeconds(int64_t ns, int decimals) {
  int64_t unit = 1'000'000'000;
  for (int i = 0; i < decimals; ++i) unit /= 10;
  const int64_t fraction = ns % 1'000'000'000 / unit;
  if (decimals == 0) return fmt::format("{}", ns / 1'000'000'000);
  return fmt::format("{}.{:0{}}", ns / 1'000'000'000, fraction, decimals);
}

std::string FormatDuration(int64_t ns) {
  if (ns >= 100'000'000'000) return fmt::format("{} s", ns / 1'000'000'000);
  if (ns >= 1'000'000'000) return FormatSeconds(ns, 1) + " s";
  if (ns >= 1'000'000) return fmt::format("{} ms", ns / 1'000'000);
  return fmt::format("{} us", ns / 1'000);
}

std::string TypeAndText(const TraceEvent& event) {
  if (event.text.empty()) return event.type;
  if (event.type.empty() || event.text.starts_with(event.type)) return event.text;
  return fmt::format("{} {}", event.type, event.text);
}

std::string DescribeRecord(const RecordNote& note) {
  const std::string_view verb = RecordVerbName(note.verb);
  if (note.offset < 0) return fmt::format("{} {} {}", verb, note.log, note.value);
  return fmt::format("{} {}@{} {}", verb, note.log, note.offset, note.value);
}

std::string DescribeEvent(const formats::DecodedTrace& trace, const TraceEvent& event) {
  std::string line = Opening(trace, event);
  if (!event.fault.empty() && event.kind != EventKind::kFaultOn &&
      event.kind != EventKind::kFaultOff) {
    line += fmt::format(" [fault {}]", event.fault);
  }
  for (const RecordNote& note : event.records) line += fmt::format("; {}", DescribeRecord(note));
  for (const StateChange& change : event.changes) {
    line += fmt::format("; {}: {} -> {}", change.path, change.before.empty() ? "-" : change.before,
                        change.after.empty() ? "-" : change.after);
  }
  for (char& c : line) {  // one line, whatever a model wrote
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

bool Mentions(std::string_view text, std::string_view log) {
  if (log.empty()) return false;
  for (size_t at = text.find(log); at != std::string_view::npos; at = text.find(log, at + 1)) {
    const size_t end = at + log.size();
    const bool starts = at == 0 || !IsNameCharacter(text[at - 1]);
    const bool ends = end == text.size() || !IsNameCharacter(text[end]);
    if (starts && ends) return true;
  }
  return false;
}

std::string CutText(std::string_view text, int width) {
  if (static_cast<int>(text.size()) <= width) return std::string(text);
  size_t keep = static_cast<size_t>(width - 3);
  while (keep > 0 && IsContinuation(text[keep])) --keep;
  return std::string(text.substr(0, keep)) + "...";
}

std::vector<std::string> WrapText(std::string_view text, int width, int max_lines) {
  const auto room = static_cast<size_t>(width);
  std::vector<std::string> lines;
  while (!text.empty()) {
    if (static_cast<int>(lines.size()) + 1 == max_lines || text.size() <= room) {
      lines.push_back(CutText(text, width));
      break;
    }
    size_t cut = text.rfind(' ', room);
    if (cut == std::string_view::npos || cut == 0) {
      cut = room;
      while (cut > 1 && IsContinuation(text[cut])) --cut;
    }
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(cut);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return lines;
}

}  // namespace brokersim::visualize
