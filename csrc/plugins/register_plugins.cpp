#include "plugins/register_plugins.h"

#include "plugins/best_fit.h"
#include "plugins/dot_prod.h"
#include "plugins/dynamic_resources.h"
#include "plugins/fgd.h"
#include "plugins/gpu_clustering.h"
#include "plugins/gpu_packing.h"
#include "plugins/gpu_share.h"
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
#include "plugins/random.h"
#include "plugins/taint_toleration.h"
#include "plugins/tetris.h"
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
  registry.add("GPUShare", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<GpuShare>(slot, spec);
  });
  registry.add("Random", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<Random>(slot, spec);
  });
  registry.add("DotProd", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<DotProd>(slot, spec);
  });
  registry.add("GpuClustering", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<GpuClustering>(slot, spec);
  });
  registry.add("GpuPacking", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<GpuPacking>(slot, spec);
  });
  registry.add("BestFit", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<BestFit>(slot, spec);
  });
  registry.add("FGD", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<Fgd>(slot, spec);
  });
  registry.add("Tetris", [](const ProfileSpec& spec, std::size_t slot, StringTable&) -> Made {
    return std::make_unique<Tetris>(slot, spec);
  });
  return registry;
}

}  // namespace kubesched
