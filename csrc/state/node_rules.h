// Which nodes storage objects allow: rules interned by record, each evaluated once for all nodes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/cow.h"
#include "base/node_mask.h"
#include "model/node_selector.h"
#include "model/storage_objects.h"
#include "state/node_table.h"

namespace kubesched {

// The nodes that a rule allows. A few nodes are kept as a list: local volumes have one node each.
class NodeSet {
 public:
  NodeSet() = default;
  explicit NodeSet(NodeMask mask);

  bool test(std::size_t node) const;
  // into &= this
  void intersect(NodeMask& into) const;
  // into |= this & within
  void unite(NodeMask& into, const NodeMask& within) const;

  // Calls f(node) for each node of the set that is in `within` as well.
  template <typename F>
  void for_each(const NodeMask& within, F&& f) const {
    if (is_list_) {
      for (NodeIndex node : list_) {
        if (within.test(node)) f(node);
      }
      return;
    }
    within.for_each([&](std::size_t node) {
      if (mask_.test(node)) f(node);
    });
  }

 private:
  static constexpr std::size_t kMostListed = 16;

  bool is_list_ = true;
  std::vector<NodeIndex> list_;
  NodeMask mask_;
};

// Append-only. A rule's set is made when first asked for, and again when nodes changed.
class NodeRules final : public NodeRuleInterner {
 public:
  NodeRuleId intern(std::string_view record, StringTable& strings) override;

  // REQUIRES: rule is not kNoId. `epoch` changes with the nodes.
  const NodeSet& nodes(NodeRuleId rule, const NodeTable& table, const StringTable& strings, std::uint64_t epoch);

 private:
  enum class Kind : std::uint8_t { kAny, kTerms, kZones };

  struct Rule {
    Kind kind;
    std::vector<NodeSelectorTerm> terms;
    std::vector<Requirement> zones;
  };

  struct Evaluated {
    std::uint64_t epoch = 0;
    bool made = false;
    NodeSet nodes;
  };

  static NodeMask evaluate_zones(const std::vector<Requirement>& zones, const NodeTable& table,
                                 const StringTable& strings);

  std::vector<Rule> rules_;
  std::vector<Evaluated> evaluated_;
  std::unordered_map<std::string, NodeRuleId> ids_;
};

}  // namespace kubesched
