// The same run again, from a bundle; on other code, as much of it as fits.
#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "absl/strings/str_join.h"
#include "formats/trace_codec.h"
#include "runner/build.h"
#include "runner/bundle.h"
#include "runner/judge.h"
#include "sim/base/sim_time.h"

namespace brokersim::runner {
namespace {

namespace pb = google::protobuf;

// What a text says that this version has no field for.
class Unknown : public pb::io::ErrorCollector {
 public:
  void AddError(int, pb::io::ColumnNumber, const std::string& message) override { error_ = message; }
  void AddWarning(int, pb::io::ColumnNumber, const std::string& message) override { unknown_.push_back(message); }
  const std::string& error() const { return error_; }
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  std::string error_;
  std::vector<std::string> unknown_;
};

// What can be taken out of a setup that can't be built.
struct Removable {
  std::string what;
  std::function<void(scenarios::Setup*)> remove;
};

// Visits each list of lines of a configuration file, in the order of fields.
using VisitLines = std::function<void(pb::Message* owner, const pb::FieldDescriptor* field)>;
void ForEachConfig(pb::Message* message, const VisitLines& visit) {
  std::vector<const pb::FieldDescriptor*> fields;
  const pb::Reflection* reflection = message->GetReflection();
  reflection->ListFields(*message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) ForEachConfig(reflection->MutableMessage(message, field), visit);
      const int size = field->is_repeated() ? reflection->FieldSize(*message, field) : 0;
      for (int i = 0; i < size; ++i) ForEachConfig(reflection->MutableRepeatedMessage(message, field, i), visit);
    } else if (field->is_repeated() && std::string_view(field->name()).ends_with("config")) {
      visit(message, field);
    }
  }
}

// Takes line `line` out of the `list`th list.
void RemoveLine(int list, int line, scenarios::Setup* setup) {
  int at = 0;
  ForEachConfig(setup, [&](pb::Message* owner, const pb::FieldDescriptor* field) {
    if (at++ != list) return;
    const pb::Reflection* reflection = owner->GetReflection();
    for (int i = line; i + 1 < reflection->FieldSize(*owner, field); ++i)
      reflection->SwapElements(owner, field, i, i + 1);
    reflection->RemoveLast(owner, field);
  });
}

void AddLines(const scenarios::Setup& setup, std::vector<Removable>* parts) {
  scenarios::Setup copy = setup;
  int list = 0;
  ForEachConfig(&copy, [&](pb::Message* owner, const pb::FieldDescriptor* field) {
    const pb::Reflection* reflection = owner->GetReflection();
    const pb::FieldDescriptor* name = owner->GetDescriptor()->FindFieldByName("name");
    const std::string named = name == nullptr ? "" : reflection->GetString(*owner, name);
    const std::string whose = named.empty() ? "the brokers" : named;
    for (int i = 0; i < reflection->FieldSize(*owner, field); ++i) {
      parts->push_back({fmt::format("setting {} of {}", reflection->GetRepeatedString(*owner, field, i), whose),
                        [list, i](scenarios::Setup* from) { RemoveLine(list, i, from); }});
    }
    ++list;
  });
}

std::vector<Removable> RemovablesOf(const scenarios::Setup& setup) {
  using scenarios::Setup;
  std::vector<Removable> parts;
  AddLines(setup, &parts);
  for (int i = 0; i < setup.fault_size(); ++i) {
    parts.push_back(
        {fmt::format("fault {}", setup.fault(i).id()), [i](Setup* s) { s->mutable_fault()->DeleteSubrange(i, 1); }});
  }
  for (int i = 0; i < setup.check_size(); ++i) {
    parts.push_back(
        {fmt::format("check {}", setup.check(i)), [i](Setup* s) { s->mutable_check()->DeleteSubrange(i, 1); }});
  }
  for (int i = 0; i < setup.model_size(); ++i) {
    parts.push_back(
        {fmt::format("model {}", setup.model(i).name()), [i](Setup* s) { s->mutable_model()->DeleteSubrange(i, 1); }});
  }
  return parts;
}

