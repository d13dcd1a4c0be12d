#include "engine/preemption.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "engine/room_search.h"
#include "engine/supposition.h"

namespace kubesched {

namespace {

std::string_view name_of(const std::string& key) { return std::string_view(key).substr(key.find('/') + 1); }

}  // namespace

Code Preemption::code_at(NodeIndex node) const {
  if (diagnosis_ == nullptr) return run_.rejection().code;
  const Rejection& rejection = diagnosis_->nodes()[node];
  return rejection.plugin == Rejection::kPreFilterResult ? Code::kUnschedulableAndUnresolvable : rejection.code;
}

// The pod's victims on its nominated node are still on their way out.
bool Preemption::waits_for_victims(NodeIndex nominated) const {
  if (nominated == kNoId || code_at(nominated) == Code::kUnschedulableAndUnresolvable) return false;
  const ClusterState& state = cycle_.state;
  const auto& pods = state.pods().on_node(state.nodes().uid(nominated));
  return std::any_of(pods.begin(), pods.end(), [&](PodId id) {
    const PodRecord& pod = state.pods()[id];
    return pod.status.preempted && state.shapes()[pod.shape].priority < cycle_.shape.priority;
  });
}

std::vector<NodeIndex> Preemption::potential_nodes() const {
  std::vector<NodeIndex> nodes;
  for (NodeIndex node = 0; node < cycle_.state.nodes().size(); ++node) {
    if (code_at(node) == Code::kUnschedulable) nodes.push_back(node);
  }
  return nodes;
}

PreemptionResult Preemption::find(NodeIndex nominated, Rng* rng) {
  if (cycle_.shape.never_preempts) return {std::nullopt, "not eligible due to preemptionPolicy=Never."};
  if (waits_for_victims(nominated)) {
    return {std::nullopt, "not eligible due to a terminating pod on the nominated node."};
  }
  const std::vector<NodeIndex> potential = potential_nodes();
  std::vector<Victims> candidates = find_candidates(potential, rng);
  if (candidates.empty()) return {std::nullopt, not_helpful(potential), false, true};
  const Status answer = ask_extenders(candidates);
  if (answer.code != Code::kSuccess) return {std::nullopt, answer.reasons.front(), true};
  if (candidates.empty()) return {std::nullopt, "no candidate node for preemption"};
  return {std::move(candidates[choose(candidates, rng)]), ""};
}

Status Preemption::ask_extenders(std::vector<Victims>& candidates) const {
  for (const auto& extender : extenders_) {
    if (candidates.empty()) break;
    if (!extender->preempts()) continue;
    Status answer = extender->preempt(cycle_, candidates);
    if (answer.code != Code::kSuccess) return answer;
  }
  return {};
}

std::vector<Victims> Preemption::find_candidates(const std::vector<NodeIndex>& potential, Rng* rng) {
  std::vector<Victims> clean;
  std::vector<Victims> violating;
  if (potential.empty()) return clean;
  RoomSearch room(cycle_, profile_, run_);
  NodeMask helped(cycle_.state.nodes().size());
  for (NodeIndex node : potential) {
    if (!room.covers(node)) helped.set(node);
  }
  for (const Plugin* plugin : profile_.filter()) plugin->filter_preempted(cycle_, helped);
  const auto n = static_cast<std::int64_t>(potential.size());
  const ProfileSpec& spec = profile_.spec();
  const auto enough = static_cast<std::size_t>(
      std::min(n, std::max(n * spec.min_candidate_nodes_percentage / 100, spec.min_candidate_nodes_absolute)));
  const std::size_t offset = rng == nullptr ? 0 : rng->below(potential.size());
  // Where only the best candidate counts and none can break a budget, one that is surely worse need not be worked out.
  const bool needs_all = !cycle_.state.budgets().all().empty() ||
                         std::any_of(extenders_.begin(), extenders_.end(), [](const auto& e) { return e->preempts(); });
  std::int64_t best_priority = std::numeric_limits<std::int64_t>::max();
  std::size_t num_worse = 0;
  for (std::size_t i = 0; i < potential.size(); ++i) {
    const NodeIndex node = potential[(offset + i) % potential.size()];
    std::optional<Victims> victims;
    if (room.covers(node)) {
      const std::optional<std::int64_t> least = room.least_highest_priority(node);
      if (!least) continue;
      if (needs_all || *least <= best_priority) {
        victims = select_victims(node, room);
        if (victims->pods.empty()) continue;
      } else {
        ++num_worse;
      }
    } else if (helped.test(node)) {
      victims = select_victims(node);
      if (!victims) continue;
    } else {
      continue;
    }
    if (victims) {
      if (victims->num_violations == 0) best_priority = std::min(best_priority, priority_of(victims->pods.front()));
      std::vector<Victims>& list = victims->num_violations == 0 ? clean : violating;
      if (list.size() < enough) list.push_back(std::move(*victims));
    }
    if (!clean.empty() && clean.size() + num_worse + violating.size() >= enough) break;
  }
  std::move(violating.begin(), violating.end(), std::back_inserter(clean));
  return clean;
}

// The most important first: higher priority, then longer running, then the earlier arrival, where upstream's order is
// left to its sort (util.MoreImportantPod).
std::vector<PodId> Preemption::lower_priority_pods(NodeIndex node) const {
  if (!has_lower_priority_pods(node)) return {};
  const ClusterState& state = cycle_.state;
  struct Rank {
    std::int64_t priority;
    std::int64_t start_time_ns;
    std::int64_t arrival;
    PodId id;
  };
  std::vector<Rank> ranks;
  for (PodId id : state.pods().on_node(state.nodes().uid(node))) {
    const PodRecord& pod = state.pods()[id];
    const std::int64_t priority = state.shapes()[pod.shape].priority;
    if (priority >= cycle_.shape.priority) continue;
    ranks.push_back({priority, pod.status.start_time_ns, static_cast<std::int64_t>(pod.arrival), id});
  }
  std::sort(ranks.begin(), ranks.end(), [](const Rank& a, const Rank& b) {
    return std::tuple(-a.priority, a.start_time_ns, a.arrival) < std::tuple(-b.priority, b.start_time_ns, b.arrival);
  });
  std::vector<PodId> pods;
  pods.reserve(ranks.size());
  for (const Rank& rank : ranks) pods.push_back(rank.id);
  return pods;
}

bool Preemption::has_lower_priority_pods(NodeIndex node) const {
  const std::vector<PriorityLoad>& loads = cycle_.state.priority_loads().on_node(cycle_.state.nodes().uid(node));
  return !loads.empty() && loads.front().priority < cycle_.shape.priority;
}

// Which of the pods, in this order, would break a budget.
std::vector<bool> Preemption::violations(const std::vector<PodId>& pods) const {
  const ClusterState& state = cycle_.state;
  std::vector<bool> violating(pods.size(), false);
  for (const auto& [key, budget] : state.budgets().all()) {
    std::int64_t allowed = budget.disruptions_allowed;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      const PodRecord& pod = state.pods()[pods[i]];
      if (!budget.covers(state.shapes()[pod.shape], name_of(std::string(pod.key)), state.strings())) continue;
      if (--allowed < 0) violating[i] = true;
    }
  }
  return violating;
}

