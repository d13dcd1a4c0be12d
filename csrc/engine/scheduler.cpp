#include "engine/scheduler.h"

#include <algorithm>
#include <bit>

#include "engine/preemption.h"
#include "engine/sampling.h"

namespace kubesched {

namespace {

constexpr const char* kNoNodes = "no nodes available to schedule pods";

// The nodes that a plugin's filter rejected.
NodeMask rejected_by(const Plugin* plugin, const Profile& profile, const Diagnosis* diagnosis) {
  if (diagnosis == nullptr) return {};
  NodeMask nodes(diagnosis->nodes().size());
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    const std::int16_t filter = diagnosis->nodes()[node].plugin;
    if (filter >= 0 && static_cast<std::size_t>(filter) < profile.filter().size() &&
        profile.filter()[static_cast<std::size_t>(filter)] == plugin) {
      nodes.set(node);
    }
  }
  return nodes;
}

// The names of a batch while it is scheduled.
class HeldKeys {
 public:
  HeldKeys(ClusterState& state, std::shared_ptr<const PodKeys> keys)
      : state_(state), buffer_(state.hold_keys(std::move(keys))) {}
  HeldKeys(const HeldKeys&) = delete;
  HeldKeys& operator=(const HeldKeys&) = delete;
  ~HeldKeys() { state_.release_keys(buffer_); }

  KeyBufferId buffer() const { return buffer_; }

 private:
  ClusterState& state_;
  KeyBufferId buffer_;
};

}  // namespace

