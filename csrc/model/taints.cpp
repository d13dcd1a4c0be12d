#include "model/taints.h"

#include <algorithm>

namespace kubesched {

namespace {

TaintEffect parse_effect(std::string_view text) {
  if (text.empty()) return TaintEffect::kAny;
  if (text == "NoSchedule") return TaintEffect::kNoSchedule;
  if (text == "PreferNoSchedule") return TaintEffect::kPreferNoSchedule;
  check(text == "NoExecute", "a taint effect is NoSchedule, PreferNoSchedule or NoExecute");
  return TaintEffect::kNoExecute;
}

}  // namespace

bool Toleration::tolerates(const Taint& taint) const {
  if (effect != TaintEffect::kAny && effect != taint.effect) return false;
  if (key != StringTable::kEmpty && key != taint.key) return false;
  return exists || value == taint.value;
}

bool any_tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const Toleration& toleration) { return toleration.tolerates(taint); });
}

const Taint* find_untolerated(const std::vector<Taint>& taints, const std::vector<Toleration>& tolerations) {
  for (const Taint& taint : taints) {
    if (taint.forbids() && !any_tolerates(tolerations, taint)) return &taint;
  }
  return nullptr;
}

Taint read_taint(Reader& reader, StringTable& strings) {
  Taint taint{};
  taint.key = strings.intern(reader.text());
  taint.value = strings.intern(reader.text());
  taint.effect = parse_effect(reader.text());
  return taint;
}

Toleration read_toleration(Reader& reader, StringTable& strings) {
  Toleration toleration{};
  toleration.key = strings.intern(reader.text());
  toleration.exists = reader.u8() == 1;
  toleration.value = strings.intern(reader.text());
  toleration.effect = parse_effect(reader.text());
  return toleration;
}

}  // namespace kubesched
