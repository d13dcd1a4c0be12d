#include "state/pod_counts.h"

namespace kubesched {

namespace {

// Adds to the domain that a node is in, if the mask has the node.
void add_to_domain(DomainCounts& counts, const NodeMask& mask, const LabelColumn* column, NodeIndex node,
                   std::int64_t pods) {
  if (counts.mask != PodCounts::kAllNodes && !mask.test(node)) return;
  const std::int32_t code = column == nullptr ? LabelColumn::kAbsent : column->codes[node];
  if (code == LabelColumn::kAbsent) {
    counts.pods_without_key += pods;
    return;
  }
  counts.pods[static_cast<std::size_t>(code)] += pods;
  counts.total_pods += pods;
}

}  // namespace

RuleId PodCounts::intern_rule(const PodRule& rule, const CountSource& source) {
  std::string key = rule.key();
  const auto found = rule_ids_.find(key);
  if (found != rule_ids_.end()) return found->second;
  const std::size_t bytes = (rules_.size() + 1) * source.num_nodes * sizeof(std::int32_t);
  if (bytes > kBudgetBytes && rules_.size() >= kLeastRules) forget();
  const auto id = static_cast<RuleId>(rules_.size());
  rules_.push_back(Rule{rule, Column<std::int32_t>(source.num_nodes, 0), {}});
  rule_ids_.emplace(std::move(key), id);
  std::int32_t* counts = rules_.back().by_node.edit();
  std::vector<std::int8_t> verdicts(source.shapes.size(), -1);
  source.pods.for_each([&](const PodRecord& pod) {
    std::int8_t& verdict = verdicts[pod.shape];
    if (verdict < 0) verdict = rule.matches(source.shapes[pod.shape], source.strings) ? 1 : 0;
    counts[source.index_by_uid[pod.node_uid]] += verdict;
  });
  for (const SupposedPod& pod : source.supposed) {
    if (rule.matches(source.shapes[pod.shape], source.strings)) counts[pod.node] += pod.sign;
  }
  return id;
}

MaskId PodCounts::intern_mask(const NodeMask& mask) {
  if (mask.count() == mask.size()) return kAllNodes;
  std::string key(reinterpret_cast<const char*>(mask.words()), mask.num_words() * sizeof(std::uint64_t));
  const auto [slot, added] = mask_ids_.try_emplace(std::move(key), static_cast<MaskId>(masks_.size()));
  if (added) masks_.push_back(mask);
  return slot->second;
}

const DomainCounts& PodCounts::by_domain(RuleId rule, StringId topology_key, MaskId mask, const CountSource& source) {
  std::string key;
  append_id(key, rule);
  append_id(key, topology_key);
  append_id(key, mask);
  const auto [slot, added] = domain_ids_.try_emplace(std::move(key), static_cast<std::uint32_t>(domains_.size()));
  if (added) {
    DomainCounts counts;
    counts.rule = rule;
    counts.topology_key = topology_key;
    counts.mask = mask;
    count_domains(counts, source);
    rules_[rule].domains.push_back(slot->second);
    domains_.push_back(std::move(counts));
  }
  return domains_[slot->second];
}

void PodCounts::count_domains(DomainCounts& counts, const CountSource& source) const {
  const LabelColumn* column = source.labels.find(counts.topology_key);
  const std::size_t num_codes = column == nullptr ? 0 : column->values.size();
  counts.pods.assign(num_codes, 0);
  counts.nodes.assign(num_codes, 0);
  const Column<std::int32_t>& by_node = rules_[counts.rule].by_node;
  const NodeMask& mask = masks_[counts.mask];
  for (NodeIndex node = 0; node < source.num_nodes; ++node) {
    if (counts.mask != kAllNodes && !mask.test(node)) continue;
    add_to_domain(counts, mask, column, node, by_node[node]);
    const std::int32_t code = column == nullptr ? LabelColumn::kAbsent : column->codes[node];
    if (code != LabelColumn::kAbsent) ++counts.nodes[static_cast<std::size_t>(code)];
  }
}

const std::vector<RuleId>& PodCounts::matching_rules(ShapeId shape, const CountSource& source) {
  if (matches_.size() <= shape) matches_.resize(source.shapes.size());
  Matches& matches = matches_[shape];
  for (; matches.tested < rules_.size(); ++matches.tested) {
    if (rules_[matches.tested].rule.matches(source.shapes[shape], source.strings)) {
      matches.rules.push_back(matches.tested);
    }
  }
  return matches.rules;
}

void PodCounts::change(ShapeId shape, NodeIndex node, std::int32_t sign, const CountSource& source) {
  if (rules_.empty()) return;
  for (RuleId id : matching_rules(shape, source)) {
    Rule& rule = rules_[id];
    rule.by_node.edit()[node] += sign;
    for (std::uint32_t position : rule.domains) {
      DomainCounts& counts = domains_[position];
      add_to_domain(counts, masks_[counts.mask], source.labels.find(counts.topology_key), node, sign);
    }
  }
}

void PodCounts::node_added() {
  for (Rule& rule : rules_) rule.by_node.push_back(0);
  drop_domains();
}

void PodCounts::node_changed() { drop_domains(); }

void PodCounts::node_removed(NodeIndex node) {
  for (Rule& rule : rules_) rule.by_node.erase(node);
  drop_domains();
}

void PodCounts::drop_domains() {
  for (Rule& rule : rules_) rule.domains.clear();
  domains_.clear();
  domain_ids_.clear();
  masks_.assign(1, NodeMask{});
  mask_ids_.clear();
}

void PodCounts::forget() {
  drop_domains();
  rules_.clear();
  rule_ids_.clear();
  matches_.clear();
  ++generation_;
}

}  // namespace kubesched
