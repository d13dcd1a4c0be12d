// Finds devices for the claims of one pod on one node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "state/device_layout.h"

namespace kubesched {

enum class AllocationOutcome : std::uint8_t { kNone, kFound, kError, kTimedOut };

// A claim to allocate; `key` is for messages.
struct WantedClaim {
  std::string key;
  ClaimSpecId spec;
};

// structured/internal/incubating/allocator_incubating.go (v1.34) with the default feature gates: an exhaustive search
// in order of pools, slices and devices, whose first solution counts.
class DeviceAllocator {
 public:
  static constexpr std::int64_t kNoLimit = -1;

  // After `most_steps` the search gives up.
  DeviceAllocator(const Devices& devices, const StringTable& strings, const std::vector<DevicePool>& pools,
                  const std::vector<WantedClaim>& claims, std::int64_t most_steps);

  AllocationOutcome run();
  // After kError.
  const std::string& error() const { return error_; }
  // After kFound: one for each claim.
  std::vector<Allocation> allocations() const;

 private:
  static constexpr std::size_t kMostResults = 32;

  struct Candidate {
    const Device* device;
    const ResourceSlice* slice;
  };
  struct Alternative {
    const DeviceAlternative* wanted;
    const DeviceClass* device_class;
    std::int64_t num_devices;
    std::vector<Candidate> all;  // of AllocationMode::kAll
  };
  struct Constraint {
    const MatchAttribute* rule;
    StringId value;
    std::int64_t num_devices;
  };
  struct Claim {
    const ClaimSpec* spec;
    std::vector<std::vector<Alternative>> requests;
    std::vector<Constraint> constraints;
    std::vector<std::pair<Candidate, bool>> results;  // with admin access
  };
  struct Position {
    std::size_t claim;
    std::size_t request;
    std::size_t alternative;
    std::int64_t device;
  };
  enum class Step : std::uint8_t { kNotMet, kYes, kTooMany, kStop };

  bool prepare(std::size_t claim);
  bool prepare_alternative(std::size_t claim, const DeviceAlternative& wanted, Alternative& out);
  bool collect_all(std::size_t claim, Alternative& alternative);
  Step allocate_one(Position at, bool alternative_is_chosen);
  Step allocate_alternatives(Position at);
  Step allocate_all_mode(Position at, bool alternative_is_chosen);
  Step try_device(Position at, bool alternative_is_chosen, const Candidate& candidate);
  Step selectable(std::size_t claim, const Alternative& alternative, const Device& device);
  Step selectors_match(const std::vector<ExpressionId>& selectors, const Device& device, const std::string& owner);
  Step add(Position at, const Candidate& candidate, bool must);
  void remove(Position at);
  bool constrains(const Constraint& constraint, Position at) const;
  bool satisfies(Constraint& constraint, Position at, const Candidate& candidate) const;
  bool is_usable(Position at, const Device& device) const;
  bool fail(std::string error);
  std::string request_label(std::size_t claim, const DeviceAlternative& wanted) const;

  const Devices& devices_;
  const StringTable& strings_;
  const std::vector<DevicePool>& pools_;
  const std::vector<WantedClaim>& wanted_;
  std::int64_t steps_left_;
  bool timed_out_ = false;
  std::string error_;
  std::vector<Claim> claims_;
  std::vector<std::pair<DeviceIndex, std::size_t>> in_progress_;  // device and claim, latest last
};

}  // namespace kubesched
