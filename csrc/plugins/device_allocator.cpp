#include "plugins/device_allocator.h"

#include <algorithm>
#include <limits>

namespace kubesched {

namespace {

// The attribute of that full name, by full name or, in the driver's own domain, by the name alone.
StringId attribute_value(const Device& device, const std::string& wanted, const std::string& driver,
                         const StringTable& strings) {
  const auto find = [&](std::string_view name) {
    for (const DeviceAttribute& attribute : device.attributes) {
      if (strings[attribute.name] == name) return attribute.value;
    }
    return kNoId;
  };
  const StringId exact = find(wanted);
  if (exact != kNoId) return exact;
  const std::size_t slash = wanted.find('/');
  if (slash == std::string::npos || wanted.compare(0, slash, driver) != 0) return kNoId;
  return find(std::string_view(wanted).substr(slash + 1));
}

void add_new(const std::vector<Requirement>& from, std::vector<Requirement>& to) {
  for (const Requirement& requirement : from) {
    std::vector<StringId> values = requirement.values;
    std::sort(values.begin(), values.end());
    const bool is_there = std::any_of(to.begin(), to.end(), [&](const Requirement& other) {
      std::vector<StringId> others = other.values;
      std::sort(others.begin(), others.end());
      return other.key == requirement.key && other.op == requirement.op && others == values;
    });
    if (!is_there) to.push_back(requirement);
  }
}

}  // namespace

DeviceAllocator::DeviceAllocator(const Devices& devices, const StringTable& strings,
                                 const std::vector<DevicePool>& pools, const std::vector<WantedClaim>& claims,
                                 std::int64_t most_steps)
    : devices_(devices), strings_(strings), pools_(pools), wanted_(claims), steps_left_(most_steps) {}

AllocationOutcome DeviceAllocator::run() {
  claims_.resize(wanted_.size());
  for (std::size_t claim = 0; claim < wanted_.size(); ++claim) {
    if (!prepare(claim)) return AllocationOutcome::kError;
  }
  const Step step = allocate_one(Position{0, 0, 0, 0}, false);
  if (timed_out_) return AllocationOutcome::kTimedOut;
  if (step == Step::kStop) return AllocationOutcome::kError;
  if (step == Step::kTooMany) {
    error_ = "allocation max size exceeded";
    return AllocationOutcome::kError;
  }
  return step == Step::kYes ? AllocationOutcome::kFound : AllocationOutcome::kNone;
}

bool DeviceAllocator::fail(std::string error) {
  error_ = std::move(error);
  return false;
}

std::string DeviceAllocator::request_label(std::size_t claim, const DeviceAlternative& wanted) const {
  return "claim " + wanted_[claim].key + ", request " + strings_[wanted.name];
}

bool DeviceAllocator::prepare(std::size_t index) {
  Claim& claim = claims_[index];
  claim.spec = &devices_.spec(wanted_[index].spec);
  std::int64_t least_devices = 0;
  for (const DeviceRequest& request : claim.spec->requests) {
    auto& alternatives = claim.requests.emplace_back();
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const DeviceAlternative& wanted : request.alternatives) {
      Alternative alternative{&wanted, nullptr, 0, {}};
      // Upstream remembers matches under the index of the subrequest before: the second of two that both ask for all
      // devices gets those of the first.
      const bool repeats_first = alternatives.size() == 1 && wanted.mode == AllocationMode::kAll &&
                                 alternatives.front().wanted->mode == AllocationMode::kAll;
      if (repeats_first) alternative.all = alternatives.front().all;
      if (!prepare_alternative(index, wanted, alternative)) return false;
      if (wanted.mode == AllocationMode::kAll) {
        if (!repeats_first && !collect_all(index, alternative)) return false;
        alternative.num_devices = static_cast<std::int64_t>(alternative.all.size());
      }
      least = std::min(least, alternative.num_devices);
      alternatives.push_back(std::move(alternative));
    }
    least_devices += least;
  }
  if (least_devices > static_cast<std::int64_t>(kMostResults)) {
    return fail("claim " + wanted_[index].key + ": number of requested devices " + std::to_string(least_devices) +
                " exceeds the claim limit of " + std::to_string(kMostResults));
  }
  for (const MatchAttribute& rule : claim.spec->constraints) claim.constraints.push_back({&rule, kNoId, 0});
  return true;
}

bool DeviceAllocator::prepare_alternative(std::size_t claim, const DeviceAlternative& wanted, Alternative& out) {
  out.device_class = devices_.find_class(wanted.device_class);
  if (out.device_class == nullptr) {
    const std::string& name = strings_[wanted.device_class];
    return fail(request_label(claim, wanted) + ": could not retrieve device class " + name +
                ": deviceclass.resource.k8s.io \"" + name + "\" not found");
  }
  out.num_devices = wanted.count;
  return true;
}

