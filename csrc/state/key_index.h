// Finds small integers by the hash of what they name.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace kubesched {

// A flat hash table of (hash, id), open addressing with linear probing; the caller compares what is named.
// INVARIANT: at most half of the slots are taken.
class KeyIndex {
 public:
  std::size_t size() const { return size_; }

  void reserve(std::size_t count) {
    if (2 * count > slots_.size()) rehash(count);
  }

  // The id with this hash for which is_same(id) holds; kNoId if there is none.
  template <typename F>
  std::uint32_t find(std::uint32_t hash, F&& is_same) const {
    if (slots_.empty()) return kNoId;
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.id == kNoId) return kNoId;
      if (slot.hash == hash && is_same(slot.id)) return slot.id;
    }
  }

  // REQUIRES: the id is not there.
  void insert(std::uint32_t hash, std::uint32_t id) {
    reserve(size_ + 1);
    place(Slot{hash, id});
    ++size_;
  }

  // REQUIRES: the id is there with this hash. Slots behind it move up into the gap, so no mark stays.
  void erase(std::uint32_t hash, std::uint32_t id) {
    std::size_t gap = hash & mask();
    while (slots_[gap].id != id) gap = (gap + 1) & mask();
    for (std::size_t at = (gap + 1) & mask(); slots_[at].id != kNoId; at = (at + 1) & mask()) {
      const std::size_t home = slots_[at].hash & mask();
      if (((at - home) & mask()) < ((at - gap) & mask())) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = Slot{};
    --size_;
  }

  // Brings the slot into the cache.
  void prefetch(std::uint32_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & mask()], 1);
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t id = kNoId;
  };

  std::size_t mask() const { return slots_.size() - 1; }

  void place(Slot slot) {
    std::size_t at = slot.hash & mask();
    while (slots_[at].id != kNoId) at = (at + 1) & mask();
    slots_[at] = slot;
  }

  void rehash(std::size_t count) {
    std::size_t size = 64;
    while (size < 2 * count) size *= 2;
    std::vector<Slot> before(size);
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.id != kNoId) place(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace kubesched
