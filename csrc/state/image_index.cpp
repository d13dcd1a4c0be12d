#include "state/image_index.h"

#include <algorithm>

namespace kubesched {

const ImageState* ImageIndex::find(StringId name) const {
  const auto found = images_->find(name);
  return found == images_->end() ? nullptr : &found->second;
}

std::int64_t ImageIndex::seen_nodes(std::size_t node, StringId name) const {
  const NodeImages& images = (*by_node_)[node];
  if (images.as_of != changes_ && is_touched_[node] != 0) return find(name)->num_nodes;
  const auto seen =
      std::find_if(images.seen.begin(), images.seen.end(), [&](const SeenImage& image) { return image.name == name; });
  return seen->num_nodes;
}

void ImageIndex::snapshot() {
  for (std::uint32_t node : touched_) {
    is_touched_[node] = 0;
    if ((*by_node_)[node].as_of == changes_) continue;
    NodeImages& images = by_node_.edit()[node];
    images.as_of = changes_;
    for (SeenImage& image : images.seen) {
      const std::int64_t num_nodes = find(image.name)->num_nodes;
      if (image.num_nodes != num_nodes) ++version_;
      image.num_nodes = num_nodes;
    }
  }
  touched_.clear();
}

void ImageIndex::push_back(const std::vector<NodeImage>& images) {
  by_node_.edit().emplace_back();
  is_touched_.push_back(0);
  add(by_node_->size() - 1, images);
}

void ImageIndex::replace(std::size_t node, const std::vector<NodeImage>& images) {
  remove(node);
  add(node, images);
}

void ImageIndex::erase(std::size_t node) {
  remove(node);
  auto& by_node = by_node_.edit();
  by_node.erase(by_node.begin() + static_cast<std::ptrdiff_t>(node));
  for (auto& [name, image] : images_.edit()) {
    if (node < image.nodes.size()) image.nodes.erase(node);
  }
  is_touched_.erase(is_touched_.begin() + static_cast<std::ptrdiff_t>(node));
  std::erase(touched_, static_cast<std::uint32_t>(node));
  for (std::uint32_t& touched : touched_) touched -= touched > node ? 1 : 0;
}

void ImageIndex::add(std::size_t node, const std::vector<NodeImage>& images) {
  if (images.empty()) return touch(node);
  ++changes_;
  touch(node);
  auto& known = images_.edit();
  NodeImages& own = by_node_.edit()[node];
  for (const NodeImage& listed : images) {
    for (StringId name : listed.names) {
      const auto [slot, added] = known.try_emplace(name);
      ImageState& image = slot->second;
      if (added) image.size_bytes = listed.size_bytes;
      if (image.nodes.size() <= node) image.nodes.resize(node + 1);
      if (image.nodes.test(node)) continue;
      image.nodes.set(node);
      ++image.num_nodes;
      own.seen.push_back(SeenImage{name, 0});
    }
  }
}

void ImageIndex::remove(std::size_t node) {
  if ((*by_node_)[node].seen.empty()) return;
  ++changes_;
  auto& known = images_.edit();
  NodeImages& own = by_node_.edit()[node];
  for (const SeenImage& seen : own.seen) {
    const auto slot = known.find(seen.name);
    slot->second.nodes.reset(node);
    if (--slot->second.num_nodes == 0) known.erase(slot);
  }
  own.seen.clear();
}

}  // namespace kubesched
