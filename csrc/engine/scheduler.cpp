#include "engine/scheduler.h"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "engine/sampling.h"

namespace kubesched {

namespace {

constexpr const char* kNoNodes = "no nodes available to schedule pods";

// The nodes that pass the filters whose verdicts do not depend on pods.
struct StaticMask final : Memo {
  NodeMask mask;
  std::size_t bytes() const override { return mask.num_words() * sizeof(std::uint64_t); }
};

std::string in_brackets(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) text += (text.size() > 1 ? " " : "") + name;
  return text + "]";
}

}  // namespace

Scheduler::Scheduler(std::vector<std::string> profile_records, const Registry& registry,
                     const SchedulerOptions& options)
    : tie_break_(options.tie_break),
      rng_(options.seed),
      kernels_(options.kernels == nullptr ? &best_kernels() : options.kernels) {
  auto profiles = std::make_shared<std::vector<std::unique_ptr<Profile>>>();
  for (const std::string& record : profile_records) {
    StringTable& strings = state_.edit_strings();
    profiles->push_back(std::make_unique<Profile>(read_profile(record, strings), registry, strings));
  }
  check(!profiles->empty(), "a scheduler has at least one profile");
  memos_.resize(profiles->size());
  profiles_ = std::move(profiles);
}

Scheduler::Scheduler(const Scheduler& other)
    : state_(other.state_),
      profiles_(other.profiles_),
      tie_break_(other.tie_break_),
      rng_(other.rng_),
      kernels_(other.kernels_),
      next_start_(other.next_start_),
      memos_(other.profiles_->size()) {}

const Profile& Scheduler::profile_for(const PodShape& shape) const {
  if (profiles_->size() == 1) return *profiles_->front();
  const std::string& wanted = state_.strings()[shape.scheduler_name];
  for (const auto& profile : *profiles_) {
    if (profile->spec().scheduler_name == wanted) return *profile;
  }
  throw StateError("spec.schedulerName must name a profile of the configuration, got '" + wanted + "'");
}

ShapeMemo& Scheduler::memo_for(const Profile& profile, ShapeId shape) {
  std::size_t index = 0;
  while ((*profiles_)[index].get() != &profile) ++index;
  auto& memos = memos_[index];
  if (memos.size() <= shape) memos.resize(state_.shapes().size());
  if (!memos[shape]) {
    // A shape's memo takes a few words a node; when all together pass the budget, all are made anew.
    constexpr std::size_t kBytesPerNode = 24;
    if (++num_memos_ * state_.nodes().size() * kBytesPerNode > kMemoBudgetBytes) {
      for (auto& others : memos_) std::fill(others.begin(), others.end(), nullptr);
      num_memos_ = 1;
    }
    memos[shape] = std::make_unique<ShapeMemo>();
  }
  return *memos[shape];
}

Cycle Scheduler::begin(ShapeMemo& memo, ShapeId shape) {
  return Cycle{state_, shape, state_.shapes()[shape], memo, *kernels_};
}

Scheduler::Filtered Scheduler::pre_filter(Cycle& cycle, const Profile& profile) const {
  Filtered filtered;
  filtered.feasible.assign(state_.nodes().size(), true);
  for (const Plugin* plugin : profile.pre_filter()) {
    PreFilterResult result = plugin->pre_filter(cycle);
    if (result.status.code == Code::kSkip) continue;
    if (result.status.code != Code::kSuccess) {
      filtered.rejecting_plugin = plugin->name();
      filtered.rejection = std::move(result.status);
      return filtered;
    }
    if (result.nodes) {
      filtered.feasible &= *result.nodes;
      filtered.listing_plugins.emplace_back(plugin->name());
    }
  }
  std::sort(filtered.listing_plugins.begin(), filtered.listing_plugins.end());
  return filtered;
}

const NodeMask& Scheduler::static_mask(Cycle& cycle, const Profile& profile) const {
  return cycle.memo
      .get<StaticMask>(profile.cycle_slot(), state_.epoch(),
                       [&] {
                         auto memo = std::make_unique<StaticMask>();
                         memo->mask.assign(state_.nodes().size(), true);
                         for (const Plugin* plugin : profile.filter()) {
                           if (plugin->filter_is_static()) plugin->filter(cycle, memo->mask, nullptr);
                         }
                         return memo;
                       })
      .mask;
}