// Without "PATH:LINE:COLUMN: ": of a text that nobody has, and that moves as parts of it go.
std::string WithoutPlace(const absl::Status& status, const std::string& path) {
  std::string message(status.message());
  if (!message.starts_with(path + ":")) return message;
  const size_t colon = message.find(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

absl::StatusOr<scenarios::ResolvedScenario> Build(const scenarios::Scenario& scenario, const std::string& path) {
  std::string text;
  pb::TextFormat::PrintToString(scenario, &text);
  absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::ParseScenario(text, path);
  if (!loaded.ok()) return absl::InvalidArgumentError(WithoutPlace(loaded.status(), path));
  scenarios::ResolvedScenario& resolved = loaded->variants.front();
  if (const absl::Status status = ValidateNames(resolved); !status.ok()) {
    return absl::InvalidArgumentError(WithoutPlace(status, path));
  }
  return std::move(resolved);
}

// Takes out what this version refuses, one by one: that without which it builds, or refuses something else.
absl::StatusOr<scenarios::ResolvedScenario> BuildWhatFits(scenarios::Scenario scenario, const std::string& path,
                                                          std::vector<std::string>* unfit) {
  absl::StatusOr<scenarios::ResolvedScenario> built = Build(scenario, path);
  while (!built.ok()) {
    bool found = false;
    for (const Removable& part : RemovablesOf(scenario.setup())) {
      scenarios::Scenario smaller = scenario;
      part.remove(smaller.mutable_setup());
      absl::StatusOr<scenarios::ResolvedScenario> candidate = Build(smaller, path);
      if (!candidate.ok() && candidate.status() == built.status()) continue;
      unfit->push_back(fmt::format("{}: {}", part.what, std::string(built.status().message())));
      scenario = std::move(smaller);
      built = std::move(candidate);
      found = true;
      break;
    }
    if (!found) return built.status();
  }
  return built;
}

absl::StatusOr<scenarios::ResolvedScenario> Read(const std::string& text, const formats::Bundle& bundle,
                                                 std::vector<std::string>* unfit) {
  pb::TextFormat::Parser parser;
  Unknown unknown;
  parser.RecordErrorsTo(&unknown);
  parser.AllowUnknownField(true);
  scenarios::Scenario scenario;
  if (!parser.ParseFromString(text, &scenario)) {
    return absl::InvalidArgumentError(fmt::format("the scenario in the bundle can't be read: {}", unknown.error()));
  }
  for (std::string what : unknown.unknown()) {
    if (what.ends_with('.')) what.pop_back();
    unfit->push_back(what);
  }
  // What it is expected to show is nothing that it does.
  for (scenarios::Variant& variant : *scenario.mutable_variant()) variant.clear_expect();
  absl::StatusOr<scenarios::ResolvedScenario> built = BuildWhatFits(scenario, bundle.scenario() + ".textproto", unfit);
  if (!built.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("the scenario in the bundle can't be run: {}", std::string(built.status().message())));
  }
  built->variant = bundle.variant();
  built->settings.assign(bundle.settings().begin(), bundle.settings().end());
  return built;
}

std::string At(int64_t ns) { return sim::ToText(sim::Duration::FromNanos(ns)); }

std::string Nodes(const std::vector<std::vector<std::string>>& meant) {
  std::vector<std::string> groups;
  for (const std::vector<std::string>& nodes : meant) groups.push_back(nodes.empty() ? "*" : absl::StrJoin(nodes, " "));
  return absl::StrJoin(groups, ", ");
}

// What became of the choices.
void CompareFaults(const formats::Bundle& bundle, const Outcome& now, Replayed* replayed) {
  for (const formats::BundledFault& was : bundle.faults()) {
    const auto is = std::find_if(now.run.faults.begin(), now.run.faults.end(),
                                 [&](const sim::FaultReport& fault) { return fault.id == was.id(); });
    if (is == now.run.faults.end()) {
      replayed->unfit.push_back(fmt::format("fault {} ({}) isn't there any more", was.id(), was.kind()));
      continue;
    }
    std::vector<std::vector<std::string>> meant;
    for (const formats::Meant& group : was.meant()) meant.emplace_back(group.node().begin(), group.node().end());
    if (was.has_began_ns() != is->fired) {
      replayed->unfit.push_back(fmt::format("fault {} ({}) {}", was.id(), was.kind(),
                                            is->fired ? "begins, and did not" : "does not begin any more"));
    } else if (is->fired && meant != is->meant) {
      replayed->unfit.push_back(fmt::format("fault {} ({}) meant {}, and means {} now", was.id(), was.kind(),
                                            Nodes(meant), Nodes(is->meant)));
    } else if (is->fired && was.began_ns() != is->began.nanos()) {
      replayed->differences.push_back(fmt::format("fault {} ({}) began at {}, and begins at {} now", was.id(),
                                                  was.kind(), At(was.began_ns()), At(is->began.nanos())));
    } else if (was.effects() != is->effects) {
      replayed->differences.push_back(fmt::format("fault {} ({}) had {} effects, and has {} now", was.id(), was.kind(),
                                                  was.effects(), is->effects));
    }
  }
}

// The first event of the cone that doesn't happen any more.
void CompareCone(const formats::Bundle& bundle, const Outcome& now, Replayed* replayed) {
  const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(now.run.trace);
  if (!trace.ok() || bundle.cone().empty()) return;
  using Key = std::tuple<int64_t, std::string_view, uint32_t, std::string_view, std::string_view>;
  std::set<Key> events;
  for (const formats::TraceEvent& event : trace->events) {
    events.emplace(event.time_ns, trace->NodeName(event.node), static_cast<uint32_t>(event.kind), event.type,
                   event.text);
  }
  for (const formats::BundledEvent& was : bundle.cone()) {
    const bool named = was.node() >= 1 && was.node() <= static_cast<uint32_t>(bundle.nodes_size());
    const std::string node = named ? bundle.nodes(static_cast<int>(was.node()) - 1) : "";
    if (events.contains(Key(was.time_ns(), node, was.kind(), was.type(), was.text()))) continue;
    replayed->differences.push_back(fmt::format(
        "the first event of what led there that is gone: event {} at {}{}: {} {}{}", was.id(), At(was.time_ns()),
        node.empty() ? "" : ", " + node, formats::EventKindName(static_cast<formats::EventKind>(was.kind())),
        was.type(), was.text().empty() ? "" : fmt::format(", {}", was.text())));
    return;
  }
}

void CompareVerdicts(const formats::Bundle& bundle, const Outcome& now, Replayed* replayed) {
  std::set<std::string> were;
  for (const formats::AnomalyCount& count : bundle.counts()) were.insert(count.type());
  if (bundle.no_progress()) were.emplace(kNoProgressType);
  const std::vector<std::string> findings = FindingsOf(now);
  const std::set<std::string> are(findings.begin(), findings.end());
  for (const std::string& type : were) {
    if (!are.contains(type)) replayed->differences.push_back(fmt::format("{} is not shown any more", type));
  }
  for (const std::string& type : are) {
    if (!were.contains(type)) replayed->differences.push_back(fmt::format("{} is new", type));
  }
}

void CompareHashes(const formats::Bundle& bundle, const Outcome& now, Replayed* replayed) {
  replayed->differences.push_back(fmt::format("the run hash was {}, and is {}{}{}", HashText(bundle.hash()),
                                              HashText(now.run.hash),
                                              bundle.wire_hash() == now.run.hashes.wire ? "; the same on the wire" : "",
                                              bundle.state_hash() == now.run.hashes.state ? "; the same effects" : ""));
}

Outcome RunAgain(const scenarios::ResolvedScenario& scenario, const formats::Bundle& bundle) {
  return RunAndCheck(scenario, bundle.seed(), sim::RecordingLevel::kTrace);
}

}  // namespace

