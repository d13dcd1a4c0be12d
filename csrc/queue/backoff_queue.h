// Pods that wait until their backoff is over (backend/queue/backoff_queue.go, v1.34).
#pragma once

#include <cstdint>
#include <vector>

#include "queue/queued_pod.h"

namespace kubesched {

// Backoff doubles with each attempt. With `aligned` it ends on whole seconds, and among pods of one second the order
// of the active queue holds. Pods that failed by an error wait in a heap of their own and are never popped early.
class BackoffQueue {
 public:
  static constexpr std::int64_t kWindowNs = 1'000'000'000;

  BackoffQueue(std::int64_t initial_backoff_ns, std::int64_t max_backoff_ns, bool aligned);
  BackoffQueue(const BackoffQueue&) = delete;
  BackoffQueue& operator=(const BackoffQueue&) = delete;

  // A pod whose backoff ends within the current second is still backing off.
  bool is_backing_off(QueuedPod& pod, std::int64_t now_ns) const;
  // False where a pod of that key was in the other heap, which upstream does not count as coming in.
  bool add(QueuedPodPtr pod);
  // Those whose backoff is over, normal ones first, each in order.
  std::vector<QueuedPodPtr> pop_completed(std::int64_t now_ns);
  QueuedPodPtr pop() { return normal_.pop(); }
  bool remove(const std::string& key) { return normal_.remove(key) || error_.remove(key); }
  QueuedPodPtr find(const std::string& key) const;
  // Gives the pod of that key a new manifest; nullptr where there is none.
  QueuedPodPtr update(const std::string& key, std::shared_ptr<const PodObject> pod);
  std::size_t size() const { return normal_.size() + error_.size(); }
  const PodHeap& normal() const { return normal_; }
  const PodHeap& error() const { return error_; }
  std::int64_t align(std::int64_t time_ns) const { return aligned_ ? time_ns - time_ns % kWindowNs : time_ns; }

 private:
  std::int64_t backoff_time(QueuedPod& pod) const;
  std::int64_t backoff_duration(std::int64_t count) const;
  void pop_completed(PodHeap& heap, std::int64_t now_ns, std::vector<QueuedPodPtr>& completed);

  const std::int64_t initial_backoff_ns_;
  const std::int64_t max_backoff_ns_;
  const bool aligned_;
  PodHeap normal_;
  PodHeap error_;
};

}  // namespace kubesched
