#include "queue/backoff_queue.h"

#include <limits>

namespace kubesched {

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();  // before every time: no backoff

}  // namespace

BackoffQueue::BackoffQueue(std::int64_t initial_backoff_ns, std::int64_t max_backoff_ns, bool aligned)
    : initial_backoff_ns_(initial_backoff_ns),
      max_backoff_ns_(max_backoff_ns),
      aligned_(aligned),
      normal_([this](QueuedPod& a, QueuedPod& b) {
        const std::int64_t time_a = backoff_time(a);
        const std::int64_t time_b = backoff_time(b);
        if (time_a != time_b) return time_a < time_b;
        return aligned_ ? comes_first(a, b) : a.sequence < b.sequence;
      }),
      error_([this](QueuedPod& a, QueuedPod& b) {
        const std::int64_t time_a = backoff_time(a);
        const std::int64_t time_b = backoff_time(b);
        return time_a != time_b ? time_a < time_b : a.sequence < b.sequence;
      }) {}

bool BackoffQueue::is_backing_off(QueuedPod& pod, std::int64_t now_ns) const {
  return backoff_time(pod) >= align(now_ns);
}

std::int64_t BackoffQueue::backoff_time(QueuedPod& pod) const {
  if (max_backoff_ns_ == 0) return kNever;
  const std::int64_t errors = pod.consecutive_errors_count;
  const std::int64_t count = errors > 0 ? errors : pod.unschedulable_count;
  if (count == 0) return kNever;
  if (!pod.backoff_expiration_ns) pod.backoff_expiration_ns = align(pod.timestamp_ns + backoff_duration(count));
  return *pod.backoff_expiration_ns;
}

std::int64_t BackoffQueue::backoff_duration(std::int64_t count) const {
  const std::int64_t shift = count - 1;
  if (shift >= 63 || initial_backoff_ns_ > max_backoff_ns_ >> shift) return max_backoff_ns_;
  return initial_backoff_ns_ << shift;
}

bool BackoffQueue::add(QueuedPodPtr pod) {
  const std::string key = pod->pod->key;
  PodHeap& into = pod->has_rejectors() ? normal_ : error_;
  PodHeap& other = pod->has_rejectors() ? error_ : normal_;
  into.put(std::move(pod));
  return !other.remove(key);
}

void BackoffQueue::pop_completed(PodHeap& heap, std::int64_t now_ns, std::vector<QueuedPodPtr>& completed) {
  while (!heap.empty() && !is_backing_off(*heap.peek(), now_ns)) completed.push_back(heap.pop());
}

std::vector<QueuedPodPtr> BackoffQueue::pop_completed(std::int64_t now_ns) {
  std::vector<QueuedPodPtr> completed;
  pop_completed(normal_, now_ns, completed);
  pop_completed(error_, now_ns, completed);
  return completed;
}

QueuedPodPtr BackoffQueue::find(const std::string& key) const {
  QueuedPodPtr found = normal_.find(key);
  return found != nullptr ? found : error_.find(key);
}

QueuedPodPtr BackoffQueue::update(const std::string& key, std::shared_ptr<const PodObject> pod) {
  for (PodHeap* heap : {&normal_, &error_}) {
    const QueuedPodPtr found = heap->find(key);
    if (found == nullptr) continue;
    found->pod = std::move(pod);
    heap->put(found);
    return found;
  }
  return nullptr;
}

}  // namespace kubesched
