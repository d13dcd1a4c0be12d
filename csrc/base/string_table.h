// Interned strings: equal text, equal id.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace kubesched {

// Append-only. A copy shares the strings themselves and may then grow on its own.
class StringTable {
 public:
  StringTable() { intern(""); }

  StringId intern(std::string_view text);
  // kNoId where the text was never interned.
  StringId find(std::string_view text) const;
  const std::string& operator[](StringId id) const { return *strings_[id]; }
  std::size_t size() const { return strings_.size(); }

  static constexpr StringId kEmpty = 0;

 private:
  std::vector<std::shared_ptr<const std::string>> strings_;
  std::unordered_map<std::string_view, StringId> ids_;  // keys view into strings_
};

}  // namespace kubesched
