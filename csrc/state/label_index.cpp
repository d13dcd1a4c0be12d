#include "state/label_index.h"

namespace kubesched {

std::int32_t LabelColumn::intern(StringId value) {
  const auto [slot, added] = code_of.try_emplace(value, static_cast<std::int32_t>(values.size()));
  if (added) values.push_back(value);
  return slot->second;
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
    if (shared->codes[node] != LabelColumn::kAbsent) shared.edit().codes.set(node, LabelColumn::kAbsent);
  }
  for (const Label& label : labels.labels()) {
    LabelColumn& values = column(label.key);
    values.codes.set(node, values.intern(label.value));
  }
}

void LabelIndex::erase(std::size_t node) {
  for (auto& [key, shared] : columns_) shared.edit().codes.erase(node);
  --num_nodes_;
}

}  // namespace kubesched
