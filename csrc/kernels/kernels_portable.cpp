// The kernels compiled for the portable back end.
#include "kernels/backends.h"

namespace kubesched::portable {

namespace {

constexpr std::size_t kLanes = 2;

using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));
using Whole = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

inline Doubles higher(const Doubles& a, const Doubles& b) { return a > b ? a : b; }
inline Doubles quotient(const Doubles& n, const Doubles& d, const Doubles&) { return n / d; }
inline Doubles lower(const Doubles& a, const Doubles& b) { return a < b ? a : b; }

struct Group {
  std::uint8_t bytes[64];
};

inline Group load_group(const std::uint8_t* bytes) {
  Group group;
  __builtin_memcpy(group.bytes, bytes, sizeof group.bytes);
  return group;
}
inline Group load_group(const std::uint8_t* bytes, std::uint64_t mask) {
  Group group;
  for (unsigned i = 0; i < 64; ++i) {
    group.bytes[i] = static_cast<std::uint8_t>(bytes[i] & -static_cast<int>((mask >> i) & 1U));
  }
  return group;
}
inline Group higher(const Group& a, const Group& b) {
  Group group;
  for (unsigned i = 0; i < 64; ++i) group.bytes[i] = a.bytes[i] > b.bytes[i] ? a.bytes[i] : b.bytes[i];
  return group;
}
inline std::uint64_t equals(const Group& a, std::uint8_t value) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < 64; ++i) mask |= static_cast<std::uint64_t>(a.bytes[i] == value) << i;
  return mask;
}
inline std::uint8_t highest(const Group& a) {
  std::uint8_t best = 0;
  for (unsigned i = 0; i < 64; ++i) best = a.bytes[i] > best ? a.bytes[i] : best;
  return best;
}

#include "kernels/kernels_body.h"

}  // namespace

const Kernels& kernels() {
  static constexpr Kernels kTable = make_kernels("portable");
  return kTable;
}

}  // namespace kubesched::portable
