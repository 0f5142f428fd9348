#include "checker/story_text.h"

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::Operation;
using formats::RecordNote;
using formats::RecordVerb;
using formats::TraceEvent;

bool PartOfName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

std::string_view OrSomeone(std::string_view name) { return name.empty() ? "someone" : name; }

std::string AtOffset(const RecordNote& note) {
  return note.offset < 0 ? "" : fmt::format(" at offset {}", note.offset);
}

std::string PollSentence(const Operation& op, const formats::Poll& poll) {
  if (op.f() != "read-all") return "";
  if (op.type() != Operation::OK) {
    return fmt::format("{} could not read {} to its end", op.process(), poll.log());
  }
  return fmt::format("{} has read {} from {} to {}", op.process(), poll.log(), poll.from(),
                     poll.next());
}

}  // namespace

bool Mentions(std::string_view text, std::string_view log) {
  if (log.empty()) return false;
  for (size_t at = text.find(log); at != std::string_view::npos; at = text.find(log, at + 1)) {
    const size_t end = at + log.size();
    if ((at == 0 || !PartOfName(text[at - 1])) && (end == text.size() || !PartOfName(text[end]))) {
      return true;
    }
  }
  return false;
}

bool Concerns(const TraceEvent& event, std::string_view log) {
  if (Mentions(event.text, log)) return true;
  for (const formats::StateChange& change : event.changes) {
    if (Mentions(change.path, log)) return true;
  }
  return false;
}

std::string RecordSentence(const DecodedTrace& trace, const TraceEvent& event,
                           const RecordNote& note, std::string_view acknowledger) {
  const std::string_view node = OrSomeone(trace.NodeName(event.node));
  const std::string value = fmt::format("\"{}\"", note.value);
  const std::string at = AtOffset(note);
  switch (note.verb) {
    case RecordVerb::kProduced: return fmt::format("{} sends {} to {}", node, value, note.log);
    case RecordVerb::kAppended:
      return fmt::format("{} writes {} to {}{}, as leader", node, value, note.log, at);
    case RecordVerb::kReplicated:
      return fmt::format("{} copies {} to its {}{}", node, value, note.log, at);
    case RecordVerb::kCommitted:
      return fmt::format("{} counts {} as committed in {}{}", node, value, note.log, at);
    case RecordVerb::kAcknowledged:
      return fmt::format("{} acknowledges {} in {}{}", acknowledger.empty() ? node : acknowledger,
                         value, note.log, at);
    case RecordVerb::kDelivered:
      return fmt::format("{} gets {} from {}{}", node, value, note.log, at);
    case RecordVerb::kProcessed: return fmt::format("{} processes {}", node, value);
    case RecordVerb::kTruncated:
      return fmt::format("{} removes {} from its {}{}", node, value, note.log, at);
    case RecordVerb::kLost:
      return fmt::format("{} has lost {} from its {}{} with the power", node, value, note.log, at);
    case RecordVerb::kRejected:
      return fmt::format("{} learns that {} is not stored in {}", node, value, note.log);
    case RecordVerb::kNone: break;
  }
  return "";
}

std::string EventSentence(const DecodedTrace& trace, const TraceEvent& event) {
  std::string_view text = event.text;
  while (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (!text.empty()) return std::string(text);
  const std::string_view node = OrSomeone(trace.NodeName(event.node));
  if (event.kind == EventKind::kCrash) return fmt::format("{} crashes", node);
  if (event.kind == EventKind::kPowerLoss) return fmt::format("{} loses its power", node);
  if (event.kind == EventKind::kStart) return fmt::format("{} starts", node);
  if (event.kind == EventKind::kFaultOn || event.kind == EventKind::kFaultOff) {
    return fmt::format("the fault {}{}{} {}", event.type, event.type.empty() ? "" : ", ",
                       event.fault, event.kind == EventKind::kFaultOn ? "begins" : "ends");
  }
  return fmt::format("{}: {}", node, event.type);
}

std::string OperationSentence(const Operation& op, std::string_view log) {
  for (const formats::Action& action : op.actions()) {
    if (action.has_poll() && action.poll().log() == log) {
      std::string sentence = PollSentence(op, action.poll());
      if (!sentence.empty()) return sentence;
    }
    if (action.has_commit() && action.commit().log() == log && op.type() == Operation::OK) {
      return fmt::format("{} stores offset {} of {} for group {}", op.process(),
                         action.commit().offset(), log, action.commit().group());
    }
  }
  return "";
}

std::string AnyOperationSentence(const Operation& op) {
  for (const formats::Action& action : op.actions()) {
    const std::string_view log = action.has_poll() ? action.poll().log() : action.commit().log();
    std::string sentence = log.empty() ? "" : OperationSentence(op, log);
    if (!sentence.empty()) return sentence;
    if (action.has_poll() && op.type() == Operation::OK) {
      return fmt::format("{} reads {} from {} to {}", op.process(), log, action.poll().from(), action.poll().next());
    }
    if (action.has_send()) {
      return fmt::format("{} {} \"{}\" to {}", op.process(), op.f() == "mirror" ? "copies" : "sends",
                         action.send().value(), action.send().log());
    }
  }
  const std::string_view end = op.type() == Operation::INVOKE ? "begins" : op.type() == Operation::OK ? "is done"
                               : op.type() == Operation::FAIL ? "fails" : "ends without a known outcome";
  return fmt::format("{} of {} {}", op.f(), op.process(), end);
}

}  // namespace brokersim::checker
