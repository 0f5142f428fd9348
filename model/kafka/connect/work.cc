#include "model/kafka/connect/work.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/base/check.h"

namespace brokersim::kafka {
namespace {

using Names = absl::btree_set<std::string>;

void RemoveFrom(Names* names, const Names& others) {
  for (const std::string& other : others) names->erase(other);
}

Names Common(const Names& a, const Names& b) {
  Names both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

std::string Text(const ConnectWork& work) {
  return fmt::format("{} {}", absl::StrJoin(work.connectors, ","), absl::StrJoin(work.tasks, ","));
}

Names ReadNames(const std::string& text) { return absl::StrSplit(text, ',', absl::SkipEmpty()); }

int64_t ReadNumber(const std::string& text) {
  int64_t number = 0;
  CHECK(absl::SimpleAtoi(text, &number), "'{}' in the protocol of Connect", text);
  return number;
}

std::vector<std::string> Fields(const std::string& text, size_t count) {
  std::vector<std::string> fields = absl::StrSplit(text, ' ');
  CHECK(fields.size() == count, "'{}' in the protocol of Connect", text);
  return fields;
}

}  // namespace

void ConnectWork::Add(const ConnectWork& other) {
  connectors.insert(other.connectors.begin(), other.connectors.end());
  tasks.insert(other.tasks.begin(), other.tasks.end());
}

void ConnectWork::Remove(const ConnectWork& other) {
  RemoveFrom(&connectors, other.connectors);
  RemoveFrom(&tasks, other.tasks);
}

ConnectWork ConnectWork::Without(const ConnectWork& other) const {
  ConnectWork rest = *this;
  rest.Remove(other);
  return rest;
}

ConnectWork ConnectWork::Both(const ConnectWork& other) const {
  return {Common(connectors, other.connectors), Common(tasks, other.tasks)};
}

std::string TaskOf(std::string_view connector, int64_t number) { return fmt::format("{}-{}", connector, number); }

std::string ConnectorOfTask(std::string_view task) { return std::string(task.substr(0, task.rfind('-'))); }

std::string ToText(const WorkerState& state) { return fmt::format("{} {}", state.config_offset, Text(state.running)); }

std::string ToText(const WorkerAssignment& assignment) {
  return fmt::format("{} {} {} {} {} {}", assignment.failed ? "failed" : "assigned", assignment.leader,
                     assignment.config_offset, Text(assignment.assigned), Text(assignment.revoked),
                     assignment.delay_ms);
}

WorkerState ParseWorkerState(const std::string& text) {
  const std::vector<std::string> fields = Fields(text, 3);
  return {ReadNumber(fields[0]), {ReadNames(fields[1]), ReadNames(fields[2])}};
}

WorkerAssignment ParseWorkerAssignment(const std::string& text) {
  const std::vector<std::string> fields = Fields(text, 8);
  return {fields[0] == "failed",
          fields[1],
          ReadNumber(fields[2]),
          {ReadNames(fields[3]), ReadNames(fields[4])},
          {ReadNames(fields[5]), ReadNames(fields[6])},
          ReadNumber(fields[7])};
}

}  // namespace brokersim::kafka
