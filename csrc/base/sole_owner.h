// Who may write to what several share.
#pragma once

#include <atomic>
#include <memory>

#if defined(__SANITIZE_THREAD__)
#define KUBESCHED_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KUBESCHED_TSAN
#endif
#endif

namespace kubesched {

// Does nobody but `value` own what it points to? Then all that former owners, in other threads too, did with it has
// happened before. REQUIRES: no other thread uses `value` itself.
template <typename T>
bool is_sole_owner(const std::shared_ptr<T>& value) {
  if (value.use_count() != 1) return false;
#ifdef KUBESCHED_TSAN
  const std::shared_ptr<T> again = value;  // orders the same; ThreadSanitizer does not know fences
#else
  std::atomic_thread_fence(std::memory_order_acquire);  // use_count() reads without order
#endif
  return true;
}

}  // namespace kubesched
