#include "visualize/space_time_marks.h"

#include <cctype>

#include "fmt/format.h"
#include "visualize/event_text.h"
#include "visualize/selection.h"

namespace brokersim::visualize {
namespace {

using formats::EventKind;
using formats::RecordNote;
using formats::RecordVerb;
using formats::TraceEvent;

constexpr int kBoxWidth = 28;  // characters
constexpr int kBoxLines = 4;
constexpr int kLabelWidth = 28;
constexpr int kLabelLines = 2;
constexpr size_t kRecordsNamed = 2;

std::string UpperCase(std::string_view text) {
  std::string upper;
  for (const char c : text) {
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return upper;
}

std::string_view ShortVerb(RecordVerb verb) {
  switch (verb) {
    case RecordVerb::kProduced:
    case RecordVerb::kNone:
      return "";  // the operation says it
    case RecordVerb::kAppended:
      return "append";
    case RecordVerb::kReplicated:
      return "replicate";
    case RecordVerb::kCommitted:
      return "commit";
    case RecordVerb::kAcknowledged:
      return "acknowledged:";
    case RecordVerb::kDelivered:
      return "read";
    case RecordVerb::kProcessed:
      return "process";
    case RecordVerb::kTruncated:
      return "removed:";
    case RecordVerb::kLost:
      return "lost:";
    case RecordVerb::kRejected:
      return "rejected:";
  }
  return "";
}

// "append v2 at 1", a line a record; empty if nothing is to be said.
std::vector<std::string> RecordLines(const TraceEvent& event, const formats::Anomaly* anomaly) {
  std::vector<std::string> lines;
  int more = 0;
  for (const RecordNote& note : event.records) {
    const std::string_view verb = ShortVerb(note.verb);
    if (verb.empty()) continue;
    if (anomaly != nullptr && !IsAbout(note, *anomaly) && !IsInPlaceOf(note, *anomaly)) continue;
    if (lines.size() == kRecordsNamed) {
      ++more;
      continue;
    }
    const std::string at = note.offset < 0 ? "" : fmt::format(" at {}", note.offset);
    lines.push_back(CutText(fmt::format("{} {}{}", verb, note.value, at), kLabelWidth));
  }
  if (more > 0) lines.back() += fmt::format(", {} more", more);
  return lines;
}

// "b2 is LEADER of orders-0, e5" if the event made its node a leader, else "".
std::string NewLeader(const formats::DecodedTrace& trace, const TraceEvent& event) {
  for (const formats::StateChange& change : event.changes) {
    if (!change.path.ends_with(".role") || change.after != "leader") continue;
    const std::string log = change.path.substr(0, change.path.size() - std::string(".role").size());
    std::string epoch;
    for (const formats::StateChange& other : event.changes) {
      if (other.path == log + ".leader_epoch") epoch = fmt::format(" e{}", other.after);
    }
    return fmt::format("{} leader{} of {}", trace.NodeName(event.node), epoch, log);
  }
  return "";
}

Mark Boxed(Shape shape, const TraceEvent& event) {
  Mark mark;
  mark.shape = shape;
  mark.box = WrapText(event.text, kBoxWidth, kBoxLines - 1);
  mark.box.insert(mark.box.begin(), UpperCase(event.type.empty() ? "note" : event.type));
  return mark;
}

Mark Labelled(Shape shape, std::string_view text) {
  return {shape, {}, WrapText(text, kLabelWidth, kLabelLines)};
}

std::string WithFault(std::string_view text, const TraceEvent& event) {
  if (event.fault.empty()) return std::string(text);
  return fmt::format("{} ({})", text, event.fault);
}

Mark NoteMark(const TraceEvent& event) {
  if (event.type == "election") return Boxed(Shape::kElection, event);
  if (event.type == "truncation") return Boxed(Shape::kTruncation, event);
  return Boxed(Shape::kDecision, event);
}

Mark DeliverMark(const TraceIndex& index, const TraceEvent& event,
                 const formats::Anomaly* anomaly) {
  Mark mark{Shape::kDot, {}, RecordLines(event, anomaly)};
  if (const std::string leader = NewLeader(index.trace(), event); !leader.empty()) {
    mark.shape = Shape::kElection;
    mark.box = WrapText(leader, kBoxWidth, 2);
  }
  return mark;
}

}  // namespace

Mark MarkOf(const TraceIndex& index, const TraceEvent& event, const formats::Anomaly* anomaly) {
  const std::string what = TypeAndText(event);
  switch (event.kind) {
    case EventKind::kSend:
      return Labelled(Shape::kDot, "");
    case EventKind::kDeliver:
    case EventKind::kTimerFire:
      return DeliverMark(index, event, anomaly);
    case EventKind::kDrop:
      return Labelled(Shape::kNothing, "");
    case EventKind::kInvoke:
      return Labelled(Shape::kBegin, what);
    case EventKind::kComplete:
      return Labelled(Shape::kEnd, what);
    case EventKind::kCrash:
      return Labelled(Shape::kCrash, WithFault("crash", event));
    case EventKind::kPowerLoss:
      return Labelled(Shape::kPowerLoss, WithFault("power loss", event));
    case EventKind::kStart:
      return Labelled(Shape::kStart, "start");
    case EventKind::kStop:
    case EventKind::kExit:
      return Labelled(Shape::kStop, event.kind == EventKind::kStop ? "stop" : "exit");
    case EventKind::kPause:
      return Labelled(Shape::kPause, WithFault("paused", event));
    case EventKind::kResume:
      return Labelled(Shape::kResume, WithFault("goes on", event));
    case EventKind::kFaultOn:
      return Labelled(Shape::kFaultOn, "");
    case EventKind::kFaultOff:
      return Labelled(Shape::kFaultOff, "");
    case EventKind::kNote:
      return NoteMark(event);
    case EventKind::kDiskTruncate:
    case EventKind::kDiskLost:
    case EventKind::kNone:
    case EventKind::kDuplicate:
    case EventKind::kHold:
    case EventKind::kRelease:
    case EventKind::kTimerSet:
    case EventKind::kTimerCancel:
    case EventKind::kDiskAppend:
    case EventKind::kDiskReplace:
    case EventKind::kDiskSync:
    case EventKind::kDiskSynced:
    case EventKind::kConnect:
    case EventKind::kConnected:
    case EventKind::kDisconnected:
    case EventKind::kClock:
    case EventKind::kDiskError:
    case EventKind::kOperate:
      break;
  }
  return Labelled(Shape::kDot,
                  WithFault(fmt::format("{} {}", EventKindName(event.kind), what), event));
}

std::string_view ShapeMeaning(Shape shape) {
  switch (shape) {
    case Shape::kDot:
    case Shape::kFaultOff:
    case Shape::kNothing:
      return "";
    case Shape::kBegin:
      return "client's operation begins";
    case Shape::kEnd:
      return "... its outcome is known";
    case Shape::kCrash:
      return "crash";
    case Shape::kPowerLoss:
      return "power loss";
    case Shape::kStart:
      return "start over the old disk";
    case Shape::kStop:
      return "stop or exit";
    case Shape::kPause:
      return "pause";
    case Shape::kResume:
      return "end of pause";
    case Shape::kElection:
      return "election, new leader";
    case Shape::kTruncation:
      return "truncation";
    case Shape::kDecision:
      return "another decision";
    case Shape::kFaultOn:
      return "fault in force";
  }
  return "";
}

}  // namespace brokersim::visualize
