// The one source of chance in the core: seeded, the same on every machine.
#pragma once

#include <cstdint>

namespace kubesched {

// SplitMix64. Small state, passes the usual test batteries, and a fork can copy it.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound). REQUIRES: bound > 0. Values that would bias the remainder are drawn again.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t limit = (0 - bound) % bound;
    std::uint64_t value = next();
    while (value < limit) value = next();
    return value % bound;
  }

 private:
  std::uint64_t state_;
};

}  // namespace kubesched
