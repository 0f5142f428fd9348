#include "runner/shard.h"

#include <fmt/format.h>

#include "absl/strings/numbers.h"

namespace brokersim::runner {
namespace {

using Variable = std::function<const char*(const char*)>;

// A whole number; `otherwise` where the variable isn't set.
absl::StatusOr<uint64_t> Number(const Variable& variable, const char* name, std::optional<uint64_t> otherwise) {
  const char* text = variable(name);
  if (text == nullptr && otherwise.has_value()) return *otherwise;
  uint64_t number = 0;
  if (text != nullptr && absl::SimpleAtoi(text, &number)) return number;
  return absl::InvalidArgumentError(
      text == nullptr
          ? fmt::format("the environment names a shard, but not how many there are: set {}, or say --shard=1/1 "
                        "to run everything",
                        name)
          : fmt::format("{} takes a whole number, not '{}'", name, text));
}

absl::StatusOr<Shard> Checked(uint64_t index, uint64_t count, const char* source) {
  if (index < count) return Shard{index, count, source};
  return absl::InvalidArgumentError(
      fmt::format("{} names shard {} (from 0) of {}; say --shard=1/1 to run everything", source, index, count));
}

// Task ids may begin anywhere and be some steps apart.
absl::StatusOr<Shard> OfSlurm(const Variable& variable) {
  const absl::StatusOr<uint64_t> id = Number(variable, "SLURM_ARRAY_TASK_ID", std::nullopt);
  const absl::StatusOr<uint64_t> first = Number(variable, "SLURM_ARRAY_TASK_MIN", std::nullopt);
  const absl::StatusOr<uint64_t> last = Number(variable, "SLURM_ARRAY_TASK_MAX", std::nullopt);
  const absl::StatusOr<uint64_t> step = Number(variable, "SLURM_ARRAY_TASK_STEP", 1);
  for (const absl::StatusOr<uint64_t>* number : {&id, &first, &last, &step}) {
    if (!number->ok()) return number->status();
  }
  const bool regular = *step > 0 && *first <= *id && *id <= *last && (*id - *first) % *step == 0;
  if (!regular) {
    return absl::InvalidArgumentError("the Slurm array isn't of the form FIRST-LAST:STEP; say --shard=i/n instead");
  }
  return Checked((*id - *first) / *step, (*last - *first) / *step + 1, "SLURM_ARRAY_TASK_ID");
}

absl::StatusOr<Shard> OfPair(const Variable& variable, const char* index_name, const char* count_name) {
  const absl::StatusOr<uint64_t> index = Number(variable, index_name, std::nullopt);
  if (!index.ok()) return index.status();
  const absl::StatusOr<uint64_t> count = Number(variable, count_name, std::nullopt);
  if (!count.ok()) return count.status();
  return Checked(*index, *count, index_name);
}

}  // namespace

absl::StatusOr<Shard> ParseShard(std::string_view text) {
  const size_t slash = text.find('/');
  uint64_t number = 0;
  uint64_t count = 0;
  const bool good = slash != std::string_view::npos &&
                    absl::SimpleAtoi(absl::string_view(text.data(), slash), &number) &&
                    absl::SimpleAtoi(absl::string_view(text.data() + slash + 1, text.size() - slash - 1), &count) &&
                    number >= 1 && number <= count;
  if (!good) return absl::InvalidArgumentError(fmt::format("--shard takes a part such as 1/4 or 4/4, not '{}'", text));
  return Shard{number - 1, count, "--shard"};
}

absl::StatusOr<std::optional<Shard>> ShardOfEnvironment(const Variable& variable) {
  absl::StatusOr<Shard> shard = Shard();
  if (variable("SLURM_ARRAY_TASK_ID") != nullptr) {
    shard = OfSlurm(variable);
  } else if (variable("JOB_COMPLETION_INDEX") != nullptr) {
    shard = OfPair(variable, "JOB_COMPLETION_INDEX", "BROKERSIM_SHARD_COUNT");
  } else if (variable("TEST_TOTAL_SHARDS") != nullptr) {
    shard = OfPair(variable, "TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS");
  } else {
    return std::optional<Shard>();
  }
  if (!shard.ok()) return shard.status();
  return std::optional<Shard>(*std::move(shard));
}

}  // namespace brokersim::runner
