#include "state/gpu_cards.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace kubesched {

std::span<const CardIndex> GpuCards::held_by(PodId pod) const {
  const auto found = held_.find(pod);
  if (found == held_.end()) return {};
  return found->second;
}

void GpuCards::widen(std::size_t stride) {
  if (stride <= stride_) return;
  Column<std::int32_t> wider(num_cards_.size() * stride, kCardMilli);
  for (std::size_t node = 0; node < num_cards_.size(); ++node) {
    std::copy_n(left_.data() + node * stride_, stride_, wider.edit() + node * stride);
  }
  left_ = std::move(wider);
  stride_ = stride;
}

void GpuCards::add_node(const GpuNode& node) {
  widen(node.num_cards);
  num_cards_.push_back(static_cast<std::int32_t>(node.num_cards));
  models_.push_back(node.model);
  left_.resize(num_cards_.size() * stride_, kCardMilli);
}

void GpuCards::update_node(NodeIndex index, const GpuNode& node) {
  widen(node.num_cards);
  num_cards_.set(index, static_cast<std::int32_t>(node.num_cards));
  models_.set(index, node.model);
}

void GpuCards::remove_node(NodeIndex index) {
  for (std::size_t card = 0; card < stride_; ++card) left_.erase(index * stride_);
  num_cards_.erase(index);
  models_.erase(index);
}

std::vector<CardIndex> GpuCards::choose(const GpuRequest& request, NodeIndex node) const {
  const auto room = left(node);
  std::vector<CardIndex> cards = fit_cards(request, room);
  if (!cards.empty() || room.empty()) return cards;
  std::vector<CardIndex> by_room(room.size());
  std::iota(by_room.begin(), by_room.end(), CardIndex{0});
  std::stable_sort(by_room.begin(), by_room.end(), [&](CardIndex a, CardIndex b) { return room[a] > room[b]; });
  by_room.resize(std::min(by_room.size(), static_cast<std::size_t>(request.num)));
  std::sort(by_room.begin(), by_room.end());
  return by_room;
}

void GpuCards::charge(std::span<const CardIndex> cards, std::int32_t milli, NodeIndex node) {
  for (CardIndex card : cards) {
    if (card < stride_) left_.edit()[node * stride_ + card] -= milli;
  }
}

void GpuCards::place(PodId pod, const GpuRequest& request, NodeIndex node) {
  std::vector<CardIndex> cards = std::exchange(reserved_, {});
  if (cards.empty()) cards = request.placed.empty() ? choose(request, node) : request.placed;
  charge(cards, request.milli, node);
  held_[pod] = std::move(cards);
}

void GpuCards::remove(PodId pod, const GpuRequest& request, NodeIndex node) {
  charge(held_by(pod), -request.milli, node);
  held_.erase(pod);
}

void GpuCards::suppose(PodId pod, const GpuRequest& request, NodeIndex node, std::int32_t sign) {
  if (pod != kNoId) {
    charge(held_by(pod), sign * request.milli, node);
  } else if (sign > 0) {
    supposed_.push_back(choose(request, node));
    charge(supposed_.back(), request.milli, node);
  } else {
    check(!supposed_.empty(), "what leaves again has come");
    charge(supposed_.back(), -request.milli, node);
    supposed_.pop_back();
  }
}

}  // namespace kubesched
