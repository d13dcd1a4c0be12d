// Taints of nodes and the tolerations of pods.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/reader.h"
#include "base/string_table.h"

namespace kubesched {

enum class TaintEffect : std::uint8_t { kAny, kNoSchedule, kPreferNoSchedule, kNoExecute };

struct Taint {
  StringId key;
  StringId value;
  TaintEffect effect;

  bool operator==(const Taint&) const = default;
  // Keeps pods away, rather than only discouraging them.
  bool forbids() const { return effect == TaintEffect::kNoSchedule || effect == TaintEffect::kNoExecute; }
};

struct Toleration {
  StringId key;  // StringTable::kEmpty stands for every key
  bool exists;   // operator Exists; else Equal
  StringId value;
  TaintEffect effect;  // kAny where the toleration names none

  // k8s.io/api/core/v1 Toleration.ToleratesTaint
  bool tolerates(const Taint& taint) const;
};

bool any_tolerates(const std::vector<Toleration>& tolerations, const Taint& taint);
// The first taint that forbids and is not tolerated, or nullptr.
const Taint* find_untolerated(const std::vector<Taint>& taints, const std::vector<Toleration>& tolerations);

Taint read_taint(Reader& reader, StringTable& strings);
Toleration read_toleration(Reader& reader, StringTable& strings);

}  // namespace kubesched
