// The bodies of the kernels, included once by each kernels_<back end>.cpp inside a namespace of its own.
//
// Plain loops that the compiler vectorises for the instruction set of the including file. No function of the
// standard library is called: an inline one compiled here could be linked in where its instructions do not exist.

constexpr std::size_t kBlock = 64;

inline std::size_t block_size(std::size_t begin, std::size_t n) { return n - begin < kBlock ? n - begin : kBlock; }

void filter_fit(const std::int64_t* allocatable, const std::int64_t* requested, std::int64_t request, std::size_t n,
                std::uint64_t* mask) {
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t size = block_size(begin, n);
    std::uint64_t fits = 0;
    if (size == kBlock) {
      for (std::size_t i = 0; i < kBlock; ++i) {
        fits |= static_cast<std::uint64_t>(allocatable[begin + i] - requested[begin + i] >= request) << i;
      }
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        fits |= static_cast<std::uint64_t>(allocatable[begin + i] - requested[begin + i] >= request) << i;
      }
    }
    mask[begin / kBlock] &= fits;
  }
}

void filter_below(const std::int64_t* count, const std::int64_t* limit, std::size_t n, std::uint64_t* mask) {
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t size = block_size(begin, n);
    std::uint64_t below = 0;
    if (size == kBlock) {
      for (std::size_t i = 0; i < kBlock; ++i) {
        below |= static_cast<std::uint64_t>(count[begin + i] < limit[begin + i]) << i;
      }
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        below |= static_cast<std::uint64_t>(count[begin + i] < limit[begin + i]) << i;
      }
    }
    mask[begin / kBlock] &= below;
  }
}

// A register of doubles, and integers for as many. The including file says how many: kLanes.
using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));
using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
using Longs = std::int64_t __attribute__((vector_size(kLanes * sizeof(std::int64_t))));

inline Doubles load(const double* values) {
  Doubles lanes;
  __builtin_memcpy(&lanes, values, sizeof lanes);
  return lanes;
}

inline Doubles truncated(Doubles value) {
  return __builtin_convertvector(__builtin_convertvector(value, Ints), Doubles);
}

// What LeastAllocated gives for one resource; see AmountLines::left.
inline Doubles free_percent(const AmountLines& lines, std::size_t at, double hundredfold) {
  const Doubles none = {};
  const Doubles left = load(lines.left.lane + at) - hundredfold * load(lines.inverse.lane + at);
  return truncated(left > none ? left : none);
}

// The share of the allocatable that is in use, at most 1; means nothing where there is none.
inline Doubles share(const Doubles& allocatable, const Doubles& free, double pod) {
  const Doubles one = Doubles{} + 1.0;
  const Doubles used = (allocatable - free + pod) / allocatable;
  return used > one ? one : used;
}

inline Ints score_lanes(const NodeTile& tile, std::size_t at, const LocalRequest& pod) {
  const Doubles none = {};
  const Doubles cpu = load(tile.cpu.allocatable.lane + at);
  const Doubles memory = load(tile.memory.allocatable.lane + at);
  const Doubles cpu_free = load(tile.cpu.free.lane + at);
  const Doubles memory_free = load(tile.memory.free.lane + at);
  const Longs both = cpu * memory != none;
  // A resource that the node lacks does not count: it adds 0, and the other is the mean.
  const Doubles sum =
      free_percent(tile.cpu, at, pod.cpu_hundredfold) + free_percent(tile.memory, at, pod.memory_hundredfold);
  const Ints least = __builtin_convertvector(both ? sum * 0.5 : sum, Ints);
  // int((1 - |f1 - f2| / 2) * 100); the halving is exact, as the division by two upstream is.
  Doubles deviation = (share(cpu, cpu_free, pod.cpu) - share(memory, memory_free, pod.memory)) * 0.5;
  deviation = deviation < none ? -deviation : deviation;
  deviation = both ? deviation : none;
  const Ints balanced = __builtin_convertvector((none + 1.0 - deviation) * 100.0, Ints);
  const Longs fits = (cpu_free >= none + pod.cpu_least) & (memory_free >= none + pod.memory_least);
  return (pod.base + least * pod.least_weight + balanced * pod.balanced_weight) & __builtin_convertvector(fits, Ints);
}

void score_tiles(const NodeTile* tiles, const LocalRequest& pod, std::size_t num_tiles, std::uint8_t* out) {
  const LocalRequest request = pod;
  for (std::size_t tile = 0; tile < num_tiles; ++tile) {
    for (std::size_t at = 0; at < NodeTile::kNodes; at += kLanes) {
      const Bytes scores = __builtin_convertvector(score_lanes(tiles[tile], at, request), Bytes);
      __builtin_memcpy(out + tile * NodeTile::kNodes + at, &scores, sizeof scores);
    }
  }
}

