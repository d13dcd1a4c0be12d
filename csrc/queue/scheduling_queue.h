// Pods that wait to be scheduled (backend/queue/scheduling_queue.go, v1.34).
//
//        add                pop (highest priority, then oldest)
//   ------------> active --------------------------------------> in flight ---> done
//                  ^  ^                                             |
//   backoff over,  |  | an event's hint, or 5 minutes               | rejected
//   or active empty|  +------------------- unschedulable <----------+
//                  +--- backoff <----------- (gated pods, too)      |
//                           ^---------------------------------------+  an event meanwhile, or an error
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "queue/backoff_queue.h"
#include "queue/in_flight.h"
#include "queue/queue_profile.h"
#include "queue/queued_pod.h"

namespace kubesched {

struct QueueOptions {
  std::int64_t initial_backoff_ns = 1'000'000'000;
  std::int64_t max_backoff_ns = 10'000'000'000;  // 0: no backoff at all
  std::int64_t max_in_unschedulable_ns = 300'000'000'000;
  bool pop_from_backoff = true;  // feature gate SchedulerPopFromBackoffQ
  std::int64_t start_ns = 0;
};

// Time is what callers say: every call with `now_ns` first runs the flushes that were due until then, each at its own
// time. StateError where time goes back. Not thread-safe.
class SchedulingQueue {
 public:
  using PodPtr = std::shared_ptr<const PodObject>;
  // Counters by (queue, event) and by (plugin, event, hint).
  using IncomingCounts = std::map<std::pair<std::string, std::string>, std::int64_t>;
  using HintCounts = std::map<std::tuple<std::string, std::string, std::string>, std::int64_t>;
  using UnschedulablePods = std::map<std::string, QueuedPodPtr>;

  static constexpr std::int64_t kAnyPriority = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kLeftoverPeriodNs = 30'000'000'000;

  explicit SchedulingQueue(const QueueOptions& options);
  SchedulingQueue(const SchedulingQueue&) = delete;
  SchedulingQueue& operator=(const SchedulingQueue&) = delete;

  void add_profile(ProfileSpec spec, const std::vector<std::string>& plugins,
                   const std::vector<std::string>& gate_plugins, const std::vector<Gate>& own_gates,
                   const PluginEvents& own_events);
  HintContext& context() { return context_; }

  void tick(std::int64_t now_ns);
  // StateError where no profile has the pod's schedulerName.
  void add(PodPtr pod, std::int64_t now_ns);
  // nullptr where nothing can be tried. The pod is in flight until done.
  QueuedPodPtr pop(std::int64_t now_ns);
  // What the pod's cycle came to: rejected by plugins, or failed by an error where none is named. It is done then.
  // StateError where a pod of its key waits already.
  void add_unschedulable_if_not_present(const QueuedPodPtr& pod, PodPtr latest, std::set<std::string> unschedulable,
                                        std::set<std::string> pending, std::int64_t now_ns);
  void done(const std::string& uid) { in_flight_.done(uid); }
  // `old_pod` may be nullptr.
  void update(const EventObjectPtr& old_pod, const EventObjectPtr& new_pod, std::int64_t now_ns);
  void remove(const std::string& key);
  // `max_priority`: only pods of at most that priority are looked at.
  void move_all_to_active_or_backoff(const ClusterEvent& event, const EventObjectPtr& old_object,
                                     const EventObjectPtr& new_object, std::int64_t max_priority, std::int64_t now_ns);
  void activate(const std::vector<EventObjectPtr>& pods, std::int64_t now_ns);
  // A preemption for the pod is under way, or over.
  void set_preempting(const std::string& uid, bool is_preempting);

