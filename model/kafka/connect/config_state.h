// What a worker of Connect's knows from its group's config topic: of each connector the configuration that was written
// last, and those of its tasks. (KafkaConfigBackingStore.java, ClusterConfigState.java)
#ifndef BROKERSIM_MODEL_KAFKA_CONNECT_CONFIG_STATE_H_
#define BROKERSIM_MODEL_KAFKA_CONNECT_CONFIG_STATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/connect/work.h"
#include "model/kafka/records.h"

namespace brokersim::kafka {

class ConnectConfigState {
 public:
  enum class Update { kNothing, kConnector, kTasks };

  // The next record of the topic; `connector` gets whose it is. Tasks' configurations count when a record behind them
  // says how many there are.
  Update Apply(const Record& record, int64_t offset, std::string* connector);

  // Behind the last record.
  int64_t offset() const { return offset_; }
  bool Contains(const std::string& connector) const { return connectors_.contains(connector); }
  // REQUIRES: Contains(connector)
  const std::string& Connector(const std::string& connector) const { return connectors_.at(connector).config; }
  const std::vector<std::string>& Tasks(const std::string& connector) const { return connectors_.at(connector).tasks; }
  // REQUIRES: it is one of Configured().
  const std::string& Task(const std::string& task) const;
  ConnectWork Configured() const;

  static Record ConnectorRecord(const std::string& connector, std::string config, int64_t now_ms);
  static std::vector<Record> TaskRecords(const std::string& connector, const std::vector<std::string>& tasks,
                                         int64_t now_ms);

 private:
  struct Known {
    std::string config;
    std::vector<std::string> tasks;
  };

  int64_t offset_ = 0;
  absl::btree_map<std::string, Known> connectors_;
  absl::btree_map<std::string, std::string> deferred_;  // of tasks
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CONNECT_CONFIG_STATE_H_
