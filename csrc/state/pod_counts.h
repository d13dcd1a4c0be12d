// How many pods match a rule, by node and by topology domain, kept up to date as pods come and go.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/column.h"
#include "base/node_mask.h"
#include "state/label_index.h"
#include "state/pod_rule.h"
#include "state/pod_table.h"
#include "state/shape_table.h"
#include "state/supposed_pod.h"

namespace kubesched {

using RuleId = std::uint32_t;
using MaskId = std::uint32_t;

// Matching pods by the codes of one topology key, over the nodes of a mask.
struct DomainCounts {
  RuleId rule = 0;
  StringId topology_key = 0;
  MaskId mask = 0;
  std::vector<std::int64_t> pods;     // by code
  std::vector<std::int64_t> nodes;    // by code: nodes of the mask in the domain
  std::int64_t pods_without_key = 0;  // on nodes of the mask that lack the key
  std::int64_t total_pods = 0;        // over all domains
};

// What a count is taken over; lives in ClusterState.
struct CountSource {
  const StringTable& strings;
  const ShapeTable& shapes;
  const PodTable& pods;
  const LabelIndex& labels;
  const std::vector<NodeIndex>& index_by_uid;
  std::size_t num_nodes;
  const std::vector<SupposedPod>& supposed;
};

// Rules are interned, their counts filled in when first asked for and then kept incrementally: a placement touches
// the rules that its shape matches and one domain of each of their keys. Domain counts are dropped when nodes
// change and made again when next asked for. Past a budget of memory all rules are forgotten.
// Copies may then change on their own. Not thread-safe.
class PodCounts {
 public:
  static constexpr MaskId kAllNodes = 0;
  static constexpr std::size_t kBudgetBytes = std::size_t{256} << 20;
  static constexpr std::size_t kLeastRules = 256;  // more than one pod can have; kept whatever they take

  // Changes whenever ids given out before became void.
  std::uint64_t generation() const { return generation_; }

  RuleId intern_rule(const PodRule& rule, const CountSource& source);
  MaskId intern_mask(const NodeMask& mask);

  // int32 by node.
  const Column<std::int32_t>& by_node(RuleId rule) const { return rules_[rule].by_node; }
  // The reference holds until nodes change or rules are forgotten.
  const DomainCounts& by_domain(RuleId rule, StringId topology_key, MaskId mask, const CountSource& source);

  // A pod came to a node (sign 1) or left it (sign -1).
  void change(ShapeId shape, NodeIndex node, std::int32_t sign, const CountSource& source);

  // Node events. Pods of a node that goes must have left.
  void node_added();
  void node_changed();
  void node_removed(NodeIndex node);
  void forget();

 private:
  struct Rule {
    PodRule rule;
    Column<std::int32_t> by_node;
    std::vector<std::uint32_t> domains;  // positions in domains_
  };
  struct Matches {
    std::vector<RuleId> rules;
    RuleId tested = 0;  // rules below this one are in or out for good
  };

  const std::vector<RuleId>& matching_rules(ShapeId shape, const CountSource& source);
  void count_domains(DomainCounts& counts, const CountSource& source) const;
  void drop_domains();

  std::uint64_t generation_ = 0;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, RuleId> rule_ids_;
  std::vector<Matches> matches_;      // by shape
  std::deque<DomainCounts> domains_;  // references stay good while it grows
  std::unordered_map<std::string, std::uint32_t> domain_ids_;
  std::vector<NodeMask> masks_{NodeMask{}};
  std::unordered_map<std::string, MaskId> mask_ids_;
};

}  // namespace kubesched