  QueuedPodPtr find(const std::string& key) const;
  const PodHeap& active() const { return active_; }
  const BackoffQueue& backoff() const { return backoff_; }
  const UnschedulablePods& unschedulable() const { return unschedulable_; }
  const InFlight& in_flight() const { return in_flight_; }
  const IncomingCounts& incoming() const { return incoming_; }
  const HintCounts& hint_counts() const { return hint_counts_; }
  std::int64_t scheduling_cycle() const { return scheduling_cycle_; }
  std::int64_t now_ns() const { return now_ns_; }
  // pop() would give a pod now.
  bool has_poppable() const { return !active_.empty() || (options_.pop_from_backoff && !backoff_.normal().empty()); }
  // An event could move a pod now or later.
  bool hears() const { return !unschedulable_.empty() || !in_flight_.empty(); }
  std::size_t num_gated() const;
  // The next flush that finds a pod to look at; the end of time where no pod waits for one.
  std::int64_t next_wake_ns() const;
  // A pod that waits in backoff or unschedulable is not looked at by time before then.
  std::int64_t next_flush_ns() const { return std::min(next_backoff_flush_ns_, next_leftover_flush_ns_); }

 private:
  enum class Strategy : std::uint8_t { kSkip, kAfterBackoff, kImmediately };
  enum class Place : std::uint8_t { kActive, kBackoff, kUnschedulable };

  const QueueProfile& profile_of(const PodObject& pod) const;
  void pass_time(std::int64_t now_ns);
  void flush_backoff_completed();
  void flush_unschedulable_leftover();
  void stamp(QueuedPod& pod);
  QueuedPodPtr new_queued_pod(PodPtr pod);
  void run_gates(QueuedPod& pod);
  bool run_gate(const QueueProfile& profile, const Gate& gate, QueuedPod& pod);
  bool move_to_active(const QueuedPodPtr& pod, const std::string& event);
  bool move_to_backoff(const QueuedPodPtr& pod, const std::string& event);
  void put_unschedulable(const QueuedPodPtr& pod, const std::string& event);
  Place requeue(const QueuedPodPtr& pod, Strategy strategy, const std::string& event);
  bool is_interesting(const ClusterEvent& event) const;
  Strategy worth_requeuing(const QueuedPod& pod, const ObservedEvent& event);
  // What a plugin has registered that an event is one of, and how often its hint said what.
  struct AwaitedEvent {
    const QueueProfile::RegisteredHint* entry;
    std::array<std::int64_t*, 3> counts;  // into hint_counts_; nullptr until there is one
  };
  using AwaitedEvents =
      std::map<std::tuple<const QueueProfile*, EventResource, std::uint32_t, std::string>, std::vector<AwaitedEvent>>;

  std::vector<AwaitedEvent>& awaited(const QueueProfile& profile, const ClusterEvent& event);
  QueueingHint ask(AwaitedEvent& awaited, const HintInput& input, const ClusterEvent& event);
  Strategy strategy_after_flight(const QueuedPod& pod);
  void update_unschedulable(const QueuedPodPtr& pod, const ObservedEvent& update,
                            const std::vector<ClusterEvent>& events);
  void move_pods(const std::vector<QueuedPodPtr>& pods, const ObservedEvent& event);
  bool activate_one(const std::string& key);
  void keep_claim(const EventObjectPtr& old_object, const EventObjectPtr& new_object);
  void count_incoming(const char* queue, const std::string& event) { ++incoming_[{queue, event}]; }

  const QueueOptions options_;
  HintContext context_;
  std::vector<QueueProfile> profiles_;
  PodHeap active_;
  BackoffQueue backoff_;
  UnschedulablePods unschedulable_;
  InFlight in_flight_;
  std::unordered_set<std::string> preempting_;
  IncomingCounts incoming_;
  HintCounts hint_counts_;
  AwaitedEvents awaited_;
  AwaitedEvents::iterator last_awaited_ = awaited_.end();
  std::uint64_t next_sequence_ = 0;
  std::int64_t scheduling_cycle_ = 0;
  std::int64_t now_ns_;
  std::int64_t next_backoff_flush_ns_;
  std::int64_t next_leftover_flush_ns_;
};

}  // namespace kubesched
