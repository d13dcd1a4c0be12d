// Rankings of all shapes, within a budget of memory; shapes that are rare are scanned for and leave nothing behind.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "engine/ranking.h"
#include "framework/profile.h"
#include "state/cluster_state.h"

namespace kubesched {

// How the best node is found for shapes for which a ranking can be kept; the decisions are the same.
struct RankingOptions {
  static constexpr std::size_t kDefaultBudgetBytes = std::size_t{256} << 20;

  bool enabled = true;                             // else every pod goes through every plugin
  std::size_t budget_bytes = kDefaultBudgetBytes;  // of all rankings; 0: every pod is scanned for
};

// Not thread-safe; a fork starts with none. A shape is ranked from the second time on that it is asked for before a
// sixth as many pods came and went as there are nodes. The one not asked for longest gives way when memory runs out.
class Rankings {
 public:
  // What the plans of shapes and the cells were made from. Pods that come and go do not change it.
  struct Version {
    std::uint64_t epoch = 0;
    std::uint64_t images = 0;
    std::size_t num_terms = 0;
    std::uint64_t rules = 0;

    bool operator==(const Version&) const = default;
  };

  explicit Rankings(const RankingOptions& options) : options_(options) {}
  const RankingOptions& options() const { return options_; }

  // The node with the best total: the first in node order or, with chance, any of them. kNoId where the pod fits
  // nowhere, or its shape cannot be ranked. REQUIRES: no pod is nominated; begin_cycle() was called.
  NodeIndex find_best(const Profile& profile, ShapeId shape, ClusterState& state, const Kernels& kernels, Rng* chance);
  // How many nodes the last pod fits on, for which find_best() gave one.
  std::int64_t num_feasible(const Kernels& kernels);

 private:
  // What is known of one shape under one profile.
  struct Entry {
    std::uint64_t generation = 0;  // of the plan
    RankedShape shape;             // no cells: cannot be ranked
    std::vector<const Plugin*> cell_filters;
    std::vector<PlannedScorer> cell_scorers;
    std::unique_ptr<ShapeMemo> memo;  // of these

    bool asks_cells() const { return !cell_filters.empty() || !cell_scorers.empty(); }
    std::uint64_t last_seen = 0;  // NodeLog::end() then
    bool is_seen = false;
    std::unique_ptr<Ranking> ranking;
    std::list<Entry*>::iterator place;  // in by_use_, if there is a ranking
  };
  // Of one profile.
  struct Shapes {
    const Profile* profile;
    std::vector<const Plugin*> checked;  // what the filters of a plan must be asked besides the profile's filter list
    std::vector<std::unique_ptr<Entry>> entries;
  };
  // The local scores of the last shape that was asked for.
  struct Found {
    const LocalScores* scores = nullptr;
    const NodeCells* cells = nullptr;
    bool asked_cells = false;  // highest_ is 0 where a cell is closed
  };

  void follow(const ClusterState& state);
  Shapes& shapes_of(const Profile& profile);
  void plan(Shapes& shapes, Entry& entry, ShapeId shape, ClusterState& state, const Kernels& kernels);
  std::shared_ptr<const NodeCells> cells_for(const Shapes& shapes, Cycle& cycle, const RankingPlan& plan);
  bool use_ranking(Entry& entry, const NodeTable& nodes);
  NodeIndex pick_ranked(Entry& entry, Cycle& cycle, Rng* chance);
  NodeIndex pick_scanned(Entry& entry, Cycle& cycle, Rng* chance);
  // From the highest byte of each cell, the totals of the open ones; closed cells' bytes become 0.
  void ask_cells(const Entry& entry, Cycle& cycle);
  // Sets tied_ to the cells that have a node of the best total; false where no cell has a feasible node.
  bool find_tied(const std::vector<std::uint8_t>& highest, const std::vector<std::int64_t>& totals);
  NodeIndex draw(const LocalScores& scores, const NodeCells& cells, const std::vector<std::uint8_t>& highest,
                 const Kernels& kernels, Rng& chance);
  void drop(Entry& entry);
  void forget_cells();
  void shrink();

  RankingOptions options_;
  Version version_;
  std::uint64_t generation_ = 1;
  std::vector<Shapes> by_profile_;
  std::unordered_map<std::string, std::shared_ptr<const NodeCells>> cells_;  // by profile and static key
  std::size_t cells_bytes_ = 0;
  std::list<Entry*> by_use_;  // with rankings, the latest first
  std::size_t bytes_ = 0;     // of the rankings
  LocalScores scanned_;
  Found found_;
  std::vector<std::uint8_t> highest_;  // scratch
  std::vector<std::int64_t> totals_;   // scratch
  std::vector<std::uint8_t> tied_;     // scratch
  std::vector<std::uint64_t> equal_;   // scratch
  std::vector<std::uint64_t> ties_;    // scratch
};

}  // namespace kubesched
