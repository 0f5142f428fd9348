#include "scenarios/topology.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "scenarios/loader.h"
#include "scenarios/text_proto.h"

namespace brokersim::scenarios {
namespace {

namespace fs = std::filesystem;

std::string Folder(std::string_view home) { return (fs::path(std::string(home)) / "scenarios/topologies").string(); }

}  // namespace

absl::StatusOr<Topology> LoadTopology(const std::string& name, std::string_view home, const std::string& beside) {
  const absl::StatusOr<std::string> path = FindTextProto("topology", name, Folder(home), beside);
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> text = ReadTextFile(*path);
  if (!text.ok()) return text.status();
  Topology topology;
  if (const absl::Status status = ParseTextProto(*text, *path, &topology, nullptr); !status.ok()) return status;
  return topology;
}

std::vector<std::string> ListTopologies(std::string_view home) { return ListTextProtos(Folder(home)); }

absl::Status LayTopologyUnder(const std::string& path, std::string_view home, Setup* setup) {
  if (setup->topology().empty()) return absl::OkStatus();
  absl::StatusOr<Topology> topology = LoadTopology(setup->topology(), home, fs::path(path).parent_path().string());
  if (!topology.ok()) return topology.status();
  Setup base;
  base.mutable_datacenter()->Swap(topology->mutable_datacenter());
  base.mutable_network()->Swap(topology->mutable_network());
  setup->clear_topology();
  Overlay(*setup, &base);
  *setup = std::move(base);
  return absl::OkStatus();
}

}  // namespace brokersim::scenarios
