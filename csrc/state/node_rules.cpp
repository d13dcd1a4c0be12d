#include "state/node_rules.h"

#include <algorithm>
#include <array>

#include "state/node_selection.h"

namespace kubesched {

namespace {

struct ZoneLabel {
  const char* key;
  const char* fallback;  // looked at where a node lacks the key
};

constexpr std::array<ZoneLabel, 4> kZoneLabels{{
    {"failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"},
    {"failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"},
    {"topology.kubernetes.io/zone", "topology.kubernetes.io/zone"},
    {"topology.kubernetes.io/region", "topology.kubernetes.io/region"},
}};

const LabelColumn* find_column(const NodeTable& table, const StringTable& strings, const char* key) {
  const StringId id = strings.find(key);
  return id == kNoId ? nullptr : table.labels().find(id);
}

StringId value_at(const LabelColumn* column, std::size_t node) {
  if (column == nullptr || column->codes[node] == LabelColumn::kAbsent) return kNoId;
  return column->values[static_cast<std::size_t>(column->codes[node])];
}

}  // namespace

NodeSet::NodeSet(NodeMask mask) {
  is_list_ = mask.count() <= kMostListed;
  if (is_list_) {
    mask.for_each([&](std::size_t node) { list_.push_back(static_cast<NodeIndex>(node)); });
  } else {
    mask_ = std::move(mask);
  }
}

bool NodeSet::test(std::size_t node) const {
  return is_list_ ? std::find(list_.begin(), list_.end(), node) != list_.end() : mask_.test(node);
}

void NodeSet::intersect(NodeMask& into) const {
  if (!is_list_) {
    into &= mask_;
    return;
  }
  NodeMask kept(into.size());
  for (NodeIndex node : list_) {
    if (into.test(node)) kept.set(node);
  }
  into = std::move(kept);
}

void NodeSet::unite(NodeMask& into, const NodeMask& within) const {
  if (is_list_) {
    for (NodeIndex node : list_) {
      if (within.test(node)) into.set(node);
    }
    return;
  }
  for (std::size_t w = 0; w < into.num_words(); ++w) into.words()[w] |= mask_.words()[w] & within.words()[w];
}

NodeRuleId NodeRules::intern(std::string_view record, StringTable& strings) {
  const auto found = ids_.find(std::string(record));
  if (found != ids_.end()) return found->second;
  Reader reader(record);
  Rule rule{};
  rule.kind = static_cast<Kind>(reader.u8());
  if (rule.kind == Kind::kTerms) rule.terms = read_node_selector_terms(reader, strings);
  if (rule.kind == Kind::kZones) rule.zones = reader.list([&] { return read_requirement(reader, strings); });
  reader.finish();
  NodeRuleId id = kNoId;
  if (rule.kind != Kind::kAny) {
    id = static_cast<NodeRuleId>(rules_.size());
    rules_.push_back(std::move(rule));
  }
  ids_.emplace(record, id);
  return id;
}

const NodeSet& NodeRules::nodes(NodeRuleId id, const NodeTable& table, const StringTable& strings,
                                std::uint64_t epoch) {
  if (evaluated_.size() < rules_.size()) evaluated_.resize(rules_.size());
  Evaluated& entry = evaluated_[id];
  if (!entry.made || entry.epoch != epoch) {
    const Rule& rule = rules_[id];
    entry.nodes = NodeSet(rule.kind == Kind::kTerms ? select_any_term(table, rule.terms, strings)
                                                    : evaluate_zones(rule.zones, table, strings));
    entry.epoch = epoch;
    entry.made = true;
  }
  return entry.nodes;
}

// plugins/volumezone Filter (v1.34).
NodeMask NodeRules::evaluate_zones(const std::vector<Requirement>& zones, const NodeTable& table,
                                   const StringTable& strings) {
  std::array<const LabelColumn*, kZoneLabels.size()> columns{};
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = find_column(table, strings, kZoneLabels[i].key);
  NodeMask mask(table.size(), true);
  mask.filter([&](std::size_t node) {
    const bool has_zone = std::any_of(columns.begin(), columns.end(),
                                      [&](const LabelColumn* column) { return value_at(column, node) != kNoId; });
    return !has_zone || std::all_of(zones.begin(), zones.end(), [&](const Requirement& zone) {
      StringId value = value_at(table.labels().find(zone.key), node);
      for (const ZoneLabel& label : kZoneLabels) {
        if (value == kNoId && strings[zone.key] == label.key) {
          value = value_at(find_column(table, strings, label.fallback), node);
        }
      }
      return zone.matches(value, strings);
    });
  });
  return mask;
}

}  // namespace kubesched
