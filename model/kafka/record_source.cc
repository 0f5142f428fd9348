#include "model/kafka/record_source.h"

#include <algorithm>

namespace brokersim::kafka {

sim::Duration RecordSource::FirstAfter(sim::Env& env) const {
  return std::max(spec_->start - env.monotonic(), sim::Nanoseconds(0));
}

bool RecordSource::HasMore(sim::Env& env) const {
  if (spec_->records > 0 && made_ >= spec_->records) return false;
  return !spec_->stop.has_value() || env.monotonic() <= *spec_->stop;
}

Record RecordSource::Next(sim::Env& env) {
  ++made_;
  Record record;
  if (spec_->keys > 0) {
    record.key = fmt::format("k{}", env.Random("keys").Below(static_cast<uint64_t>(spec_->keys)));
  }
  // A later incarnation says so.
  record.value = env.incarnation() == 1 ? fmt::format("{}-{}", env.name(), made_)
                                        : fmt::format("{}.{}-{}", env.name(), env.incarnation(), made_);
  record.timestamp_ms = env.wall().millis();
  return record;
}

}  // namespace brokersim::kafka
