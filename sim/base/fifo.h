// Fifo<T>: a queue in one block of memory. At rest it allocates nothing; while it fills and drains it keeps
// its block. A value.
//
//   Fifo<Work> inbox;
//   inbox.push_back(work);        // amortised O(1), as is push_front
//   for (Work& w : inbox) ...     // from the front
#ifndef BROKERSIM_SIM_BASE_FIFO_H_
#define BROKERSIM_SIM_BASE_FIFO_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace brokersim::sim {

template <class T>
class Fifo {
 public:
  using iterator = typename std::vector<T>::iterator;
  using const_iterator = typename std::vector<T>::const_iterator;

  bool empty() const { return head_ == items_.size(); }
  size_t size() const { return items_.size() - head_; }
  iterator begin() { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  iterator end() { return items_.end(); }
  const_iterator begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  const_iterator end() const { return items_.end(); }
  // REQUIRES of these three: !empty().
  T& front() { return items_[head_]; }
  const T& front() const { return items_[head_]; }
  void pop_front() {
    items_[head_] = T();
    if (++head_ == items_.size()) {
      clear();
    } else if (head_ >= kGap && head_ * 2 >= items_.size()) {
      items_.erase(items_.begin(), begin());
      head_ = 0;
    }
  }

  void push_back(T item) { items_.push_back(std::move(item)); }
  void push_front(T item) {
    if (head_ == 0) {
      const size_t gap = std::max(kGap, items_.size());
      std::vector<T> moved(gap);
      moved.insert(moved.end(), std::make_move_iterator(items_.begin()), std::make_move_iterator(items_.end()));
      items_ = std::move(moved);
      head_ = gap;
    }
    items_[--head_] = std::move(item);
  }
  void clear() {
    items_.clear();
    head_ = 0;
  }

 private:
  // Taken-out items that it takes to move the rest up, and the least room that push_front makes.
  static constexpr size_t kGap = 8;

  std::vector<T> items_;
  size_t head_ = 0;  // items before it were taken out
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_FIFO_H_
