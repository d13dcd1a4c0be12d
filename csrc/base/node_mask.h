// A set of nodes, one bit each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kubesched {

// INVARIANT: bits at and behind size() are 0.
class NodeMask {
 public:
  static constexpr std::size_t kWordBits = 64;

  NodeMask() = default;
  explicit NodeMask(std::size_t size, bool value = false) { assign(size, value); }

  void assign(std::size_t size, bool value) {
    size_ = size;
    words_.assign((size + kWordBits - 1) / kWordBits, value ? ~std::uint64_t{0} : 0);
    clear_tail();
  }

  std::size_t size() const { return size_; }
  std::size_t num_words() const { return words_.size(); }
  std::uint64_t* words() { return words_.data(); }
  const std::uint64_t* words() const { return words_.data(); }

  bool test(std::size_t i) const { return (words_[i / kWordBits] >> (i % kWordBits)) & 1U; }
  void set(std::size_t i) { words_[i / kWordBits] |= std::uint64_t{1} << (i % kWordBits); }
  void reset(std::size_t i) { words_[i / kWordBits] &= ~(std::uint64_t{1} << (i % kWordBits)); }

  NodeMask& operator&=(const NodeMask& other) {
    for (std::size_t w = 0; w < words_.size(); ++w) words_[w] &= other.words_[w];
    return *this;
  }

  NodeMask& operator|=(const NodeMask& other) {
    for (std::size_t w = 0; w < words_.size(); ++w) words_[w] |= other.words_[w];
    return *this;
  }

  std::size_t count() const {
    std::size_t n = 0;
    for (std::uint64_t w : words_) n += static_cast<std::size_t>(std::popcount(w));
    return n;
  }

  bool any() const {
    for (std::uint64_t w : words_) {
      if (w != 0) return true;
    }
    return false;
  }

  // Grows or shrinks; new nodes are not in the set.
  void resize(std::size_t size) {
    size_ = size;
    words_.resize((size + kWordBits - 1) / kWordBits, 0);
    clear_tail();
  }

  // Takes one node out of the order; those behind it move up.
  void erase(std::size_t i) {
    const std::size_t first = i / kWordBits;
    const std::uint64_t low = (std::uint64_t{1} << (i % kWordBits)) - 1;
    words_[first] = (words_[first] & low) | ((words_[first] >> 1) & ~low);
    for (std::size_t w = first + 1; w < words_.size(); ++w) {
      words_[w - 1] |= words_[w] << (kWordBits - 1);
      words_[w] >>= 1;
    }
    resize(size_ - 1);
  }

  // Calls f(i) for each node in the set, in node order.
  template <typename F>
  void for_each(F&& f) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        f(w * kWordBits + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }

  // Keeps the nodes for which keep(i) holds.
  template <typename F>
  void filter(F&& keep) {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        const int b = std::countr_zero(bits);
        if (!keep(w * kWordBits + static_cast<std::size_t>(b))) words_[w] &= ~(std::uint64_t{1} << b);
      }
    }
  }

 private:
  void clear_tail() {
    if (size_ % kWordBits != 0) words_.back() &= (std::uint64_t{1} << (size_ % kWordBits)) - 1;
  }

  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

}  // namespace kubesched
