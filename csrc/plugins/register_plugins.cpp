#include "plugins/register_plugins.h"

#include "plugins/dynamic_resources.h"
#include "plugins/image_locality.h"
#include "plugins/inter_pod_affinity.h"
#include "plugins/node_affinity.h"
#include "plugins/node_name.h"
#include "plugins/node_ports.h"
#include "plugins/node_resources_balanced_allocation.h"
#include "plugins/node_resources_fit.h"
#include "plugins/node_unschedulable.h"
#include "plugins/node_volume_limits.h"
#include "plugins/pod_topology_spread.h"
#include "plugins/taint_toleration.h"
#include "plugins/volume_binding.h"
#include "plugins/volume_restrictions.h"
#include "plugins/volume_zone.h"

namespace kubesched {

namespace {

using Made = std::unique_ptr<Plugin>;

}  // namespace

Registry make_registry() {
  Registry registry;
  registry.add("NodeUnschedulable", [](const ProfileSpec&, std::size_t slot, StringTable& strings) -> Made {
    return std::make_unique<NodeUnschedulable>(slot, strings);
  });
  registry.add("NodeName", [](const ProfileSpec&, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<NodeName>(slot);
  });
  registry.add("TaintToleration", [](const ProfileSpec&, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<TaintToleration>(slot);
  });
  registry.add("NodeAffinity", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<NodeAffinity>(slot, spec);
  });
  registry.add("NodePorts", [](const ProfileSpec&, std::size_t slot, StringTable& strings) -> Made {
    return std::make_unique<NodePorts>(slot, strings);
  });
  registry.add("NodeResourcesFit", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<NodeResourcesFit>(slot, spec);
  });
  registry.add("VolumeRestrictions", [](const ProfileSpec&, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<VolumeRestrictions>(slot);
  });
  registry.add("NodeVolumeLimits", [](const ProfileSpec&, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<NodeVolumeLimits>(slot);
  });
  registry.add("VolumeBinding", [](const ProfileSpec&, std::size_t slot, StringTable& strings) -> Made {
    return std::make_unique<VolumeBinding>(slot, strings);
  });
  registry.add("VolumeZone", [](const ProfileSpec&, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<VolumeZone>(slot);
  });
  registry.add("PodTopologySpread", [](const ProfileSpec& spec, std::size_t slot, StringTable& strings) -> Made {
    return std::make_unique<PodTopologySpread>(slot, spec, strings);
  });
  registry.add("InterPodAffinity", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<InterPodAffinity>(slot, spec);
  });
  registry.add("DynamicResources", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<DynamicResources>(slot, spec);
  });
  registry.add("NodeResourcesBalancedAllocation", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<NodeResourcesBalancedAllocation>(slot, spec);
  });
  registry.add("ImageLocality", [](const ProfileSpec&, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<ImageLocality>(slot);
  });
  return registry;
}

}  // namespace kubesched
