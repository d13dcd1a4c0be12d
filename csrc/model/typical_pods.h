// Fragmentation of GPUs: what of a node's free cards a typical pod of the workload could not use.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/reader.h"
#include "model/gpu_request.h"

namespace kubesched {

// One kind of pod of a workload.
struct TypicalKind {
  std::int64_t milli_cpu;
  std::int64_t num;    // cards; 0: none
  std::int32_t milli;  // of each card
  std::vector<StringId> models;
  double weight;  // its share of the typical pods; all together 1
};

// What becomes of a node's free thousandths, on average over the typical pods. All but kSatisfied are fragments.
enum class Fragment : std::uint8_t {
  kLackBoth,
  kLackGpu,
  kSatisfied,
  kLackCpu,
  kNoGpuWanted,         // a pod without GPU that fits
  kNoGpuWantedLackCpu,  // and one that does not
  kNoAccess,            // cards of another model
};
inline constexpr std::size_t kNumFragments = 7;
using Fragments = std::array<double, kNumFragments>;

// The fragmentation measure of "Beware of Fragmentation" (USENIX ATC 2023). Sums run in the order of the pods, and the
// cases are added in the order of the enum, so that results are the same to the last bit everywhere.
class TypicalPods {
 public:
  TypicalPods() = default;
  explicit TypicalPods(std::vector<TypicalKind> pods);

  bool empty() const { return pods_.empty(); }
  const std::vector<TypicalKind>& pods() const { return pods_; }
  Fragments fragments(std::int64_t milli_cpu_left, std::span<const std::int32_t> left, StringId model) const;
  // All fragments of a node, in thousandths of a card.
  double fragmentation(std::int64_t milli_cpu_left, std::span<const std::int32_t> left, StringId model) const;

 private:
  std::vector<TypicalKind> pods_;
  std::vector<std::int32_t> sizes_;     // the distinct `milli`s
  std::vector<std::uint32_t> size_of_;  // by pod, a position in sizes_
};

double sum_of_fragments(const Fragments& fragments);
TypicalPods read_typical_pods(Reader& reader, StringTable& strings);

}  // namespace kubesched