std::int64_t Preemption::priority_of(PodId pod) const {
  return cycle_.state.shapes()[cycle_.state.pods()[pod].shape].priority;
}

Victims Preemption::select_victims(NodeIndex node, RoomSearch& room) const {
  const std::vector<PodId> lower = lower_priority_pods(node);
  const std::vector<bool> violating = violations(lower);
  std::vector<bool> stays(lower.size(), false);
  room.reprieve(node, lower, violating, stays);
  return victims_of(node, lower, violating, stays);
}

Victims Preemption::victims_of(NodeIndex node, const std::vector<PodId>& lower, const std::vector<bool>& violating,
                               const std::vector<bool>& stays) {
  Victims victims;
  victims.node = node;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (stays[i]) continue;
    victims.pods.push_back(lower[i]);
    if (violating[i]) ++victims.num_violations;
  }
  return victims;
}

std::optional<Victims> Preemption::select_victims(NodeIndex node) {
  ClusterState& state = cycle_.state;
  const std::vector<PodId> lower = lower_priority_pods(node);
  if (lower.empty()) return std::nullopt;
  Supposition supposed(state, node);
  for (PodId pod : lower) supposed.remove(pod);
  if (!run_.passes(node)) return std::nullopt;
  const std::vector<bool> violating = violations(lower);
  std::vector<bool> stays(lower.size(), false);
  for (const bool round : {true, false}) {
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if (violating[i] != round) continue;
      supposed.restore(lower[i]);
      stays[i] = run_.passes(node);
      if (!stays[i]) supposed.remove(lower[i]);
    }
  }
  Victims victims = victims_of(node, lower, violating, stays);
  if (victims.pods.empty()) return std::nullopt;
  return victims;
}

