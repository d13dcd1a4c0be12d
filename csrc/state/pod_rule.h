// Which pods a topology rule counts.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/pod_shape.h"

namespace kubesched {

// Labels of the namespaces that the cluster has.
using Namespaces = std::unordered_map<StringId, LabelSet>;

// Pods of some namespaces that a selector matches.
struct PodSet {
  Selector selector;
  std::vector<StringId> namespaces;  // sorted
  bool all_namespaces = false;
};

// A pod counts where every set has it. INVARIANT: rules with equal key() count the same pods.
struct PodRule {
  std::vector<PodSet> sets;
  bool skip_terminating = false;

  bool matches(const PodShape& pod, const StringTable& strings) const;
  std::string key() const;
};

// An incoming pod's term: its namespaceSelector is unrolled into the names of the namespaces it selects, as
// interpodaffinity/plugin.go mergeAffinityTermNamespacesIfNotEmpty does (v1.34).
PodSet resolve_term(const AffinityTerm& term, const Namespaces& namespaces, const StringTable& strings);

// An existing pod's term against an incoming pod: the namespaceSelector looks at the labels of the pod's namespace,
// which count as empty where the namespace is unknown.
bool term_matches(const AffinityTerm& term, const PodShape& pod, const Namespaces& namespaces,
                  const StringTable& strings);

}  // namespace kubesched
