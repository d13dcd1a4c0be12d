#include "replay/calendar.h"

#include <algorithm>

namespace kubesched {

namespace {

bool comes_last(const Event& a, const Event& b) { return comes_first(b, a); }

}  // namespace

void Calendar::put(std::int64_t time_ns, EventKind kind, std::uint32_t pod, std::uint32_t generation) {
  heap_.push_back({time_ns, next_sequence_++, pod, generation, kind});
  std::push_heap(heap_.begin(), heap_.end(), comes_last);
}

Event Calendar::take_first() {
  std::pop_heap(heap_.begin(), heap_.end(), comes_last);
  const Event event = heap_.back();
  heap_.pop_back();
  return event;
}

}  // namespace kubesched