std::size_t Preemption::choose(const std::vector<Victims>& candidates, Rng* rng) const {
  const ClusterState& state = cycle_.state;
  const auto priority = [&](PodId pod) { return state.shapes()[state.pods()[pod].shape].priority; };
  // Higher is better, rule by rule.
  const auto scores = [&](const Victims& victims) {
    std::int64_t sum = 0;
    std::int64_t highest = priority(victims.pods.front());
    std::int64_t earliest_ns = PodStatus::kNotStarted;
    for (PodId pod : victims.pods) {
      sum += priority(pod) + std::numeric_limits<std::int32_t>::max() + 1;
      if (priority(pod) > highest) {
        highest = priority(pod);
        earliest_ns = PodStatus::kNotStarted;
      }
      if (priority(pod) == highest) earliest_ns = std::min(earliest_ns, state.pods()[pod].status.start_time_ns);
    }
    // Upstream takes the first victim for the one of the highest priority, which an extender may order otherwise.
    const std::int64_t first = priority(victims.pods.front());
    const auto count = static_cast<std::int64_t>(victims.pods.size());
    return std::vector<std::int64_t>{-victims.num_violations, -first, -sum, -count, earliest_ns};
  };
  std::vector<std::size_t> best;
  std::vector<std::int64_t> best_scores;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    std::vector<std::int64_t> own = scores(candidates[i]);
    if (best.empty() || own > best_scores) {
      best.clear();
      best_scores = std::move(own);
    } else if (own < best_scores) {
      continue;
    }
    best.push_back(i);
  }
  if (rng != nullptr) return best[rng->below(best.size())];
  return *std::min_element(best.begin(), best.end(),
                           [&](std::size_t a, std::size_t b) { return candidates[a].node < candidates[b].node; });
}

std::string Preemption::not_helpful(const std::vector<NodeIndex>& potential) {
  ClusterState& state = cycle_.state;
  const std::size_t num_nodes = state.nodes().size();
  Diagnosis diagnosis(num_nodes);
  std::int64_t num_without_victims = 0;
  for (NodeIndex node : potential) {
    const std::vector<PodId> lower = lower_priority_pods(node);
    if (lower.empty()) {
      ++num_without_victims;
      continue;
    }
    Supposition supposed(state, node);
    for (PodId pod : lower) supposed.remove(pod);
    run_.diagnose_node(node, diagnosis);
  }
  std::map<std::string, std::int64_t> histogram = diagnosis.histogram();
  if (num_without_victims > 0) histogram["No preemption victims found for incoming pod"] += num_without_victims;
  const auto others = static_cast<std::int64_t>(num_nodes - potential.size());
  if (others > 0) histogram["Preemption is not helpful for scheduling"] += others;
  return fit_error(num_nodes, histogram);
}

}  // namespace kubesched
