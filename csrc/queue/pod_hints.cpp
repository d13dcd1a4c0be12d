// Hints of the plugins that count pods by topology domain.
#include <algorithm>

#include "queue/hint.h"
#include "queue/property_changes.h"

namespace kubesched {

namespace {

using Nodes = Typed<NodeObject>;
using Pods = Typed<PodObject>;

// Namespaces' own labels are not looked at, as upstream does here.
bool matches_term(const AffinityTerm& term, const PodShape& pod, const StringTable& strings) {
  static const LabelSet kNoLabels;
  const bool in_namespace =
      std::find(term.namespaces.begin(), term.namespaces.end(), pod.namespace_id) != term.namespaces.end();
  return (in_namespace || term.namespace_selector.matches(kNoLabels, strings)) &&
         term.selector.matches(pod.labels, strings);
}

bool matches_all(const std::vector<AffinityTerm>& terms, const PodShape& pod, const StringTable& strings) {
  return !terms.empty() && std::all_of(terms.begin(), terms.end(),
                                       [&](const AffinityTerm& term) { return matches_term(term, pod, strings); });
}

QueueingHint affinity_after_pod(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  if ((pods.before != nullptr && !pods.before->assigned) || (pods.after != nullptr && !pods.after->assigned)) {
    return QueueingHint::kSkip;
  }
  const StringTable& strings = input.context.strings;
  const auto wanted = [&](const PodObject* pod) {
    return pod != nullptr && matches_all(input.pod.shape->required_affinity, *pod->shape, strings);
  };
  const auto hated = [&](const PodObject* pod) {
    return pod != nullptr && matches_all(input.pod.shape->required_anti_affinity, *pod->shape, strings);
  };
  return queue_if((!wanted(pods.before) && wanted(pods.after)) || (hated(pods.before) && !hated(pods.after)));
}

QueueingHint affinity_after_node(const HintInput& input) {
  const Nodes nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  const LabelSet& after = nodes.after->spec.labels;
  const bool added = nodes.before == nullptr;
  for (const AffinityTerm& term : input.pod.shape->required_affinity) {
    const StringId now = after.value_of(term.topology_key);
    const StringId earlier = added ? kNoId : nodes.before->spec.labels.value_of(term.topology_key);
    if (now != kNoId && now != earlier) return QueueingHint::kQueue;
  }
  for (const AffinityTerm& term : input.pod.shape->required_anti_affinity) {
    if (added) return QueueingHint::kQueue;
    const StringId earlier = nodes.before->spec.labels.value_of(term.topology_key);
    if (earlier != kNoId && after.value_of(term.topology_key) != earlier) return QueueingHint::kQueue;
  }
  return QueueingHint::kSkip;
}

std::vector<SpreadConstraint> hard_constraints(const HintInput& input) {
  std::vector<SpreadConstraint> constraints;
  const PodShape& pod = *input.pod.shape;
  const bool own = !pod.spread.empty();
  const bool defaulted = !own && !input.profile.spread_system_defaulting;
  for (const SpreadConstraint& constraint :
       own ? pod.spread : (defaulted ? input.profile.spread_default_constraints : std::vector<SpreadConstraint>{})) {
    if (constraint.hard) constraints.push_back(constraint);
  }
  if (own || constraints.empty()) return constraints;
  const Selector selector = input.context.owners.default_selector(pod, input.context.strings);
  if (selector.is_everything()) return {};
  for (SpreadConstraint& constraint : constraints) constraint.selector = selector;
  return constraints;
}

QueueingHint spread_after_pod(const HintInput& input) {
  const Pods pods(input);
  if (pods.wrong) return QueueingHint::kError;
  const auto involved = [&](const PodObject* pod) {
    return pod == nullptr || pod->uid == input.pod.uid ||
           (pod->assigned && pod->shape->namespace_id == input.pod.shape->namespace_id);
  };
  if (!involved(pods.before) || !involved(pods.after)) return QueueingHint::kSkip;
  const std::vector<SpreadConstraint> constraints = hard_constraints(input);
  const auto any = [&](const auto& holds) { return std::any_of(constraints.begin(), constraints.end(), holds); };
  const auto selects = [&](const SpreadConstraint& constraint, const PodObject* pod) {
    return constraint.selector.matches(pod->shape->labels, input.context.strings);
  };
  if (pods.before == nullptr || pods.after == nullptr) {
    const PodObject* pod = pods.before == nullptr ? pods.after : pods.before;
    return queue_if(any([&](const SpreadConstraint& constraint) { return selects(constraint, pod); }));
  }
  if (pods.after->uid == input.pod.uid &&
      !same_tolerations(pods.before->shape->tolerations, pods.after->shape->tolerations) &&
      any([](const SpreadConstraint& c) { return c.taints_policy == NodeInclusionPolicy::kHonor; })) {
    return QueueingHint::kQueue;
  }
  return queue_if(any([&](const SpreadConstraint& c) { return selects(c, pods.before) != selects(c, pods.after); }));
}

QueueingHint spread_after_node(const HintInput& input) {
  const Nodes nodes(input);
  if (nodes.wrong) return QueueingHint::kError;
  const std::vector<SpreadConstraint> constraints = hard_constraints(input);
  const auto has_keys = [&](const NodeObject* node) {
    return node != nullptr && std::all_of(constraints.begin(), constraints.end(), [&](const SpreadConstraint& c) {
             return node->spec.labels.value_of(c.topology_key) != kNoId;
           });
  };
  const bool before = has_keys(nodes.before);
  const bool after = has_keys(nodes.after);
  if (nodes.before == nullptr || nodes.after == nullptr) return queue_if(before || after);
  if (before != after) return QueueingHint::kQueue;
  const bool moved = std::any_of(constraints.begin(), constraints.end(), [&](const SpreadConstraint& c) {
    return nodes.before->spec.labels.value_of(c.topology_key) != nodes.after->spec.labels.value_of(c.topology_key);
  });
  return queue_if(after && (moved || nodes.before->spec.taints != nodes.after->spec.taints));
}

}  // namespace

void add_pod_hints(EventTable& table) {
  const std::uint32_t pod_bits = action::kAdd | action::kUpdatePodLabel | action::kDelete;
  table["InterPodAffinity"] = {
      {{EventResource::kPod, pod_bits}, affinity_after_pod},
      {{EventResource::kNode, action::kAdd | action::kUpdateNodeLabel}, affinity_after_node},
  };
  table["PodTopologySpread"] = {
      {{EventResource::kPod, pod_bits | action::kUpdatePodToleration}, spread_after_pod},
      {{EventResource::kNode, action::kAdd | action::kDelete | action::kUpdateNodeLabel | action::kUpdateNodeTaint},
       spread_after_node},
  };
}

}  // namespace kubesched
