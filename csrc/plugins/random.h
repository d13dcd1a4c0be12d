#pragma once

#include <cstdint>

#include "framework/profile.h"

namespace kubesched {

enum class Draw : std::uint8_t { kNode, kCard };

// A number below `bound`, the same for one seed, pod and kind of draw whenever it is asked. REQUIRES: bound > 0.
std::uint64_t draw(std::uint64_t seed, std::string_view key, Draw kind, std::uint64_t bound);

// One node of those that fit, each as likely as the other.
class Random final : public Plugin {
 public:
  Random(std::size_t slot, const ProfileSpec& spec) : Plugin(slot), seed_(spec.random_seed) {}
  std::string_view name() const override { return "Random"; }
  bool pre_score(Cycle&, const NodeMask&) const override { return true; }
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;

 private:
  std::uint64_t seed_;
};

}  // namespace kubesched
