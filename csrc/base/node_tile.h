// Eight nodes side by side, as the kernels read them.
#pragma once

#include <cstddef>
#include <limits>

namespace kubesched {

// One quantity of eight nodes: a cache line.
struct alignas(64) NodeLine {
  double lane[8];
};

// cpu (milli) or memory (bytes) of eight nodes, in doubles that are exact (see NodeTiles).
struct AmountLines {
  NodeLine allocatable;
  NodeLine inverse;  // 1 / allocatable, 0 where that is 0
  // 100 * (allocatable - non-zero requested) / allocatable, and half an integer's distance more: what LeastAllocated
  // makes of it is then never so close to an integer that rounding could carry it over.
  NodeLine left;
  NodeLine free;  // allocatable - requested; minus infinity where the node takes no more pods
};

struct NodeTile {
  static constexpr std::size_t kNodes = 8;

  AmountLines cpu;
  AmountLines memory;

  // No pod fits into any lane.
  static NodeTile closed() {
    NodeTile tile{};
    for (AmountLines* amount : {&tile.cpu, &tile.memory}) {
      for (std::size_t lane = 0; lane < kNodes; ++lane) {
        amount->allocatable.lane[lane] = amount->inverse.lane[lane] = 1;
        amount->free.lane[lane] = -std::numeric_limits<double>::infinity();
      }
    }
    return tile;
  }

  void copy_lane(std::size_t to, const NodeTile& from, std::size_t lane) {
    copy_lane(cpu, to, from.cpu, lane);
    copy_lane(memory, to, from.memory, lane);
  }

 private:
  static void copy_lane(AmountLines& into, std::size_t to, const AmountLines& from, std::size_t lane) {
    into.allocatable.lane[to] = from.allocatable.lane[lane];
    into.inverse.lane[to] = from.inverse.lane[lane];
    into.left.lane[to] = from.left.lane[lane];
    into.free.lane[to] = from.free.lane[lane];
  }
};

}  // namespace kubesched
