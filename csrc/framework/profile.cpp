#include "framework/profile.h"

namespace kubesched {

namespace {

std::vector<std::string> read_names(Reader& reader) {
  return reader.list([&] { return std::string(reader.text()); });
}

void read_resources(Reader& reader, ProfileSpec& spec) {
  spec.fit_strategy = static_cast<ScoringStrategy>(reader.u8());
  spec.fit_resources = reader.list([&] {
    std::string name(reader.text());
    return WeightedResource{std::move(name), reader.i64()};
  });
  spec.fit_shape = reader.list([&] {
    const std::int64_t utilization = reader.i64();
    return ShapePoint{utilization, reader.i64()};
  });
  spec.ignored_resources = read_names(reader);
  spec.ignored_resource_groups = read_names(reader);
  spec.balanced_resources = read_names(reader);
}

}  // namespace

ProfileSpec read_profile(std::string_view record, StringTable& strings) {
  Reader reader(record);
  ProfileSpec spec;
  spec.scheduler_name = reader.text();
  spec.percentage_of_nodes_to_score = reader.i64();
  spec.pre_filter = read_names(reader);
  spec.filter = read_names(reader);
  spec.pre_score = read_names(reader);
  spec.score = reader.list([&] {
    std::string name(reader.text());
    return WeightedName{std::move(name), reader.i64()};
  });
  spec.post_filter = read_names(reader);
  spec.reserve = read_names(reader);
  read_resources(reader, spec);
  spec.spread_system_defaulting = reader.boolean();
  spec.spread_default_constraints = reader.list([&] { return read_spread_constraint(reader, strings); });
  spec.hard_pod_affinity_weight = reader.i64();
  spec.ignore_preferred_terms_of_existing_pods = reader.boolean();
  spec.has_added_required_affinity = reader.boolean();
  spec.added_required_affinity = read_node_selector_terms(reader, strings);
  spec.added_preferred_affinity = read_weighted_node_selector_terms(reader, strings);
  spec.min_candidate_nodes_percentage = reader.i64();
  spec.min_candidate_nodes_absolute = reader.i64();
  spec.dra_filter_timeout_ns = reader.i64();
  spec.card_choice = static_cast<CardChoice>(reader.u8());
  spec.random_seed = static_cast<std::uint64_t>(reader.i64());
  spec.typical_pods = read_typical_pods(reader, strings);
  reader.finish();
  return spec;
}

const Registry::Factory* Registry::find(const std::string& name) const {
  const auto found = factories_.find(name);
  return found == factories_.end() ? nullptr : &found->second;
}

Profile::Profile(ProfileSpec spec, const Registry& registry, StringTable& strings) : spec_(std::move(spec)) {
  for (const std::string& name : spec_.pre_filter) pre_filter_.push_back(plugin(name, registry, strings));
  for (const std::string& name : spec_.filter) filter_.push_back(plugin(name, registry, strings));
  for (const WeightedName& entry : spec_.score) {
    score_.push_back(ScoredPlugin{plugin(entry.name, registry, strings), entry.weight});
  }
  for (const std::string& name : spec_.post_filter) {
    post_filter_.push_back(name == "DefaultPreemption" ? nullptr : plugin(name, registry, strings));
  }
  for (const std::string& name : spec_.reserve) reserve_.push_back(plugin(name, registry, strings));
}

const Plugin* Profile::plugin(const std::string& name, const Registry& registry, StringTable& strings) {
  for (const auto& existing : plugins_) {
    if (existing->name() == name) return existing.get();
  }
  const Registry::Factory* factory = registry.find(name);
  check(factory != nullptr, "a profile names only plugins of the registry");
  plugins_.push_back((*factory)(spec_, plugins_.size(), strings));
  return plugins_.back().get();
}

}  // namespace kubesched
