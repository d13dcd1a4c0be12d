// Which nodes have which container image, and how large it is.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/cow.h"
#include "base/node_mask.h"
#include "model/node_spec.h"

namespace kubesched {

// One image name. Its size is that of the node that brought the name first, as in backend/cache/cache.go
// addNodeImageStates (v1.34); it is forgotten with the last node.
struct ImageState {
  std::int64_t size_bytes = 0;
  std::int64_t num_nodes = 0;
  NodeMask nodes;
};

class ImageIndex {
 public:
  // nullptr where no node has the image.
  const ImageState* find(StringId name) const;

  void push_back(const std::vector<NodeImage>& images);
  void replace(std::size_t node, const std::vector<NodeImage>& images);
  void erase(std::size_t node);

 private:
  void add(std::size_t node, const std::vector<NodeImage>& images);
  void remove(std::size_t node);

  Cow<std::unordered_map<StringId, ImageState>> images_;
  Cow<std::vector<std::vector<StringId>>> names_by_node_;
};

}  // namespace kubesched