absl::StatusOr<Replayed> ReplayBundle(const formats::Bundle& bundle) {
  Replayed replayed;
  if (!bundle.scenario_text().empty()) {
    absl::StatusOr<scenarios::ResolvedScenario> scenario = Read(bundle.scenario_text(), bundle, &replayed.unfit);
    if (scenario.ok() && replayed.unfit.empty()) {
      replayed.scenario = *std::move(scenario);
      replayed.outcome = RunAgain(replayed.scenario, bundle);
      replayed.same = replayed.outcome.run.hash == bundle.hash();
      if (replayed.same) return replayed;
    }
  }
  // By name: what was drawn then, whoever draws how now.
  replayed.unfit.clear();
  absl::StatusOr<scenarios::ResolvedScenario> schedule = Read(bundle.schedule_text(), bundle, &replayed.unfit);
  if (!schedule.ok()) return schedule.status();
  replayed.scenario = *std::move(schedule);
  replayed.outcome = RunAgain(replayed.scenario, bundle);
  replayed.same = replayed.outcome.run.hash == bundle.hash() && replayed.unfit.empty();
  if (replayed.same) return replayed;
  CompareHashes(bundle, replayed.outcome, &replayed);
  CompareFaults(bundle, replayed.outcome, &replayed);
  CompareCone(bundle, replayed.outcome, &replayed);
  CompareVerdicts(bundle, replayed.outcome, &replayed);
  return replayed;
}

ExitCode ExitCodeOf(const formats::Bundle& bundle, const Replayed& replayed) {
  if (!replayed.same && bundle.build() == Build()) return kNondeterminism;
  return ExitCodeOf(replayed.outcome);
}

}  // namespace brokersim::runner
