// The pods that would leave one node for a pod that fits nowhere.
#pragma once

#include <cstdint>
#include <vector>

#include "state/cluster_state.h"

namespace kubesched {

struct Victims {
  NodeIndex node = kNoId;
  std::vector<PodId> pods;          // the most important first, unless an extender says otherwise
  std::int64_t num_violations = 0;  // of disruption budgets
};

}  // namespace kubesched
