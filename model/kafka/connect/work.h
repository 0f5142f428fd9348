// What a group of Kafka Connect's workers shares out: connectors, and tasks of theirs; and what the group's protocol
// carries: what each worker says of itself, and what it is given. (IncrementalCooperativeConnectProtocol.java, KIP-415)
#ifndef BROKERSIM_MODEL_KAFKA_CONNECT_WORK_H_
#define BROKERSIM_MODEL_KAFKA_CONNECT_WORK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/btree_set.h"

namespace brokersim::kafka {

// By name; a task is its connector's name and a number: "MirrorSourceConnector-0". (ConnectorsAndTasks)
struct ConnectWork {
  absl::btree_set<std::string> connectors;
  absl::btree_set<std::string> tasks;

  bool empty() const { return connectors.empty() && tasks.empty(); }
  void Add(const ConnectWork& other);
  void Remove(const ConnectWork& other);
  ConnectWork Without(const ConnectWork& other) const;
  ConnectWork Both(const ConnectWork& other) const;
  friend bool operator==(const ConnectWork&, const ConnectWork&) = default;
};

std::string TaskOf(std::string_view connector, int64_t number);
std::string ConnectorOfTask(std::string_view task);

// A worker, as it joins.
struct WorkerState {
  int64_t config_offset = 0;  // behind what it has read of the config topic
  ConnectWork running;
};

// What the leader gives a worker.
struct WorkerAssignment {
  bool failed = false;        // the leader itself didn't know all of the config topic
  std::string leader;
  int64_t config_offset = 0;  // what the assignment is made from
  ConnectWork assigned;       // in addition to what it keeps
  ConnectWork revoked;
  int64_t delay_ms = 0;       // after which all are to join again; 0: none
};

std::string ToText(const WorkerState& state);
std::string ToText(const WorkerAssignment& assignment);
// REQUIRES: what ToText gave.
WorkerState ParseWorkerState(const std::string& text);
WorkerAssignment ParseWorkerAssignment(const std::string& text);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CONNECT_WORK_H_
