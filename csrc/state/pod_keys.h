// Names of pods: a batch of them in one buffer, and the buffers that a table's names view into.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace kubesched {

std::uint32_t hash_of_key(std::string_view key);

// "namespace/name" of many pods, hashed once. Grows at its end until it is shared; then immutable.
class PodKeys {
 public:
  void reserve(std::size_t count) { ends_.reserve(count), hashes_.reserve(count); }
  void push_back(std::string_view key);
  // Looks for a name that is there twice. REQUIRES: called once, behind the last push_back().
  void finish();

  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  std::uint32_t hash(std::size_t i) const { return hashes_[i]; }
  // The first position whose name an earlier one has.
  std::optional<std::size_t> first_duplicate() const { return first_duplicate_; }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint32_t> hashes_;
  std::optional<std::size_t> first_duplicate_;
};

using KeyBufferId = std::uint32_t;

// A pod's name with its hash, and the buffer of the table that holds the text already; kNoId: it is to be copied.
struct PodKey {
  PodKey(std::string_view key) : text(key), hash(hash_of_key(key)) {}  // NOLINT: a name is a key
  PodKey(const std::string& key) : PodKey(std::string_view(key)) {}    // NOLINT
  PodKey(std::string_view key, std::uint32_t key_hash, KeyBufferId held_by)
      : text(key), hash(key_hash), buffer(held_by) {}

  std::string_view text;
  std::uint32_t hash;
  KeyBufferId buffer = kNoId;
};

// Each buffer lives while a name in it does, or somebody holds it. Copies share the buffers. Not thread-safe.
class KeyBuffers {
 public:
  // A buffer of the caller's, held until release().
  KeyBufferId hold(std::shared_ptr<const void> owner);
  void keep(KeyBufferId id) { ++buffers_[id].uses; }
  void release(KeyBufferId id);
  // Copies a name into a buffer, which it then keeps.
  std::string_view copy(std::string_view text, KeyBufferId& id);

 private:
  static constexpr std::size_t kChunkBytes = 4096;

  struct Buffer {
    std::shared_ptr<const void> owner;
    std::uint32_t uses = 0;
  };
  void start_chunk(std::size_t bytes);

  std::vector<Buffer> buffers_;
  std::vector<KeyBufferId> free_;
  KeyBufferId chunk_ = kNoId;  // names are copied to its end, unless a copy of this shares it
  char* next_ = nullptr;
  std::size_t left_bytes_ = 0;
};

}  // namespace kubesched
