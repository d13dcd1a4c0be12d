#include "queue/queue_profile.h"

#include <algorithm>

#include "queue/pod_claims.h"

namespace kubesched {

namespace {

std::optional<std::string> scheduling_gates(const PodObject& pod) {
  if (pod.scheduling_gates.empty()) return std::nullopt;
  std::string reason = "waiting for scheduling gates: [";
  for (const std::string& gate : pod.scheduling_gates) {
    if (reason.back() != '[') reason += ' ';
    reason += gate;
  }
  return reason + "]";
}

}  // namespace

QueueProfile::QueueProfile(ProfileSpec spec, const std::vector<std::string>& plugins, std::vector<Gate> gates,
                           const PluginEvents& own_events)
    : spec_(std::move(spec)), gates_(std::move(gates)) {
  for (const std::string& plugin : plugins) {
    const auto own = own_events.find(plugin);
    add(plugin, own == own_events.end() ? native_events(plugin) : own->second);
  }
}

void QueueProfile::add(const std::string& plugin, std::vector<EventWithHint> events) {
  std::uint32_t node_bits = 0;
  for (EventWithHint& event : events) {
    if (event.event.resource == EventResource::kNode) node_bits |= event.event.action_bits;
    hints_.push_back({plugin, std::move(event)});
  }
  // Upstream still adds this for plugins that wait for nodes but not for taints (scheduler.go buildQueueingHintMap).
  if ((node_bits & action::kAdd) != 0 && (node_bits & action::kUpdateNodeTaint) == 0) {
    hints_.push_back({plugin, {{EventResource::kNode, action::kUpdateNodeTaint}, {}}});
  }
}

bool QueueProfile::is_interested(const ClusterEvent& event) const {
  return std::any_of(hints_.begin(), hints_.end(),
                     [&](const RegisteredHint& entry) { return entry.hint.event.matches(event); });
}

std::vector<ClusterEvent> QueueProfile::events_of(const std::string& plugin) const {
  std::vector<ClusterEvent> events;
  for (const RegisteredHint& entry : hints_) {
    if (entry.plugin == plugin) events.push_back(entry.hint.event);
  }
  return events;
}

std::optional<Gate> native_gate(const std::string& plugin, const HintContext& context,
                                const std::unordered_set<std::string>& preempting) {
  if (plugin == "SchedulingGates") return Gate{plugin, scheduling_gates};
  if (plugin == "DynamicResources") {
    return Gate{plugin, [&context](const PodObject& pod) {
                  return for_each_claim(pod, context, [](const ResourceClaimObject&) {});
                }};
  }
  if (plugin == "DefaultPreemption") {
    return Gate{plugin, [&preempting](const PodObject& pod) -> std::optional<std::string> {
                  if (!preempting.contains(pod.uid)) return std::nullopt;
                  return "waiting for the preemption for this pod to be finished";
                }};
  }
  return std::nullopt;
}

}  // namespace kubesched
