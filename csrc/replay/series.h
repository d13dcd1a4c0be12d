// The cluster at chosen times.
#pragma once

#include <cstdint>
#include <vector>

#include "queue/scheduling_queue.h"
#include "replay/pod_ledger.h"
#include "state/cluster_state.h"

namespace kubesched {

// What fragmentation is measured with: a kind of pod and how many of the trace are of it.
struct TypicalPod {
  ShapeId shape;
  std::int64_t count;
};

// One column a quantity, one entry a sample. `allocatable` and `requested` are by [pool][resource], in milli-CPU, bytes
// or counts; pool 0 is all nodes. `stranded` is by [resource]: the free amount that a typical pod cannot use, because
// it lies on nodes that the pod does not fit on, on average over the typical pods that ask for the resource.
struct Series {
  std::vector<std::int64_t> time_ns;
  std::vector<std::int64_t> nodes;
  std::vector<std::int64_t> arrived;
  std::vector<std::int64_t> active;
  std::vector<std::int64_t> backoff;
  std::vector<std::int64_t> unschedulable;
  std::vector<std::int64_t> gated;
  std::vector<std::int64_t> starting;  // placed, not running yet
  std::vector<std::int64_t> running;
  std::vector<std::int64_t> terminating;
  std::vector<std::int64_t> gone;
  std::vector<std::vector<std::vector<std::int64_t>>> allocatable;
  std::vector<std::vector<std::vector<std::int64_t>>> requested;
  std::vector<std::vector<double>> stranded;
};

// Reads; changes nothing but its own columns.
class Sampler {
 public:
  Sampler(std::size_t num_pools, std::vector<TypicalPod> typical)
      : num_pools_(num_pools), typical_(std::move(typical)) {}

  // `pool_of_uid` has each node's pool by NodeTable's uid, or -1. `elsewhere` is what is requested on no node, by
  // resource. Two samples of one time are one: the later.
  void take(std::int64_t now_ns, const ClusterState& state, const PodLedger& ledger, const SchedulingQueue* queue,
            std::int64_t num_arrived, const std::vector<std::int32_t>& pool_of_uid,
            const std::vector<std::int64_t>& elsewhere);
  const Series& series() const { return series_; }

 private:
  void drop_last();
  void take_pods(const PodLedger& ledger, const SchedulingQueue* queue, std::int64_t num_arrived);
  void take_nodes(const ClusterState& state, const std::vector<std::int32_t>& pool_of_uid,
                  const std::vector<std::int64_t>& elsewhere);
  void take_stranded(const ClusterState& state);

  std::size_t num_pools_;
  std::vector<TypicalPod> typical_;
  Series series_;
};

}  // namespace kubesched
