// The sentences of stories: one event of a trace, one line.
#ifndef BROKERSIM_CHECKER_STORY_TEXT_H_
#define BROKERSIM_CHECKER_STORY_TEXT_H_

#include <string>
#include <string_view>

#include "formats/history.pb.h"
#include "formats/trace_codec.h"

namespace brokersim::checker {

// Whether `text` names `log`, and not only a longer name that holds it: "orders-1" is not named by
// "orders-10".
bool Mentions(std::string_view text, std::string_view log);

// Whether an event's text or the path of a state that it changed names the log.
bool Concerns(const formats::TraceEvent& event, std::string_view log);

// What happened to a record, e.g. "b1 writes \"a\" to orders-0 at offset 3, as leader".
// `acknowledger`: the node that answers for an acknowledgement; may be empty.
std::string RecordSentence(const formats::DecodedTrace& trace, const formats::TraceEvent& event,
                           const formats::RecordNote& note, std::string_view acknowledger);

// A crash, a fault, a start or a note: the event's own text, or a sentence where it has none.
// Always without a full stop.
std::string EventSentence(const formats::DecodedTrace& trace, const formats::TraceEvent& event);

// What a client's operation said of a log, e.g. "audit has read orders-0 to its end at 9"; empty
// for operations that the notes of records already tell.
std::string OperationSentence(const formats::Operation& op, std::string_view log);

// The same, of a log or of all, where no note of a record tells: never empty.
std::string AnyOperationSentence(const formats::Operation& op);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_STORY_TEXT_H_
