#include "scenarios/loader.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/config_files.h"
#include "scenarios/locator.h"
#include "scenarios/text_proto.h"
#include "scenarios/topology.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

namespace pb = google::protobuf;
namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".textproto";
constexpr int64_t kDefaultBuggySeeds = 200;
constexpr int64_t kDefaultValidSeeds = 1000;

absl::StatusOr<ResolvedScenario> Resolve(const LoadedScenario& loaded, const Variant& variant,
                                         const Place& file, int index, std::string_view home) {
  ResolvedScenario resolved;
  resolved.name = loaded.name;
  resolved.variant = variant.name();
  resolved.reference = loaded.path;
  resolved.setup = loaded.scenario.setup();
  Overlay(variant.setup(), &resolved.setup);
  resolved.expect = variant.expect();
  if (resolved.expect.seeds() < 0) {
    return file.Nested("variant", index).Nested("expect").Error("seeds", "seeds must not be negative");
  }
  if (resolved.expect.seeds() == 0) {
    resolved.expect.set_seeds(resolved.expect.anomaly().empty() ? kDefaultValidSeeds : kDefaultBuggySeeds);
  }
  const Place expect = file.Nested("variant", index).Nested("expect");
  for (int i = 0; i < variant.expect().anomaly_size(); ++i) {
    resolved.anomaly_places.emplace_back(expect.Error("anomaly", i, "").message());
  }
  const Locator locator(file.Nested("variant", index).Nested("setup"), file.Nested("setup"));
  if (const absl::Status status = LayTopologyUnder(loaded.path, home, &resolved.setup); !status.ok()) {
    // What is wrong inside of that file, it names itself.
    const bool inside = status.code() == absl::StatusCode::kInvalidArgument;
    return inside ? status : locator.Error({}, "topology", std::string(status.message()));
  }
  const std::string folder = fs::path(loaded.path).parent_path().string();
  if (const absl::Status status = ReadConfigFiles(folder, locator, &resolved.setup); !status.ok()) return status;
  absl::StatusOr<std::shared_ptr<const World>> world = World::Build(resolved.setup, locator);
  if (!world.ok()) return world.status();
  resolved.world = *std::move(world);
  return resolved;
}

// The key by which elements of a repeated field are known, or null.
const pb::FieldDescriptor* KeyOf(const pb::FieldDescriptor* field) {
  if (!field->is_repeated() || field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return nullptr;
  for (const char* name : {"id", "name"}) {
    if (const pb::FieldDescriptor* key = field->message_type()->FindFieldByName(name); key != nullptr) return key;
  }
  return nullptr;
}

void OverlayMessage(const pb::Message& over, pb::Message* base);

void OverlayKeyed(const pb::Message& over, const pb::FieldDescriptor* field, const pb::FieldDescriptor* key,
                  pb::Message* base) {
  const pb::Reflection* reflection = over.GetReflection();
  for (int i = 0; i < reflection->FieldSize(over, field); ++i) {
    const pb::Message& element = reflection->GetRepeatedMessage(over, field, i);
    const std::string id = element.GetReflection()->GetString(element, key);
    pb::Message* target = nullptr;
    for (int j = 0; j < reflection->FieldSize(*base, field); ++j) {
      pb::Message* candidate = reflection->MutableRepeatedMessage(base, field, j);
      if (candidate->GetReflection()->GetString(*candidate, key) == id) target = candidate;
    }
    if (target == nullptr) {
      reflection->AddMessage(base, field)->CopyFrom(element);
    } else {
      OverlayMessage(element, target);
    }
  }
}

void OverlayMessage(const pb::Message& over, pb::Message* base) {
  const pb::Reflection* reflection = over.GetReflection();
  std::vector<const pb::FieldDescriptor*> given;
  reflection->ListFields(over, &given);
  pb::Message* rest = over.New();
  rest->CopyFrom(over);
  for (const pb::FieldDescriptor* field : given) {
    if (const pb::FieldDescriptor* key = KeyOf(field); key != nullptr) {
      OverlayKeyed(over, field, key, base);
      reflection->ClearField(rest, field);
    } else if (!field->is_repeated() && field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE &&
               field->containing_oneof() == nullptr) {
      OverlayMessage(reflection->GetMessage(over, field), reflection->MutableMessage(base, field));
      reflection->ClearField(rest, field);
    }
  }
  base->MergeFrom(*rest);
  delete rest;
}

}  // namespace

void Overlay(const Setup& over, Setup* base) { OverlayMessage(over, base); }

