// The PreFilter and Filter plugins of one cycle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/profile.h"

namespace kubesched {

// Lives within one cycle. Pods nominated to a node, of the pod's priority or a higher one, count as if they were there,
// and once more as if they were not (framework/runtime/framework.go RunFilterPluginsWithNominatedPods, v1.34).
class FilterRun {
 public:
  // Runs the PreFilter plugins. REQUIRES: the cluster has nodes.
  FilterRun(Cycle& cycle, const Profile& profile);

  // A PreFilter plugin rejected the pod as a whole.
  bool is_rejected() const { return !rejecting_plugin_.empty(); }
  const std::string& rejecting_plugin() const { return rejecting_plugin_; }
  const Status& rejection() const { return rejection_; }
  // The plugin's PreFilter ran: none does after one that rejected the pod for good.
  bool has_asked(const Plugin* plugin) const;

  // The nodes that the PreFilter plugins' node lists leave.
  const NodeMask& candidates() const { return candidates_; }
  // The candidates that pass every filter.
  NodeMask feasible() const;
  // Why each node is rejected; `feasible` becomes what feasible() gives.
  Diagnosis diagnose(NodeMask& feasible) const;
  // FitError's text, without the preemption part.
  std::string message(const Diagnosis& diagnosis) const;
  std::string message() const;

  // The plugins that an event must be one of for the pod to be tried again (Diagnosis.UnschedulablePlugins).
  std::vector<std::string> rejectors(const Diagnosis* diagnosis) const;

  // Nodes that all filters but those by room pass, nominated pods counted, and would pass with fewer pods there; none
  // where it is not known.
  NodeMask lacking_room_alone() const;

  // The pods nominated to a node that count for this one, and the nodes that have such.
  std::vector<ShapeId> nominated_at(NodeIndex node) const;
  NodeMask nodes_with_nominated() const;

  // One node alone, whether or not it is a candidate.
  bool passes(NodeIndex node) const;
  // As passes(), and why not; `diagnosis` is written at the node alone.
  bool diagnose_node(NodeIndex node, Diagnosis& diagnosis) const;

 private:
  bool skips(const Plugin* plugin) const;
  const NodeMask& static_mask() const;
  bool passes_once(NodeIndex node) const;
  bool diagnose_once(NodeIndex node, Diagnosis& diagnosis) const;

  Cycle& cycle_;
  const Profile& profile_;
  NodeMask candidates_;
  std::size_t num_asked_ = 0;  // PreFilters that ran
  std::string rejecting_plugin_;
  Status rejection_;
  std::vector<std::string> listing_plugins_;  // PreFilters that gave a node list
  std::vector<const Plugin*> skipped_;        // PreFilters that said Skip: their filters do not run
};

}  // namespace kubesched
