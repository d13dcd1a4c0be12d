// Hints of the plugins that look at one node at a time.
#include <algorithm>

#include "queue/hint.h"

namespace kubesched {

namespace {

using Nodes = Typed<NodeObject>;
using Pods = Typed<PodObject>;

bool term_selects(const NodeSelectorTerm& term, const NodeSpec& node, const StringTable& strings) {
  if (term.expressions.empty() && term.names.empty()) return false;
  return std::all_of(term.expressions.begin(), term.expressions.end(),
                     [&](const Requirement& requirement) {
                       return requirement.matches(node.labels.value_of(requirement.key), strings);
                     }) &&
         std::all_of(term.names.begin(), term.names.end(), [&](const NameRequirement& requirement) {
           return requirement.in == (requirement.name == node.name);
         });
}

bool any_term_selects(const std::vector<NodeSelectorTerm>& terms, const NodeSpec& node, const StringTable& strings) {
  return std::any_of(terms.begin(), terms.end(),
                     [&](const NodeSelectorTerm& term) { return term_selects(term, node, strings); });
}

bool affinity_matches(const PodShape& pod, const NodeSpec& node, const StringTable& strings) {
  return std::all_of(pod.node_selector.begin(), pod.node_selector.end(),
                     [&](Label label) { return node.labels.value_of(label.key) == label.value; }) &&
         (!pod.has_required_node_affinity || any_term_selects(pod.required_node_affinity, node, strings));
}

QueueingHint node_affinity_after_node(const HintInput& input) {
  const Nodes nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  const StringTable& strings = input.context.strings;
  if (input.profile.has_added_required_affinity &&
      !any_term_selects(input.profile.added_required_affinity, nodes.after->spec, strings)) {
    return QueueingHint::kSkip;
  }
  const PodShape& pod = *input.pod.shape;
  return queue_if(affinity_matches(pod, nodes.after->spec, strings) &&
                  (nodes.before == nullptr || !affinity_matches(pod, nodes.before->spec, strings)));
}

bool ports_conflict(const HostPort& a, const HostPort& b, const StringTable& strings) {
  if (a.port != b.port || a.protocol != b.protocol) return false;
  return a.ip == b.ip || strings[a.ip] == "0.0.0.0" || strings[b.ip] == "0.0.0.0";
}

QueueingHint node_ports_after_pod_deleted(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  if (!pods.before->on_node()) return QueueingHint::kSkip;
  for (const HostPort& wanted : input.pod.shape->host_ports) {
    for (const HostPort& used : pods.before->shape->host_ports) {
      if (ports_conflict(wanted, used, input.context.strings)) return QueueingHint::kQueue;
    }
  }
  return QueueingHint::kSkip;
}

bool fits_alone(const PodShape& pod, const NodeSpec& node) {
  return amount_of(node.allocatable, ResourceTable::kPods) >= 1 &&
         std::all_of(pod.requests.begin(), pod.requests.end(), [&](const ResourceAmount& request) {
           return request.amount <= amount_of(node.allocatable, request.resource);
         });
}

bool has_more_room(const PodShape& pod, const NodeSpec& before, const NodeSpec& after) {
  const auto grew = [&](ResourceId resource) {
    return amount_of(after.allocatable, resource) > amount_of(before.allocatable, resource);
  };
  return grew(ResourceTable::kPods) || std::any_of(pod.requests.begin(), pod.requests.end(),
                                                   [&](const ResourceAmount& r) { return grew(r.resource); });
}

QueueingHint fit_after_node(const HintInput& input) {
  const Nodes nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  const PodShape& pod = *input.pod.shape;
  if (!fits_alone(pod, nodes.after->spec)) return QueueingHint::kSkip;
  return queue_if(nodes.before == nullptr || has_more_room(pod, nodes.before->spec, nodes.after->spec));
}

QueueingHint fit_after_pod(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  if (pods.after == nullptr) return queue_if(pods.before->on_node());
  if (pods.after->uid == input.pod.uid) return QueueingHint::kQueue;
  if (!pods.after->assigned) return QueueingHint::kSkip;
  const std::vector<ResourceAmount>& wanted = input.pod.shape->requests;
  return queue_if(std::any_of(wanted.begin(), wanted.end(), [&](const ResourceAmount& request) {
    return pods.before->shape->request(request.resource) > pods.after->shape->request(request.resource);
  }));
}

QueueingHint unschedulable_after_node(const HintInput& input) {
  const Nodes nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  return queue_if(!nodes.after->spec.unschedulable && (nodes.before == nullptr || nodes.before->spec.unschedulable));
}

QueueingHint unschedulable_after_toleration(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  if (pods.after->uid != input.pod.uid) return QueueingHint::kSkip;
  // kNoId where no toleration was ever interned with the key: then no toleration names it.
  const Taint taint{input.context.strings.find("node.kubernetes.io/unschedulable"), StringTable::kEmpty,
                    TaintEffect::kNoSchedule};
  return queue_if(any_tolerates(pods.after->shape->tolerations, taint));
}

QueueingHint taints_after_node(const HintInput& input) {
  const Nodes nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  const auto keeps_away = [&](const NodeObject& node) {
    return find_untolerated(node.spec.taints, input.pod.shape->tolerations) != nullptr;
  };
  return queue_if((nodes.before == nullptr || keeps_away(*nodes.before)) && !keeps_away(*nodes.after));
}

QueueingHint after_own_update(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  return queue_if(pods.after->uid == input.pod.uid);
}

}  // namespace

void add_node_hints(EventTable& table) {
  const auto pod = [](std::uint32_t bits) { return ClusterEvent{EventResource::kPod, bits}; };
  const auto node = [](std::uint32_t bits) { return ClusterEvent{EventResource::kNode, bits}; };
  table["NodeAffinity"] = {{node(action::kAdd | action::kUpdateNodeLabel), node_affinity_after_node}};
  table["NodeName"] = {{node(action::kAdd), {}}};
  table["NodePorts"] = {{pod(action::kDelete), node_ports_after_pod_deleted}, {node(action::kAdd), {}}};
  table["NodeResourcesFit"] = {{pod(action::kDelete | action::kUpdatePodScaleDown), fit_after_pod},
                               {node(action::kAdd | action::kUpdateNodeAllocatable), fit_after_node}};
  table["NodeUnschedulable"] = {{node(action::kAdd | action::kUpdateNodeTaint), unschedulable_after_node},
                                {pod(action::kUpdatePodToleration), unschedulable_after_toleration}};
  table["TaintToleration"] = {{node(action::kAdd | action::kUpdateNodeTaint), taints_after_node},
                              {pod(action::kUpdatePodToleration), after_own_update}};
  table["SchedulingGates"] = {{pod(action::kUpdatePodSchedulingGatesEliminated), after_own_update}};
  // Tells the queue that a gated pod may be tried after a deletion; no deletion alone makes it schedulable.
  table["DefaultPreemption"] = {{pod(action::kDelete), [](const HintInput&) { return QueueingHint::kSkip; }}};
}

}  // namespace kubesched
