#include "replay/series.h"

#include <algorithm>
#include <limits>

namespace kubesched {

namespace {

std::int64_t amount_at(const Column<std::int64_t>& column, std::size_t node) {
  return node < column.size() ? column.data()[node] : 0;
}

// A sum over all nodes may pass int64, where it stays at the most.
void add_to(std::int64_t& sum, std::int64_t amount) {
  if (__builtin_add_overflow(sum, amount, &sum)) sum = std::numeric_limits<std::int64_t>::max();
}

const Column<std::int64_t>& requested_column(const NodeTable& nodes, ResourceId resource) {
  return resource == ResourceTable::kPods ? nodes.num_pods() : nodes.requested(resource);
}

std::vector<std::int64_t> free_amounts(const NodeTable& nodes, ResourceId resource) {
  const Column<std::int64_t>& allocatable = nodes.allocatable(resource);
  const Column<std::int64_t>& requested = requested_column(nodes, resource);
  std::vector<std::int64_t> free(nodes.size());
  for (std::size_t node = 0; node < free.size(); ++node) {
    free[node] = amount_at(allocatable, node) - amount_at(requested, node);
  }
  return free;
}

// Whether each node has this much free, and - unless it is the first question - what was asked before.
void keep_room(std::vector<std::uint8_t>& fits, const std::vector<std::int64_t>& free, std::int64_t amount,
               bool is_first) {
  for (std::size_t node = 0; node < fits.size(); ++node) {
    const auto has_room = static_cast<std::uint8_t>(amount <= free[node]);
    fits[node] = is_first ? has_room : static_cast<std::uint8_t>(fits[node] & has_room);
  }
}

// What is free where there is no room.
double stranded_amount(const std::vector<std::uint8_t>& fits, const std::vector<std::int64_t>& free) {
  double sum = 0;
  for (std::size_t node = 0; node < fits.size(); ++node) {
    if (fits[node] == 0) sum += static_cast<double>(std::max<std::int64_t>(free[node], 0));
  }
  return sum;
}

}  // namespace

void Sampler::take(std::int64_t now_ns, const ClusterState& state, const PodLedger& ledger,
                   const SchedulingQueue* queue, std::int64_t num_arrived, const std::vector<std::int32_t>& pool_of_uid,
                   const std::vector<std::int64_t>& elsewhere) {
  if (!series_.time_ns.empty() && series_.time_ns.back() == now_ns) drop_last();
  series_.time_ns.push_back(now_ns);
  take_pods(ledger, queue, num_arrived);
  take_nodes(state, pool_of_uid, elsewhere);
  take_stranded(state);
}

void Sampler::drop_last() {
  Series& s = series_;
  for (auto* column : {&s.time_ns, &s.nodes, &s.arrived, &s.active, &s.backoff, &s.unschedulable, &s.gated, &s.starting,
                       &s.running, &s.terminating, &s.gone}) {
    column->pop_back();
  }
  for (auto* table : {&s.allocatable, &s.requested}) {
    for (auto& pool : *table) {
      for (auto& column : pool) column.pop_back();
    }
  }
  for (auto& column : s.stranded) column.pop_back();
}

void Sampler::take_pods(const PodLedger& ledger, const SchedulingQueue* queue, std::int64_t num_arrived) {
  const auto count = [&](PodState state) { return static_cast<std::int64_t>(ledger.count(state)); };
  std::int64_t active = count(PodState::kQueued);
  std::int64_t backoff = 0;
  std::int64_t unschedulable = 0;
  std::int64_t gated = 0;
  if (queue != nullptr) {
    gated = static_cast<std::int64_t>(queue->num_gated());
    unschedulable = static_cast<std::int64_t>(queue->unschedulable().size()) - gated;
    backoff = static_cast<std::int64_t>(queue->backoff().size());
    active = static_cast<std::int64_t>(queue->active().size());
  }
  series_.arrived.push_back(num_arrived);
  series_.active.push_back(active + count(PodState::kInCycle));
  series_.backoff.push_back(backoff);
  series_.unschedulable.push_back(unschedulable);
  series_.gated.push_back(gated);
  series_.starting.push_back(count(PodState::kBinding) + count(PodState::kStarting));
  series_.running.push_back(count(PodState::kRunning) + count(PodState::kRestarting));
  series_.terminating.push_back(count(PodState::kTerminating));
  series_.gone.push_back(count(PodState::kGone));
}

void Sampler::take_nodes(const ClusterState& state, const std::vector<std::int32_t>& pool_of_uid,
                         const std::vector<std::int64_t>& elsewhere) {
  const NodeTable& nodes = state.nodes();
  const std::size_t num_samples = series_.time_ns.size();
  series_.nodes.push_back(static_cast<std::int64_t>(nodes.size()));
  for (auto* table : {&series_.allocatable, &series_.requested}) {
    table->resize(num_pools_ + 1);
    for (auto& pool : *table) {
      pool.resize(state.resources().size());
      for (auto& column : pool) column.resize(num_samples, 0);
    }
  }
  for (ResourceId resource = 0; resource < state.resources().size(); ++resource) {
    const Column<std::int64_t>& allocatable = nodes.allocatable(resource);
    const Column<std::int64_t>& requested = requested_column(nodes, resource);
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      const std::int32_t pool = pool_of_uid[nodes.uid(node)];
      const auto add = [&](std::size_t to) {
        add_to(series_.allocatable[to][resource].back(), amount_at(allocatable, node));
        add_to(series_.requested[to][resource].back(), amount_at(requested, node));
      };
      add(0);
      if (pool >= 0) add(static_cast<std::size_t>(pool) + 1);
    }
    if (resource < elsewhere.size()) add_to(series_.requested[0][resource].back(), elsewhere[resource]);
  }
}

void Sampler::take_stranded(const ClusterState& state) {
  const NodeTable& nodes = state.nodes();
  const std::size_t num_resources = state.resources().size();
  series_.stranded.resize(num_resources);
  for (auto& column : series_.stranded) column.resize(series_.time_ns.size(), 0.0);
  std::vector<std::int64_t> weight(num_resources, 0);
  for (const TypicalPod& typical : typical_) {
    for (const ResourceAmount& request : state.shapes()[typical.shape].requests) {
      weight[request.resource] += typical.count;
    }
  }
  std::vector<std::vector<std::int64_t>> free(num_resources);
  for (ResourceId resource = 0; resource < num_resources; ++resource) {
    if (resource == ResourceTable::kPods || weight[resource] > 0) free[resource] = free_amounts(nodes, resource);
  }
  std::vector<std::uint8_t> fits(nodes.size());
  for (const TypicalPod& typical : typical_) {
    const PodShape& pod = state.shapes()[typical.shape];
    keep_room(fits, free[ResourceTable::kPods], 1, true);
    for (const ResourceAmount& request : pod.requests) keep_room(fits, free[request.resource], request.amount, false);
    for (const ResourceAmount& request : pod.requests) {
      const double share = static_cast<double>(typical.count) / static_cast<double>(weight[request.resource]);
      series_.stranded[request.resource].back() += share * stranded_amount(fits, free[request.resource]);
    }
  }
}

}  // namespace kubesched
