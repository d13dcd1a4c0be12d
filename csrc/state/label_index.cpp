#include "state/label_index.h"

namespace kubesched {

std::int32_t LabelColumn::intern(StringId value) {
  const auto [slot, added] = code_of.try_emplace(value, static_cast<std::int32_t>(values.size()));
  if (added) values.push_back(value);
  num_nodes.resize(values.size(), 0);
  return slot->second;
}

void LabelColumn::put(std::size_t node, std::int32_t code) {
  const std::int32_t before = codes[node];
  if (before != kAbsent && --num_nodes[static_cast<std::size_t>(before)] == 1) --num_shared;
  if (code != kAbsent && ++num_nodes[static_cast<std::size_t>(code)] == 2) ++num_shared;
  codes.set(node, code);
}

const LabelColumn* LabelIndex::find(StringId key) const {
  const auto found = columns_.find(key);
  return found == columns_.end() ? nullptr : &*found->second;
}

LabelColumn& LabelIndex::column(StringId key) {
  LabelColumn& column = columns_[key].edit();
  column.codes.resize(num_nodes_, LabelColumn::kAbsent);
  return column;
}

void LabelIndex::push_back(const LabelSet& labels) {
  ++num_nodes_;
  for (auto& [key, shared] : columns_) shared.edit().codes.resize(num_nodes_, LabelColumn::kAbsent);
  replace(num_nodes_ - 1, labels);
}

void LabelIndex::replace(std::size_t node, const LabelSet& labels) {
  for (auto& [key, shared] : columns_) {
    if (shared->codes[node] != LabelColumn::kAbsent) shared.edit().put(node, LabelColumn::kAbsent);
  }
  for (const Label& label : labels.labels()) {
    LabelColumn& values = column(label.key);
    values.put(node, values.intern(label.value));
  }
}

void LabelIndex::erase(std::size_t node) {
  for (auto& [key, shared] : columns_) {
    LabelColumn& column = shared.edit();
    column.put(node, LabelColumn::kAbsent);
    column.codes.erase(node);
  }
  --num_nodes_;
}

}  // namespace kubesched
