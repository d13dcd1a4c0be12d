#include "state/device_verdicts.h"

#include "base/check.h"

namespace kubesched {

ExpressionId DeviceVerdicts::intern_expression(std::string_view text) {
  const auto [entry, is_new] = expression_ids_.try_emplace(std::string(text), static_cast<ExpressionId>(rows_.size()));
  if (is_new) rows_.push_back(Row{std::string(text), {}, {}});
  return entry->second;
}

ContentId DeviceVerdicts::intern_content(std::string_view text) {
  const auto [entry, is_new] = content_ids_.try_emplace(std::string(text), static_cast<ContentId>(contents_.size()));
  if (is_new) contents_.emplace_back(text);
  return entry->second;
}

std::vector<MissingVerdicts> DeviceVerdicts::missing() const {
  std::vector<MissingVerdicts> all;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].verdicts.size() == contents_.size()) continue;
    all.push_back({static_cast<ExpressionId>(i), rows_[i].text, static_cast<ContentId>(rows_[i].verdicts.size())});
  }
  return all;
}

void DeviceVerdicts::add(ExpressionId expression, std::string_view verdicts,
                         const std::vector<std::pair<ContentId, std::string>>& errors) {
  Row& row = rows_.at(expression);
  check(row.verdicts.size() + verdicts.size() <= contents_.size(), "verdicts are of devices that are there");
  row.verdicts += verdicts;
  for (const auto& [content, text] : errors) row.errors[content] = text;
}

DeviceVerdict DeviceVerdicts::verdict(ExpressionId expression, ContentId content) const {
  const Row& row = rows_[expression];
  check(content < row.verdicts.size(), "a selector was evaluated for every device");
  return static_cast<DeviceVerdict>(row.verdicts[content]);
}

const std::string& DeviceVerdicts::error(ExpressionId expression, ContentId content) const {
  return rows_[expression].errors.at(content);
}

}  // namespace kubesched
