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

// floor((allocatable - used) * 100 / allocatable), 0 where used > allocatable or allocatable is 0. The product with
// the inverse is off by less than one, so one comparison with the exact remainder puts it right.
inline double free_percent(double allocatable, double inverse, double used) {
  const double hundredfold = (allocatable - used) * 100.0;
  const double estimate = hundredfold * inverse;
  double percent = static_cast<double>(static_cast<std::int32_t>(estimate < 0.0 ? 0.0 : estimate));
  const double rest = hundredfold - percent * allocatable;
  percent = rest < 0.0 ? percent - 1.0 : percent;
  percent = rest >= allocatable ? percent + 1.0 : percent;
  return (used > allocatable || allocatable == 0.0) ? 0.0 : percent;
}

void add_least_allocated(const FitColumns& cpu, const FitColumns& memory, double pod_cpu, double pod_memory,
                         std::int64_t weight, std::size_t n, std::int64_t* __restrict out) {
  const double* __restrict cpu_all = cpu.allocatable;
  const double* __restrict cpu_inverse = cpu.inverse;
  const double* __restrict cpu_used = cpu.used;
  const double* __restrict memory_all = memory.allocatable;
  const double* __restrict memory_inverse = memory.inverse;
  const double* __restrict memory_used = memory.used;
  const auto factor = static_cast<std::int32_t>(weight);
  for (std::size_t i = 0; i < n; ++i) {
    const double sum = free_percent(cpu_all[i], cpu_inverse[i], cpu_used[i] + pod_cpu) +
                       free_percent(memory_all[i], memory_inverse[i], memory_used[i] + pod_memory);
    const bool both = cpu_all[i] != 0.0 && memory_all[i] != 0.0;
    const auto score = static_cast<std::int32_t>(both ? sum * 0.5 : sum);
    out[i] += static_cast<std::int64_t>(score * factor);
  }
}

// int((1 - |f1 - f2| / 2) * 100) with fractions capped at 1; 100 where one of the two is not there.
void add_balanced(const FitColumns& cpu, const FitColumns& memory, double pod_cpu, double pod_memory,
                  std::int64_t weight, std::size_t n, std::int64_t* __restrict out) {
  const double* __restrict cpu_all = cpu.allocatable;
  const double* __restrict cpu_used = cpu.used;
  const double* __restrict memory_all = memory.allocatable;
  const double* __restrict memory_used = memory.used;
  const auto factor = static_cast<std::int32_t>(weight);
  for (std::size_t i = 0; i < n; ++i) {
    const double cpu_divisor = cpu_all[i] == 0.0 ? 1.0 : cpu_all[i];
    const double memory_divisor = memory_all[i] == 0.0 ? 1.0 : memory_all[i];
    double cpu_share = (cpu_used[i] + pod_cpu) / cpu_divisor;
    double memory_share = (memory_used[i] + pod_memory) / memory_divisor;
    cpu_share = cpu_share > 1.0 ? 1.0 : cpu_share;
    memory_share = memory_share > 1.0 ? 1.0 : memory_share;
    double half = (cpu_share - memory_share) / 2.0;
    half = half < 0.0 ? -half : half;
    const bool both = cpu_all[i] != 0.0 && memory_all[i] != 0.0;
    const double deviation = both ? half : 0.0;
    out[i] += static_cast<std::int64_t>(static_cast<std::int32_t>((1.0 - deviation) * 100.0) * factor);
  }
}

constexpr std::int64_t kLowest = -0x7fffffffffffffffLL - 1;
constexpr std::int64_t kHighest = 0x7fffffffffffffffLL;

std::int64_t max_in_mask(const std::int64_t* values, const std::uint64_t* mask, std::size_t n) {
  std::int64_t best = kLowest;
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::uint64_t word = mask[begin / kBlock];
    if (word == 0) continue;
    const std::size_t size = block_size(begin, n);
    for (std::size_t i = 0; i < size; ++i) {
      const std::int64_t value = ((word >> i) & 1U) != 0 ? values[begin + i] : kLowest;
      best = value > best ? value : best;
    }
  }
  return best;
}

std::int64_t min_in_mask(const std::int64_t* values, const std::uint64_t* mask, std::size_t n) {
  std::int64_t best = kHighest;
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::uint64_t word = mask[begin / kBlock];
    if (word == 0) continue;
    const std::size_t size = block_size(begin, n);
    for (std::size_t i = 0; i < size; ++i) {
      const std::int64_t value = ((word >> i) & 1U) != 0 ? values[begin + i] : kHighest;
      best = value < best ? value : best;
    }
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
  return Kernels{name,         filter_fit,  filter_below, add_least_allocated,
                 add_balanced, max_in_mask, min_in_mask,  equal_in_mask};
}
