#include "plugins/random.h"

#include "base/rng.h"

namespace kubesched {

std::uint64_t draw(std::uint64_t seed, std::string_view key, Draw kind, std::uint64_t bound) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  Rng by_seed(seed + static_cast<std::uint64_t>(kind));
  return Rng(by_seed.next() ^ hash).below(bound);
}

void Random::add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const {
  std::uint64_t skip = draw(seed_, cycle.key, Draw::kNode, feasible.count());
  feasible.for_each([&](std::size_t node) {
    if (skip-- == 0) totals[node] += weight * kMaxNodeScore;
  });
}

}  // namespace kubesched