bool DeviceAllocator::collect_all(std::size_t claim, Alternative& alternative) {
  for (const DevicePool& pool : pools_) {
    const bool is_invalid = pool.duplicate_device != StringTable::kEmpty;
    if (pool.is_incomplete || is_invalid) {
      return fail(request_label(claim, *alternative.wanted) + ": asks for all devices, but resource pool " +
                  strings_[pool.driver] + "/" + strings_[pool.name] + " is currently " +
                  (pool.is_incomplete ? "being updated" : "invalid"));
    }
    for (const auto& slice : pool.slices) {
      for (const Device& device : slice->devices) {
        const Step step = selectable(claim, alternative, device);
        if (step == Step::kStop) return false;
        if (step == Step::kYes) alternative.all.push_back(Candidate{&device, slice.get()});
      }
    }
  }
  return true;
}

DeviceAllocator::Step DeviceAllocator::selectable(std::size_t claim, const Alternative& alternative,
                                                  const Device& device) {
  if (device.has_binding_conditions) return Step::kNotMet;
  const Step of_class = selectors_match(alternative.device_class->selectors, device,
                                        "class " + strings_[alternative.wanted->device_class]);
  if (of_class != Step::kYes) return of_class;
  return selectors_match(alternative.wanted->selectors, device, "claim " + wanted_[claim].key);
}

DeviceAllocator::Step DeviceAllocator::selectors_match(const std::vector<ExpressionId>& selectors, const Device& device,
                                                       const std::string& owner) {
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const DeviceVerdict verdict = devices_.verdicts().verdict(selectors[i], device.content);
    if (verdict == DeviceVerdict::kYes) continue;
    if (verdict == DeviceVerdict::kNotMet) return Step::kNotMet;
    error_ =
        owner + ": selector #" + std::to_string(i) + ": " + devices_.verdicts().error(selectors[i], device.content);
    return Step::kStop;
  }
  return Step::kYes;
}

DeviceAllocator::Step DeviceAllocator::allocate_one(Position at, bool alternative_is_chosen) {
  if (steps_left_ == 0) {
    timed_out_ = true;
    return Step::kStop;
  }
  if (steps_left_ > 0) --steps_left_;
  if (at.claim >= claims_.size()) return Step::kYes;
  Claim& claim = claims_[at.claim];
  if (at.request >= claim.requests.size()) {
    const Step step = allocate_one(Position{at.claim + 1, 0, 0, 0}, false);
    return step == Step::kTooMany ? Step::kNotMet : step;
  }
  if (!alternative_is_chosen && claim.spec->requests[at.request].prioritized) return allocate_alternatives(at);

  const Alternative& alternative = claim.requests[at.request][at.alternative];
  const bool wants_all = alternative.wanted->mode == AllocationMode::kAll;
  if (wants_all && alternative.all.empty()) return Step::kNotMet;
  if (at.device >= alternative.num_devices) return allocate_one(Position{at.claim, at.request + 1, 0, 0}, false);
  const auto num_results = static_cast<std::int64_t>(claim.results.size());
  if (num_results + alternative.num_devices - at.device > static_cast<std::int64_t>(kMostResults)) {
    return Step::kTooMany;
  }
  if (wants_all) return allocate_all_mode(at, alternative_is_chosen);
  for (const DevicePool& pool : pools_) {
    if (pool.duplicate_device != StringTable::kEmpty) {
      error_ = "pool " + strings_[pool.name] + " is invalid: duplicate device name " + strings_[pool.duplicate_device];
      return Step::kStop;
    }
    for (const auto& slice : pool.slices) {
      for (const Device& device : slice->devices) {
        if (!is_usable(at, device)) continue;
        Step step = selectable(at.claim, alternative, device);
        if (step == Step::kYes) step = try_device(at, alternative_is_chosen, Candidate{&device, slice.get()});
        if (step != Step::kNotMet) return step;
      }
    }
  }
  return Step::kNotMet;
}

DeviceAllocator::Step DeviceAllocator::allocate_alternatives(Position at) {
  bool all_too_many = true;
  for (at.alternative = 0; at.alternative < claims_[at.claim].requests[at.request].size(); ++at.alternative) {
    const Step step = allocate_one(at, true);
    if (step == Step::kTooMany) continue;
    all_too_many = false;
    if (step != Step::kNotMet) return step;
  }
  return all_too_many ? Step::kTooMany : Step::kNotMet;
}

