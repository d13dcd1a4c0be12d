#include "plugins/node_resources_fit.h"

#include <algorithm>
#include <map>

#include "base/go_math.h"
#include "plugins/scored_resources.h"

namespace kubesched {

namespace {

bool is_cpu_and_memory(const std::vector<std::string>& names) {
  return names.size() == 2 && std::find(names.begin(), names.end(), "cpu") != names.end() &&
         std::find(names.begin(), names.end(), "memory") != names.end();
}

// Wraps around past 2**63, as upstream's arithmetic does.
std::int64_t hundredfold(std::int64_t amount) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(amount) * Plugin::kMaxNodeScore);
}

}  // namespace

NodeResourcesFit::NodeResourcesFit(std::size_t slot, const ProfileSpec& spec)
    : Plugin(slot),
      strategy_(spec.fit_strategy),
      shape_(spec.fit_shape),
      ignored_resources_(spec.ignored_resources),
      ignored_groups_(spec.ignored_resource_groups) {
  for (const WeightedResource& resource : spec.fit_resources) {
    names_.push_back(resource.name);
    weights_.push_back(resource.weight);
  }
  for (ShapePoint& point : shape_) point.score *= 10;
  cpu_and_memory_alike_ =
      strategy_ == ScoringStrategy::kLeastAllocated && is_cpu_and_memory(names_) && weights_[0] == weights_[1];
}

bool NodeResourcesFit::ignores(const std::string& resource) const {
  if (!is_extended_resource(resource)) return false;
  const std::string group = resource.substr(0, resource.find('/'));
  return std::find(ignored_resources_.begin(), ignored_resources_.end(), resource) != ignored_resources_.end() ||
         std::find(ignored_groups_.begin(), ignored_groups_.end(), group) != ignored_groups_.end();
}

std::vector<ResourceAmount> NodeResourcesFit::checked_requests(const Cycle& cycle) const {
  if (ignored_resources_.empty() && ignored_groups_.empty()) return cycle.shape.requests;
  std::vector<ResourceAmount> checked;
  for (const ResourceAmount& request : cycle.shape.requests) {
    if (!ignores(cycle.state.resources().name(request.resource))) checked.push_back(request);
  }
  return checked;
}

void NodeResourcesFit::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  const std::vector<ResourceAmount> requests = checked_requests(cycle);
  if (diagnosis != nullptr) {
    explain(cycle, requests, nodes, *diagnosis);
    return;
  }
  const NodeTable& table = cycle.state.nodes();
  cycle.kernels.filter_below(table.num_pods().data(), table.allocatable(ResourceTable::kPods).data(), table.size(),
                             nodes.words());
  for (const ResourceAmount& request : requests) {
    cycle.kernels.filter_fit(table.allocatable(request.resource).data(), table.requested(request.resource).data(),
                             request.amount, table.size(), nodes.words());
  }
}

void NodeResourcesFit::filter_preempted(Cycle& cycle, NodeMask& nodes) const {
  const ClusterState& state = cycle.state;
  const NodeTable& table = state.nodes();
  const std::vector<ResourceAmount> requests = checked_requests(cycle);
  std::vector<std::int64_t> lacking(requests.size());
  nodes.filter([&](std::size_t node) {
    std::int64_t lacking_pods = table.num_pods()[node] + 1 - table.allocatable(ResourceTable::kPods)[node];
    bool fits = lacking_pods <= 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const ResourceId resource = requests[i].resource;
      lacking[i] = requests[i].amount - (table.allocatable(resource)[node] - table.requested(resource)[node]);
      fits = fits && lacking[i] <= 0;
    }
    for (PodId id : state.pods().on_node(table.uid(node))) {
      if (fits) return true;
      const PodShape& pod = state.shapes()[state.pods()[id].shape];
      if (pod.priority >= cycle.shape.priority) continue;
      fits = --lacking_pods <= 0;
      for (std::size_t i = 0; i < requests.size(); ++i) {
        lacking[i] -= pod.request(requests[i].resource);
        fits = fits && lacking[i] <= 0;
      }
    }
    return fits;
  });
}

bool NodeResourcesFit::filter_node(Cycle& cycle, NodeIndex node) const {
  const NodeTable& table = cycle.state.nodes();
  if (table.num_pods()[node] + 1 > table.allocatable(ResourceTable::kPods)[node]) return false;
  return std::all_of(cycle.shape.requests.begin(), cycle.shape.requests.end(), [&](const ResourceAmount& request) {
    return request.amount <= table.allocatable(request.resource)[node] - table.requested(request.resource)[node] ||
           ignores(cycle.state.resources().name(request.resource));
  });
}

