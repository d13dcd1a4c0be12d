// The column passes that take the time: one source, compiled for each instruction set, chosen at run time.
//
// Every back end gives the same bits: integers are exact, and floating point is never contracted or reordered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kubesched {

// cpu and memory of every node, as doubles. Exact below 2^53, which the caller guarantees.
struct FitColumns {
  const double* allocatable;
  const double* inverse;  // 1 / allocatable, 0 where allocatable is 0
  const double* used;     // what the score counts as requested

  FitColumns from(std::size_t node) const { return {allocatable + node, inverse + node, used + node}; }
};

// Functions over `n` nodes; node masks have one bit a node, (n + 63) / 64 words, unused bits 0.
struct Kernels {
  std::string_view name;

  // Clears the bit of each node with allocatable - requested < request.
  void (*filter_fit)(const std::int64_t* allocatable, const std::int64_t* requested, std::int64_t request,
                     std::size_t n, std::uint64_t* mask);

  // Clears the bit of each node with count >= limit.
  void (*filter_below)(const std::int64_t* count, const std::int64_t* limit, std::size_t n, std::uint64_t* mask);

  // out = LeastAllocated over cpu and memory of equal weight, 0..100.
  void (*least_allocated)(const FitColumns& cpu, const FitColumns& memory, double pod_cpu, double pod_memory,
                          std::size_t n, std::uint8_t* out);

  // out = NodeResourcesBalancedAllocation over cpu and memory, 0..100.
  void (*balanced)(const FitColumns& cpu, const FitColumns& memory, double pod_cpu, double pod_memory, std::size_t n,
                   std::uint8_t* out);

  // totals += weight * scores.
  void (*add_weighted)(const std::uint8_t* scores, std::int64_t weight, std::size_t n, std::int64_t* totals);

  // The highest value among the nodes in the mask. REQUIRES: the mask is not empty.
  std::int64_t (*max_in_mask)(const std::int64_t* values, const std::uint64_t* mask, std::size_t n);

  // The same for the lowest value.
  std::int64_t (*min_in_mask)(const std::int64_t* values, const std::uint64_t* mask, std::size_t n);

  // Sets in `ties` the nodes of the mask whose value equals `value`; returns how many.
  std::size_t (*equal_in_mask)(const std::int64_t* values, const std::uint64_t* mask, std::int64_t value, std::size_t n,
                               std::uint64_t* ties);
};

// The best back end that this processor runs.
const Kernels& best_kernels();

// A back end by name; nullptr where it is unknown or this processor lacks it.
const Kernels* find_kernels(std::string_view name);

// The back ends that this processor runs, best first.
std::vector<const Kernels*> available_kernels();

}  // namespace kubesched
