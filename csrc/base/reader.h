// Reads the little-endian records that kubesched/api/wire.py writes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace kubesched {

// Walks over one record. A record that ends early is our own bug: InternalError.
class Reader {
 public:
  explicit Reader(std::string_view record) : rest_(record) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)[0]); }
  bool boolean() { return u8() != 0; }

  std::uint32_t u32() {
    std::uint32_t value = 0;
    const std::string_view bytes = take(sizeof value);
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
    }
    return value;
  }

  std::int64_t i64() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(sizeof value);
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
    }
    return static_cast<std::int64_t>(value);
  }

  std::string_view text() { return take(u32()); }

  // A list: its count, then what read_one gives for each item.
  template <typename F>
  auto list(F&& read_one) {
    std::vector<decltype(read_one())> items;
    const std::uint32_t count = u32();
    check(count <= rest_.size(), "record has fewer bytes than its list has items");
    items.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) items.push_back(read_one());
    return items;
  }

  void finish() const { check(rest_.empty(), "record has bytes left over"); }

 private:
  std::string_view take(std::size_t count) {
    check(count <= rest_.size(), "record ends early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
};

}  // namespace kubesched
