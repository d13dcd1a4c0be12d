// What is asked outside of the core about the nodes that passed every filter.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/node_mask.h"
#include "framework/diagnosis.h"
#include "framework/plugin.h"
#include "framework/status.h"
#include "framework/victims.h"

namespace kubesched {

// One extender (pkg/scheduler/extender.go, v1.34). Called once a cycle; which pod the cycle is for is known on the
// other side. Asked twice of the same pod and nodes, it gives the same answer.
class Extender {
 public:
  Extender() = default;
  virtual ~Extender() = default;
  Extender(const Extender&) = delete;
  Extender& operator=(const Extender&) = delete;

  virtual std::string_view name() const = 0;
  virtual bool filters() const = 0;
  virtual bool prioritizes() const = 0;
  virtual bool preempts() const = 0;

  // Takes out of `nodes` those it rejects; with a diagnosis, says why. Anything but success is an error that ends the
  // cycle; its only reason is the text. REQUIRES: `nodes` is not empty.
  virtual Status filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const = 0;

  // Adds weighted scores to the `totals` of feasible nodes; an extender that fails adds nothing.
  virtual void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t* totals) const = 0;

  // Cuts the candidates of a preemption, or names other victims on their nodes. Anything but success is an error that
  // ends the preemption; its only reason is the text. REQUIRES: preempts(); there is a candidate.
  virtual Status preempt(Cycle& cycle, std::vector<Victims>& candidates) const = 0;
};

using Extenders = std::vector<std::shared_ptr<const Extender>>;  // in the order in which they are asked

}  // namespace kubesched
