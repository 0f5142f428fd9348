#include "checker/online/journal.h"

namespace brokersim::checker {

// A serialised history is its operations one behind the other, so pieces of one make one.
void Journal::Add(formats::Operation&& operation) {
  *last_.add_operations() = std::move(operation);
  if (last_.operations_size() % kInMemory != 0) return;
  last_.SerializeToString(&bytes_);
  // Not cleared: its slots would each keep the memory of the largest operation that they ever held.
  if (file_.Append(bytes_.data(), bytes_.size()).has_value()) last_ = formats::History();
}

absl::StatusOr<const formats::History*> Journal::Read(formats::History* room) const {
  if (file_.size() == 0) return &last_;
  std::string bytes(file_.size(), '\0');
  if (!file_.Read(0, bytes.data(), bytes.size()) || !room->ParseFromString(bytes)) {
    return absl::UnavailableError("the history so far can't be read back from its file");
  }
  room->MergeFrom(last_);
  return room;
}

absl::StatusOr<formats::History> Journal::Take() {
  if (file_.size() == 0) return std::exchange(last_, {});
  formats::History room;
  if (const auto all = Read(&room); !all.ok()) return all.status();
  return room;
}

}  // namespace brokersim::checker