// The including file has Group, 64 bytes: load, load_masked, higher, highest and equal.

std::uint8_t max_byte(const std::uint8_t* values, const std::uint64_t* mask, std::size_t num_groups) {
  Group best = {};
  if (mask == nullptr) {
    for (std::size_t g = 0; g < num_groups; ++g) best = higher(best, load_group(values + g * kBlock));
  } else {
    for (std::size_t g = 0; g < num_groups; ++g) best = higher(best, load_group(values + g * kBlock, mask[g]));
  }
  return highest(best);
}

void equal_bytes(const std::uint8_t* values, const std::uint64_t* mask, std::uint8_t value, std::size_t num_groups,
                 std::uint64_t* equal) {
  for (std::size_t g = 0; g < num_groups; ++g) {
    equal[g] = equals(load_group(values + g * kBlock), value) & (mask == nullptr ? ~std::uint64_t{0} : mask[g]);
  }
}

std::size_t find_byte(const std::uint8_t* values, const std::uint64_t* mask, std::uint8_t value,
                      std::size_t num_groups) {
  for (std::size_t g = 0; g < num_groups; ++g) {
    const std::uint64_t equal =
        equals(load_group(values + g * kBlock), value) & (mask == nullptr ? ~std::uint64_t{0} : mask[g]);
    if (equal != 0) return g * kBlock + static_cast<std::size_t>(__builtin_ctzll(equal));
  }
  return num_groups * kBlock;
}

void add_weighted(const std::uint8_t* __restrict scores, std::int64_t weight, std::size_t n,
                  std::int64_t* __restrict totals) {
  for (std::size_t i = 0; i < n; ++i) totals[i] += weight * scores[i];
}

constexpr std::int64_t kLowest = -0x7fffffffffffffffLL - 1;
constexpr std::int64_t kHighest = 0x7fffffffffffffffLL;

// The highest of 64 values that are in the word; kLowest if none is.
inline std::int64_t max_of_block(const std::int64_t* values, std::uint64_t word) {
  std::int64_t best = kLowest;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::int64_t in = -static_cast<std::int64_t>((word >> i) & 1U);
    const std::int64_t value = (values[i] & in) | (kLowest & ~in);
    best = value > best ? value : best;
  }
  return best;
}

std::int64_t max_in_mask(const std::int64_t* values, const std::uint64_t* mask, std::size_t n) {
  std::int64_t best = kLowest;
  std::size_t begin = 0;
  for (; begin + kBlock <= n; begin += kBlock) {
    const std::int64_t value = max_of_block(values + begin, mask[begin / kBlock]);
    best = value > best ? value : best;
  }
  for (; begin < n; ++begin) {
    const bool in = ((mask[begin / kBlock] >> (begin % kBlock)) & 1U) != 0;
    if (in && values[begin] > best) best = values[begin];
  }
  return best;
}

// The lowest of 64 values that are in the word; kHighest if none is.
inline std::int64_t min_of_block(const std::int64_t* values, std::uint64_t word) {
  std::int64_t best = kHighest;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::int64_t in = -static_cast<std::int64_t>((word >> i) & 1U);
    const std::int64_t value = (values[i] & in) | (kHighest & ~in);
    best = value < best ? value : best;
  }
  return best;
}

std::int64_t min_in_mask(const std::int64_t* values, const std::uint64_t* mask, std::size_t n) {
  std::int64_t best = kHighest;
  std::size_t begin = 0;
  for (; begin + kBlock <= n; begin += kBlock) {
    const std::int64_t value = min_of_block(values + begin, mask[begin / kBlock]);
    best = value < best ? value : best;
  }
  for (; begin < n; ++begin) {
    const bool in = ((mask[begin / kBlock] >> (begin % kBlock)) & 1U) != 0;
    if (in && values[begin] < best) best = values[begin];
  }
  return best;
}

std::size_t equal_in_mask(const std::int64_t* values, const std::uint64_t* mask, std::int64_t value, std::size_t n,
                          std::uint64_t* ties) {
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t size = block_size(begin, n);
    std::uint64_t equal = 0;
    for (std::size_t i = 0; i < size; ++i) equal |= static_cast<std::uint64_t>(values[begin + i] == value) << i;
    equal &= mask[begin / kBlock];
    ties[begin / kBlock] = equal;
    count += static_cast<std::size_t>(__builtin_popcountll(equal));
  }
  return count;
}

constexpr Kernels make_kernels(std::string_view name) {
  return Kernels{name,      filter_fit,   filter_below, score_tiles, max_byte,     equal_bytes,
                 find_byte, add_weighted, max_in_mask,  min_in_mask, equal_in_mask};
}
