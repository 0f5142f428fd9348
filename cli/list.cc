// brokersim list and describe: what scenarios there are.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "checker/models.h"
#include "cli/command.h"
#include "scenarios/drill.h"
#include "scenarios/loader.h"
#include "scenarios/topology.h"
#include "sim/fault/catalogue.h"

namespace brokersim::cli {
namespace {

std::string ExpectText(const scenarios::Expectation& expect) {
  return expect.anomaly().empty() ? "valid" : absl::StrJoin(expect.anomaly(), ", ");
}

std::string ToJson(const scenarios::LoadedScenario& loaded) {
  nlohmann::ordered_json json;
  json["name"] = loaded.name;
  json["family"] = loaded.family;
  json["title"] = loaded.scenario.title();
  json["catalogue"] = std::vector<std::string>(loaded.scenario.catalogue().begin(), loaded.scenario.catalogue().end());
  json["variants"] = nlohmann::ordered_json::array();
  for (const scenarios::ResolvedScenario& variant : loaded.variants) {
    nlohmann::ordered_json entry;
    entry["name"] = variant.variant;
    if (variant.expect.anomaly().empty()) {
      entry["expect"] = {"valid"};
    } else {
      entry["expect"] = std::vector<std::string>(variant.expect.anomaly().begin(), variant.expect.anomaly().end());
    }
    entry["seeds"] = variant.expect.seeds();
    json["variants"].push_back(std::move(entry));
  }
  return json.dump();
}

int List(bool json, const Context& context) {
  const std::vector<std::string> names = scenarios::ListScenarios(context.home);
  if (names.empty()) {
    return Fail(runner::kBadInput, fmt::format("there are no scenarios below {}/scenarios; set BROKERSIM_HOME to the "
                                               "project's folder", context.home));
  }
  for (const std::string& name : names) {
    const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, context.home);
    if (!loaded.ok()) return Fail(loaded.status());
    if (json) {
      fmt::print("{}\n", ToJson(*loaded));
      continue;
    }
    fmt::print("{:<36} {:<8} {}\n", name, absl::StrJoin(loaded->scenario.catalogue(), " "), loaded->scenario.title());
    for (const scenarios::ResolvedScenario& variant : loaded->variants) {
      fmt::print("    {:<10} {}\n", variant.variant, ExpectText(variant.expect));
    }
  }
  return runner::kHeld;
}

// What `check` can judge a history by.
int ListModels(bool json) {
  for (const checker::ModelInfo& model : checker::Models()) {
    if (json) {
      nlohmann::ordered_json line;
      line["name"] = model.name;
      line["operations"] = model.operations;
      line["meaning"] = model.meaning;
      fmt::print("{}\n", line.dump());
      continue;
    }
    fmt::print("{:<16} {}\n{:<16} {}\n", model.name, model.meaning, "", model.operations);
  }
  return runner::kHeld;
}

// Kinds of faults, by subject, each with its parameters.
int ListFaults(bool json) {
  std::string_view section;
  for (const sim::KindText& kind : sim::AllFaultKinds()) {
    if (json) {
      nlohmann::ordered_json entry;
      entry["kind"] = kind.info->name;
      entry["text"] = kind.info->text;
      entry["mechanisms"] = sim::MechanismNames(kind.info->mechanisms);
      entry["budget"] = kind.info->budget == sim::Budget::kTolerable ? "tolerable" : "beyond";
      entry["parameters"] = nlohmann::ordered_json::array();
      for (const sim::ParameterText& parameter : kind.parameters) {
        entry["parameters"].push_back({{"name", parameter.name}, {"type", parameter.type},
                                       {"default", parameter.default_value}, {"text", parameter.text}});
      }
      fmt::print("{}\n", entry.dump());
      continue;
    }
    if (kind.info->section != section) {
      fmt::print("{}{}\n", section.empty() ? "" : "\n", sim::SectionTitle(kind.info->section));
      section = kind.info->section;
    }
    fmt::print("  {:<18} {}\n", kind.info->name, kind.info->text);
    for (const sim::ParameterText& parameter : kind.parameters) {
      const std::string with = parameter.default_value.empty() ? "" : fmt::format(" [{}]", parameter.default_value);
      fmt::print("    {:<16} {}: {}{}\n", parameter.name, parameter.type, parameter.text, with);
    }
  }
  return runner::kHeld;
}

int ListTopologies(bool json, const Context& context) {
  for (const std::string& name : scenarios::ListTopologies(context.home)) {
    const absl::StatusOr<scenarios::Topology> topology = scenarios::LoadTopology(name, context.home, "");
    if (!topology.ok()) return Fail(topology.status());
    std::vector<std::string> sites;
    for (const scenarios::Datacenter& site : topology->datacenter()) {
      sites.push_back(fmt::format("{} ({})", site.name(), absl::StrJoin(site.role(), ", ")));
    }
    if (json) {
      const nlohmann::ordered_json line = {{"name", name}, {"title", topology->title()}, {"sites", sites}};
      fmt::print("{}\n", line.dump());
    } else {
      fmt::print("{:<12} {}: {}\n", name, topology->title(), absl::StrJoin(sites, ", "));
    }
  }
  return runner::kHeld;
}

int ListDrills(bool json, const Context& context) {
  for (const std::string& name : scenarios::ListDrills(context.home)) {
    const absl::StatusOr<scenarios::Drill> drill = scenarios::LoadDrill(name, context.home);
    if (!drill.ok()) return Fail(drill.status());
    if (json) {
      fmt::print("{}\n",
                 nlohmann::ordered_json({{"name", name}, {"title", drill->title()}, {"text", drill->text()}}).dump());
    } else {
      fmt::print("{:<20} {}\n", name, drill->title());
    }
  }
  return runner::kHeld;
}

int Describe(const std::string& name, const Context& context) {
  const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, context.home);
  if (!loaded.ok()) return Fail(loaded.status());
  const scenarios::Scenario& scenario = loaded->scenario;
  fmt::print("{}: {}\n\n{}\n", loaded->name, scenario.title(), scenario.text());
  if (scenario.catalogue_size() > 0) fmt::print("\ncatalogue: {}\n", absl::StrJoin(scenario.catalogue(), ", "));
  for (const std::string& source : scenario.source()) fmt::print("source: {}\n", source);
  fmt::print("\nvariants:\n");
  for (int i = 0; i < scenario.variant_size(); ++i) {
    const scenarios::ResolvedScenario& variant = loaded->variants[static_cast<size_t>(i)];
    fmt::print("  {:<10} {}\n             expected: {} in {} seeds\n", variant.variant, scenario.variant(i).summary(),
               ExpectText(variant.expect), variant.expect.seeds());
  }
  fmt::print("\nfile: {}\nrun it: ./brokersim run {} --variant={}\n", loaded->path,
             loaded->variants.front().reference, loaded->variants.front().variant);
  return runner::kHeld;
}

}  // namespace

Command AddList(CLI::App* app, const Context& context) {
  struct Options {
    std::string what = "scenarios";
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("list", "List the scenarios, kinds of faults, models of histories, topologies, or drills");
  command->add_option("WHAT", options->what, "scenarios (default), faults, models, topologies or drills")
      ->check(CLI::IsMember({"scenarios", "faults", "models", "topologies", "drills"}));
  command->add_flag("--json", options->json, "one JSON object a line");
  return [options, context] {
    if (options->what == "models") return ListModels(options->json);
    if (options->what == "topologies") return ListTopologies(options->json, context);
    if (options->what == "drills") return ListDrills(options->json, context);
    return options->what == "faults" ? ListFaults(options->json) : List(options->json, context);
  };
}

Command AddDescribe(CLI::App* app, const Context& context) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand("describe", "Tell what a scenario is about");
  command->add_option("NAME", *name, "a file, or a name")->required();
  return [name, context] { return Describe(*name, context); };
}

}  // namespace brokersim::cli