void Scheduler::filter(Cycle& cycle, const Profile& profile, Filtered& filtered) const {
  filtered.feasible &= static_mask(cycle, profile);
  for (const Plugin* plugin : profile.filter()) {
    if (!plugin->filter_is_static()) plugin->filter(cycle, filtered.feasible, nullptr);
  }
}

void Scheduler::sample(const Profile& profile, const NodeMask& candidates, Filtered& filtered) {
  const auto num_candidates = static_cast<std::int64_t>(candidates.count());
  filtered.evaluated = num_candidates;
  const std::int64_t percentage = profile.spec().percentage_of_nodes_to_score;
  if (percentage == ProfileSpec::kAllNodes || num_candidates == 0) return;
  const std::int64_t enough = profile.score().empty() ? 1 : feasible_nodes_to_find(percentage, num_candidates);
  filtered.evaluated = keep_first_feasible(candidates, next_start_ % num_candidates, enough, filtered.feasible);
  next_start_ = (next_start_ + filtered.evaluated) % static_cast<std::int64_t>(state_.nodes().size());
}

void Scheduler::score(Cycle& cycle, const Profile& profile, const NodeMask& feasible) {
  std::int64_t same_for_all = 0;
  std::vector<const ScoredPlugin*> by_node;
  for (const ScoredPlugin& scored : profile.score()) {
    if (!scored.plugin->pre_score(cycle, feasible)) continue;
    if (const auto score = scored.plugin->uniform_score(cycle)) {
      same_for_all += scored.weight * *score;
    } else {
      by_node.push_back(&scored);
    }
  }
  totals_.assign(state_.nodes().size(), same_for_all);
  for (const ScoredPlugin* scored : by_node) {
    scored->plugin->add_score(cycle, feasible, scored->weight, totals_.data());
  }
}

NodeIndex Scheduler::choose(const std::vector<std::int64_t>& totals, const NodeMask& feasible, Rng& rng) {
  const std::size_t n = totals.size();
  const std::int64_t best = kernels_->max_in_mask(totals.data(), feasible.words(), n);
  ties_.assign(n, false);
  const std::size_t num_ties = kernels_->equal_in_mask(totals.data(), feasible.words(), best, n, ties_.words());
  std::uint64_t skip = tie_break_ == TieBreak::kRandom && num_ties > 1 ? rng.below(num_ties) : 0;
  for (std::size_t w = 0; w < ties_.num_words(); ++w) {
    std::uint64_t bits = ties_.words()[w];
    const auto count = static_cast<std::uint64_t>(std::popcount(bits));
    if (skip >= count) {
      skip -= count;
      continue;
    }
    for (; skip > 0; --skip) bits &= bits - 1;
    return static_cast<NodeIndex>(w * NodeMask::kWordBits + static_cast<std::size_t>(std::countr_zero(bits)));
  }
  throw InternalError("a feasible node has the best score");
}

Decision Scheduler::decide(std::string_view key, ShapeId shape) {
  Decision decision;
  if (state_.nodes().size() == 0) {
    decision.message = kNoNodes;
    return decision;
  }
  const Profile& profile = profile_for(state_.shapes()[shape]);
  state_.begin_cycle();
  Cycle cycle = begin(memo_for(profile, shape), shape);
  Filtered filtered = pre_filter(cycle, profile);
  if (filtered.rejecting_plugin.empty()) {
    const NodeMask candidates = filtered.feasible;
    filter(cycle, profile, filtered);
    sample(profile, candidates, filtered);
    decision.evaluated_nodes = filtered.evaluated;
    decision.feasible_nodes = static_cast<std::int64_t>(filtered.feasible.count());
  }
  if (decision.feasible_nodes == 0) {
    decision.message = failure_message(cycle, profile, filtered);
    return decision;
  }
  score(cycle, profile, filtered.feasible);
  decision.node = choose(totals_, filtered.feasible, rng_);
  for (const Plugin* plugin : profile.filter()) plugin->reserve(cycle, key, decision.node);
  return decision;
}

