// Operations on a node's files, and what faults make of them.
#include <algorithm>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

uint64_t DigestOf(FileId file) { return FoldMultiply(kMixA ^ file.value, kMixB); }

struct Named {
  EventKind kind = EventKind::kNone;
  FileId file;
  uint64_t content = 0;
  bool writes = false;
  bool deletes = false;
};

Named Describe(const Effect& effect) {
  if (const auto* append = std::get_if<AppendEffect>(&effect)) {
    return {EventKind::kDiskAppend, append->file, append->content->digest(), true, false};
  }
  if (const auto* truncate = std::get_if<TruncateEffect>(&effect)) {
    return {EventKind::kDiskTruncate, truncate->file, static_cast<uint64_t>(truncate->blocks), false, true};
  }
  if (const auto* replace = std::get_if<ReplaceEffect>(&effect)) {
    return {EventKind::kDiskReplace, replace->file, replace->content ? replace->content->digest() : 0, true, false};
  }
  const auto& sync = std::get<SyncEffect>(effect);
  return {EventKind::kDiskSync, sync.file, sync.ticket.value, false, false};
}

}  // namespace

Simulation::DiskVerdict Simulation::JudgeDisk(NodeId id, FileId file, bool writes, bool deletes, bool syncs) {
  DiskVerdict verdict;
  if (!rules_.disks) return verdict;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.disk.has_value() || !state.disk->nodes.Has(id)) continue;
    DiskRule& rule = *state.disk;
    if (!(writes && rule.on_write) && !(deletes && rule.on_delete) && !(syncs && rule.on_sync)) continue;
    if (node(id).disk.file(file).name.find(rule.file) == std::string::npos) continue;
    if (rule.once && std::find(state.done.begin(), state.done.end(), id) != state.done.end()) continue;
    if (!state.random.Chance(rule.probability)) continue;
    ++state.report.effects;
    state.done.push_back(id);
    if (!rule.error.empty() && verdict.error.empty()) {
      verdict.error = rule.error;
      verdict.marks_clean = rule.once;
      verdict.fault = state.fault.id;
    }
    if (rule.extra.has_value()) verdict.extra = verdict.extra + rule.extra->Sample(state.random);
    verdict.lies |= rule.lies;
    verdict.loses |= rule.loses;
    if (rule.loses) NoteDurableLoss(id, state, /*whole=*/false);
    if (rule.stalls) verdict.stalled_by = index;
  }
  return verdict;
}

void Simulation::PerformDisk(NodeId id, EventId cause, const Effect& effect) {
  Node& n = node(id);
  const Named op = Describe(effect);
  if (const auto* sync = std::get_if<SyncEffect>(&effect)) return PerformSync(id, cause, *sync);
  const DiskVerdict verdict = JudgeDisk(id, op.file, op.writes, op.deletes, false);
  if (!verdict.error.empty()) return FailDisk(id, cause, op.file, verdict);
  Emit({.kind = op.kind, .node = id, .cause = cause, .content = op.content + DigestOf(op.file)});
  if (auto* shown = detail()) shown->type = n.disk.file(op.file).name;
  if (const auto* append = std::get_if<AppendEffect>(&effect)) {
    n.disk.Append(op.file, append->content);
    if (verdict.loses) n.disk.Damage(op.file, n.disk.file(op.file).size() - 1);
  } else if (const auto* truncate = std::get_if<TruncateEffect>(&effect)) {
    n.disk.Truncate(op.file, truncate->blocks);
    // What is written there from now on is no part of a sync that is under way.
    for (auto& [ticket, sync] : n.syncs) {
      if (sync.file == op.file && sync.blocks > truncate->blocks) sync.blocks = truncate->blocks;
    }
  } else if (const auto* replace = std::get_if<ReplaceEffect>(&effect)) {
    n.disk.Replace(op.file, replace->content);
    if (verdict.loses && replace->content) n.disk.Damage(op.file, 0);
    for (auto& [ticket, sync] : n.syncs) {
      if (sync.file == op.file) sync.blocks = std::min(sync.blocks, n.disk.file(op.file).size());
    }
  }
  if (verdict.extra == Duration()) return;
  n.blocked_for = verdict.extra;
  n.disk_has_news = true;
}

void Simulation::PerformSync(NodeId id, EventId cause, const SyncEffect& sync) {
  Node& n = node(id);
  const EventId event = Emit({.kind = EventKind::kDiskSync, .node = id, .cause = cause,
                              .content = sync.ticket.value + DigestOf(sync.file)});
  if (auto* shown = detail()) shown->type = n.disk.file(sync.file).name;
  const Duration latency = n.spec.sync_latency.Sample(n.disk_random);
  const DiskVerdict verdict = JudgeDisk(id, sync.file, false, false, true);
  PendingSync pending{sync.file, n.disk.file(sync.file).size(), {}, event};
  pending.error = verdict.error;
  pending.marks_clean = verdict.marks_clean;
  pending.lies = verdict.lies;
  n.syncs.emplace(sync.ticket, std::move(pending));
  const SyncDone done{id, n.incarnation, sync.ticket};
  if (verdict.stalled_by.has_value()) {
    faults_[*verdict.stalled_by].stalled_syncs.emplace_back(id, done);
    return;
  }
  Schedule(now_ + latency + verdict.extra, done);
}

void Simulation::OnSyncDone(const SyncDone& event) {
  Node& n = node(event.node);
  if (!n.process || n.incarnation != event.incarnation) return;
  const auto found = n.syncs.find(event.ticket);
  CHECK(found != n.syncs.end(), "sync {} is unknown", event.ticket.value);
  const PendingSync& sync = found->second;
  if (!sync.error.empty()) {
    if (sync.marks_clean) n.disk.MarkPhantom(sync.file, sync.blocks);
    const DiskError error{sync.file, DiskOp::kSync, sync.error, event.ticket};
    const EventId cause = sync.cause;
    n.syncs.erase(found);
    Submit(event.node, DiskErrorWork{error, cause});
    return;
  }
  if (sync.lies) {
    n.disk.MarkPromised(sync.file, sync.blocks);
  } else {
    n.disk.MarkSynced(sync.file, sync.blocks);
  }
  Submit(event.node, SyncedWork{event.ticket});
}

void Simulation::FinishStalledSyncs(FaultState& state) {
  const auto stalled = std::exchange(state.stalled_syncs, {});
  for (const auto& [id, done] : stalled) Schedule(now_, done);
}

// A write fails: what the handler wanted to do after it never happens, and the process hears of it now.
void Simulation::FailDisk(NodeId id, EventId cause, FileId file, const DiskVerdict& verdict) {
  node(id).disk_has_news = true;
  node(id).failed = DiskErrorWork{{file, DiskOp::kWrite, verdict.error, SyncTicket{}}, cause};
}

}  // namespace brokersim::sim
