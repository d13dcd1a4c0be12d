#include "model/labels.h"

#include <algorithm>
#include <charconv>

namespace kubesched {

LabelSet::LabelSet(std::vector<Label> labels) : labels_(std::move(labels)) {
  std::sort(labels_.begin(), labels_.end(), [](Label a, Label b) { return a.key < b.key; });
}

StringId LabelSet::value_of(StringId key) const {
  for (const Label& label : labels_) {
    if (label.key == key) return label.value;
  }
  return kNoId;
}

bool Requirement::matches(StringId value, const StringTable& strings) const {
  const bool present = value != kNoId;
  switch (op) {
    case Operator::kExists:
      return present;
    case Operator::kDoesNotExist:
      return !present;
    case Operator::kIn:
      return present && std::find(values.begin(), values.end(), value) != values.end();
    case Operator::kNotIn:
      return !present || std::find(values.begin(), values.end(), value) == values.end();
    case Operator::kGt:
    case Operator::kLt:
      break;
  }
  if (!present) return false;
  const std::optional<std::int64_t> actual = parse_integer(strings[value]);
  if (!actual) return false;
  return op == Operator::kGt ? *actual > number : *actual < number;
}

bool Selector::matches(const LabelSet& labels, const StringTable& strings) const {
  if (matches_nothing) return false;
  return std::all_of(requirements.begin(), requirements.end(), [&](const Requirement& requirement) {
    return requirement.matches(labels.value_of(requirement.key), strings);
  });
}

void Selector::append_key(std::string& key) const {
  key.push_back(matches_nothing ? '0' : '1');
  append_id(key, static_cast<std::uint32_t>(requirements.size()));
  for (const Requirement& requirement : requirements) {
    append_id(key, requirement.key);
    key.push_back(static_cast<char>(requirement.op));
    append_id(key, static_cast<std::uint32_t>(requirement.values.size()));
    for (StringId value : requirement.values) append_id(key, value);
  }
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

LabelSet read_labels(Reader& reader, StringTable& strings) {
  return LabelSet(reader.list([&] {
    const StringId key = strings.intern(reader.text());
    return Label{key, strings.intern(reader.text())};
  }));
}

Requirement read_requirement(Reader& reader, StringTable& strings) {
  Requirement requirement{};
  requirement.key = strings.intern(reader.text());
  requirement.op = static_cast<Operator>(reader.u8());
  requirement.values = reader.list([&] { return strings.intern(reader.text()); });
  if (requirement.op == Operator::kGt || requirement.op == Operator::kLt) {
    check(requirement.values.size() == 1, "Gt and Lt take one value");
    const auto bound = parse_integer(strings[requirement.values.front()]);
    check(bound.has_value(), "Gt and Lt take an integer");
    requirement.number = *bound;
  }
  return requirement;
}

Selector read_selector(Reader& reader, StringTable& strings) {
  Selector selector;
  selector.matches_nothing = reader.u8() == 0;
  if (!selector.matches_nothing) {
    selector.requirements = reader.list([&] { return read_requirement(reader, strings); });
  }
  return selector;
}

void append_id(std::string& key, std::uint32_t id) {
  for (int shift = 0; shift < 32; shift += 8) key.push_back(static_cast<char>((id >> shift) & 0xffU));
}

}  // namespace kubesched
