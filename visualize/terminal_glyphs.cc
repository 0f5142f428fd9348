#include "visualize/terminal_glyphs.h"

#include "fmt/format.h"

namespace brokersim::visualize {
namespace {

using formats::EventKind;

constexpr std::array<Glyph, formats::kEventKindCount> kGlyphs = {{
    {EventKind::kNone, "?", "an event of no known kind"},
    {EventKind::kSend, "m#>", "sends message #"},
    {EventKind::kDeliver, ">m#", "gets message # and handles it"},
    {EventKind::kDrop, "xm#", "message # is lost"},
    {EventKind::kDuplicate, "m#+", "message # is copied in the network"},
    {EventKind::kHold, "m#[", "message # is kept back by a fault"},
    {EventKind::kRelease, "m#]", "message # goes on"},
    {EventKind::kTimerSet, "t", "sets a timer"},
    {EventKind::kTimerFire, "T", "a timer fires"},
    {EventKind::kTimerCancel, "/", "cancels a timer"},
    {EventKind::kDiskAppend, "w", "appends to a file"},
    {EventKind::kDiskTruncate, "<", "truncates a file"},
    {EventKind::kDiskReplace, "W", "replaces a file"},
    {EventKind::kDiskSync, "s", "begins to sync a file"},
    {EventKind::kDiskSynced, "S", "the file is durable"},
    {EventKind::kDiskLost, "!", "bytes that were not synced are gone"},
    {EventKind::kCrash, "X", "the process dies"},
    {EventKind::kPowerLoss, "Z", "power is lost: process and unsynced bytes"},
    {EventKind::kStart, "^", "the process starts over its disk"},
    {EventKind::kStop, "v", "the process is asked to stop"},
    {EventKind::kExit, "e", "the process ends by itself"},
    {EventKind::kPause, "P", "the process is paused"},
    {EventKind::kResume, "p", "the process goes on"},
    {EventKind::kFaultOn, "F", "a fault begins"},
    {EventKind::kFaultOff, "f", "a fault ends"},
    {EventKind::kConnect, "c", "asks for a connection"},
    {EventKind::kConnected, "C", "the connection is there"},
    {EventKind::kDisconnected, "d", "learns that the connection is gone"},
    {EventKind::kInvoke, "o", "a client's operation begins"},
    {EventKind::kComplete, ".", "its outcome is known"},
    {EventKind::kNote, "*", "a decision: an election, a truncation, an ISR change"},
    {EventKind::kClock, "k", "the node's clock is changed"},
    {EventKind::kDiskError, "E", "an operation on a file fails"},
    {EventKind::kOperate, "&", "an operator asks something of the process"},
}};

}  // namespace

const std::array<Glyph, formats::kEventKindCount>& Glyphs() { return kGlyphs; }

std::string SignOf(const formats::TraceEvent& event) {
  std::string text;
  for (const char c : kGlyphs[static_cast<size_t>(event.kind)].sign) {
    if (c == '#') {
      text += fmt::format("{}", event.message);
    } else {
      text += c;
    }
  }
  return text;
}

std::string GlyphTableMarkdown() {
  std::string table = "| sign | kind | meaning |\n|---|---|---|\n";
  for (const Glyph& glyph : kGlyphs) {
    table +=
        fmt::format("| `{}` | {} | {} |\n", glyph.sign, EventKindName(glyph.kind), glyph.meaning);
  }
  return table;
}

}  // namespace brokersim::visualize