absl::StatusOr<ResolvedScenario> LoadedScenario::Variant(std::string_view wanted) const {
  std::vector<std::string> names;
  for (const ResolvedScenario& variant : variants) {
    if (variant.variant == wanted) return variant;
    names.push_back(variant.variant);
  }
  return absl::NotFoundError(fmt::format("{} has no variant '{}'{}; it has: {}", name, wanted,
                                         sim::DidYouMean(wanted, names), absl::StrJoin(names, ", ")));
}

absl::StatusOr<LoadedScenario> ParseScenario(std::string_view text, std::string_view path, std::string_view home) {
  LoadedScenario loaded;
  loaded.path = std::string(path);
  pb::TextFormat::ParseInfoTree tree;
  if (const absl::Status status = ParseTextProto(text, path, &loaded.scenario, &tree); !status.ok()) return status;
  const Scenario& scenario = loaded.scenario;
  const Place file{std::string(path), &scenario, &tree, 0};
  const fs::path location{std::string(path)};
  const std::string stem = location.stem().string();
  if (scenario.name() != stem) {
    return file.Error(
        "name", fmt::format("the name is '{}', but the file is called {}{}", scenario.name(), stem, kEnding));
  }
  loaded.family = location.has_parent_path() ? location.parent_path().filename().string() : "";
  loaded.name = loaded.family.empty() ? scenario.name() : loaded.family + "/" + scenario.name();
  if (scenario.variant().empty()) return file.Error("variant", "a scenario needs at least one variant { name: ... }");
  for (int i = 0; i < scenario.variant_size(); ++i) {
    const brokersim::scenarios::Variant& variant = scenario.variant(i);
    const Place place = file.Nested("variant", i);
    if (variant.name().empty()) return place.Error("name", "a variant needs a name");
    for (int j = 0; j < i; ++j) {
      if (scenario.variant(j).name() == variant.name()) {
        return place.Error("name", fmt::format("there are two variants named '{}'", variant.name()));
      }
    }
    absl::StatusOr<ResolvedScenario> resolved = Resolve(loaded, variant, file, i, home);
    if (!resolved.ok()) return resolved.status();
    loaded.variants.push_back(*std::move(resolved));
  }
  return loaded;
}

std::vector<std::string> ListScenarios(std::string_view home) {
  std::vector<std::string> names;
  const fs::path root = fs::path(std::string(home)) / "scenarios";
  std::error_code error;
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != kEnding) continue;
    // As it is called here: a link may lead elsewhere.
    const std::string name = it->path().lexically_relative(root).replace_extension("").generic_string();
    if (!name.starts_with("drills/") && !name.starts_with("topologies/")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

// Also for a name without its family, and for a path that misses its file.
std::string SuggestScenario(const std::string& given, const std::vector<std::string>& known) {
  const fs::path asked(given);
  const std::string stem = asked.extension() == kEnding ? asked.stem().string() : asked.filename().string();
  for (const std::string& name : known) {
    if (fs::path(name).filename() == stem) return fmt::format(" (did you mean '{}'?)", name);
  }
  if (std::string near = sim::DidYouMean(given, known); !near.empty()) return near;
  std::vector<std::string> stems;
  for (const std::string& name : known) stems.push_back(fs::path(name).filename().string());
  const std::string nearest = sim::NearestName(stem, stems);
  for (size_t i = 0; i < known.size(); ++i) {
    if (!nearest.empty() && stems[i] == nearest) return fmt::format(" (did you mean '{}'?)", known[i]);
  }
  return "";
}

}  // namespace

absl::StatusOr<LoadedScenario> LoadScenario(std::string_view scenario, std::string_view home) {
  const std::string given(scenario);
  std::error_code ignored;
  std::string path = given;
  if (!fs::exists(path, ignored)) {
    path = (fs::path(std::string(home)) / "scenarios" / given).string() + std::string(kEnding);
    if (!fs::exists(path, ignored)) {
      const std::vector<std::string> known = ListScenarios(home);
      return absl::NotFoundError(fmt::format("there is no scenario '{}': neither such a file nor such a name{}; "
                                             "`brokersim list` names all", given, SuggestScenario(given, known)));
    }
  }
  absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<LoadedScenario> loaded = ParseScenario(*text, path, home);
  if (!loaded.ok()) return loaded;
  const fs::path by_name = fs::path(std::string(home)) / "scenarios" / (loaded->name + std::string(kEnding));
  if (fs::equivalent(path, by_name, ignored)) {
    for (ResolvedScenario& variant : loaded->variants) variant.reference = loaded->name;
  }
  return loaded;
}

}  // namespace brokersim::scenarios
