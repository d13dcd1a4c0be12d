#include "state/priority_loads.h"

#include <algorithm>

#include "model/resources.h"

namespace kubesched {

const std::vector<PriorityLoad>& PriorityLoads::on_node(std::uint32_t node_uid) const {
  static const std::vector<PriorityLoad> kNone;
  return node_uid < by_node_.size() ? by_node_[node_uid] : kNone;
}

void PriorityLoads::change(std::uint32_t node_uid, const PodShape& pod, std::int64_t sign) {
  if (by_node_.size() <= node_uid) by_node_.resize(node_uid + 1);
  std::vector<PriorityLoad>& loads = by_node_[node_uid];
  auto load = std::lower_bound(loads.begin(), loads.end(), pod.priority,
                               [](const PriorityLoad& one, std::int64_t priority) { return one.priority < priority; });
  if (load == loads.end() || load->priority != pod.priority) {
    load = loads.insert(load, PriorityLoad{pod.priority, 0, 0, 0});
  }
  load->num_pods += sign;
  load->milli_cpu += sign * pod.request(ResourceTable::kCpu);
  load->memory_bytes += sign * pod.request(ResourceTable::kMemory);
  if (load->num_pods == 0) loads.erase(load);
}

}  // namespace kubesched
