// A value shared until somebody writes to it; what makes fork() cheap.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace kubesched {

// Copies share one T; edit() gives the caller a T of its own first. Not thread-safe per instance;
// two instances that share a T may be used from two threads.
template <typename T>
class Cow {
 public:
  Cow() : value_(std::make_shared<T>()) {}
  explicit Cow(T value) : value_(std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

  T& edit() {
    if (value_.use_count() != 1) {
      value_ = std::make_shared<T>(*value_);
    } else {
      std::atomic_thread_fence(std::memory_order_acquire);  // another thread may have read it until a moment ago
    }
    return *value_;
  }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace kubesched
