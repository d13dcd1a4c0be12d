// What Python calls the policies of preemption.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "engine/scheduler.h"

namespace kubesched {

inline PreemptionPolicy policy_of(const std::string& name) {
  if (name == "never") return PreemptionPolicy::kNever;
  if (name == "graceful") return PreemptionPolicy::kGraceful;
  if (name == "immediate") return PreemptionPolicy::kImmediate;
  throw pybind11::value_error("preemption must be never, graceful or immediate");
}

}  // namespace kubesched
