// Node labels as columns: for each key, which value each node has.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/column.h"
#include "base/cow.h"
#include "model/labels.h"

namespace kubesched {

// The values of one label key. A value's code is its position in `values`; codes are never reused, so a counter by
// code stays valid while nodes come and go. Codes of a topology key are its domains.
struct LabelColumn {
  static constexpr std::int32_t kAbsent = -1;

  Column<std::int32_t> codes;  // by node
  std::vector<StringId> values;
  std::unordered_map<StringId, std::int32_t> code_of;
  std::vector<std::uint32_t> num_nodes;  // by code
  std::uint32_t num_shared = 0;          // values that two nodes or more have

  // No two nodes have the same value, as with host names.
  bool is_by_node() const { return num_shared == 0; }
  std::int32_t intern(StringId value);
  void put(std::size_t node, std::int32_t code);
};

// Worked example: nodes a{zone:x} b{zone:y} c{} give column zone = codes [0, 1, -1], values [x, y].
// INVARIANT: every column has one code a node.
class LabelIndex {
 public:
  // nullptr where no node ever had the key.
  const LabelColumn* find(StringId key) const;

  void push_back(const LabelSet& labels);
  void replace(std::size_t node, const LabelSet& labels);
  void erase(std::size_t node);

 private:
  LabelColumn& column(StringId key);

  std::unordered_map<StringId, Cow<LabelColumn>> columns_;
  std::size_t num_nodes_ = 0;
};

}  // namespace kubesched
