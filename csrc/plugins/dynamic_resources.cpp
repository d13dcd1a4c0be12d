#include "plugins/dynamic_resources.h"

#include <algorithm>

#include "state/node_selection.h"

namespace kubesched {

namespace {

PreFilterResult unresolvable(std::string reason) {
  return {Status{Code::kUnschedulableAndUnresolvable, {std::move(reason)}}, std::nullopt};
}

// The pod's claims that exist, in its order; empty keys never occur.
std::vector<std::string> claim_keys(const Cycle& cycle) {
  std::vector<std::string> keys;
  for (const DeviceClaim& claim : cycle.shape.claims) {
    if (claim.source != ClaimSource::kNone) keys.push_back(claim_key(cycle.shape, claim, cycle.state.strings()));
  }
  return keys;
}

std::vector<WantedClaim> unallocated(const Cycle& cycle) {
  std::vector<WantedClaim> wanted;
  for (std::string& key : claim_keys(cycle)) {
    const ResourceClaim* claim = cycle.state.devices().find_claim(key);
    if (claim != nullptr && !claim->allocation) wanted.push_back(WantedClaim{std::move(key), claim->spec});
  }
  return wanted;
}

std::string_view name_of(std::string_view key) { return key.substr(key.find('/') + 1); }

// As many pods as the API allows have the claim already, and this one is not among them.
bool is_in_use(const ResourceClaim& claim, std::string_view pod_name) {
  constexpr std::size_t kMostUsers = 256;  // resource/v1 ResourceClaimReservedForMaxSize
  const auto& users = claim.reserved_for;
  return users.size() >= kMostUsers && std::find(users.begin(), users.end(), pod_name) == users.end();
}

// The text of the first request whose class is missing; empty where all are there.
std::string missing_class(const ClaimSpec& spec, const Devices& devices, const StringTable& strings) {
  for (const DeviceRequest& request : spec.requests) {
    for (const DeviceAlternative& alternative : request.alternatives) {
      if (devices.find_class(alternative.device_class) != nullptr) continue;
      const std::string name =
          request.prioritized ? strings[request.name] + "/" + strings[alternative.name] : strings[request.name];
      return "request " + name + ": device class " + strings[alternative.device_class] + " does not exist";
    }
  }
  return "";
}

}  // namespace

DynamicResources::DynamicResources(std::size_t slot, const ProfileSpec& spec)
    : Plugin(slot),
      most_steps_(spec.dra_filter_timeout_ns == 0
                      ? DeviceAllocator::kNoLimit
                      : 1 + spec.dra_filter_timeout_ns / (1'000'000'000 / kStepsPerSecond)) {}

PreFilterResult DynamicResources::pre_filter(Cycle& cycle) const {
  const PodShape& pod = cycle.shape;
  const StringTable& strings = cycle.state.strings();
  const Devices& devices = cycle.state.devices();
  bool has_claims = false;
  const std::string pod_name = strings[pod.namespace_id] + "/" + strings[pod.name];
  for (const DeviceClaim& wanted : pod.claims) {
    if (wanted.source == ClaimSource::kNone) continue;
    if (wanted.source == ClaimSource::kNotCreated) {
      return unresolvable("pod \"" + pod_name + "\": ResourceClaim not created yet");
    }
    const std::string key = claim_key(pod, wanted, strings);
    const ResourceClaim* claim = devices.find_claim(key);
    if (claim == nullptr) return unresolvable("could not find ResourceClaim \"" + key + "\"");
    if (claim->being_deleted) {
      return unresolvable("resourceclaim \"" + strings[wanted.claim_name] + "\" is being deleted");
    }
    if (wanted.source == ClaimSource::kGenerated && claim->controller_uid != strings[pod.uid]) {
      return unresolvable("ResourceClaim " + key + " was not created for pod " + pod_name + " (pod is not owner)");
    }
    has_claims = true;
  }
  if (!has_claims) return {Status{Code::kSkip, {}}, std::nullopt};
  for (const std::string& key : claim_keys(cycle)) {
    const ResourceClaim& claim = *devices.find_claim(key);
    if (claim.allocation) {
      if (is_in_use(claim, name_of(cycle.key))) return unresolvable("resourceclaim in use");
      continue;
    }
    std::string missing = missing_class(devices.spec(claim.spec), devices, strings);
    if (!missing.empty()) return unresolvable(std::move(missing));
  }
  return {};
}

AllocationVerdicts& DynamicResources::verdicts(Cycle& cycle, const std::vector<WantedClaim>& wanted) const {
  ClusterState& state = cycle.state;
  const Devices& devices = state.devices();
  const auto& layout = state.allocation_memo().layout(state.nodes(), devices, state.strings(), state.epoch());
  std::vector<ClaimSpecId> specs;
  for (const WantedClaim& claim : wanted) specs.push_back(claim.spec);
  specs.push_back(static_cast<ClaimSpecId>(slot()));
  AllocationVerdicts& known = state.allocation_memo().of(std::move(specs));
  const auto judge = [&](std::size_t node) {
    DeviceAllocator allocator(devices, state.strings(), layout->pools(node), wanted, most_steps_);
    known.outcomes[node] = static_cast<std::uint8_t>(allocator.run());
  };
  std::size_t count = 0;
  const DeviceIndex* changed = known.layout == layout ? devices.changed_since(known.num_changes, count) : nullptr;
  bool all = changed == nullptr;
  for (std::size_t i = 0; i < count && !all; ++i) {
    const NodeIndex node = layout->node_of(changed[i]);
    if (node == DeviceLayout::kMany) {
      all = true;
    } else if (node < known.outcomes.size() && (i == 0 || changed[i] != changed[i - 1])) {
      judge(node);
    }
  }
  if (all) {
    known.layout = layout;
    known.outcomes.assign(state.nodes().size(), 0);
    for (std::size_t node = 0; node < known.outcomes.size(); ++node) judge(node);
  }
  known.num_changes = devices.num_changes();
  return known;
}

void DynamicResources::filter_unallocated(Cycle& cycle, const std::vector<WantedClaim>& wanted, NodeMask& nodes,
                                          Diagnosis* diagnosis) const {
  const AllocationVerdicts& known = verdicts(cycle, wanted);
  ReasonSetId cannot = 0;
  ReasonSetId late = 0;
  if (diagnosis != nullptr) {
    cannot = diagnosis->add_reasons({"cannot allocate all claims"});
    late = diagnosis->add_reasons({"timed out trying to allocate devices"});
  }
  nodes.filter([&](std::size_t node) {
    const auto outcome = static_cast<AllocationOutcome>(known.outcomes[node]);
    if (outcome == AllocationOutcome::kFound) return true;
    if (diagnosis == nullptr) return false;
    if (outcome == AllocationOutcome::kError) {
      DeviceAllocator allocator(cycle.state.devices(), cycle.state.strings(), known.layout->pools(node), wanted,
                                most_steps_);
      allocator.run();
      const std::string text = "running \"DynamicResources\" filter plugin: " + allocator.error();
      diagnosis->reject(node, Code::kError, diagnosis->add_reasons({text}));
    } else {
      diagnosis->reject(node, Code::kUnschedulableAndUnresolvable,
                        outcome == AllocationOutcome::kTimedOut ? late : cannot);
    }
    return false;
  });
}

void DynamicResources::filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (cycle.shape.claims.empty()) return;
  const std::vector<WantedClaim> wanted = unallocated(cycle);
  if (!wanted.empty()) filter_unallocated(cycle, wanted, nodes, diagnosis);
  for (const std::string& key : claim_keys(cycle)) {
    const ResourceClaim* claim = cycle.state.devices().find_claim(key);
    if (claim == nullptr || !claim->allocation || !claim->allocation->has_node_selector) continue;
    const NodeMask reached =
        select_any_term(cycle.state.nodes(), claim->allocation->node_selector, cycle.state.strings());
    const ReasonSetId reasons =
        diagnosis == nullptr ? 0 : diagnosis->add_reasons({"resourceclaim not available on the node"});
    nodes.filter([&](std::size_t node) {
      if (reached.test(node)) return true;
      if (diagnosis != nullptr) diagnosis->reject(node, Code::kUnschedulableAndUnresolvable, reasons);
      return false;
    });
  }
}

PostFilterAnswer DynamicResources::post_filter(Cycle& cycle, const NodeMask& rejected) const {
  // A PreFilter that skips or rejects the pod leaves upstream's PostFilter no claims to look at.
  if (pre_filter(cycle).status.code != Code::kSuccess) return {"no new claims to deallocate", ""};
  const std::vector<std::string> keys = claim_keys(cycle);
  NodeMask allocatable = rejected;
  const std::vector<WantedClaim> wanted = unallocated(cycle);
  if (!wanted.empty() && allocatable.any()) filter_unallocated(cycle, wanted, allocatable, nullptr);
  const std::string_view pod_name = name_of(cycle.key);
  for (const std::string& key : keys) {
    const ResourceClaim* claim = cycle.state.devices().find_claim(key);
    if (claim == nullptr || !claim->allocation || !claim->allocation->has_node_selector) continue;
    const auto& users = claim->reserved_for;
    if (users.size() > 1 || (users.size() == 1 && users.front() != pod_name)) continue;
    NodeMask unreachable = allocatable;
    const NodeMask reached =
        select_any_term(cycle.state.nodes(), claim->allocation->node_selector, cycle.state.strings());
    unreachable.filter([&](std::size_t node) { return !reached.test(node); });
    if (unreachable.any()) return {"deallocation of ResourceClaim completed", key};
  }
  return {"still not schedulable", ""};
}

void DynamicResources::reserve(Cycle& cycle, std::string_view, NodeIndex node) const {
  if (cycle.shape.claims.empty()) return;
  const std::vector<WantedClaim> wanted = unallocated(cycle);
  if (wanted.empty()) return;
  ClusterState& state = cycle.state;
  const auto& layout = state.allocation_memo().layout(state.nodes(), state.devices(), state.strings(), state.epoch());
  DeviceAllocator allocator(state.devices(), state.strings(), layout->pools(node), wanted, most_steps_);
  check(allocator.run() == AllocationOutcome::kFound, "what the filter allocated can be reserved");
  std::vector<Allocation> allocations = allocator.allocations();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    state.edit_devices().allocate(wanted[i].key, std::move(allocations[i]));
  }
}

bool DynamicResources::plan_filter(Cycle& cycle, RankingPlan&) const { return cycle.shape.claims.empty(); }

bool DynamicResources::plan_score(Cycle& cycle, std::int64_t, RankingPlan&) const { return cycle.shape.claims.empty(); }

}  // namespace kubesched
