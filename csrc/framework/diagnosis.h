// Why nodes were rejected.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "framework/status.h"

namespace kubesched {

using ReasonSetId = std::uint32_t;

// Why one node was rejected. `plugin` is the plugin's position in the profile's filter list; extenders follow it.
struct Rejection {
  static constexpr std::int16_t kNotRejected = -1;
  static constexpr std::int16_t kPreFilterResult = -2;  // left out by a PreFilter plugin's node list

  std::int16_t plugin = kNotRejected;
  Code code = Code::kSuccess;
  ReasonSetId reasons = 0;
};

// Filled by the filter plugins, node by node; each node keeps its first rejection, unless an extender gives another.
class Diagnosis {
 public:
  explicit Diagnosis(std::size_t num_nodes) : nodes_(num_nodes) {}

  ReasonSetId add_reasons(std::vector<std::string> reasons) {
    reason_sets_.push_back(std::move(reasons));
    return static_cast<ReasonSetId>(reason_sets_.size() - 1);
  }
  void set_plugin(std::int16_t plugin) { plugin_ = plugin; }
  void reject(std::size_t node, Code code, ReasonSetId reasons) { nodes_[node] = Rejection{plugin_, code, reasons}; }
  // A name that is no node's, or not among those asked about: counted, but nowhere to be shown.
  void reject_elsewhere(const std::string& reason) { ++elsewhere_[reason]; }
  // The node was not looked at after all.
  void forget(std::size_t node) { nodes_[node] = Rejection{}; }
  void leave_out(std::size_t node) { nodes_[node].plugin = Rejection::kPreFilterResult; }

  const std::vector<Rejection>& nodes() const { return nodes_; }
  const std::vector<std::string>& reasons(ReasonSetId id) const { return reason_sets_[id]; }

  // How many nodes were rejected for each reason.
  std::map<std::string, std::int64_t> histogram() const;
  std::int64_t num_left_out() const;

 private:
  std::vector<Rejection> nodes_;
  std::vector<std::vector<std::string>> reason_sets_;
  std::map<std::string, std::int64_t> elsewhere_;
  std::int16_t plugin_ = 0;
};

// "0/N nodes are available: ..." (framework/types.go FitError.Error, v1.34).
std::string fit_error(std::size_t num_nodes, const std::map<std::string, std::int64_t>& histogram);
std::string pre_filter_error(std::size_t num_nodes, const Status& status);

}  // namespace kubesched
