#include "replay/image_caches.h"

namespace kubesched {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

}  // namespace

void ImageCaches::reset(std::uint32_t node, const std::vector<std::uint32_t>& images) {
  if (by_node_.size() <= node) by_node_.resize(node + 1);
  by_node_[node] = {images.begin(), images.end()};
}

std::int64_t ImageCaches::pull_ns(std::uint32_t node, const std::vector<std::uint32_t>& images) {
  if (bytes_per_second_ == 0 || images.empty()) return 0;
  std::int64_t wait_ns = 0;
  for (const std::uint32_t image : images) {
    if (!by_node_[node].insert(image).second) continue;
    const std::int64_t bytes = image_bytes_[image];
    // Seconds and the rest apart, so that no product passes 2**63.
    wait_ns += bytes / bytes_per_second_ * kSecondNs;
    const double rest = static_cast<double>(bytes % bytes_per_second_) / static_cast<double>(bytes_per_second_);
    wait_ns += static_cast<std::int64_t>(rest * static_cast<double>(kSecondNs));
  }
  return wait_ns;
}

}  // namespace kubesched
