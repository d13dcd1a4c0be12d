#include "queue/scheduling_queue.h"

#include <algorithm>

#include "queue/property_changes.h"

namespace kubesched {

namespace {

const std::string kScheduleAttemptFailure = "ScheduleAttemptFailure";
const std::string kBackoffComplete = "BackoffComplete";
const std::string kPopFromBackoffQ = "PopFromBackoffQ";
const std::string kForceActivate = "ForceActivate";

}  // namespace

SchedulingQueue::SchedulingQueue(const QueueOptions& options)
    : options_(options),
      active_([](QueuedPod& a, QueuedPod& b) { return comes_first(a, b); }),
      backoff_(options.initial_backoff_ns, options.max_backoff_ns, options.pop_from_backoff),
      now_ns_(options.start_ns),
      next_backoff_flush_ns_(backoff_.align(options.start_ns + BackoffQueue::kWindowNs)),
      next_leftover_flush_ns_(options.start_ns) {}

void SchedulingQueue::add_profile(ProfileSpec spec, const std::vector<std::string>& plugins,
                                  const std::vector<std::string>& gate_plugins, const std::vector<Gate>& own_gates,
                                  const PluginEvents& own_events) {
  std::vector<Gate> gates;
  for (const std::string& plugin : gate_plugins) {
    if (auto gate = native_gate(plugin, context_, preempting_)) gates.push_back(std::move(*gate));
  }
  gates.insert(gates.end(), own_gates.begin(), own_gates.end());
  profiles_.emplace_back(std::move(spec), plugins, std::move(gates), own_events);
}

const QueueProfile& SchedulingQueue::profile_of(const PodObject& pod) const {
  if (profiles_.size() == 1) return profiles_.front();
  const std::string& name = context_.strings[pod.shape->scheduler_name];
  for (const QueueProfile& profile : profiles_) {
    if (profile.spec().scheduler_name == name) return profile;
  }
  throw StateError("pod " + pod.key + ": spec.schedulerName must name a profile, got '" + name + "'");
}

void SchedulingQueue::tick(std::int64_t now_ns) { pass_time(now_ns); }

void SchedulingQueue::stamp(QueuedPod& pod) {
  pod.timestamp_ns = now_ns_;
  pod.sequence = next_sequence_++;
}

QueuedPodPtr SchedulingQueue::new_queued_pod(PodPtr pod) {
  auto queued = std::make_shared<QueuedPod>();
  queued->pod = std::move(pod);
  stamp(*queued);
  return queued;
}

void SchedulingQueue::run_gates(QueuedPod& pod) {
  const QueueProfile& profile = profile_of(*pod.pod);
  const std::string gating = pod.gating_plugin;
  // The gate that held the pod is asked first: it is the likeliest to hold it again.
  for (const Gate& gate : profile.gates()) {
    if (gate.plugin == gating && !run_gate(profile, gate, pod)) return;
  }
  for (const Gate& gate : profile.gates()) {
    if (gate.plugin != gating && !run_gate(profile, gate, pod)) return;
  }
  pod.gating_plugin.clear();
  pod.gating_reason.clear();
}

bool SchedulingQueue::run_gate(const QueueProfile& profile, const Gate& gate, QueuedPod& pod) {
  std::optional<std::string> reason = gate.function(*pod.pod);
  if (!reason) return true;
  pod.unschedulable_plugins.insert(gate.plugin);
  pod.gating_plugin = gate.plugin;
  pod.gating_reason = std::move(*reason);
  pod.gating_plugin_events = profile.events_of(gate.plugin);
  return false;
}

bool SchedulingQueue::move_to_active(const QueuedPodPtr& pod, const std::string& event) {
  // A pod that comes out of backoff passed its gates on the way in.
  if (!options_.pop_from_backoff || event != kBackoffComplete) run_gates(*pod);
  const std::string& key = pod->pod->key;
  if (pod->gated()) {
    if (active_.find(key) == nullptr && backoff_.find(key) == nullptr && !unschedulable_.contains(key)) {
      put_unschedulable(pod, event);
    }
    return false;
  }
  if (!pod->initial_attempt_ns) pod->initial_attempt_ns = now_ns_;
  active_.put(pod);
  count_incoming("active", event);
  unschedulable_.erase(key);
  backoff_.remove(key);
  return true;
}

bool SchedulingQueue::move_to_backoff(const QueuedPodPtr& pod, const std::string& event) {
  if (options_.pop_from_backoff) {
    run_gates(*pod);
    if (pod->gated()) {
      if (!unschedulable_.contains(pod->pod->key)) put_unschedulable(pod, event);
      return false;
    }
  }
  if (backoff_.add(pod)) count_incoming("backoff", event);
  return true;
}

void SchedulingQueue::put_unschedulable(const QueuedPodPtr& pod, const std::string& event) {
  const auto [slot, added] = unschedulable_.insert_or_assign(pod->pod->key, pod);
  if (added) count_incoming("unschedulable", event);
}

SchedulingQueue::Place SchedulingQueue::requeue(const QueuedPodPtr& pod, Strategy strategy, const std::string& event) {
  if (strategy == Strategy::kSkip) {
    put_unschedulable(pod, event);
    return Place::kUnschedulable;
  }
  if (strategy == Strategy::kAfterBackoff && backoff_.is_backing_off(*pod, now_ns_)) {
    return move_to_backoff(pod, event) ? Place::kBackoff : Place::kUnschedulable;
  }
  return move_to_active(pod, event) ? Place::kActive : Place::kUnschedulable;
}

void SchedulingQueue::add(PodPtr pod, std::int64_t now_ns) {
  profile_of(*pod);
  pass_time(now_ns);
  move_to_active(new_queued_pod(std::move(pod)), unscheduled_pod_add().label());
}

QueuedPodPtr SchedulingQueue::pop(std::int64_t now_ns) {
  pass_time(now_ns);
  for (;;) {
    QueuedPodPtr pod = active_.pop();
    if (pod == nullptr) {
      if (options_.pop_from_backoff) pod = backoff_.pop();
      if (pod == nullptr) return nullptr;
      count_incoming("active", kPopFromBackoffQ);
    }
    ++pod->attempts;
    if (in_flight_.contains(pod->pod->uid)) continue;  // dropped: the same pod is being scheduled
    in_flight_.add(pod->pod);
    ++scheduling_cycle_;
    pod->unschedulable_plugins.clear();
    pod->pending_plugins.clear();
    pod->gating_plugin.clear();
    pod->gating_reason.clear();
    pod->gating_plugin_events.clear();
    return pod;
  }
}

void SchedulingQueue::add_unschedulable_if_not_present(const QueuedPodPtr& pod, PodPtr latest,
                                                       std::set<std::string> unschedulable,
                                                       std::set<std::string> pending, std::int64_t now_ns) {
  if (latest != nullptr) profile_of(*latest);
  pass_time(now_ns);
  const std::string key = pod->pod->key;
  const std::string popped_uid = pod->pod->uid;
  const char* where = unschedulable_.contains(key)    ? "unschedulable queue"
                      : active_.find(key) != nullptr  ? "the active queue"
                      : backoff_.find(key) != nullptr ? "the backoff queue"
                                                      : nullptr;
  if (where != nullptr) {
    in_flight_.done(popped_uid);
    throw StateError("Pod " + key + " is already present in " + where);
  }
  if (latest != nullptr) pod->pod = std::move(latest);
  pod->unschedulable_plugins = std::move(unschedulable);
  pod->pending_plugins = std::move(pending);
  if (pod->has_rejectors()) {
    ++pod->unschedulable_count;
    pod->consecutive_errors_count = 0;
  } else {
    ++pod->consecutive_errors_count;
  }
  stamp(*pod);
  pod->backoff_expiration_ns.reset();
  requeue(pod, strategy_after_flight(*pod), kScheduleAttemptFailure);
  // The one that was popped, even where the latest manifest is that of another pod of its name.
  in_flight_.done(popped_uid);
}

void SchedulingQueue::remove(const std::string& key) {
  if (active_.remove(key) || backoff_.remove(key)) return;
  unschedulable_.erase(key);
}

void SchedulingQueue::update(const EventObjectPtr& old_pod, const EventObjectPtr& new_pod, std::int64_t now_ns) {
  const PodPtr pod = std::get<PodPtr>(new_pod->payload);
  profile_of(*pod);
  pass_time(now_ns);
  std::vector<ClusterEvent> events;
  if (old_pod != nullptr) events = pod_changes(*old_pod->pod(), *pod);
  if (in_flight_.contains(pod->uid)) {
    for (const ClusterEvent& event : events) in_flight_.note({event, old_pod, new_pod});
    return;
  }
  if (old_pod != nullptr) {
    if (const QueuedPodPtr queued = active_.find(pod->key)) {
      queued->pod = pod;
      active_.put(queued);
      return;
    }
    if (backoff_.update(pod->key, pod) != nullptr) return;
  }
  const auto waiting = unschedulable_.find(pod->key);
  if (waiting != unschedulable_.end()) {
    const QueuedPodPtr queued = waiting->second;
    queued->pod = pod;
    update_unschedulable(queued, {{}, old_pod, new_pod}, events);
    return;
  }
  move_to_active(new_queued_pod(pod), unscheduled_pod_update().label());
}

void SchedulingQueue::update_unschedulable(const QueuedPodPtr& pod, const ObservedEvent& update,
                                           const std::vector<ClusterEvent>& events) {
  for (const ClusterEvent& event : events) {
    const Strategy strategy = worth_requeuing(*pod, {event, update.old_object, update.new_object});
    const Place place = requeue(pod, strategy, event.label());
    if (place != Place::kUnschedulable) unschedulable_.erase(pod->pod->key);
    if (place == Place::kActive || (options_.pop_from_backoff && place == Place::kBackoff)) return;
  }
}

void SchedulingQueue::activate(const std::vector<EventObjectPtr>& pods, std::int64_t now_ns) {
  pass_time(now_ns);
  for (const EventObjectPtr& pod : pods) {
    if (activate_one(pod->pod()->key)) continue;
    if (in_flight_.contains(pod->pod()->uid)) in_flight_.note({force_activate(), nullptr, pod});
  }
}

bool SchedulingQueue::activate_one(const std::string& key) {
  const auto waiting = unschedulable_.find(key);
  QueuedPodPtr pod = waiting != unschedulable_.end() ? waiting->second : backoff_.find(key);
  if (pod == nullptr) return false;
  if (waiting == unschedulable_.end()) backoff_.remove(key);
  return move_to_active(pod, kForceActivate);
}

void SchedulingQueue::set_preempting(const std::string& uid, bool is_preempting) {
  if (is_preempting) {
    preempting_.insert(uid);
  } else {
    preempting_.erase(uid);
  }
}

QueuedPodPtr SchedulingQueue::find(const std::string& key) const {
  if (QueuedPodPtr pod = backoff_.find(key)) return pod;
  const auto waiting = unschedulable_.find(key);
  return waiting != unschedulable_.end() ? waiting->second : active_.find(key);
}

std::size_t SchedulingQueue::num_gated() const {
  return static_cast<std::size_t>(std::count_if(unschedulable_.begin(), unschedulable_.end(),
                                                [](const auto& entry) { return entry.second->gated(); }));
}

std::int64_t SchedulingQueue::next_wake_ns() const {
  std::int64_t time_ns = std::numeric_limits<std::int64_t>::max();
  if (backoff_.size() > 0) time_ns = next_backoff_flush_ns_;
  if (!unschedulable_.empty()) time_ns = std::min(time_ns, next_leftover_flush_ns_);
  return time_ns;
}

void SchedulingQueue::flush_backoff_completed() {
  for (const QueuedPodPtr& pod : backoff_.pop_completed(now_ns_)) move_to_active(pod, kBackoffComplete);
}

void SchedulingQueue::flush_unschedulable_leftover() {
  std::vector<QueuedPodPtr> pods;
  for (const auto& [key, pod] : unschedulable_) {
    if (now_ns_ - pod->timestamp_ns > options_.max_in_unschedulable_ns) pods.push_back(pod);
  }
  if (!pods.empty()) move_pods(pods, {unschedulable_timeout(), nullptr, nullptr});
}

void SchedulingQueue::pass_time(std::int64_t now_ns) {
  if (now_ns < now_ns_) {
    throw StateError("now_ns must not go back: the queue is at " + std::to_string(now_ns_) + ", got " +
                     std::to_string(now_ns));
  }
  while (next_flush_ns() <= now_ns) {
    now_ns_ = next_flush_ns();
    if (next_backoff_flush_ns_ <= next_leftover_flush_ns_) {
      flush_backoff_completed();
      // With nothing to flush, the flushes before the next other one are skipped.
      const std::int64_t until = backoff_.size() == 0 ? std::min(now_ns, next_leftover_flush_ns_) : now_ns_;
      next_backoff_flush_ns_ += ((until - now_ns_) / BackoffQueue::kWindowNs + 1) * BackoffQueue::kWindowNs;
    } else {
      flush_unschedulable_leftover();
      const std::int64_t until = unschedulable_.empty() ? std::min(now_ns, next_backoff_flush_ns_) : now_ns_;
      next_leftover_flush_ns_ += ((until - now_ns_) / kLeftoverPeriodNs + 1) * kLeftoverPeriodNs;
    }
  }
  now_ns_ = now_ns;
}

}  // namespace kubesched
