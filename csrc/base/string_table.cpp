#include "base/string_table.h"

namespace kubesched {

StringId StringTable::intern(std::string_view text) {
  const auto found = ids_.find(text);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<StringId>(strings_.size());
  strings_.push_back(std::make_shared<const std::string>(text));
  ids_.emplace(*strings_.back(), id);
  return id;
}

StringId StringTable::find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? kNoId : found->second;
}

}  // namespace kubesched
