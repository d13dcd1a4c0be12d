#include "model/typical_pods.h"

#include <algorithm>

namespace kubesched {

namespace {

// How many cards have room for one size, and what is left on those.
struct Room {
  std::int64_t num_cards;
  std::int64_t milli;
};

std::size_t index(Fragment fragment) { return static_cast<std::size_t>(fragment); }

}  // namespace

TypicalPods::TypicalPods(std::vector<TypicalKind> pods) : pods_(std::move(pods)) {
  for (const TypicalKind& pod : pods_) {
    const auto found = std::find(sizes_.begin(), sizes_.end(), pod.milli);
    size_of_.push_back(static_cast<std::uint32_t>(found - sizes_.begin()));
    if (found == sizes_.end()) sizes_.push_back(pod.milli);
  }
}

Fragments TypicalPods::fragments(std::int64_t milli_cpu_left, std::span<const std::int32_t> left,
                                 StringId model) const {
  constexpr std::size_t kMostSizes = 128;
  Fragments sums{};
  std::int64_t total = 0;
  for (std::int32_t room : left) total += room;
  if (total == 0) return sums;
  std::array<Room, kMostSizes> known;  // by size; others are looked at anew
  const auto room_for = [&](std::int32_t size) {
    Room room{0, 0};
    for (std::int32_t card : left) {
      const bool fits = card >= size;
      room.num_cards += fits;
      room.milli += fits ? card : 0;
    }
    return room;
  };
  const std::size_t num_known = std::min(sizes_.size(), kMostSizes);
  for (std::size_t i = 0; i < num_known; ++i) known[i] = room_for(sizes_[i]);
  const auto all = static_cast<double>(total);
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    const TypicalKind& pod = pods_[i];
    const bool cpu_fits = milli_cpu_left >= pod.milli_cpu;
    if (pod.num == 0) {
      sums[index(cpu_fits ? Fragment::kNoGpuWanted : Fragment::kNoGpuWantedLackCpu)] += pod.weight * all;
      continue;
    }
    if (!pod.models.empty() && std::find(pod.models.begin(), pod.models.end(), model) == pod.models.end()) {
      sums[index(Fragment::kNoAccess)] += pod.weight * all;
      continue;
    }
    const Room room = size_of_[i] < num_known ? known[size_of_[i]] : room_for(pod.milli);
    if (room.num_cards < pod.num) {
      sums[index(cpu_fits ? Fragment::kLackGpu : Fragment::kLackBoth)] += pod.weight * all;
    } else if (!cpu_fits) {
      sums[index(Fragment::kLackCpu)] += pod.weight * all;
    } else {
      sums[index(Fragment::kLackGpu)] += pod.weight * static_cast<double>(total - room.milli);
      sums[index(Fragment::kSatisfied)] += pod.weight * static_cast<double>(room.milli);
    }
  }
  return sums;
}

double sum_of_fragments(const Fragments& fragments) {
  double sum = 0;
  for (std::size_t i = 0; i < kNumFragments; ++i) {
    if (i != index(Fragment::kSatisfied)) sum += fragments[i];
  }
  return sum;
}

double TypicalPods::fragmentation(std::int64_t milli_cpu_left, std::span<const std::int32_t> left,
                                  StringId model) const {
  return sum_of_fragments(fragments(milli_cpu_left, left, model));
}

TypicalPods read_typical_pods(Reader& reader, StringTable& strings) {
  const std::int64_t all = reader.i64();  // pods of the workload
  std::int64_t typical = 0;
  std::vector<std::int64_t> counts;
  std::vector<TypicalKind> pods = reader.list([&] {
    TypicalKind pod{};
    counts.push_back(reader.i64());
    typical += counts.back();
    pod.milli_cpu = reader.i64();
    pod.num = reader.i64();
    pod.milli = static_cast<std::int32_t>(reader.i64());
    pod.models = reader.list([&] { return strings.intern(reader.text()); });
    return pod;
  });
  const auto whole = static_cast<double>(all);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    pods[i].weight = (static_cast<double>(counts[i]) / whole) / (static_cast<double>(typical) / whole);
  }
  return TypicalPods(std::move(pods));
}

}  // namespace kubesched
