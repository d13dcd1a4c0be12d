// What is going to happen, in the order in which it will.
#pragma once

#include <cstdint>
#include <vector>

namespace kubesched {

// In the order of events of one nanosecond: what frees room first, what wants room later, what only looks last.
enum class EventKind : std::uint8_t {
  kNodeChange,
  kRunOver,
  kTerminated,  // the grace period of a pod is over
  kRemoved,     // its owner deletes the pod
  kBound,
  kStarted,
  kRecordedStart,
  kRecordedEnd,
  kRestarted,  // on its node, after the back-off of a crash loop
  kArrival,
  kTimer,  // of the queue
  kCycleEnd,
  kCycle,
  kSample,
};

struct Event {
  std::int64_t time_ns;
  std::uint64_t sequence;
  std::uint32_t pod;
  std::uint32_t generation;  // of the pod; the event is void where that has moved on
  EventKind kind;
};

// Earliest first; then by kind, then in the order in which they were put in.
inline bool comes_first(const Event& a, const Event& b) {
  if (a.time_ns != b.time_ns) return a.time_ns < b.time_ns;
  if (a.kind != b.kind) return a.kind < b.kind;
  return a.sequence < b.sequence;
}

// A binary heap. Events are never taken back: they become void.
class Calendar {
 public:
  bool empty() const { return heap_.empty(); }
  const Event& first() const { return heap_.front(); }
  void put(std::int64_t time_ns, EventKind kind, std::uint32_t pod, std::uint32_t generation);
  Event take_first();

 private:
  std::vector<Event> heap_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace kubesched
