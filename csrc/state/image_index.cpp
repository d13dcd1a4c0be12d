#include "state/image_index.h"

namespace kubesched {

const ImageState* ImageIndex::find(StringId name) const {
  const auto found = images_->find(name);
  return found == images_->end() ? nullptr : &found->second;
}

void ImageIndex::push_back(const std::vector<NodeImage>& images) {
  names_by_node_.edit().emplace_back();
  add(names_by_node_->size() - 1, images);
}

void ImageIndex::replace(std::size_t node, const std::vector<NodeImage>& images) {
  remove(node);
  add(node, images);
}

void ImageIndex::erase(std::size_t node) {
  remove(node);
  auto& names = names_by_node_.edit();
  names.erase(names.begin() + static_cast<std::ptrdiff_t>(node));
  for (auto& [name, image] : images_.edit()) {
    if (node < image.nodes.size()) image.nodes.erase(node);
  }
}

void ImageIndex::add(std::size_t node, const std::vector<NodeImage>& images) {
  if (images.empty()) return;
  auto& known = images_.edit();
  auto& names = names_by_node_.edit()[node];
  for (const NodeImage& listed : images) {
    for (StringId name : listed.names) {
      const auto [slot, added] = known.try_emplace(name);
      ImageState& image = slot->second;
      if (added) image.size_bytes = listed.size_bytes;
      if (image.nodes.size() <= node) image.nodes.resize(node + 1);
      if (image.nodes.test(node)) continue;
      image.nodes.set(node);
      ++image.num_nodes;
      names.push_back(name);
    }
  }
}

void ImageIndex::remove(std::size_t node) {
  if ((*names_by_node_)[node].empty()) return;
  auto& known = images_.edit();
  auto& names = names_by_node_.edit()[node];
  for (StringId name : names) {
    const auto slot = known.find(name);
    slot->second.nodes.reset(node);
    if (--slot->second.num_nodes == 0) known.erase(slot);
  }
  names.clear();
}

}  // namespace kubesched
