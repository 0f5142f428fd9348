// What of a setup can be left out or made smaller. Nothing here runs anything.
#ifndef BROKERSIM_RUNNER_SHRINK_STEPS_H_
#define BROKERSIM_RUNNER_SHRINK_STEPS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/scenario.pb.h"
#include "sim/base/sim_time.h"

namespace brokersim::runner {

// A field of a message, and the element if it is repeated (-1 if not).
using FieldStep = std::pair<std::string, int>;
using FieldPath = std::vector<FieldStep>;

// The order is that in which they are left out.
enum class PartKind : uint8_t { kJudge, kFault, kClient, kNodeOfFault, kTopic, kLink, kSetting };
inline constexpr PartKind kAllPartKinds[] = {PartKind::kJudge,       PartKind::kFault, PartKind::kClient,
                                             PartKind::kNodeOfFault, PartKind::kTopic, PartKind::kLink,
                                             PartKind::kSetting};

// Something that can be left out: a check or a model, a fault, a producer or consumer, one of several nodes that a
// fault names, a topic, a link, a line of settings.
struct Part {
  std::string name;               // for people
  std::vector<FieldPath> fields;  // all go together
};

// In the setup's order. Not among them: the last check, the last client, and settings that say what is promised (acks,
// min.insync.replicas, ..., and effects; IsPromise): without these an anomaly would be another one.
std::vector<Part> PartsOf(const scenarios::Setup& setup, PartKind kind);
scenarios::Setup Without(const scenarios::Setup& setup, std::span<const Part> parts);

// "crash"; empty: it does nothing.
std::string KindOf(const scenarios::Fault& fault);

// Whether "min.insync.replicas=2" is a line of those.
bool IsPromise(std::string_view line);

// Sizes of a cluster, of whatever family. Clients are producers and consumers; settings are lines of configuration.
int ClientsOf(const scenarios::Setup& setup);
int SettingsOf(const scenarios::Setup& setup);
int ProducersOf(const scenarios::Setup& setup);
int TopicsOf(const scenarios::Setup& setup);
// Partitions or queues of topic `index`; 0: as many as is usual.
int64_t PartitionsOf(const scenarios::Setup& setup, int index);
bool HasBrokerToSpare(const scenarios::Setup& setup);
// How many records producer `index` sends; where it stops by time instead of by number: how many fit.
int64_t RecordsOf(const scenarios::Setup& setup, int index);
bool StopsByTime(const scenarios::Setup& setup, int index);
bool StopsByNumber(const scenarios::Setup& setup, int index);

// ---- Candidates that are smaller without lacking a part. Each is a setup of its own.

// Producer `index` without its `count` first or last records. It has more than `count`.
scenarios::Setup WithoutFirstRecords(const scenarios::Setup& setup, int index, int64_t count);
scenarios::Setup WithoutLastRecords(const scenarios::Setup& setup, int index, int64_t count);
// Only every `step`th record of it, at the same times.
scenarios::Setup EveryNthRecord(const scenarios::Setup& setup, int index, int64_t step);
// Records by number instead of until `stop`; with a constant interval or as it is.
scenarios::Setup WithNumberOfRecords(const scenarios::Setup& setup, int index, bool constant_interval);

// One broker or, of topic `index`, one partition less. They may not build.
scenarios::Setup WithFewerBrokers(const scenarios::Setup& setup);
scenarios::Setup WithFewerPartitions(const scenarios::Setup& setup, int index);

// The heal at that time, and the audit as long after it as before.
scenarios::Setup WithHeal(const scenarios::Setup& setup, sim::Duration heal_at);
sim::Duration HealOf(const scenarios::Setup& setup);

// Every distribution that is written down and isn't constant, and the setup with one of them constant.
std::vector<FieldPath> VariedOf(const scenarios::Setup& setup);
scenarios::Setup WithConstant(const scenarios::Setup& setup, const FieldPath& distribution);

// Times that can be rounded: when faults and clients begin.
std::vector<FieldPath> BeginningsOf(const scenarios::Setup& setup);
std::string TextAt(const scenarios::Setup& setup, const FieldPath& path);
scenarios::Setup WithText(const scenarios::Setup& setup, const FieldPath& path, const std::string& text);

// ---- The single removals: what a result that is 1-minimal can't do without.

struct Removal {
  std::string what;
  scenarios::Setup setup;
};
// All parts one by one, each producer's first and last record, a broker, a partition. `settings`: lines of settings,
// too.
std::vector<Removal> SingleRemovals(const scenarios::Setup& setup, bool settings);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SHRINK_STEPS_H_
