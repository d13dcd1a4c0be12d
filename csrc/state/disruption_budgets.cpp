#include "state/disruption_budgets.h"

#include <algorithm>

namespace kubesched {

bool DisruptionBudget::covers(const PodShape& pod, std::string_view pod_name, const StringTable& strings) const {
  return namespace_id == pod.namespace_id && !selector.is_everything() && !pod.labels.labels().empty() &&
         selector.matches(pod.labels, strings) &&
         std::find(disrupted_pods.begin(), disrupted_pods.end(), pod_name) == disrupted_pods.end();
}

void DisruptionBudgets::put(std::string_view record, StringTable& strings) {
  Reader reader(record);
  DisruptionBudget budget;
  std::string key(reader.text());
  budget.namespace_id = strings.intern(reader.text());
  budget.selector = read_selector(reader, strings);
  budget.disruptions_allowed = reader.i64();
  budget.disrupted_pods = reader.list([&] { return std::string(reader.text()); });
  reader.finish();
  budgets_.insert_or_assign(std::move(key), std::move(budget));
}

}  // namespace kubesched
