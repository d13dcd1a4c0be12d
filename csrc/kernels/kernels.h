// The column passes that take the time: one source, compiled for each instruction set, chosen at run time.
//
// Every back end gives the same bits: integers are exact, and floating point is never contracted or reordered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "base/node_tile.h"

namespace kubesched {

// What a pod asks of cpu and memory, and how much the scores of these count.
struct LocalRequest {
  static constexpr double kNotAsked = std::numeric_limits<double>::lowest();

  double cpu_least = kNotAsked;  // that must be free
  double memory_least = kNotAsked;
  double cpu = 0;  // requested, for the balance
  double memory = 0;
  double cpu_hundredfold = 0;  // 100 times what LeastAllocated counts as requested
  double memory_hundredfold = 0;
  std::int32_t least_weight = 0;     // LeastAllocated over cpu and memory of equal weight, 0..100
  std::int32_t balanced_weight = 0;  // NodeResourcesBalancedAllocation over cpu and memory, 0..100
  bool nodes_have_both = false;      // every node has some cpu and some memory
  std::int32_t base = 0;             // INVARIANT: base + 100 * (both weights) <= 255
};

// Functions over `n` nodes; node masks have one bit a node, (n + 63) / 64 words, unused bits 0.
struct Kernels {
  std::string_view name;

  // Clears the bit of each node with allocatable - requested < request.
  void (*filter_fit)(const std::int64_t* allocatable, const std::int64_t* requested, std::int64_t request,
                     std::size_t n, std::uint64_t* mask);

  // Clears the bit of each node with count >= limit.
  void (*filter_below)(const std::int64_t* count, const std::int64_t* limit, std::size_t n, std::uint64_t* mask);

  // out = base + the weighted scores where the pod fits, 0 where it does not; eight values a tile.
  void (*score_tiles)(const NodeTile* tiles, const LocalRequest& pod, std::size_t num_tiles, std::uint8_t* out);

  // Over groups of 64 bytes, of which those count whose bit is in the group's word; no words: all of them do.
  std::uint8_t (*max_byte)(const std::uint8_t* values, const std::uint64_t* mask, std::size_t num_groups);

  // Sets a bit in `equal` for each that equals `value`.
  void (*equal_bytes)(const std::uint8_t* values, const std::uint64_t* mask, std::uint8_t value, std::size_t num_groups,
                      std::uint64_t* equal);

  // The position of the first that equals `value`; 64 * num_groups if none does.
  std::size_t (*find_byte)(const std::uint8_t* values, const std::uint64_t* mask, std::uint8_t value,
                           std::size_t num_groups);

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
