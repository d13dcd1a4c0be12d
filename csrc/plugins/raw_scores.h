// Scores before normalisation that depend on the shape and the nodes alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "framework/memo.h"

namespace kubesched {

struct RawScores final : Memo {
  explicit RawScores(std::vector<std::int64_t> scores)
      : by_node(std::move(scores)),
        all_zero(std::all_of(by_node.begin(), by_node.end(), [](std::int64_t score) { return score == 0; })) {
    if (all_zero) std::vector<std::int64_t>().swap(by_node);
  }
  std::size_t bytes() const override { return by_node.capacity() * sizeof(std::int64_t); }

  std::vector<std::int64_t> by_node;  // empty if all_zero
  bool all_zero;
};

}  // namespace kubesched
