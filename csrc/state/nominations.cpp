#include "state/nominations.h"

#include <algorithm>

namespace kubesched {

const Nomination* Nominations::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto& pods = by_node_.at(found->second);
  return &*std::find_if(pods.begin(), pods.end(), [&](const Nomination& pod) { return pod.key == key; });
}

void Nominations::put(std::string key, ShapeId shape, StringId node_name) {
  if (by_key_.contains(key)) remove(key);
  by_key_.emplace(key, node_name);
  by_node_[node_name].push_back(Nomination{std::move(key), shape, node_name});
}

void Nominations::remove(std::string_view key) {
  const auto found = by_key_.find(key);
  const auto node = by_node_.find(found->second);
  std::erase_if(node->second, [&](const Nomination& pod) { return pod.key == key; });
  if (node->second.empty()) by_node_.erase(node);
  by_key_.erase(found);
}

}  // namespace kubesched
