#include "model/kafka/connect/config_state.h"

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "sim/base/check.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kConnectorPrefix = "connector-";
constexpr std::string_view kTaskPrefix = "task-";
constexpr std::string_view kCommitPrefix = "commit-";

int64_t ToNumber(std::string_view text) {
  int64_t number = 0;
  CHECK(absl::SimpleAtoi(std::string(text), &number), "'{}' in a config topic", text);
  return number;
}

}  // namespace

ConnectConfigState::Update ConnectConfigState::Apply(const Record& record, int64_t offset, std::string* connector) {
  offset_ = offset + 1;
  const std::string_view key = record.key;
  if (key.starts_with(kConnectorPrefix)) {
    *connector = key.substr(kConnectorPrefix.size());
    connectors_[*connector].config = record.value;
    return Update::kConnector;
  }
  if (key.starts_with(kTaskPrefix)) {
    deferred_[std::string(key.substr(kTaskPrefix.size()))] = record.value;
    return Update::kNothing;
  }
  CHECK(key.starts_with(kCommitPrefix), "'{}' in a config topic", key);
  *connector = key.substr(kCommitPrefix.size());
  Known& known = connectors_[*connector];
  known.tasks.clear();
  for (int64_t i = 0; i < ToNumber(record.value); ++i) known.tasks.push_back(deferred_.at(TaskOf(*connector, i)));
  return Update::kTasks;
}

const std::string& ConnectConfigState::Task(const std::string& task) const {
  const std::string connector = ConnectorOfTask(task);
  return Tasks(connector).at(static_cast<size_t>(ToNumber(std::string_view(task).substr(connector.size() + 1))));
}

ConnectWork ConnectConfigState::Configured() const {
  ConnectWork work;
  for (const auto& [name, known] : connectors_) {
    work.connectors.insert(name);
    for (size_t i = 0; i < known.tasks.size(); ++i) work.tasks.insert(TaskOf(name, static_cast<int64_t>(i)));
  }
  return work;
}

Record ConnectConfigState::ConnectorRecord(const std::string& connector, std::string config, int64_t now_ms) {
  return {fmt::format("{}{}", kConnectorPrefix, connector), std::move(config), now_ms};
}

std::vector<Record> ConnectConfigState::TaskRecords(const std::string& connector, const std::vector<std::string>& tasks,
                                                    int64_t now_ms) {
  std::vector<Record> records;
  for (size_t i = 0; i < tasks.size(); ++i) {
    records.push_back({fmt::format("{}{}", kTaskPrefix, TaskOf(connector, static_cast<int64_t>(i))), tasks[i], now_ms});
  }
  records.push_back({fmt::format("{}{}", kCommitPrefix, connector), fmt::format("{}", tasks.size()), now_ms});
  return records;
}

}  // namespace brokersim::kafka
