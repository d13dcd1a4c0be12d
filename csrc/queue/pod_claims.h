// The ResourceClaims that a pod uses, looked up (plugins/dynamicresources foreachPodResourceClaim, v1.34).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "queue/hint.h"

namespace kubesched {

// Visits the pod's claims in order; the first that is missing, going away or another pod's ends it with the reason.
std::optional<std::string> for_each_claim(const PodObject& pod, const HintContext& context,
                                          const std::function<void(const ResourceClaimObject&)>& visit);

}  // namespace kubesched
