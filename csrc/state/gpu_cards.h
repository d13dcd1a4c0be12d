// What is left on each node's GPU cards, and which cards each pod holds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/column.h"
#include "base/ids.h"
#include "model/gpu_request.h"

namespace kubesched {

// Not thread-safe; copies share their columns until one writes.
// INVARIANT: a card's room is kCardMilli less what the pods on it hold; more may be held than there is.
class GpuCards {
 public:
  // Thousandths that each card of the node has left.
  std::span<const std::int32_t> left(NodeIndex node) const {
    return {left_.data() + node * stride_, static_cast<std::size_t>(num_cards_[node])};
  }
  StringId model(NodeIndex node) const { return models_[node]; }
  // int32 by node and card; a node's cards beyond its own count mean nothing.
  const Column<std::int32_t>& left() const { return left_; }
  const Column<std::int32_t>& num_cards() const { return num_cards_; }
  std::size_t stride() const { return stride_; }
  // The cards that a pod holds, in order; a card that it holds several shares of comes several times.
  std::span<const CardIndex> held_by(PodId pod) const;

  void add_node(const GpuNode& node);
  void update_node(NodeIndex index, const GpuNode& node);
  void remove_node(NodeIndex index);

  // The cards that the pod which is placed next gets.
  void reserve(std::vector<CardIndex> cards) { reserved_ = std::move(cards); }
  // Puts a pod on the cards reserved for it, on those that its request names, or on those that fit_cards() gives; where
  // it does not fit, on those with the most room.
  void place(PodId pod, const GpuRequest& request, NodeIndex node);
  void remove(PodId pod, const GpuRequest& request, NodeIndex node);

  // For filters alone: a pod that is there leaves (sign -1) or comes back (sign 1), or kNoId, one that is not there,
  // comes (1) and leaves again (-1), the last first.
  void suppose(PodId pod, const GpuRequest& request, NodeIndex node, std::int32_t sign);

 private:
  std::vector<CardIndex> choose(const GpuRequest& request, NodeIndex node) const;
  void charge(std::span<const CardIndex> cards, std::int32_t milli, NodeIndex node);
  void widen(std::size_t stride);

  Column<std::int32_t> left_;
  Column<std::int32_t> num_cards_;
  Column<StringId> models_;
  std::size_t stride_ = 0;
  std::unordered_map<PodId, std::vector<CardIndex>> held_;
  std::vector<CardIndex> reserved_;
  std::vector<std::vector<CardIndex>> supposed_;
};

}  // namespace kubesched
