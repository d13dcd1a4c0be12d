// Which images nodes have, and how long it takes to get those they lack.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace kubesched {

// A kubelet pulls images one after another by default (serializeImagePulls), and keeps them.
class ImageCaches {
 public:
  // `bytes_per_second` 0: images are there at once.
  ImageCaches(std::vector<std::int64_t> image_bytes, std::int64_t bytes_per_second)
      : image_bytes_(std::move(image_bytes)), bytes_per_second_(bytes_per_second) {}

  // The node comes with these images and no others.
  void reset(std::uint32_t node, const std::vector<std::uint32_t>& images);
  // How long the node takes to get all of the images; it has them from now on.
  std::int64_t pull_ns(std::uint32_t node, const std::vector<std::uint32_t>& images);

 private:
  std::vector<std::int64_t> image_bytes_;
  std::int64_t bytes_per_second_;
  std::vector<std::unordered_set<std::uint32_t>> by_node_;
};

}  // namespace kubesched
