// The part of the queue that events move: whom they concern, and what the hints say.
#include <algorithm>

#include "queue/scheduling_queue.h"

namespace kubesched {

namespace {

const char* hint_label(QueueingHint hint) {
  switch (hint) {
    case QueueingHint::kSkip:
      return "QueueSkip";
    case QueueingHint::kQueue:
      return "Queue";
    case QueueingHint::kError:
      break;
  }
  return "Error";
}

}  // namespace

bool SchedulingQueue::is_interesting(const ClusterEvent& event) const {
  return event.is_wild_card() || std::any_of(profiles_.begin(), profiles_.end(),
                                             [&](const QueueProfile& profile) { return profile.is_interested(event); });
}

std::vector<SchedulingQueue::AwaitedEvent>& SchedulingQueue::awaited(const QueueProfile& profile,
                                                                     const ClusterEvent& event) {
  const std::tuple key{&profile, event.resource, event.action_bits, event.custom_label};
  if (last_awaited_ != awaited_.end() && last_awaited_->first == key) return last_awaited_->second;
  const auto [slot, is_new] = awaited_.try_emplace(key);
  last_awaited_ = slot;
  if (!is_new) return slot->second;
  for (const QueueProfile::RegisteredHint& entry : profile.hints()) {
    if (entry.hint.event.matches(event)) slot->second.push_back(AwaitedEvent{&entry, {}});
  }
  return slot->second;
}

QueueingHint SchedulingQueue::ask(AwaitedEvent& awaited, const HintInput& input, const ClusterEvent& event) {
  const QueueProfile::RegisteredHint& entry = *awaited.entry;
  const QueueingHint hint = entry.hint.function ? entry.hint.function(input) : QueueingHint::kQueue;
  std::int64_t*& count = awaited.counts[static_cast<std::size_t>(hint)];
  if (count == nullptr) count = &hint_counts_[{entry.plugin, event.label(), hint_label(hint)}];
  ++*count;
  return hint;
}

SchedulingQueue::Strategy SchedulingQueue::worth_requeuing(const QueuedPod& pod, const ObservedEvent& event) {
  if (!pod.has_rejectors()) return Strategy::kAfterBackoff;
  if (event.event.is_wild_card()) {
    // A wild card with an object is for that pod alone.
    if (event.new_object == nullptr) return Strategy::kAfterBackoff;
    const PodObject* target = event.new_object->pod();
    return target != nullptr && target->uid == pod.pod->uid ? Strategy::kAfterBackoff : Strategy::kSkip;
  }
  const QueueProfile& profile = profile_of(*pod.pod);
  const HintInput input{*pod.pod, event.old_object.get(), event.new_object.get(), context_, profile.spec()};
  Strategy strategy = Strategy::kSkip;
  for (AwaitedEvent& one : awaited(profile, event.event)) {
    const QueueProfile::RegisteredHint& entry = *one.entry;
    if (!pod.rejected_by(entry.plugin)) continue;
    if (ask(one, input, event.event) == QueueingHint::kSkip) continue;
    // A plugin that waits for something of its own need not wait for the backoff.
    if (pod.pending_plugins.contains(entry.plugin)) return Strategy::kImmediately;
    if (pod.pending_plugins.empty()) return Strategy::kAfterBackoff;
    strategy = Strategy::kAfterBackoff;
  }
  return strategy;
}

SchedulingQueue::Strategy SchedulingQueue::strategy_after_flight(const QueuedPod& pod) {
  if (!pod.has_rejectors()) return Strategy::kAfterBackoff;
  const auto events = in_flight_.events_since(pod.pod->uid);
  if (!events) return Strategy::kAfterBackoff;
  Strategy strategy = Strategy::kSkip;
  for (const ObservedEvent& event : *events) {
    const Strategy wanted = worth_requeuing(pod, event);
    if (wanted == Strategy::kSkip) continue;
    if (wanted == Strategy::kImmediately || pod.pending_plugins.empty()) return wanted;
    strategy = wanted;
  }
  return strategy;
}

void SchedulingQueue::move_all_to_active_or_backoff(const ClusterEvent& event, const EventObjectPtr& old_object,
                                                    const EventObjectPtr& new_object, std::int64_t max_priority,
                                                    std::int64_t now_ns) {
  pass_time(now_ns);
  if (event.resource == EventResource::kResourceClaim) keep_claim(old_object, new_object);
  std::vector<QueuedPodPtr> pods;
  for (const auto& [key, pod] : unschedulable_) {
    if (pod->pod->priority() <= max_priority) pods.push_back(pod);
  }
  move_pods(pods, {event, old_object, new_object});
}

void SchedulingQueue::keep_claim(const EventObjectPtr& old_object, const EventObjectPtr& new_object) {
  if (new_object != nullptr) {
    const auto* claim = new_object->get<ResourceClaimObject>();
    if (claim != nullptr) context_.claims.insert_or_assign(claim->key, *claim);
  } else if (old_object != nullptr) {
    const auto* claim = old_object->get<ResourceClaimObject>();
    if (claim != nullptr) context_.claims.erase(claim->key);
  }
}

void SchedulingQueue::move_pods(const std::vector<QueuedPodPtr>& pods, const ObservedEvent& event) {
  if (!is_interesting(event.event)) return;
  const std::string label = event.event.label();
  for (const QueuedPodPtr& pod : pods) {
    const std::vector<ClusterEvent>& awaited = pod->gating_plugin_events;
    // What the gate does not wait for cannot open it.
    if (pod->gated() && std::none_of(awaited.begin(), awaited.end(),
                                     [&](const ClusterEvent& one) { return one.matches(event.event); })) {
      continue;
    }
    const Strategy strategy = worth_requeuing(*pod, event);
    if (strategy == Strategy::kSkip) continue;
    unschedulable_.erase(pod->pod->key);
    requeue(pod, strategy, label);
  }
  if (!in_flight_.empty()) in_flight_.note(event);
}

}  // namespace kubesched
