#include "state/term_counts.h"

namespace kubesched {

const std::vector<TermId>& TermCounts::matching_terms(ShapeId shape, const ShapeTable& shapes,
                                                      const Namespaces& namespaces, const StringTable& strings) {
  if (matches_.size() <= shape) matches_.resize(shapes.size());
  Matches& matches = matches_[shape];
  for (; matches.tested < terms_.size(); ++matches.tested) {
    if (term_matches(terms_[matches.tested].term, shapes[shape], namespaces, strings)) {
      matches.terms.push_back(matches.tested);
    }
  }
  return matches.terms;
}

void TermCounts::change(ShapeId shape, const ShapeTable& shapes, NodeIndex node, std::int64_t sign,
                        const LabelIndex& labels) {
  for (TermId id : terms_of(shape, shapes)) {
    CarriedTerm& term = terms_[id];
    const LabelColumn* column = labels.find(term.term.topology_key);
    if (column == nullptr || column->codes[node] == LabelColumn::kAbsent) continue;
    if (term.pods.size() < column->values.size()) term.pods.resize(column->values.size(), 0);
    term.pods[static_cast<std::size_t>(column->codes[node])] += sign;
    term.total_pods += sign;
  }
}

const std::vector<TermId>& TermCounts::terms_of(ShapeId shape, const ShapeTable& shapes) {
  if (carried_.size() <= shape) carried_.resize(shapes.size());
  Carried& carried = carried_[shape];
  if (carried.known) return carried.terms;
  const PodShape& pod = shapes[shape];
  for (const auto& term : pod.required_affinity) {
    carried.terms.push_back(intern(term, TermKind::kRequiredAffinity, 0));
  }
  for (const auto& term : pod.required_anti_affinity) {
    carried.terms.push_back(intern(term, TermKind::kRequiredAntiAffinity, 0));
  }
  for (const auto& term : pod.preferred_affinity) {
    carried.terms.push_back(intern(term.term, TermKind::kPreferredAffinity, term.weight));
  }
  for (const auto& term : pod.preferred_anti_affinity) {
    carried.terms.push_back(intern(term.term, TermKind::kPreferredAntiAffinity, term.weight));
  }
  carried.known = true;
  return carried.terms;
}

TermId TermCounts::intern(const AffinityTerm& term, TermKind kind, std::int64_t weight) {
  std::string key(1, static_cast<char>(kind));
  append_id(key, static_cast<std::uint32_t>(weight));
  append_id(key, term.topology_key);
  term.selector.append_key(key);
  term.namespace_selector.append_key(key);
  for (StringId id : term.namespaces) append_id(key, id);
  const auto [slot, added] = ids_.try_emplace(std::move(key), static_cast<TermId>(terms_.size()));
  if (added) terms_.push_back(CarriedTerm{term, kind, weight, {}, 0});
  return slot->second;
}

}  // namespace kubesched
