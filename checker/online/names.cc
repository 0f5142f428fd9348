#include "checker/online/names.h"

#include <algorithm>
#include <cstring>

namespace brokersim::checker {

std::string_view Texts::Keep(std::string_view text) {
  if (blocks_.empty() || used_ + text.size() > block_) {
    block_ = std::max(std::min(2 * block_, kLargestBlock), text.size());
    blocks_.push_back(std::make_unique<char[]>(block_));
    used_ = 0;
  }
  char* const to = blocks_.back().get() + used_;
  std::memcpy(to, text.data(), text.size());
  used_ += text.size();
  return {to, text.size()};
}

Id Names::Number(Id scope, std::string_view text) {
  const Id before = known_.size();
  const Id id = known_.Intern(scope, text);
  if (id == before) known_.Keep(id, texts_.Keep(text));
  return id;
}

bool Split(std::string_view value, Numbered* numbered) {
  constexpr size_t kMostDigits = 18;
  size_t digits = 0;
  while (digits < value.size() && value[value.size() - 1 - digits] >= '0' && value[value.size() - 1 - digits] <= '9') {
    ++digits;
  }
  // With a zero in front, two texts would be one number.
  if (digits == 0 || digits > kMostDigits || (digits > 1 && value[value.size() - digits] == '0')) return false;
  numbered->before = value.substr(0, value.size() - digits);
  numbered->number = 0;
  for (const char c : value.substr(value.size() - digits)) numbered->number = numbered->number * 10 + (c - '0');
  return true;
}

void ValueSet::Add(Id scope, std::string_view value) {
  Numbered numbered;
  if (!Split(value, &numbered) || befores_.size() >= kMostBefores) {
    others_.emplace(scope, value);
  } else {
    numbered_[{scope, befores_.Number(numbered.before)}].Add(numbered.number, numbered.number + 1);
  }
}

bool ValueSet::Contains(Id scope, std::string_view value) const {
  Numbered numbered;
  if (Split(value, &numbered)) {
    const Id before = befores_.Find(0, numbered.before);
    const auto some = before == kNoId ? numbered_.end() : numbered_.find({scope, before});
    if (some != numbered_.end() && some->second.Contains(numbered.number)) return true;
  }
  return !others_.empty() && others_.contains({scope, std::string(value)});
}

bool ForgottenValues::Takes(std::string_view value) const {
  Numbered numbered;
  if (!Split(value, &numbered)) return false;
  return befores_.size() < kMostBefores || befores_.Find(0, numbered.before) != kNoId;
}

void ForgottenValues::Add(Id log, std::string_view value) {
  Numbered numbered;
  Split(value, &numbered);
  int64_t& highest = highest_.try_emplace({log, befores_.Number(numbered.before)}, numbered.number).first->second;
  highest = std::max(highest, numbered.number);
}

bool ForgottenValues::MayHold(Id log, std::string_view value) const {
  Numbered numbered;
  if (highest_.empty() || !Split(value, &numbered)) return false;
  const Id before = befores_.Find(0, numbered.before);
  const auto highest = before == kNoId ? highest_.end() : highest_.find({log, before});
  return highest != highest_.end() && numbered.number <= highest->second;
}

}  // namespace brokersim::checker
