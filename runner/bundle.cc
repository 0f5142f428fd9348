#include "runner/bundle.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "formats/trace_codec.h"
#include "runner/build.h"
#include "scenarios/schedule.h"
#include "sim/base/check.h"
#include "visualize/selection.h"

namespace brokersim::runner {
namespace {

namespace pb = google::protobuf;

constexpr std::string_view kMagic = "brokersim bundle ";
// What a file of this size could hold at most, and more than any scenario: no file can make us fill the memory.
constexpr size_t kMostUnpackedBytes = 64 << 20;

// How much is told of the run. The first that fits is taken.
struct Detail {
  int anomalies = 0;     // of each type
  size_t cone = 0;       // events
  bool scenario = true;  // both texts, or the schedule alone
};
constexpr Detail kDetails[] = {{5, 1500, true}, {5, 500, true}, {2, 150, true},
                               {1, 50, true},   {1, 0, true},   {1, 0, false}};

std::string Packed(const formats::Bundle& bundle) {
  const std::string plain = bundle.SerializeAsString();
  std::string bytes = fmt::format("{}{}\n", kMagic, kBundleVersion);
  const size_t header = bytes.size();
  uLongf size = compressBound(plain.size());
  bytes.resize(header + size);
  const int code = compress2(reinterpret_cast<Bytef*>(bytes.data() + header), &size,
                             reinterpret_cast<const Bytef*>(plain.data()), plain.size(), Z_BEST_COMPRESSION);
  CHECK(code == Z_OK, "zlib can't compress: {}", code);
  bytes.resize(header + size);
  return bytes;
}

// Empty: bytes are missing, or not those that were written (zlib's checksum), or too many come of them.
std::string Unpacked(std::string_view bytes) {
  std::string unpacked;
  std::string block(1 << 16, '\0');
  z_stream stream = {};
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  if (inflateInit(&stream) != Z_OK) return "";
  int code = Z_OK;
  while (code == Z_OK && unpacked.size() <= kMostUnpackedBytes) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    code = inflate(&stream, Z_NO_FLUSH);
    unpacked.append(block, 0, block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return code == Z_STREAM_END && stream.avail_in == 0 ? unpacked : "";
}

// Names and text of the scenario with what was laid over it, as a file of one variant.
std::string ScenarioText(const scenarios::ResolvedScenario& scenario) {
  scenarios::Scenario file;
  file.set_name(scenario.name.substr(scenario.name.rfind('/') + 1));
  *file.mutable_setup() = scenario.setup;
  scenarios::Variant* variant = file.add_variant();
  variant->set_name(scenario.variant);
  *variant->mutable_expect() = scenario.expect;
  std::string text;
  pb::TextFormat::PrintToString(file, &text);
  return text;
}

void AddFaults(const std::vector<sim::FaultReport>& faults, formats::Bundle* bundle) {
  for (const sim::FaultReport& fault : faults) {
    formats::BundledFault* added = bundle->add_faults();
    added->set_id(fault.id);
    added->set_kind(std::string(fault.kind));
    added->set_effects(fault.effects);
    if (fault.fired) added->set_began_ns(fault.began.nanos());
    if (fault.ended.has_value()) added->set_ended_ns(fault.ended->nanos());
    for (const std::vector<std::string>& meant : fault.meant) {
      formats::Meant* nodes = added->add_meant();
      for (const std::string& node : meant) nodes->add_node(node);
    }
  }
}

void AddVerdict(const formats::Verdict& verdict, int most, formats::Bundle* bundle) {
  formats::Verdict* kept = bundle->mutable_verdict();
  *kept = verdict;
  kept->clear_anomalies();
  kept->clear_order();
  std::map<std::string, int> counts;
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    if (++counts[anomaly.type()] <= most) *kept->add_anomalies() = anomaly;
  }
  for (const auto& [type, count] : counts) {
    formats::AnomalyCount* added = bundle->add_counts();
    added->set_type(type);
    added->set_count(static_cast<uint64_t>(count));
  }
}

// The events that tell of the gravest anomaly, and then, from its end backwards, what led there.
std::set<uint64_t> ConeEvents(const formats::DecodedTrace& trace, const formats::Verdict& verdict, size_t most) {
  const int gravest = GravestAnomaly(verdict);
  if (gravest < 0 || most == 0) return {};
  const formats::Anomaly& anomaly = verdict.anomalies(gravest);
  const std::vector<uint64_t> told = visualize::SelectForAnomaly(trace, anomaly, static_cast<int>(most));
  std::set<uint64_t> events(told.begin(), told.end());
  if (anomaly.story().empty()) return events;
  const std::vector<uint64_t> cone = visualize::Cone(trace, anomaly.story().rbegin()->event());
  for (auto event = cone.rbegin(); event != cone.rend() && events.size() < most; ++event) events.insert(*event);
  return events;
}

void AddCone(const formats::DecodedTrace& trace, const formats::Verdict& verdict, size_t most,
             formats::Bundle* bundle) {
  for (const formats::TraceNode& node : trace.header.nodes()) bundle->add_nodes(node.name());
  for (const uint64_t id : ConeEvents(trace, verdict, most)) {
    const formats::TraceEvent& event = trace.events[id - 1];
    formats::BundledEvent* added = bundle->add_cone();
    added->set_id(event.id);
    added->set_time_ns(event.time_ns);
    added->set_node(event.node);
    added->set_kind(static_cast<uint32_t>(event.kind));
    added->set_cause(event.cause);
    added->set_type(event.type);
    added->set_text(event.text);
    added->set_fault(event.fault);
  }
}

}  // namespace

absl::StatusOr<std::string> BundleBytes(const scenarios::ResolvedScenario& scenario, const Outcome& outcome) {
  const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(outcome.run.trace);
  if (!trace.ok()) return trace.status();
  formats::Bundle base;
  base.set_build(Build());
  base.set_scenario(scenario.name);
  base.set_variant(scenario.variant);
  for (const std::string& line : scenario.settings) base.add_settings(line);
  base.set_seed(outcome.seed);
  pb::TextFormat::PrintToString(scenarios::ScheduleOf(scenario, outcome.seed, outcome.run),
                                base.mutable_schedule_text());
  base.set_hash(outcome.run.hashes.all);
  base.set_wire_hash(outcome.run.hashes.wire);
  base.set_state_hash(outcome.run.hashes.state);
  base.set_events(outcome.run.events);
  base.set_end_ns(outcome.run.end.nanos());
  base.set_no_progress(outcome.progress.kind == Progress::Kind::kMissing);
  AddFaults(outcome.run.faults, &base);
  size_t size = 0;
  for (const Detail& detail : kDetails) {
    formats::Bundle bundle = base;
    if (detail.scenario) bundle.set_scenario_text(ScenarioText(scenario));
    AddVerdict(outcome.verdict, detail.anomalies, &bundle);
    AddCone(*trace, outcome.verdict, detail.cone, &bundle);
    std::string bytes = Packed(bundle);
    if (bytes.size() <= kMostBundleBytes) return bytes;
    size = bytes.size();
  }
  return absl::InternalError(fmt::format("the scenario of this run alone takes {} bytes, more than the {} of a bundle",
                                         size, kMostBundleBytes));
}

absl::StatusOr<formats::Bundle> ParseBundle(std::string_view bytes) {
  const absl::Status foreign = absl::InvalidArgumentError(
      "this is no bundle; `brokersim run --bundle=FILE` and `brokersim sweep --bundles=FOLDER` write them");
  if (!bytes.starts_with(kMagic)) {
    const bool begins = !bytes.empty() && kMagic.starts_with(bytes);
    return begins ? absl::InvalidArgumentError("the bundle is cut off") : foreign;
  }
  const char* const end = bytes.data() + bytes.size();
  int version = 0;
  const auto [after, error] = std::from_chars(bytes.data() + kMagic.size(), end, version);
  if (after == end) return absl::InvalidArgumentError("the bundle is cut off");
  if (error != std::errc() || *after != '\n' || version < 1) return foreign;
  if (version > kBundleVersion) {
    return absl::InvalidArgumentError(fmt::format(
        "the bundle has format {}, newer than this brokersim's {}; use a newer brokersim", version, kBundleVersion));
  }
  const std::string unpacked = Unpacked({after + 1, static_cast<size_t>(end - after - 1)});
  formats::Bundle bundle;
  if (unpacked.empty() || !bundle.ParseFromString(unpacked)) {
    return absl::InvalidArgumentError("the bundle is cut off or damaged");
  }
  if (bundle.schedule_text().empty() || bundle.scenario().empty()) {
    return absl::InvalidArgumentError("the bundle is damaged: it holds no scenario");
  }
  return bundle;
}

}  // namespace brokersim::runner