Diagnosis Scheduler::diagnose(Cycle& cycle, const Profile& profile, NodeMask& nodes, bool has_node_list) const {
  Diagnosis diagnosis(nodes.size());
  if (has_node_list) {
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      if (!nodes.test(node)) diagnosis.leave_out(node);
    }
  }
  for (std::size_t i = 0; i < profile.filter().size(); ++i) {
    diagnosis.set_plugin(static_cast<std::int16_t>(i));
    profile.filter()[i]->filter(cycle, nodes, &diagnosis);
  }
  return diagnosis;
}

std::string Scheduler::failure_message(Cycle& cycle, const Profile& profile, const Filtered& filtered) const {
  const std::size_t num_nodes = state_.nodes().size();
  if (!filtered.rejecting_plugin.empty()) return pre_filter_error(num_nodes, filtered.rejection);
  Filtered again = pre_filter(cycle, profile);
  const Diagnosis diagnosis = diagnose(cycle, profile, again.feasible, !again.listing_plugins.empty());
  auto histogram = diagnosis.histogram();
  if (diagnosis.num_left_out() > 0) {
    histogram["node(s) didn't satisfy plugin(s) " + in_brackets(again.listing_plugins)] += diagnosis.num_left_out();
  }
  return fit_error(num_nodes, histogram);
}

Explanation Scheduler::explain(ShapeId shape) {
  Explanation explanation;
  const std::size_t num_nodes = state_.nodes().size();
  explanation.feasible.assign(num_nodes, false);
  if (num_nodes == 0) {
    explanation.message = kNoNodes;
    return explanation;
  }
  const Profile& profile = profile_for(state_.shapes()[shape]);
  ShapeMemo memo;  // of its own: no cycle starts, so what nodes see may differ from what the next cycle will
  Cycle cycle = begin(memo, shape);
  Filtered filtered = pre_filter(cycle, profile);
  for (const Plugin* plugin : profile.filter()) explanation.filters.emplace_back(plugin->name());
  if (!filtered.rejecting_plugin.empty()) {
    explanation.message = failure_message(cycle, profile, filtered);
    explanation.pre_filter_plugin = filtered.rejecting_plugin;
    explanation.pre_filter = std::move(filtered.rejection);
    return explanation;
  }
  explanation.feasible = filtered.feasible;
  explanation.diagnosis = diagnose(cycle, profile, explanation.feasible, !filtered.listing_plugins.empty());
  if (!explanation.feasible.any()) {
    explanation.message = failure_message(cycle, profile, filtered);
    return explanation;
  }
  explanation.totals.assign(num_nodes, 0);
  for (const ScoredPlugin& scored : profile.score()) {
    if (!scored.plugin->pre_score(cycle, explanation.feasible)) continue;
    PluginScores scores{std::string(scored.plugin->name()), std::vector<std::int64_t>(num_nodes, 0)};
    scored.plugin->add_score(cycle, explanation.feasible, scored.weight, scores.weighted.data());
    for (std::size_t node = 0; node < num_nodes; ++node) explanation.totals[node] += scores.weighted[node];
    explanation.scores.push_back(std::move(scores));
  }
  Rng rng = rng_;
  explanation.node = choose(explanation.totals, explanation.feasible, rng);
  return explanation;
}

Decision Scheduler::schedule(std::string key, ShapeId shape) {
  state_.require_new_pod(key);
  Decision decision = decide(key, shape);
  if (decision.node != kNoId) state_.place(std::move(key), shape, decision.node);
  return decision;
}

std::vector<NodeIndex> Scheduler::schedule_many(const std::vector<ShapeId>& shapes, std::vector<std::string> keys,
                                                std::vector<Unplaced>& unplaced) {
  std::unordered_set<std::string_view> seen;
  seen.reserve(keys.size());
  for (const std::string& key : keys) {
    state_.require_new_pod(key);
    if (!seen.insert(key).second) throw StateError("pod names must be unique, got '" + key + "' twice");
  }
  for (ShapeId shape : shapes) profile_for(state_.shapes()[shape]);
  seen.clear();
  state_.reserve_pods(keys.size());
  std::vector<NodeIndex> nodes(shapes.size(), kNoId);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Decision decision = decide(keys[i], shapes[i]);
    nodes[i] = decision.node;
    if (decision.node == kNoId) {
      unplaced.push_back(Unplaced{static_cast<std::int64_t>(i), std::move(decision.message)});
    } else {
      state_.place(std::move(keys[i]), shapes[i], decision.node);
    }
  }
  return nodes;
}

}  // namespace kubesched
