// What the volume plugins say, and of which nodes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "framework/plugin.h"

namespace kubesched {

inline std::string claim_not_found(const std::string& name) {
  return "persistentvolumeclaim \"" + name + "\" not found";
}

// The claim of an ephemeral volume is not the pod's (component-helpers/storage/ephemeral VolumeIsForPod, v1.34).
inline std::string not_created_for_pod(const Cycle& cycle, const PodClaim& claim) {
  const StringTable& strings = cycle.state.strings();
  const std::string prefix = strings[cycle.shape.namespace_id] + "/";
  return "PVC " + prefix + strings[claim.name] + " was not created for pod " + prefix +
         strings[cycle.shape.volumes.pod_name] + " (pod is not owner)";
}

inline Status unresolvable(std::string reason) {
  return Status{Code::kUnschedulableAndUnresolvable, {std::move(reason)}};
}

// Takes the nodes of `rejected` out of `nodes`, for one set of reasons.
inline void reject_nodes(NodeMask& nodes, const NodeMask& rejected, Code code, std::vector<std::string> reasons,
                         Diagnosis* diagnosis) {
  if (diagnosis != nullptr) {
    const ReasonSetId id = diagnosis->add_reasons(std::move(reasons));
    nodes.for_each([&](std::size_t node) {
      if (rejected.test(node)) diagnosis->reject(node, code, id);
    });
  }
  for (std::size_t w = 0; w < nodes.num_words(); ++w) nodes.words()[w] &= ~rejected.words()[w];
}

inline void reject_all(NodeMask& nodes, Status status, Diagnosis* diagnosis) {
  const NodeMask all = nodes;
  reject_nodes(nodes, all, status.code, std::move(status.reasons), diagnosis);
}

}  // namespace kubesched
