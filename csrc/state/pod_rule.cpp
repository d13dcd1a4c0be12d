#include "state/pod_rule.h"

#include <algorithm>

namespace kubesched {

namespace {

bool contains(const std::vector<StringId>& ids, StringId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

bool PodRule::matches(const PodShape& pod, const StringTable& strings) const {
  if (skip_terminating && pod.terminating) return false;
  return std::all_of(sets.begin(), sets.end(), [&](const PodSet& set) {
    return (set.all_namespaces || contains(set.namespaces, pod.namespace_id)) &&
           set.selector.matches(pod.labels, strings);
  });
}

std::string PodRule::key() const {
  std::string key(1, skip_terminating ? 't' : 'a');
  for (const PodSet& set : sets) {
    set.selector.append_key(key);
    key.push_back(set.all_namespaces ? '*' : '.');
    append_id(key, static_cast<std::uint32_t>(set.namespaces.size()));
    for (StringId id : set.namespaces) append_id(key, id);
  }
  return key;
}

PodSet resolve_term(const AffinityTerm& term, const Namespaces& namespaces, const StringTable& strings) {
  PodSet set{term.selector, term.namespaces, term.namespace_selector.is_everything()};
  if (!set.all_namespaces && !term.namespace_selector.matches_nothing) {
    for (const auto& [name, labels] : namespaces) {
      if (term.namespace_selector.matches(labels, strings)) set.namespaces.push_back(name);
    }
  }
  std::sort(set.namespaces.begin(), set.namespaces.end());
  set.namespaces.erase(std::unique(set.namespaces.begin(), set.namespaces.end()), set.namespaces.end());
  return set;
}

bool term_matches(const AffinityTerm& term, const PodShape& pod, const Namespaces& namespaces,
                  const StringTable& strings) {
  if (!contains(term.namespaces, pod.namespace_id)) {
    static const LabelSet kNoLabels;
    const auto found = namespaces.find(pod.namespace_id);
    const LabelSet& labels = found == namespaces.end() ? kNoLabels : found->second;
    if (!term.namespace_selector.matches(labels, strings)) return false;
  }
  return term.selector.matches(pod.labels, strings);
}

}  // namespace kubesched
