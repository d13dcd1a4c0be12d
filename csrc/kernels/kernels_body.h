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

// The including file has registers of doubles and of integers for as many, the integers as wide as its processor
// converts to in one step, and how to take the higher and the lower of two.
static_assert(sizeof(Doubles) == kLanes * sizeof(double));
using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));
using Longs = std::int64_t __attribute__((vector_size(kLanes * sizeof(std::int64_t))));

inline Doubles load(const double* values) {
  Doubles lanes;
  __builtin_memcpy(&lanes, values, sizeof lanes);
  return lanes;
}

// What LeastAllocated gives for one resource; see AmountLines::left.
inline Whole free_percent(const AmountLines& lines, std::size_t at, double hundredfold) {
  const Doubles none = {};
  const Doubles left = load(lines.left.lane + at) - hundredfold * load(lines.inverse.lane + at);
  return __builtin_convertvector(higher(left, none), Whole);
}

// The share of the allocatable that is in use, at most 1; means nothing where there is none.
inline Doubles share(const AmountLines& lines, std::size_t at, const Doubles& allocatable, const Doubles& free,
                     double pod) {
  return lower(quotient(allocatable - free + pod, allocatable, load(lines.inverse.lane + at)), Doubles{} + 1.0);
}

inline Doubles magnitude(const Doubles& value) {
  return reinterpret_cast<Doubles>(reinterpret_cast<Longs>(value) & (Longs{} + 0x7fffffffffffffffLL));
}

// kPlain: every node has cpu and memory, and both scores have weight 1.
template <bool kPlain>
inline Whole score_lanes(const NodeTile& tile, std::size_t at, const LocalRequest& pod) {
  const Doubles none = {};
  const Doubles cpu = load(tile.cpu.allocatable.lane + at);
  const Doubles memory = load(tile.memory.allocatable.lane + at);
  const Doubles cpu_free = load(tile.cpu.free.lane + at);
  const Doubles memory_free = load(tile.memory.free.lane + at);
  const Longs both = kPlain ? Longs{} - 1 : cpu * memory != none;
  // A resource that the node lacks does not count: it adds 0, and the other is the mean.
  const Whole sum =
      free_percent(tile.cpu, at, pod.cpu_hundredfold) + free_percent(tile.memory, at, pod.memory_hundredfold);
  const Whole least = kPlain ? sum >> 1 : sum >> -__builtin_convertvector(both, Whole);
  // int((1 - |f1 - f2| / 2) * 100); the halving is exact, as the division by two upstream is.
  const Doubles deviation =
      magnitude(share(tile.cpu, at, cpu, cpu_free, pod.cpu) - share(tile.memory, at, memory, memory_free, pod.memory)) *
      0.5;
  const Doubles evenness = none + 1.0 - (kPlain ? deviation : both ? deviation : none);
  const Whole balanced = __builtin_convertvector(evenness * 100.0, Whole);
  const Longs fits = (cpu_free >= none + pod.cpu_least) & (memory_free >= none + pod.memory_least);
  const Whole weighted = kPlain ? least + balanced : least * pod.least_weight + balanced * pod.balanced_weight;
  return (pod.base + weighted) & __builtin_convertvector(fits, Whole);
}

template <bool kPlain>
void score_tiles_as(const NodeTile* tiles, const LocalRequest& pod, std::size_t num_tiles, std::uint8_t* out) {
  const LocalRequest request = pod;
  for (std::size_t tile = 0; tile < num_tiles; ++tile) {
    for (std::size_t at = 0; at < NodeTile::kNodes; at += kLanes) {
      const Bytes scores = __builtin_convertvector(score_lanes<kPlain>(tiles[tile], at, request), Bytes);
      __builtin_memcpy(out + tile * NodeTile::kNodes + at, &scores, sizeof scores);
    }
  }
}

void score_tiles(const NodeTile* tiles, const LocalRequest& pod, std::size_t num_tiles, std::uint8_t* out) {
  if (pod.nodes_have_both && pod.least_weight == 1 && pod.balanced_weight == 1) {
    score_tiles_as<true>(tiles, pod, num_tiles, out);
  } else {
    score_tiles_as<false>(tiles, pod, num_tiles, out);
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
