// A pod on its way through the queue, and the heap that orders such pods.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/cluster_event.h"
#include "queue/pod_object.h"

namespace kubesched {

// Shared between the queue and the caller that popped it. Times are nanoseconds of the caller's clock.
struct QueuedPod {
  std::shared_ptr<const PodObject> pod;
  std::int64_t timestamp_ns;  // when it was last added
  std::uint64_t sequence;     // orders pods of one timestamp_ns
  std::int64_t attempts = 0;
  std::optional<std::int64_t> initial_attempt_ns;
  std::optional<std::int64_t> backoff_expiration_ns;  // once worked out
  std::int64_t unschedulable_count = 0;
  std::int64_t consecutive_errors_count = 0;
  std::set<std::string> unschedulable_plugins;
  std::set<std::string> pending_plugins;
  std::string gating_plugin;  // empty where none gates it
  std::string gating_reason;
  std::vector<ClusterEvent> gating_plugin_events;

  bool gated() const { return !gating_plugin.empty(); }
  bool has_rejectors() const { return !unschedulable_plugins.empty() || !pending_plugins.empty(); }
  bool rejected_by(const std::string& plugin) const {
    return unschedulable_plugins.contains(plugin) || pending_plugins.contains(plugin);
  }
};

using QueuedPodPtr = std::shared_ptr<QueuedPod>;

// The order of PrioritySort. Pods of one nanosecond come in the order in which they were added.
bool comes_first(const QueuedPod& a, const QueuedPod& b);

// A binary heap that also finds pods by namespace/name.
// INVARIANT: heap_[i].position points to positions_[heap_[i].pod->pod->key], which is i.
class PodHeap {
 public:
  using Less = std::function<bool(QueuedPod&, QueuedPod&)>;

  explicit PodHeap(Less less) : less_(std::move(less)) {}
  PodHeap(const PodHeap&) = delete;
  PodHeap& operator=(const PodHeap&) = delete;

  // Takes the place of a pod of the same key, if there is one.
  void put(QueuedPodPtr pod);
  bool remove(const std::string& key);
  // nullptr where there is none.
  QueuedPodPtr find(const std::string& key) const;
  QueuedPodPtr peek() const { return heap_.empty() ? nullptr : heap_.front().pod; }
  QueuedPodPtr pop();
  std::size_t size() const { return heap_.size(); }
  bool empty() const { return heap_.empty(); }
  // In the order in which they would be popped.
  std::vector<QueuedPodPtr> sorted() const;

 private:
  struct Slot {
    QueuedPodPtr pod;
    std::size_t* position;  // in positions_, whose values stay where they are
  };

  void settle(std::size_t index);
  bool is_less(std::size_t a, std::size_t b) const { return less_(*heap_[a].pod, *heap_[b].pod); }
  void swap(std::size_t a, std::size_t b);
  void remove_at(std::size_t index);

  Less less_;
  std::vector<Slot> heap_;
  std::unordered_map<std::string, std::size_t> positions_;
};

}  // namespace kubesched
