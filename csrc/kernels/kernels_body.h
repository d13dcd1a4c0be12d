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

// floor((allocatable - used) * 100 / allocatable), 0 where used > allocatable or allocatable is 0. The product with
// the inverse is off by less than one, so one comparison with the exact remainder puts it right.
inline Doubles free_percent(Doubles allocatable, Doubles inverse, Doubles used) {
  const Doubles none = {};
  const Doubles rest = (allocatable - used) * 100.0;
  const Doubles estimate = rest * inverse;
  Doubles percent = truncated(estimate > none ? estimate : none);
  const Doubles remainder = rest - percent * allocatable;
  percent = remainder >= allocatable ? percent + 1.0 : percent;
  percent = remainder < none ? percent - 1.0 : percent;
  percent = used > allocatable ? none : percent;
  return allocatable == none ? none : percent;
}

// One side of a score: cpu or memory of a register's nodes.
struct Lanes {
  Doubles allocatable;
  Doubles inverse;
  Doubles used;
};

inline Lanes load(const FitColumns& columns, std::size_t i, double pod) {
  return Lanes{load(columns.allocatable + i), load(columns.inverse + i), load(columns.used + i) + pod};
}

inline Ints least_allocated(const Lanes& cpu, const Lanes& memory) {
  const Doubles none = {};
  const Doubles sum = free_percent(cpu.allocatable, cpu.inverse, cpu.used) +
                      free_percent(memory.allocatable, memory.inverse, memory.used);
  const Doubles score = cpu.allocatable * memory.allocatable != none ? sum * 0.5 : sum;
  return __builtin_convertvector(score, Ints);
}

// int((1 - |f1 - f2| / 2) * 100) with fractions capped at 1; 100 where one of the two is not there.
inline Ints balanced(const Lanes& cpu, const Lanes& memory) {
  const Doubles none = {};
  const Doubles one = none + 1.0;
  const Longs both = cpu.allocatable * memory.allocatable != none;
  Doubles cpu_share = cpu.used / (cpu.allocatable != none ? cpu.allocatable : one);
  Doubles memory_share = memory.used / (memory.allocatable != none ? memory.allocatable : one);
  cpu_share = cpu_share > one ? one : cpu_share;
  memory_share = memory_share > one ? one : memory_share;
  Doubles deviation = (cpu_share - memory_share) * 0.5;  // exact, as the halving upstream does by division is
  deviation = deviation < none ? -deviation : deviation;
  deviation = both ? deviation : none;
  return __builtin_convertvector((one - deviation) * 100.0, Ints);
}

// The last nodes, too few for a register, in columns of their own that are filled up with zeros.
struct Tail {
  double allocatable[kLanes] = {};
  double inverse[kLanes] = {};
  double used[kLanes] = {};

  Tail(const FitColumns& columns, std::size_t begin, std::size_t n) {
    for (std::size_t i = begin; i < n; ++i) {
      allocatable[i - begin] = columns.allocatable[i];
      inverse[i - begin] = columns.inverse[i];
      used[i - begin] = columns.used[i];
    }
  }
  FitColumns columns() const { return FitColumns{allocatable, inverse, used}; }
};

template <Ints (*Score)(const Lanes&, const Lanes&)>
void score_nodes(const FitColumns& cpu, const FitColumns& memory, double pod_cpu, double pod_memory, std::size_t n,
                 std::uint8_t* out) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Bytes scores = __builtin_convertvector(Score(load(cpu, i, pod_cpu), load(memory, i, pod_memory)), Bytes);
    __builtin_memcpy(out + i, &scores, sizeof scores);
  }
  if (i == n) return;
  const Tail cpu_tail(cpu, i, n);
  const Tail memory_tail(memory, i, n);
  const Ints scores = Score(load(cpu_tail.columns(), 0, pod_cpu), load(memory_tail.columns(), 0, pod_memory));
  for (std::size_t lane = 0; i < n; ++i, ++lane) out[i] = static_cast<std::uint8_t>(scores[static_cast<int>(lane)]);
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
  return Kernels{
      name,        filter_fit,  filter_below, score_nodes<least_allocated>, score_nodes<balanced>, add_weighted,
      max_in_mask, min_in_mask, equal_in_mask};
}
