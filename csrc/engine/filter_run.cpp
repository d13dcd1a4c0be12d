#include "engine/filter_run.h"

#include <algorithm>

#include "engine/supposition.h"

namespace kubesched {

namespace {

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

FilterRun::FilterRun(Cycle& cycle, const Profile& profile) : cycle_(cycle), profile_(profile) {
  candidates_.assign(cycle.state.nodes().size(), true);
  for (const Plugin* plugin : profile.pre_filter()) {
    PreFilterResult result = plugin->pre_filter(cycle);
    ++num_asked_;
    if (result.status.code == Code::kSkip) {
      skipped_.push_back(plugin);
    } else if (result.status.code != Code::kSuccess) {
      // After a rejection that preemption might cure, upstream goes on and keeps the last.
      rejecting_plugin_ = plugin->name();
      rejection_ = std::move(result.status);
      if (rejection_.code != Code::kUnschedulable) return;
    } else if (result.nodes) {
      candidates_ &= *result.nodes;
      listing_plugins_.emplace_back(plugin->name());
    }
  }
  std::sort(listing_plugins_.begin(), listing_plugins_.end());
}

bool FilterRun::has_asked(const Plugin* plugin) const {
  const auto& plugins = profile_.pre_filter();
  const auto asked = plugins.begin() + static_cast<std::ptrdiff_t>(num_asked_);
  return std::find(plugins.begin(), asked, plugin) != asked;
}

bool FilterRun::skips(const Plugin* plugin) const {
  return std::find(skipped_.begin(), skipped_.end(), plugin) != skipped_.end();
}

const NodeMask& FilterRun::static_mask() const {
  const auto make = [&] {
    auto memo = std::make_unique<StaticMask>();
    memo->mask.assign(cycle_.state.nodes().size(), true);
    for (const Plugin* plugin : profile_.filter()) {
      if (plugin->filter_is_static()) plugin->filter(cycle_, memo->mask, nullptr);
    }
    return memo;
  };
  return cycle_.memo.get<StaticMask>(profile_.cycle_slot(), cycle_.state.epoch(), make).mask;
}

std::vector<ShapeId> FilterRun::nominated_at(NodeIndex node) const {
  std::vector<ShapeId> shapes;
  const auto& by_node = cycle_.state.nominations().by_node();
  const auto found = by_node.find(cycle_.state.nodes().name(node));
  if (found == by_node.end()) return shapes;
  for (const Nomination& pod : found->second) {
    if (pod.key != cycle_.key && cycle_.state.shapes()[pod.shape].priority >= cycle_.shape.priority) {
      shapes.push_back(pod.shape);
    }
  }
  return shapes;
}

NodeMask FilterRun::nodes_with_nominated() const {
  NodeMask nodes(cycle_.state.nodes().size());
  for (const auto& [name, pods] : cycle_.state.nominations().by_node()) {
    const NodeIndex node = cycle_.state.nodes().find(name);
    if (node != kNoId && !nominated_at(node).empty()) nodes.set(node);
  }
  return nodes;
}

NodeMask FilterRun::feasible() const {
  NodeMask nodes = candidates_;
  nodes &= static_mask();
  for (const Plugin* plugin : profile_.filter()) {
    if (!plugin->filter_is_static() && !skips(plugin)) plugin->filter(cycle_, nodes, nullptr);
  }
  if (cycle_.state.nominations().empty()) return nodes;
  nodes_with_nominated().for_each([&](std::size_t node) {
    if (nodes.test(node) && !passes(static_cast<NodeIndex>(node))) nodes.reset(node);
  });
  return nodes;
}

NodeMask FilterRun::lacking_room_alone() const {
  NodeMask nodes(cycle_.state.nodes().size());
  const auto is_settled = [&](const Plugin* plugin) {
    return plugin->filter_is_static() || plugin->filters_by_room() || skips(plugin);
  };
  const auto& filters = profile_.filter();
  if (!std::all_of(filters.begin(), filters.end(),
                   [&](const Plugin* plugin) { return is_settled(plugin) || plugin->filter_is_monotone(cycle_); })) {
    return nodes;
  }
  nodes = static_mask();
  for (const Plugin* plugin : filters) {
    if (!is_settled(plugin)) plugin->filter(cycle_, nodes, nullptr);
  }
  if (cycle_.state.nominations().empty() || std::all_of(filters.begin(), filters.end(), is_settled)) return nodes;
  nodes_with_nominated().for_each([&](std::size_t i) {
    const auto node = static_cast<NodeIndex>(i);
    Supposition supposed(cycle_.state, node);
    for (ShapeId shape : nominated_at(node)) supposed.add(shape);
    const bool passes = std::all_of(filters.begin(), filters.end(), [&](const Plugin* plugin) {
      return is_settled(plugin) || plugin->filter_node(cycle_, node);
    });
    if (!passes) nodes.reset(node);
  });
  return nodes;
}

bool FilterRun::passes(NodeIndex node) const {
  if (!cycle_.state.nominations().empty()) {
    const std::vector<ShapeId> nominated = nominated_at(node);
    Supposition supposed(cycle_.state, node);
    for (ShapeId shape : nominated) supposed.add(shape);
    if (!nominated.empty() && !passes_once(node)) return false;
  }
  return passes_once(node);
}

bool FilterRun::passes_once(NodeIndex node) const {
  if (!static_mask().test(node)) return false;
  return std::all_of(profile_.filter().begin(), profile_.filter().end(), [&](const Plugin* plugin) {
    return plugin->filter_is_static() || skips(plugin) || plugin->filter_node(cycle_, node);
  });
}

bool FilterRun::diagnose_node(NodeIndex node, Diagnosis& diagnosis) const {
  {
    const std::vector<ShapeId> nominated = nominated_at(node);
    Supposition supposed(cycle_.state, node);
    for (ShapeId shape : nominated) supposed.add(shape);
    if (!nominated.empty() && !diagnose_once(node, diagnosis)) return false;
  }
  return diagnose_once(node, diagnosis);
}

bool FilterRun::diagnose_once(NodeIndex node, Diagnosis& diagnosis) const {
  NodeMask alone(cycle_.state.nodes().size());
  alone.set(node);
  for (std::size_t i = 0; i < profile_.filter().size(); ++i) {
    if (skips(profile_.filter()[i])) continue;
    diagnosis.set_plugin(static_cast<std::int16_t>(i));
    profile_.filter()[i]->filter(cycle_, alone, &diagnosis);
  }
  return alone.test(node);
}

Diagnosis FilterRun::diagnose(NodeMask& feasible) const {
  feasible = candidates_;
  Diagnosis diagnosis(feasible.size());
  if (!listing_plugins_.empty()) {
    for (std::size_t node = 0; node < feasible.size(); ++node) {
      if (!feasible.test(node)) diagnosis.leave_out(node);
    }
  }
  if (!cycle_.state.nominations().empty()) {
    nodes_with_nominated().for_each([&](std::size_t node) {
      if (!feasible.test(node)) return;
      if (!diagnose_node(static_cast<NodeIndex>(node), diagnosis)) feasible.reset(node);
    });
  }
  for (std::size_t i = 0; i < profile_.filter().size(); ++i) {
    if (skips(profile_.filter()[i])) continue;
    diagnosis.set_plugin(static_cast<std::int16_t>(i));
    profile_.filter()[i]->filter(cycle_, feasible, &diagnosis);
  }
  return diagnosis;
}

std::vector<std::string> FilterRun::rejectors(const Diagnosis* diagnosis) const {
  std::vector<std::string> names = listing_plugins_;
  if (diagnosis == nullptr) {
    names.push_back(rejecting_plugin_);
    return names;
  }
  const std::size_t num_filters = profile_.filter().size();
  std::vector<bool> rejected(num_filters + 1, false);  // the last stands for all extenders
  for (const Rejection& node : diagnosis->nodes()) {
    if (node.plugin >= 0) rejected[std::min(static_cast<std::size_t>(node.plugin), num_filters)] = true;
  }
  for (std::size_t i = 0; i < num_filters; ++i) {
    if (rejected[i]) names.emplace_back(profile_.filter()[i]->name());
  }
  if (rejected[num_filters]) names.emplace_back("Extender");
  return names;
}

std::string FilterRun::message(const Diagnosis& diagnosis) const {
  auto histogram = diagnosis.histogram();
  if (diagnosis.num_left_out() > 0) {
    histogram["node(s) didn't satisfy plugin(s) " + in_brackets(listing_plugins_)] += diagnosis.num_left_out();
  }
  return fit_error(cycle_.state.nodes().size(), histogram);
}

std::string FilterRun::message() const {
  if (is_rejected()) return pre_filter_error(cycle_.state.nodes().size(), rejection_);
  NodeMask nodes;
  return message(diagnose(nodes));
}

}  // namespace kubesched
