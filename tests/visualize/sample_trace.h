// Traces made by hand for the tests of this folder. All pass through TraceWriter and DecodeTrace.
#ifndef BROKERSIM_TESTS_VISUALIZE_SAMPLE_TRACE_H_
#define BROKERSIM_TESTS_VISUALIZE_SAMPLE_TRACE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"

namespace brokersim::visualize {

// Appends events; each function returns the new event's id. Times are in milliseconds and must not
// decrease.
class TraceBuilder {
 public:
  TraceBuilder(std::string_view scenario, std::string_view variant, uint64_t seed);

  // As in TraceEvent::node.
  uint32_t Node(std::string_view name, std::string_view role, std::string_view datacenter = "dc1");

  uint64_t Add(double ms, formats::EventKind kind, uint32_t node, uint64_t cause,
               std::string_view type = "", std::string_view text = "");
  uint64_t Send(double ms, uint32_t from, uint32_t to, uint64_t cause, std::string_view type,
                std::string_view text = "");
  uint64_t Deliver(double ms, uint64_t send);
  uint64_t Drop(double ms, uint64_t send, std::string_view fault);
  // A fault's beginning or end, on no node.
  uint64_t Fault(double ms, formats::EventKind kind, std::string_view fault, std::string_view type,
                 std::string_view text);

  // Add to an event.
  void Note(uint64_t event, formats::RecordVerb verb, std::string_view log, int64_t offset,
            std::string_view value);
  void Change(uint64_t event, std::string_view path, std::string_view before,
              std::string_view after);
  void Operation(uint64_t event, uint64_t index);
  void SetFault(uint64_t event, std::string_view fault);

  // A request that changes nothing, and its answer: four routine events.
  void Heartbeat(double ms, uint32_t from, uint32_t to);

  // The bytes of the trace file.
  std::string Bytes() const;
  formats::DecodedTrace Build() const;

 private:
  formats::TraceHeader header_;
  std::vector<formats::TraceEvent> events_;
  uint64_t messages_ = 0;
};

// An acknowledged record that an unclean election loses: p1 sends v2 to b1 while the followers are
// cut off; it is acknowledged; b1 crashes; b2 is elected without it; b1 comes back and truncates.
// `heartbeats` of every broker are put between its phases.
TraceBuilder UncleanElection(int heartbeats);

// The verdict that belongs to it: one lost write.
formats::Verdict UncleanElectionVerdict();

// Two nodes, one record, nothing goes wrong.
TraceBuilder CalmRun();

// Nine nodes in three datacenters that do all kinds of things, in no order that makes sense: every
// kind of event, long texts, messages that overtake each other. A pure function of its arguments.
TraceBuilder BusyRun(uint64_t seed, int steps);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_TESTS_VISUALIZE_SAMPLE_TRACE_H_
