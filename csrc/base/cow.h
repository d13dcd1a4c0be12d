// A value shared until somebody writes to it; what makes fork() cheap.
#pragma once

#include <memory>
#include <utility>

#include "base/sole_owner.h"

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
    if (!is_sole_owner(value_)) value_ = std::make_shared<T>(*value_);
    return *value_;
  }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace kubesched
