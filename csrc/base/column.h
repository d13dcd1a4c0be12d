// One quantity of every node, contiguous and 64-byte aligned.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

#include "base/sole_owner.h"

namespace kubesched {

// A growable array whose buffer is shared between copies until one of them writes.
// share() lends the buffer to a reader (a NumPy view): the reader keeps the values it saw.
// Not thread-safe per instance.
template <typename T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Column() = default;
  Column(std::size_t size, T value) { resize(size, value); }

  std::size_t size() const { return size_; }
  const T* data() const { return buffer_.get(); }
  const T& operator[](std::size_t i) const { return buffer_.get()[i]; }
  std::shared_ptr<const T> share() const { return buffer_; }

  // The caller's own buffer, for writing.
  T* edit() {
    if (buffer_ && !is_sole_owner(buffer_)) reallocate(capacity_);
    return buffer_.get();
  }

  void set(std::size_t i, T value) { edit()[i] = value; }

  void resize(std::size_t size, T value) {
    if (size > capacity_) reallocate(std::max(size, capacity_ * 2));
    if (size > size_) {
      T* values = edit();
      std::fill(values + size_, values + size, value);
    }
    size_ = size;
  }

  void push_back(T value) { resize(size_ + 1, value); }

  // Removes one value; those behind it move up.
  void erase(std::size_t i) {
    T* values = edit();
    std::memmove(values + i, values + i + 1, (size_ - i - 1) * sizeof(T));
    --size_;
  }

 private:
  static constexpr std::size_t kAlignment = 64;

  void reallocate(std::size_t capacity) {
    capacity = std::max<std::size_t>(capacity, 16);
    T* raw = static_cast<T*>(::operator new(capacity * sizeof(T), std::align_val_t{kAlignment}));
    if (size_ > 0) std::memcpy(raw, buffer_.get(), size_ * sizeof(T));
    buffer_ = std::shared_ptr<T>(raw, [](T* p) { ::operator delete(p, std::align_val_t{kAlignment}); });
    capacity_ = capacity;
  }

  std::shared_ptr<T> buffer_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace kubesched
