// PodDisruptionBudgets: how many pods of a kind may still be disrupted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/pod_shape.h"

namespace kubesched {

struct DisruptionBudget {
  StringId namespace_id;
  Selector selector;
  std::int64_t disruptions_allowed;
  std::vector<std::string> disrupted_pods;  // names of pods that are counted already

  // One victim more counts against this budget (default_preemption.go filterPodsWithPDBViolation, v1.34).
  bool covers(const PodShape& pod, std::string_view pod_name, const StringTable& strings) const;
};

// By "namespace/name".
class DisruptionBudgets {
 public:
  void put(std::string_view record, StringTable& strings);
  bool contains(std::string_view key) const { return budgets_.contains(key); }
  void remove(std::string_view key) { budgets_.erase(budgets_.find(key)); }
  const std::map<std::string, DisruptionBudget, std::less<>>& all() const { return budgets_; }

 private:
  std::map<std::string, DisruptionBudget, std::less<>> budgets_;
};

}  // namespace kubesched
