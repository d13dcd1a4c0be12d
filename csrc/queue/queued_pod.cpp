#include "queue/queued_pod.h"

#include <algorithm>

namespace kubesched {

bool comes_first(const QueuedPod& a, const QueuedPod& b) {
  if (a.pod->priority() != b.pod->priority()) return a.pod->priority() > b.pod->priority();
  if (a.timestamp_ns != b.timestamp_ns) return a.timestamp_ns < b.timestamp_ns;
  return a.sequence < b.sequence;
}

void PodHeap::put(QueuedPodPtr pod) {
  const auto [slot, added] = positions_.try_emplace(pod->pod->key, heap_.size());
  const std::size_t index = slot->second;
  if (added) {
    heap_.push_back({std::move(pod), &slot->second});
  } else {
    heap_[index].pod = std::move(pod);
  }
  settle(index);
}

bool PodHeap::remove(const std::string& key) {
  const auto found = positions_.find(key);
  if (found == positions_.end()) return false;
  remove_at(found->second);
  return true;
}

QueuedPodPtr PodHeap::find(const std::string& key) const {
  const auto found = positions_.find(key);
  return found == positions_.end() ? nullptr : heap_[found->second].pod;
}

QueuedPodPtr PodHeap::pop() {
  QueuedPodPtr first = peek();
  if (first != nullptr) remove_at(0);
  return first;
}

std::vector<QueuedPodPtr> PodHeap::sorted() const {
  std::vector<QueuedPodPtr> pods;
  pods.reserve(heap_.size());
  for (const Slot& slot : heap_) pods.push_back(slot.pod);
  std::sort(pods.begin(), pods.end(), [&](const QueuedPodPtr& a, const QueuedPodPtr& b) { return less_(*a, *b); });
  return pods;
}

void PodHeap::remove_at(std::size_t index) {
  swap(index, heap_.size() - 1);
  positions_.erase(heap_.back().pod->pod->key);
  heap_.pop_back();
  if (index < heap_.size()) settle(index);
}

void PodHeap::settle(std::size_t index) {
  while (index > 0 && is_less(index, (index - 1) / 2)) {
    swap(index, (index - 1) / 2);
    index = (index - 1) / 2;
  }
  for (;;) {
    std::size_t first = index;
    for (std::size_t child = 2 * index + 1; child < std::min(2 * index + 3, heap_.size()); ++child) {
      if (is_less(child, first)) first = child;
    }
    if (first == index) return;
    swap(index, first);
    index = first;
  }
}

void PodHeap::swap(std::size_t a, std::size_t b) {
  std::swap(heap_[a], heap_[b]);
  *heap_[a].position = a;
  *heap_[b].position = b;
}

}  // namespace kubesched