Scheduler::Scheduler(std::vector<std::string> profile_records, const Registry& registry,
                     const SchedulerOptions& options)
    : tie_break_(options.tie_break),
      rng_(options.seed),
      kernels_(options.kernels == nullptr ? &best_kernels() : options.kernels),
      extenders_(options.extenders),
      rankings_(options.ranking) {
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
      extenders_(other.extenders_),
      next_start_(other.next_start_),
      rankings_(other.rankings_.options()),
      memos_(other.profiles_->size()) {}

void Scheduler::rewind(const Mark& mark) {
  rng_ = mark.rng;
  next_start_ = mark.next_start;
}

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

Cycle Scheduler::begin(ShapeMemo& memo, const PodToSchedule& pod) {
  return Cycle{state_, pod.shape, state_.shapes()[pod.shape], memo, *kernels_, pod.key.text};
}

NodeIndex Scheduler::nominated_node(const PodToSchedule& pod) const {
  if (!pod.nominated_node_name.empty()) {
    const StringId name = state_.strings().find(pod.nominated_node_name);
    return name == kNoId ? kNoId : state_.nodes().find(name);
  }
  const Nomination* nomination = state_.nominations().find(pod.key.text);
  return nomination == nullptr ? kNoId : state_.nodes().find(nomination->node_name);
}

std::int64_t Scheduler::sample(const Profile& profile, const NodeMask& candidates, NodeMask& feasible,
                               NodeMask& looked_at) {
  const auto num_candidates = static_cast<std::int64_t>(candidates.count());
  if (!extenders_.empty()) looked_at = candidates;
  const std::int64_t percentage = profile.spec().percentage_of_nodes_to_score;
  if (percentage == ProfileSpec::kAllNodes || num_candidates == 0) return num_candidates;
  const bool any_will_do =
      profile.score().empty() && !has_extender(&Extender::filters) && !has_extender(&Extender::prioritizes);
  const std::int64_t enough = any_will_do ? 1 : feasible_nodes_to_find(percentage, num_candidates);
  const std::int64_t start = next_start_ % num_candidates;
  const std::int64_t evaluated = keep_first_feasible(candidates, start, enough, feasible);
  if (!extenders_.empty()) looked_at = passed_candidates(candidates, start, evaluated);
  next_start_ = (next_start_ + evaluated) % static_cast<std::int64_t>(state_.nodes().size());
  return evaluated;
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
  for (const auto& extender : extenders_) extender->add_score(cycle, feasible, totals_.data());
}

bool Scheduler::has_extender(bool (Extender::*is)() const) const {
  return std::any_of(extenders_.begin(), extenders_.end(), [&](const auto& extender) { return (*extender.*is)(); });
}

// schedule_one.go findNodesThatPassExtenders (v1.34).
Status Scheduler::ask_extenders(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis, std::size_t num_filters) const {
  for (std::size_t i = 0; i < extenders_.size() && nodes.any(); ++i) {
    if (diagnosis != nullptr) diagnosis->set_plugin(static_cast<std::int16_t>(num_filters + i));
    Status status = extenders_[i]->filter(cycle, nodes, diagnosis);
    if (status.code != Code::kSuccess) return status;
  }
  return {};
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

NodeIndex Scheduler::find_ranked(const PodToSchedule& pod) {
  if (!extenders_.empty() || !pod.nominated_node_name.empty() || !state_.nominations().empty()) return kNoId;
  if (state_.nodes().size() == 0) return kNoId;
  const Profile& profile = profile_for(state_.shapes()[pod.shape]);
  if (profile.spec().percentage_of_nodes_to_score != ProfileSpec::kAllNodes) return kNoId;
  state_.begin_cycle();
  return rankings_.find_best(profile, pod.shape, state_, *kernels_, tie_break_ == TieBreak::kRandom ? &rng_ : nullptr);
}

Decision Scheduler::decide(const PodToSchedule& pod, PreemptionPolicy policy) {
  Decision decision;
  if (state_.nodes().size() == 0) {
    decision.message = kNoNodes;
    return decision;
  }
  const Profile& profile = profile_for(state_.shapes()[pod.shape]);
  state_.begin_cycle();
  Cycle cycle = begin(memo_for(profile, pod.shape), pod);
  const FilterRun run(cycle, profile);
  const NodeIndex nominated = nominated_node(pod);
  const std::size_t num_filters = profile.filter().size();
  NodeMask looked_at;
  if (!run.is_rejected()) {
    NodeMask feasible(state_.nodes().size());
    // The nominated node comes first and alone: it is likely where the pod goes.
    if (nominated != kNoId && run.passes(nominated)) {
      feasible.set(nominated);
      if (ask_extenders(cycle, feasible, nullptr, num_filters).code == Code::kSuccess && feasible.any()) {
        decision.node = nominated;
        decision.feasible_nodes = decision.evaluated_nodes = 1;
        return decision;
      }
    }
    feasible = run.feasible();
    decision.evaluated_nodes = sample(profile, run.candidates(), feasible, looked_at);
    const Status answer = ask_extenders(cycle, feasible, nullptr, num_filters);
    if (answer.code != Code::kSuccess) {
      decision.message = answer.reasons.front();
      return decision;
    }
    decision.feasible_nodes = static_cast<std::int64_t>(feasible.count());
    if (decision.feasible_nodes == 1) {  // upstream asks no scorer then
      feasible.for_each([&](std::size_t node) { decision.node = static_cast<NodeIndex>(node); });
      return decision;
    }
    if (decision.feasible_nodes > 1) {
      score(cycle, profile, feasible);
      decision.node = choose(totals_, feasible, rng_);
      return decision;
    }
  }
  std::optional<Diagnosis> diagnosis;
  if (!run.is_rejected()) {
    diagnosis = diagnose(cycle, profile, run, looked_at);
  }
  decision.message = diagnosis ? run.message(*diagnosis) : run.message();
  decision.rejectors = run.rejectors(diagnosis ? &*diagnosis : nullptr);
  if (policy == PreemptionPolicy::kNever) return decision;
  bool clears_nomination = false;
  decision.post_filter =
      post_filter(cycle, profile, run, diagnosis ? &*diagnosis : nullptr, nominated, rng_, clears_nomination);
  if (clears_nomination) state_.clear_nomination(pod.key.text);
  return decision;
}

PostFilterResult Scheduler::post_filter(Cycle& cycle, const Profile& profile, const FilterRun& run,
                                        const Diagnosis* diagnosis, NodeIndex nominated, Rng& rng,
                                        bool& clears_nomination) const {
  PostFilterResult result;
  const auto say = [&](const std::string& message) {
    if (!result.message.empty()) result.message += ", ";
    result.message += message;
  };
  for (const Plugin* plugin : profile.post_filter()) {
    if (plugin != nullptr && !run.has_asked(plugin)) {
      result.message = "not found";  // upstream's plugin fails over the state that its PreFilter did not leave
      return result;
    }
    if (plugin != nullptr) {
      PostFilterAnswer answer = plugin->post_filter(cycle, rejected_by(plugin, profile, diagnosis));
      say(answer.message);
      result.deallocated_claim = std::move(answer.deallocated_claim);
      continue;
    }
    Preemption preemption(cycle, profile, run, diagnosis, extenders_);
    PreemptionResult found = preemption.find(nominated, tie_break_ == TieBreak::kRandom ? &rng : nullptr);
    clears_nomination = found.clears_nomination;
    if (found.is_error) {
      result.message = "preemption: " + found.message;
      return result;
    }
    if (!found.best) {
      say("preemption: " + found.message);
      continue;
    }
    result.message.clear();
    result.nominated = found.best->node;
    for (PodId pod : found.best->pods) result.victims.emplace_back(cycle.state.pods()[pod].key);
    return result;
  }
  return result;
}

void Scheduler::apply(const PodToSchedule& pod, const PostFilterResult& result, PreemptionPolicy policy) {
  if (!result.deallocated_claim.empty()) state_.edit_devices().deallocate(result.deallocated_claim);
  if (result.nominated == kNoId) return;
  for (const std::string& victim : result.victims) {
    if (policy == PreemptionPolicy::kImmediate) {
      state_.remove_pod(victim);
      continue;
    }
    const PodId id = state_.pods().find(victim);
    if (!state_.shapes()[state_.pods()[id].shape].terminating) state_.evict(id);
  }
  const StringId node_name = state_.nodes().name(result.nominated);
  std::vector<std::string> outranked;
  const auto& by_node = state_.nominations().by_node();
  if (const auto found = by_node.find(node_name); found != by_node.end()) {
    for (const Nomination& other : found->second) {
      if (state_.shapes()[other.shape].priority < state_.shapes()[pod.shape].priority) outranked.push_back(other.key);
    }
  }
  for (const std::string& key : outranked) state_.clear_nomination(key);
  state_.nominate(std::string(pod.key.text), pod.shape, state_.strings()[node_name]);
}

Diagnosis Scheduler::diagnose(Cycle& cycle, const Profile& profile, const FilterRun& run,
                              const NodeMask& looked_at) const {
  NodeMask nodes;
  Diagnosis diagnosis = run.diagnose(nodes);
  if (extenders_.empty()) return diagnosis;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    const bool left_out = diagnosis.nodes()[node].plugin == Rejection::kPreFilterResult;
    if (!looked_at.test(node) && !left_out) diagnosis.forget(node);
  }
  nodes &= looked_at;
  ask_extenders(cycle, nodes, &diagnosis, profile.filter().size());
  return diagnosis;
}

Explanation Scheduler::explain(const PodToSchedule& pod) {
  Explanation explanation;
  const std::size_t num_nodes = state_.nodes().size();
  explanation.feasible.assign(num_nodes, false);
  if (num_nodes == 0) {
    explanation.message = kNoNodes;
    return explanation;
  }
  const Profile& profile = profile_for(state_.shapes()[pod.shape]);
  ShapeMemo memo;  // of its own: no cycle starts, so what nodes see may differ from what the next cycle will
  Cycle cycle = begin(memo, pod);
  const FilterRun run(cycle, profile);
  const NodeIndex nominated = nominated_node(pod);
  Rng rng = rng_;
  for (const Plugin* plugin : profile.filter()) explanation.filters.emplace_back(plugin->name());
  if (run.is_rejected()) {
    explanation.pre_filter_plugin = run.rejecting_plugin();
    explanation.pre_filter = run.rejection();
  } else {
    explanation.diagnosis = run.diagnose(explanation.feasible);
  }
  for (const auto& extender : extenders_) explanation.filters.emplace_back(extender->name());
  if (explanation.diagnosis) {
    const Status answer = ask_extenders(cycle, explanation.feasible, &*explanation.diagnosis, profile.filter().size());
    if (answer.code != Code::kSuccess) {
      explanation.message = answer.reasons.front();
      explanation.feasible.assign(num_nodes, false);
      return explanation;
    }
  }
  if (!explanation.feasible.any()) {
    const Diagnosis* diagnosis = explanation.diagnosis ? &*explanation.diagnosis : nullptr;
    bool clears_nomination = false;
    explanation.message = diagnosis == nullptr ? run.message() : run.message(*diagnosis);
    explanation.post_filter = post_filter(cycle, profile, run, diagnosis, nominated, rng, clears_nomination);
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
  for (const auto& extender : extenders_) {
    if (!extender->prioritizes()) continue;
    PluginScores scores{std::string(extender->name()), std::vector<std::int64_t>(num_nodes, 0)};
    extender->add_score(cycle, explanation.feasible, scores.weighted.data());
    extender->add_score(cycle, explanation.feasible, explanation.totals.data());
    explanation.scores.push_back(std::move(scores));
  }
  explanation.node = nominated != kNoId && explanation.feasible.test(nominated)
                         ? nominated
                         : choose(explanation.totals, explanation.feasible, rng);
  return explanation;
}

void Scheduler::assume(const PodToSchedule& pod, NodeIndex node) {
  const Profile& profile = profile_for(state_.shapes()[pod.shape]);
  Cycle cycle = begin(memo_for(profile, pod.shape), pod);
  for (const Plugin* plugin : profile.reserve()) plugin->reserve(cycle, pod.key.text, node);
  state_.place(pod.key, pod.shape, node);
}

Decision Scheduler::schedule(const PodToSchedule& pod, PreemptionPolicy policy) {
  state_.require_new_pod(pod.key);
  const NodeIndex ranked = find_ranked(pod);
  if (ranked == kNoId) return schedule_unranked(pod, policy);
  Decision decision;
  decision.node = ranked;
  decision.feasible_nodes = rankings_.num_feasible(*kernels_);
  decision.evaluated_nodes = static_cast<std::int64_t>(state_.nodes().size());
  state_.place(pod.key, pod.shape, ranked);
  return decision;
}

Decision Scheduler::schedule_unranked(const PodToSchedule& pod, PreemptionPolicy policy) {
  Decision decision = decide(pod, policy);
  if (decision.node == kNoId) {
    apply(pod, decision.post_filter, policy);
    if (policy == PreemptionPolicy::kImmediate && decision.post_filter.nominated != kNoId) {
      PostFilterResult made_room = std::move(decision.post_filter);
      decision = decide(PodToSchedule{pod.key, pod.shape, {}}, PreemptionPolicy::kNever);
      decision.post_filter = std::move(made_room);
    }
  }
  if (decision.node != kNoId) assume(pod, decision.node);
  return decision;
}

void Scheduler::require_new_pods(std::span<const ShapeId> shapes, const PodKeys& keys) const {
  const std::size_t num_distinct = keys.first_duplicate().value_or(keys.size());
  if (state_.pods().size() > 0) {
    for (std::size_t i = 0; i < num_distinct; ++i) state_.require_new_pod(PodKey{keys[i], keys.hash(i), kNoId});
  }
  if (num_distinct < keys.size()) {
    throw StateError("pod names must be unique, got '" + std::string(keys[num_distinct]) + "' twice");
  }
  if (profiles_->size() == 1) return;
  for (ShapeId shape : shapes) profile_for(state_.shapes()[shape]);
}

std::vector<NodeIndex> Scheduler::schedule_many(std::span<const ShapeId> shapes,
                                                const std::shared_ptr<const PodKeys>& keys, PreemptionPolicy policy,
                                                std::vector<Outcome>& outcomes) {
  require_new_pods(shapes, *keys);
  state_.reserve_pods(keys->size());
  const HeldKeys held(state_, keys);
  constexpr std::size_t kAhead = 4;
  std::vector<NodeIndex> nodes(shapes.size(), kNoId);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    state_.pods().expect(keys->hash(std::min(i + kAhead, shapes.size() - 1)));
    const PodToSchedule pod{PodKey{(*keys)[i], keys->hash(i), held.buffer()}, shapes[i], {}};
    nodes[i] = find_ranked(pod);
    if (nodes[i] != kNoId) {
      state_.place(pod.key, pod.shape, nodes[i]);
      continue;
    }
    Decision decision = schedule_unranked(pod, policy);
    nodes[i] = decision.node;
    if (decision.node == kNoId || !decision.post_filter.victims.empty()) {
      outcomes.push_back(
          Outcome{static_cast<std::int64_t>(i), std::move(decision.message), std::move(decision.post_filter)});
    }
  }
  return nodes;
}

}  // namespace kubesched
