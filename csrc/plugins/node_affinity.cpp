#include "plugins/node_affinity.h"

#include <algorithm>

#include "plugins/raw_scores.h"
#include "state/node_selection.h"

namespace kubesched {

namespace {

// The names that a term's matchFields pin it to: sorted; nothing where they pin it to none in particular.
std::optional<std::vector<StringId>> pinned_names(const NodeSelectorTerm& term) {
  std::optional<std::vector<StringId>> names;
  for (const NameRequirement& requirement : term.names) {
    if (!requirement.in) continue;
    if (!names) {
      names = {requirement.name};
    } else if (names->empty() || names->front() != requirement.name) {
      names->clear();
    }
  }
  return names;
}

void keep(NodeMask& nodes, const NodeMask& allowed, Diagnosis* diagnosis, const char* reason) {
  if (diagnosis == nullptr) {
    nodes &= allowed;
    return;
  }
  const ReasonSetId reasons = diagnosis->add_reasons({reason});
  nodes.filter([&](std::size_t node) {
    if (allowed.test(node)) return true;
    diagnosis->reject(node, Code::kUnschedulableAndUnresolvable, reasons);
    return false;
  });
}

void add_weights(const NodeTable& nodes, const std::vector<WeightedNodeSelectorTerm>& terms, const StringTable& strings,
                 std::vector<std::int64_t>& scores) {
  for (const WeightedNodeSelectorTerm& weighted : terms) {
    select_term(nodes, weighted.term, strings).for_each([&](std::size_t node) { scores[node] += weighted.weight; });
  }
}

// Appends bytes that are equal for equal terms.
void append_term(std::string& key, const NodeSelectorTerm& term) {
  append_id(key, static_cast<std::uint32_t>(term.expressions.size()));
  for (const Requirement& requirement : term.expressions) {
    append_id(key, requirement.key);
    key.push_back(static_cast<char>(requirement.op));
    append_id(key, static_cast<std::uint32_t>(requirement.number));
    append_id(key, static_cast<std::uint32_t>(static_cast<std::uint64_t>(requirement.number) >> 32));
    append_id(key, static_cast<std::uint32_t>(requirement.values.size()));
    for (StringId value : requirement.values) append_id(key, value);
  }
  append_id(key, static_cast<std::uint32_t>(term.names.size()));
  for (const NameRequirement& requirement : term.names) {
    key.push_back(requirement.in ? '1' : '0');
    append_id(key, requirement.name);
  }
}

}  // namespace

NodeAffinity::NodeAffinity(std::size_t slot, const ProfileSpec& spec)
    : Plugin(slot),
      has_added_required_(spec.has_added_required_affinity),
      added_required_(spec.added_required_affinity),
      added_preferred_(spec.added_preferred_affinity) {}

PreFilterResult NodeAffinity::pre_filter(Cycle& cycle) const {
  const PodShape& pod = cycle.shape;
  if (!pod.has_required_node_affinity && !has_added_required_ && pod.node_selector.empty()) {
    return {Status{Code::kSkip, {}}, std::nullopt};
  }
  if (!pod.has_required_node_affinity || pod.required_node_affinity.empty()) return {};
  std::vector<StringId> names;
  for (const NodeSelectorTerm& term : pod.required_node_affinity) {
    const auto pinned = pinned_names(term);
    if (!pinned) return {};
    names.insert(names.end(), pinned->begin(), pinned->end());
  }
  if (names.empty()) {
    return {Status{Code::kUnschedulableAndUnresolvable, {"pod affinity terms conflict"}}, std::nullopt};
  }
  const NodeTable& nodes = cycle.state.nodes();
  NodeMask mask(nodes.size());
  for (StringId name : names) {
    const NodeIndex node = nodes.find(name);
    if (node != kNoId) mask.set(node);
  }
  return {Status{}, std::move(mask)};
}

void NodeAffinity::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const NodeTable& table = cycle.state.nodes();
  const StringTable& strings = cycle.state.strings();
  if (has_added_required_) {
    keep(nodes, select_any_term(table, added_required_, strings), diagnosis,
         "node(s) didn't match scheduler-enforced node affinity");
  }
  const PodShape& pod = cycle.shape;
  if (!pod.has_required_node_affinity && pod.node_selector.empty()) return;
  keep(nodes, select_required(table, pod, strings), diagnosis, "node(s) didn't match Pod's node affinity/selector");
}

bool NodeAffinity::pre_score(Cycle& cycle, const NodeMask&) const {
  return cycle.shape.has_preferred_node_affinity || !added_preferred_.empty();
}

std::vector<std::int64_t> NodeAffinity::preferences(const Cycle& cycle) const {
  std::vector<std::int64_t> scores(cycle.state.nodes().size(), 0);
  add_weights(cycle.state.nodes(), added_preferred_, cycle.state.strings(), scores);
  add_weights(cycle.state.nodes(), cycle.shape.preferred_node_affinity, cycle.state.strings(), scores);
  return scores;
}

void NodeAffinity::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const {
  const auto& raw = cycle.memo.get<RawScores>(slot(), cycle.state.epoch(),
                                              [&] { return std::make_unique<RawScores>(preferences(cycle)); });
  if (!raw.all_zero) add_normalized(raw.by_node, feasible, false, weight, totals);
}

bool NodeAffinity::plan_filter(Cycle& cycle, RankingPlan& plan) const {
  const PodShape& pod = cycle.shape;
  for (const NodeSelectorTerm& term : pod.required_node_affinity) {
    if (!term.names.empty()) return false;  // may pin the pod to a node list
  }
  plan.static_key.push_back(pod.has_required_node_affinity ? 'r' : 'n');
  append_id(plan.static_key, static_cast<std::uint32_t>(pod.required_node_affinity.size()));
  for (const NodeSelectorTerm& term : pod.required_node_affinity) append_term(plan.static_key, term);
  append_id(plan.static_key, static_cast<std::uint32_t>(pod.node_selector.size()));
  for (const Label& label : pod.node_selector) {
    append_id(plan.static_key, label.key);
    append_id(plan.static_key, label.value);
  }
  return true;
}

bool NodeAffinity::plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const {
  const auto& terms = cycle.shape.preferred_node_affinity;
  append_id(plan.static_key, static_cast<std::uint32_t>(terms.size()));
  for (const WeightedNodeSelectorTerm& weighted : terms) {
    append_id(plan.static_key, static_cast<std::uint32_t>(weighted.weight));
    append_term(plan.static_key, weighted.term);
  }
  if (!terms.empty() || !added_preferred_.empty()) plan.static_scorers.push_back(PlannedScorer{this, weight});
  return true;
}

StaticScores NodeAffinity::static_scores(Cycle& cycle) const {
  return StaticScores{preferences(cycle), Normalization::kHighest};
}

}  // namespace kubesched
