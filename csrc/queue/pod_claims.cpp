#include "queue/pod_claims.h"

namespace kubesched {

std::optional<std::string> for_each_claim(const PodObject& pod, const HintContext& context,
                                          const std::function<void(const ResourceClaimObject&)>& visit) {
  const std::string space = pod.key.substr(0, pod.key.find('/'));
  for (const PodResourceClaim& entry : pod.claims) {
    if (entry.source == PodResourceClaim::Source::kNotNeeded) continue;
    if (entry.source == PodResourceClaim::Source::kNotGenerated) {
      return "pod \"" + pod.key + "\": ResourceClaim not created yet";
    }
    if (entry.source == PodResourceClaim::Source::kNone) {
      return "pod \"" + pod.key + "\", spec.resourceClaim \"" + context.strings[entry.name] +
             "\": none of the supported fields are set";
    }
    const std::string key = space + "/" + context.strings[entry.claim];
    const auto found = context.claims.find(key);
    if (found == context.claims.end()) return "could not find ResourceClaim \"" + key + "\"";
    const ResourceClaimObject& claim = found->second;
    if (claim.terminating) return "resourceclaim \"" + claim.name + "\" is being deleted";
    if (entry.source == PodResourceClaim::Source::kGenerated && claim.controller_uid != pod.uid) {
      return "ResourceClaim " + key + " was not created for pod " + pod.key + " (pod is not owner)";
    }
    visit(claim);
  }
  return std::nullopt;
}

}  // namespace kubesched
