// Which nodes have which container image, how large it is, and on how many nodes each node last saw it.
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

// Upstream scores with the number of nodes that have an image as of the node's last snapshot, and takes a new
// snapshot, at the start of a cycle, only of nodes that changed since (cache.go UpdateSnapshot, v1.34). So a node
// keeps an old number until it, or a pod on it, changes:
//
//   nodes a, b with image i           a sees 2, b sees 2
//   node c with image i is added      a sees 2, b sees 2; c, from the next cycle on, 3
//   a pod lands on a, next cycle      a sees 3, b sees 2
class ImageIndex {
 public:
  // nullptr where no node has the image.
  const ImageState* find(StringId name) const;
  // On how many nodes the node sees the image, were a cycle to start now. REQUIRES: the node has the image.
  std::int64_t seen_nodes(std::size_t node, StringId name) const;
  // Changes whenever a number that a node sees does.
  std::uint64_t version() const { return version_; }

  void push_back(const std::vector<NodeImage>& images);
  void replace(std::size_t node, const std::vector<NodeImage>& images);
  void erase(std::size_t node);

  // The node, or a pod on it, changed.
  void touch(std::size_t node) {
    if (changes_ == 0 || is_touched_[node] != 0) return;  // without images there are no numbers
    is_touched_[node] = 1;
    touched_.push_back(static_cast<std::uint32_t>(node));
  }
  // A cycle starts: nodes that were touched since the last one see the numbers of now.
  void snapshot();

 private:
  struct SeenImage {
    StringId name;
    std::int64_t num_nodes;
  };
  struct NodeImages {
    std::vector<SeenImage> seen;
    std::uint64_t as_of = 0;  // changes_ when the numbers were taken
  };

  void add(std::size_t node, const std::vector<NodeImage>& images);
  void remove(std::size_t node);

  Cow<std::unordered_map<StringId, ImageState>> images_;
  Cow<std::vector<NodeImages>> by_node_;
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint8_t> is_touched_;  // by node
  std::uint64_t changes_ = 0;             // of any image's number of nodes
  std::uint64_t version_ = 0;
};

}  // namespace kubesched
