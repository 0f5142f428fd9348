// How an anomaly came about: the life of its records, from the trace of the same run.
#ifndef BROKERSIM_CHECKER_STORY_H_
#define BROKERSIM_CHECKER_STORY_H_

#include <set>
#include <string>

#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// More stories of one type than this tell nothing new.
inline constexpr int kStoriesPerType = 5;
inline constexpr int kStoryLines = 15;

// How one anomaly is told to somebody who asked for it.
struct StoryOptions {
  int lines = kStoryLines;
  // Ids of faults that had nothing to do with it: neither they nor what they did to nodes is told.
  std::set<std::string> unrelated = {};
  // Messages of the records that were lost or late are told, too; and of an anomaly without records what happened to
  // its logs.
  bool thorough = false;
};

// Fills `story` of the first kStoriesPerType anomalies of each type with at most kStoryLines lines
// in time order: what was noted of its records, and the crashes, faults, elections and the like
// between the first note and the end of the last copy. A lost-write's explanation gets a second
// sentence: who acknowledged the record, and where, when and after what its last copy went.
//
// `history` is the one that `verdict` judges, `trace` the one recorded with it. Where the trace
// has no note of a record, and where a story is told already, the anomaly stays as it is. Pure:
// equal arguments, equal bytes.
void AddStories(const formats::DecodedTrace& trace, const formats::History& history,
                formats::Verdict* verdict);

// The same for one anomaly, whatever its number.
void AddStory(const formats::DecodedTrace& trace, const formats::History& history, const StoryOptions& options,
              formats::Anomaly* anomaly);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_STORY_H_
