// One profile of a KubeSchedulerConfiguration, resolved to plugin objects.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/plugin.h"
#include "model/typical_pods.h"

namespace kubesched {

enum class ScoringStrategy : std::uint8_t { kLeastAllocated, kMostAllocated, kRequestedToCapacityRatio };

// Which card of a node a share of one gets.
enum class CardChoice : std::uint8_t { kBestFit, kGradient, kRandom };

struct WeightedResource {
  std::string name;
  std::int64_t weight;
};

struct ShapePoint {
  std::int64_t utilization;  // percent
  std::int64_t score;        // 0..10
};

struct WeightedName {
  std::string name;
  std::int64_t weight;
};

// A profile as the configuration gives it, defaults filled in and validated.
struct ProfileSpec {
  static constexpr std::int64_t kAllNodes = -1;

  std::string scheduler_name;
  std::int64_t percentage_of_nodes_to_score = kAllNodes;  // 0 is upstream's adaptive default
  std::vector<std::string> pre_filter;
  std::vector<std::string> filter;
  std::vector<std::string> pre_score;  // scorers do without: what PreScore would prepare is in the shape's memo
  std::vector<WeightedName> score;
  std::vector<std::string> post_filter;
  std::vector<std::string> reserve;

  ScoringStrategy fit_strategy = ScoringStrategy::kLeastAllocated;
  std::vector<WeightedResource> fit_resources;
  std::vector<ShapePoint> fit_shape;
  std::vector<std::string> ignored_resources;
  std::vector<std::string> ignored_resource_groups;
  std::vector<std::string> balanced_resources;
  bool spread_system_defaulting = true;
  std::vector<SpreadConstraint> spread_default_constraints;
  std::int64_t hard_pod_affinity_weight = 1;
  bool ignore_preferred_terms_of_existing_pods = false;
  bool has_added_required_affinity = false;
  std::vector<NodeSelectorTerm> added_required_affinity;
  std::vector<WeightedNodeSelectorTerm> added_preferred_affinity;
  std::int64_t min_candidate_nodes_percentage = 10;
  std::int64_t min_candidate_nodes_absolute = 100;
  std::int64_t dra_filter_timeout_ns = 0;  // 0 is none
  CardChoice card_choice = CardChoice::kBestFit;
  std::uint64_t random_seed = 0;
  TypicalPods typical_pods;
};

ProfileSpec read_profile(std::string_view record, StringTable& strings);

// Makes plugins by upstream's name. Filled once by the bindings; a new plugin is one more line there.
class Registry {
 public:
  using Factory = std::function<std::unique_ptr<Plugin>(const ProfileSpec&, std::size_t slot, StringTable&)>;

  void add(std::string name, Factory factory) { factories_[std::move(name)] = std::move(factory); }
  const Factory* find(const std::string& name) const;

 private:
  std::map<std::string, Factory> factories_;
};

struct ScoredPlugin {
  const Plugin* plugin;
  std::int64_t weight;
};

// Immutable; shared by forks.
class Profile {
 public:
  // InternalError for a plugin that the registry lacks: the configuration refuses those before.
  Profile(ProfileSpec spec, const Registry& registry, StringTable& strings);

  const ProfileSpec& spec() const { return spec_; }
  const std::vector<const Plugin*>& pre_filter() const { return pre_filter_; }
  const std::vector<const Plugin*>& filter() const { return filter_; }
  const std::vector<ScoredPlugin>& score() const { return score_; }
  // nullptr stands for DefaultPreemption, which is the engine's own.
  const std::vector<const Plugin*>& post_filter() const { return post_filter_; }
  const std::vector<const Plugin*>& reserve() const { return reserve_; }
  // Slots in a ShapeMemo: one a plugin, and one behind them for the cycle itself.
  std::size_t cycle_slot() const { return plugins_.size(); }

 private:
  const Plugin* plugin(const std::string& name, const Registry& registry, StringTable& strings);

  ProfileSpec spec_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::vector<const Plugin*> pre_filter_;
  std::vector<const Plugin*> filter_;
  std::vector<ScoredPlugin> score_;
  std::vector<const Plugin*> post_filter_;
  std::vector<const Plugin*> reserve_;
};

}  // namespace kubesched