DeviceAllocator::Step DeviceAllocator::allocate_all_mode(Position at, bool alternative_is_chosen) {
  const Candidate candidate =
      claims_[at.claim].requests[at.request][at.alternative].all[static_cast<std::size_t>(at.device)];
  const Step added = add(at, candidate, true);
  if (added != Step::kYes) return added;
  // Upstream goes on without the subrequest's index.
  const Step step = allocate_one(Position{at.claim, at.request, 0, at.device + 1}, alternative_is_chosen);
  if (step != Step::kYes) remove(at);
  return step;
}

DeviceAllocator::Step DeviceAllocator::try_device(Position at, bool alternative_is_chosen, const Candidate& candidate) {
  const Step added = add(at, candidate, false);
  if (added != Step::kYes) return added;
  const Step step = allocate_one(Position{at.claim, at.request, at.alternative, at.device + 1}, alternative_is_chosen);
  if (step != Step::kYes) remove(at);
  return step;
}

bool DeviceAllocator::is_usable(Position at, const Device& device) const {
  const bool admin = claims_[at.claim].requests[at.request][at.alternative].wanted->admin_access;
  if (!admin && devices_.is_allocated(device.index)) return false;
  return std::none_of(in_progress_.begin(), in_progress_.end(), [&](const auto& taken) {
    return taken.first == device.index && (!admin || taken.second == at.claim);
  });
}

DeviceAllocator::Step DeviceAllocator::add(Position at, const Candidate& candidate, bool must) {
  Claim& claim = claims_[at.claim];
  const DeviceAlternative& wanted = *claim.requests[at.request][at.alternative].wanted;
  if (!is_usable(at, *candidate.device) || candidate.device->consumes_counters) return Step::kNotMet;
  for (std::size_t i = 0; i < claim.constraints.size(); ++i) {
    if (satisfies(claim.constraints[i], at, candidate)) continue;
    if (must) {
      error_ = request_label(at.claim, wanted) + ": cannot add device " +
               devices_.device_name(candidate.device->index) + " because a claim constraint would not be satisfied";
      return Step::kStop;
    }
    for (std::size_t before = 0; before < i; ++before) {
      if (constrains(claim.constraints[before], at)) --claim.constraints[before].num_devices;
    }
    return Step::kNotMet;
  }
  in_progress_.emplace_back(candidate.device->index, at.claim);
  claim.results.emplace_back(candidate, wanted.admin_access);
  return Step::kYes;
}

void DeviceAllocator::remove(Position at) {
  Claim& claim = claims_[at.claim];
  for (Constraint& constraint : claim.constraints) {
    if (constrains(constraint, at)) --constraint.num_devices;
  }
  in_progress_.pop_back();
  claim.results.pop_back();
}

bool DeviceAllocator::constrains(const Constraint& constraint, Position at) const {
  const std::vector<StringId>& names = constraint.rule->requests;
  if (names.empty()) return true;
  const DeviceRequest& request = claims_[at.claim].spec->requests[at.request];
  if (std::find(names.begin(), names.end(), request.name) != names.end()) return true;
  if (!request.prioritized) return false;
  const std::string full = strings_[request.name] + "/" + strings_[request.alternatives[at.alternative].name];
  return std::any_of(names.begin(), names.end(), [&](StringId name) { return strings_[name] == full; });
}

bool DeviceAllocator::satisfies(Constraint& constraint, Position at, const Candidate& candidate) const {
  if (!constrains(constraint, at)) return true;
  const StringId value = attribute_value(*candidate.device, strings_[constraint.rule->attribute],
                                         strings_[candidate.slice->driver], strings_);
  if (value == kNoId || (constraint.num_devices > 0 && value != constraint.value)) return false;
  constraint.value = value;
  ++constraint.num_devices;
  return true;
}

std::vector<Allocation> DeviceAllocator::allocations() const {
  std::vector<Allocation> all;
  for (const Claim& claim : claims_) {
    Allocation& allocation = all.emplace_back();
    NodeSelectorTerm term;
    StringId node_name = kNoId;
    for (const auto& [candidate, admin] : claim.results) {
      allocation.devices.push_back(AllocatedDevice{candidate.device->index, admin});
      if (node_name != kNoId) continue;
      if (candidate.slice->nodes == SliceNodes::kName) {
        node_name = candidate.slice->node_name;
      } else if (candidate.slice->nodes == SliceNodes::kSelector) {
        add_new(candidate.slice->node_selector.front().expressions, term.expressions);
        for (const NameRequirement& name : candidate.slice->node_selector.front().names) term.names.push_back(name);
      }
    }
    if (node_name != kNoId) term = NodeSelectorTerm{{}, {NameRequirement{true, node_name}}};
    allocation.has_node_selector = !term.expressions.empty() || !term.names.empty();
    if (allocation.has_node_selector) allocation.node_selector.push_back(std::move(term));
  }
  return all;
}

}  // namespace kubesched
