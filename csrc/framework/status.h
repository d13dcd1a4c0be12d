// What a plugin says of a pod and a node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kubesched {

// kube-scheduler/framework Code (v1.34), in upstream's order.
enum class Code : std::uint8_t {
  kSuccess,
  kError,
  kUnschedulable,
  kUnschedulableAndUnresolvable,
  kWait,
  kSkip,
  kPending,
};

struct Status {
  Code code = Code::kSuccess;
  std::vector<std::string> reasons;
};

}  // namespace kubesched
