// What plugins remember about a shape between cycles.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace kubesched {

// Base of what one plugin remembers about one shape.
class Memo {
 public:
  virtual ~Memo() = default;
  virtual std::size_t bytes() const = 0;
};

// The memos of one shape, one slot a plugin. A memo is good for one version, which the plugin derives from the
// epochs of what it read.
class ShapeMemo {
 public:
  // The memo in the slot, made by make() (which gives a std::unique_ptr<T>) if it is missing or of another version.
  template <typename T, typename F>
  T& get(std::size_t slot, std::uint64_t version, F&& make) {
    if (slots_.size() <= slot) slots_.resize(slot + 1);
    Slot& entry = slots_[slot];
    if (!entry.memo || entry.version != version) {
      entry.memo = make();
      entry.version = version;
    }
    return static_cast<T&>(*entry.memo);
  }

  std::size_t bytes() const {
    std::size_t total = 0;
    for (const Slot& slot : slots_) total += slot.memo ? slot.memo->bytes() : 0;
    return total;
  }

 private:
  struct Slot {
    std::unique_ptr<Memo> memo;
    std::uint64_t version = 0;
  };
  std::vector<Slot> slots_;
};

}  // namespace kubesched
