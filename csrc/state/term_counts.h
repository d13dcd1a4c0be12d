// The inter-pod affinity terms of pods on nodes, and where they sit by topology domain.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "state/label_index.h"
#include "state/pod_rule.h"
#include "state/shape_table.h"

namespace kubesched {

using TermId = std::uint32_t;

enum class TermKind : std::uint8_t {
  kRequiredAffinity,
  kRequiredAntiAffinity,
  kPreferredAffinity,
  kPreferredAntiAffinity
};

// Equal terms of all shapes, and the pods that carry them.
struct CarriedTerm {
  AffinityTerm term;
  TermKind kind;
  std::int64_t weight;             // of a preferred term; else 0
  std::vector<std::int64_t> pods;  // by code of the term's topology key
  std::int64_t total_pods = 0;     // over all domains: pods on nodes that have the key
};

// A placement touches one domain of each term of its shape. Which terms match an incoming shape is found once per
// (term, shape). Copies may then change on their own. Not thread-safe.
class TermCounts {
 public:
  const CarriedTerm& operator[](TermId id) const { return terms_[id]; }
  // Terms of all shapes that ever came to a node; never fewer.
  std::size_t size() const { return terms_.size(); }
  // Terms that match the shape as an incoming pod, whether or not a pod carries them now.
  const std::vector<TermId>& matching_terms(ShapeId shape, const ShapeTable& shapes, const Namespaces& namespaces,
                                            const StringTable& strings);

  // A pod came to a node (sign 1) or left it (sign -1).
  void change(ShapeId shape, const ShapeTable& shapes, NodeIndex node, std::int64_t sign, const LabelIndex& labels);
  // The labels of a namespace changed.
  void forget_matches() { matches_.clear(); }

 private:
  struct Matches {
    std::vector<TermId> terms;
    TermId tested = 0;
  };
  struct Carried {
    std::vector<TermId> terms;
    bool known = false;
  };

  const std::vector<TermId>& terms_of(ShapeId shape, const ShapeTable& shapes);
  TermId intern(const AffinityTerm& term, TermKind kind, std::int64_t weight);

  std::vector<CarriedTerm> terms_;
  std::unordered_map<std::string, TermId> ids_;
  std::vector<Carried> carried_;  // by shape
  std::vector<Matches> matches_;  // by shape
};

}  // namespace kubesched
