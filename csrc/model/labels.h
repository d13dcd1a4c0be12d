// Label sets and the selectors over them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/reader.h"
#include "base/string_table.h"

namespace kubesched {

struct Label {
  StringId key;
  StringId value;
};

// INVARIANT: sorted by key id, each key once.
class LabelSet {
 public:
  LabelSet() = default;
  explicit LabelSet(std::vector<Label> labels);

  // kNoId where the key is absent.
  StringId value_of(StringId key) const;
  const std::vector<Label>& labels() const { return labels_; }

 private:
  std::vector<Label> labels_;
};

enum class Operator : std::uint8_t { kIn, kNotIn, kExists, kDoesNotExist, kGt, kLt };

// apimachinery/pkg/labels Requirement. `number` is the bound of Gt and Lt.
struct Requirement {
  StringId key;
  Operator op;
  std::vector<StringId> values;
  std::int64_t number = 0;

  // `value` is kNoId where the labels lack the key.
  bool matches(StringId value, const StringTable& strings) const;
};

// All requirements must hold. An absent LabelSelector matches nothing, an empty one everything.
struct Selector {
  bool matches_nothing = true;
  std::vector<Requirement> requirements;

  bool matches(const LabelSet& labels, const StringTable& strings) const;
  bool is_everything() const { return !matches_nothing && requirements.empty(); }
  // Appends bytes that are equal for selectors that match alike by construction.
  void append_key(std::string& key) const;
};

// strconv.ParseInt(text, 10, 64).
std::optional<std::int64_t> parse_integer(std::string_view text);

LabelSet read_labels(Reader& reader, StringTable& strings);
Requirement read_requirement(Reader& reader, StringTable& strings);
Selector read_selector(Reader& reader, StringTable& strings);

// Appends the bytes of an id to an interning key.
void append_id(std::string& key, std::uint32_t id);

}  // namespace kubesched
