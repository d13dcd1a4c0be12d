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

void NodeAffinity::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const {
  const auto& raw = cycle.memo.get<RawScores>(slot(), cycle.state.epoch(), [&] {
    std::vector<std::int64_t> scores(feasible.size(), 0);
    add_weights(cycle.state.nodes(), added_preferred_, cycle.state.strings(), scores);
    add_weights(cycle.state.nodes(), cycle.shape.preferred_node_affinity, cycle.state.strings(), scores);
    return std::make_unique<RawScores>(std::move(scores));
  });
  if (!raw.all_zero) add_normalized(raw.by_node, feasible, false, weight, totals);
}

}  // namespace kubesched
