#include "state/owners.h"

#include <algorithm>
#include <optional>

namespace kubesched {

namespace {

// A later requirement on the same key replaces an earlier one, as merging label maps does.
void merge_labels(std::vector<Requirement>& into, const std::vector<Requirement>& labels) {
  for (const Requirement& label : labels) {
    const auto same =
        std::find_if(into.begin(), into.end(), [&](const Requirement& other) { return other.key == label.key; });
    if (same == into.end()) {
      into.push_back(label);
    } else {
      *same = label;
    }
  }
}

std::optional<OwnerKind> controller_kind(const ControllerReference& controller, const StringTable& strings) {
  const std::string& version = strings[controller.api_version];
  const std::string& kind = strings[controller.kind];
  if (version == "v1" && kind == "ReplicationController") return OwnerKind::kReplicationController;
  if (version == "apps/v1" && kind == "ReplicaSet") return OwnerKind::kReplicaSet;
  if (version == "apps/v1" && kind == "StatefulSet") return OwnerKind::kStatefulSet;
  return std::nullopt;
}

}  // namespace

void Owners::put(std::string_view record, StringTable& strings) {
  Reader reader(record);
  const auto kind = static_cast<OwnerKind>(reader.u8());
  const StringId namespace_id = strings.intern(reader.text());
  const StringId name = strings.intern(reader.text());
  const bool has_selector = reader.boolean();
  Selector selector = read_selector(reader, strings);
  reader.finish();
  if (!has_selector) selector.matches_nothing = true;
  selectors_[Name{kind, namespace_id, name}] = std::move(selector);
}

Selector Owners::default_selector(const PodShape& pod, const StringTable& strings) const {
  Selector merged;
  merged.matches_nothing = false;
  auto service = selectors_.lower_bound(Name{OwnerKind::kService, pod.namespace_id, 0});
  for (; service != selectors_.end() && service->first.kind == OwnerKind::kService &&
         service->first.namespace_id == pod.namespace_id;
       ++service) {
    if (service->second.matches(pod.labels, strings)) {
      merge_labels(merged.requirements, service->second.requirements);
    }
  }
  if (!pod.has_controller) return merged;
  const auto kind = controller_kind(pod.controller, strings);
  if (!kind) return merged;
  const auto owner = selectors_.find(Name{*kind, pod.namespace_id, pod.controller.name});
  if (owner == selectors_.end() || owner->second.matches_nothing) return merged;
  if (*kind == OwnerKind::kReplicationController) {
    merge_labels(merged.requirements, owner->second.requirements);
  } else {
    const auto& more = owner->second.requirements;
    merged.requirements.insert(merged.requirements.end(), more.begin(), more.end());
  }
  return merged;
}

}  // namespace kubesched