void NodeResourcesFit::explain(Cycle& cycle, const std::vector<ResourceAmount>& requests, NodeMask& nodes,
                               Diagnosis& diagnosis) const {
  const NodeTable& table = cycle.state.nodes();
  constexpr char kEnough = '.';
  constexpr char kShort = 's';
  struct Asked {
    const Column<std::int64_t>& allocatable;
    const Column<std::int64_t>& requested;
    std::int64_t amount;
  };
  std::vector<Asked> asked;
  for (const ResourceAmount& request : requests) {
    asked.push_back({table.allocatable(request.resource), table.requested(request.resource), request.amount});
  }
  const Column<std::int64_t>& most_pods = table.allocatable(ResourceTable::kPods);
  // A letter for pods, then one for each request, says whether it is short. Neighbours are often short of the same.
  std::map<std::string, ReasonSetId> reason_sets;
  std::string is_short(requests.size() + 1, kEnough);
  const std::string* last = nullptr;
  ReasonSetId last_set = 0;
  nodes.filter([&](std::size_t node) {
    is_short[0] = table.num_pods()[node] + 1 > most_pods[node] ? kShort : kEnough;
    bool any = is_short[0] == kShort;
    Code code = Code::kUnschedulable;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const std::int64_t allocatable = asked[i].allocatable[node];
      is_short[i + 1] = asked[i].amount > allocatable - asked[i].requested[node] ? kShort : kEnough;
      if (is_short[i + 1] == kEnough) continue;
      any = true;
      if (asked[i].amount > allocatable) code = Code::kUnschedulableAndUnresolvable;
    }
    if (!any) return true;
    if (last == nullptr || *last != is_short) {
      const auto [slot, added] = reason_sets.try_emplace(is_short, 0);
      if (added) {
        std::vector<std::string> reasons;
        if (is_short[0] == kShort) reasons.emplace_back("Too many pods");
        for (std::size_t i = 0; i < requests.size(); ++i) {
          if (is_short[i + 1] == kEnough) continue;
          reasons.push_back("Insufficient " + cycle.state.resources().name(requests[i].resource));
        }
        slot->second = diagnosis.add_reasons(std::move(reasons));
      }
      last = &slot->first;
      last_set = slot->second;
    }
    diagnosis.reject(node, code, last_set);
    return false;
  });
}

void NodeResourcesFit::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight,
                                 std::int64_t* totals) const {
  if (cpu_and_memory_alike_ && kernels_are_exact(cycle)) {
    LocalRequest request;
    ask_least_allocated(cycle.shape, 1, request);
    return add_kernel_scores(cycle, slot(), request, weight, totals);
  }
  const auto resources = scored_resources(cycle, names_, weights_, CountedAs::kNonZeroRequested);
  const bool ratio = strategy_ == ScoringStrategy::kRequestedToCapacityRatio;
  feasible.for_each([&](std::size_t node) {
    std::int64_t sum = 0;
    std::int64_t weight_sum = 0;
    for (const ScoredResource& resource : resources) {
      const std::int64_t allocatable = resource.allocatable[node];
      if (allocatable == 0) continue;
      const std::int64_t score = resource_score(resource.requested[node] + resource.pod_request, allocatable);
      if (ratio && score <= 0) continue;
      sum += score * resource.weight;
      weight_sum += resource.weight;
    }
    if (weight_sum == 0) return;
    totals[node] +=
        weight * (ratio ? go_round(static_cast<double>(sum) / static_cast<double>(weight_sum)) : sum / weight_sum);
  });
}

std::int64_t NodeResourcesFit::resource_score(std::int64_t requested, std::int64_t allocatable) const {
  switch (strategy_) {
    case ScoringStrategy::kLeastAllocated:
      return requested > allocatable ? 0 : hundredfold(allocatable - requested) / allocatable;
    case ScoringStrategy::kMostAllocated:
      return hundredfold(std::min(requested, allocatable)) / allocatable;
    case ScoringStrategy::kRequestedToCapacityRatio:
      break;
  }
  return shape_score(requested > allocatable ? kMaxNodeScore : hundredfold(requested) / allocatable);
}

std::int64_t NodeResourcesFit::shape_score(std::int64_t utilization) const {
  for (std::size_t i = 0; i < shape_.size(); ++i) {
    if (utilization > shape_[i].utilization) continue;
    if (i == 0) return shape_[0].score;
    const ShapePoint& low = shape_[i - 1];
    const ShapePoint& high = shape_[i];
    return low.score +
           (high.score - low.score) * (utilization - low.utilization) / (high.utilization - low.utilization);
  }
  return shape_.back().score;
}

bool NodeResourcesFit::plan_filter(Cycle& cycle, RankingPlan& plan) const {
  plan.checks_room = kernels_are_exact(cycle);
  for (const ResourceAmount& request : checked_requests(cycle)) {
    if (request.resource == ResourceTable::kCpu) {
      plan.local.cpu_least = static_cast<double>(request.amount);
    } else if (request.resource == ResourceTable::kMemory) {
      plan.local.memory_least = static_cast<double>(request.amount);
    } else {
      plan.others.push_back(request);
    }
  }
  return plan.checks_room;
}

bool NodeResourcesFit::plan_score(Cycle& cycle, std::int64_t weight, RankingPlan& plan) const {
  if (!cpu_and_memory_alike_ || weight > kMaxNodeScore) return false;
  ask_least_allocated(cycle.shape, static_cast<std::int32_t>(weight), plan.local);
  return true;
}

}  // namespace kubesched
