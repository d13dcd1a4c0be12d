// Everything about a pod that a scheduling decision can depend on, except its name.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/gpu_request.h"
#include "model/labels.h"
#include "model/node_selector.h"
#include "model/pod_volumes.h"
#include "model/resources.h"
#include "model/taints.h"

namespace kubesched {

enum class NodeInclusionPolicy : std::uint8_t { kHonor, kIgnore };

// A topologySpreadConstraint, its matchLabelKeys merged into the selector.
struct SpreadConstraint {
  std::int64_t max_skew;
  StringId topology_key;
  bool hard;  // DoNotSchedule; else ScheduleAnyway
  Selector selector;
  std::int64_t min_domains;
  NodeInclusionPolicy affinity_policy;
  NodeInclusionPolicy taints_policy;
};

// A term of podAffinity or podAntiAffinity. `namespaces` already has the pod's own where the term names none.
struct AffinityTerm {
  StringId topology_key;
  Selector selector;
  std::vector<StringId> namespaces;
  Selector namespace_selector;
};

struct WeightedAffinityTerm {
  std::int64_t weight;
  AffinityTerm term;
};

struct HostPort {
  StringId ip;
  StringId protocol;
  std::int64_t port;

  bool operator==(const HostPort&) const = default;
};

// The object that controls the pod, by its owner reference.
struct ControllerReference {
  StringId api_version;
  StringId kind;
  StringId name;
};

enum class ClaimSource : std::uint8_t { kNamed, kGenerated, kNone, kNotCreated };

// An entry of spec.resourceClaims. kNone: a template for which no claim is needed; kNotCreated: one without its claim.
struct DeviceClaim {
  ClaimSource source;
  StringId claim_name;
};

// Immutable. Two pods with equal records share one shape.
struct PodShape {
  StringId namespace_id;
  LabelSet labels;
  std::vector<ResourceAmount> requests;  // zeros left out
  std::int64_t non_zero_milli_cpu;       // charged to the node, defaults for unset requests included
  std::int64_t non_zero_memory_bytes;
  std::vector<ResourceAmount> scored_requests;  // what NodeResourcesFit scores with
  StringId node_name;                           // StringTable::kEmpty where spec.nodeName is unset
  std::vector<Label> node_selector;
  bool has_required_node_affinity;
  std::vector<NodeSelectorTerm> required_node_affinity;
  std::vector<WeightedNodeSelectorTerm> preferred_node_affinity;
  bool has_preferred_node_affinity;
  std::vector<Toleration> tolerations;
  std::vector<HostPort> host_ports;
  std::vector<StringId> images;
  std::int64_t num_containers;
  std::vector<SpreadConstraint> spread;
  std::vector<AffinityTerm> required_affinity;
  std::vector<AffinityTerm> required_anti_affinity;
  std::vector<WeightedAffinityTerm> preferred_affinity;
  std::vector<WeightedAffinityTerm> preferred_anti_affinity;
  bool has_controller;
  ControllerReference controller;
  std::int64_t priority;
  bool never_preempts;
  bool terminating;
  StringId scheduler_name;
  PodVolumes volumes;
  GpuRequest gpu;
  std::vector<DeviceClaim> claims;
  StringId name;  // of a pod with claims, as is uid; else empty
  StringId uid;

  // 0 where the pod does not ask for the resource.
  std::int64_t request(ResourceId resource) const { return amount_of(requests, resource); }
  std::int64_t scored_request(ResourceId resource) const { return amount_of(scored_requests, resource); }
};

SpreadConstraint read_spread_constraint(Reader& reader, StringTable& strings);
PodShape read_pod_shape(std::string_view record, StringTable& strings, ResourceTable& resources);

}  // namespace kubesched
