// Hints of DynamicResources.
#include "queue/hint.h"
#include "queue/pod_claims.h"

namespace kubesched {

namespace {

QueueingHint after_claim_change(const HintInput& input) {
  const Typed<ResourceClaimObject> claims(input);
  if (claims.wrong) return QueueingHint::kError;
  bool uses_claim = false;
  const auto missing = for_each_claim(input.pod, input.context, [&](const ResourceClaimObject& claim) {
    uses_claim = uses_claim || claim.uid == claims.after->uid;
  });
  if (missing) return QueueingHint::kSkip;
  // What was taken by another pod is free again.
  if (claims.before != nullptr && claims.before->allocated && !claims.after->allocated) return QueueingHint::kQueue;
  return queue_if(uses_claim && (claims.before == nullptr || claims.before->status != claims.after->status));
}

QueueingHint after_pod_change(const HintInput& input) {
  const Typed<PodObject> pods(input);
  if (pods.wrong) return QueueingHint::kError;
  if (pods.after->uid != input.pod.uid) return QueueingHint::kSkip;
  return queue_if(!for_each_claim(*pods.after, input.context, [](const ResourceClaimObject&) {}));
}

}  // namespace

void add_claim_hints(EventTable& table) {
  using enum EventResource;
  const std::uint32_t add_or_update = action::kAdd | action::kUpdate;
  table["DynamicResources"] = {
      {{kNode, action::kAdd | action::kUpdateNodeLabel | action::kUpdateNodeAllocatable}, {}},
      {{kResourceClaim, add_or_update}, after_claim_change},
      {{kPod, action::kUpdatePodGeneratedResourceClaim}, after_pod_change},
      {{kDeviceClass, add_or_update}, {}},
      {{kResourceSlice, add_or_update}, {}},
  };
}

}  // namespace kubesched
