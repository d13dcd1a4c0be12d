#include "model/pod_shape.h"

namespace kubesched {

namespace {

AffinityTerm read_affinity_term(Reader& reader, StringTable& strings) {
  AffinityTerm term;
  term.topology_key = strings.intern(reader.text());
  term.selector = read_selector(reader, strings);
  term.namespaces = reader.list([&] { return strings.intern(reader.text()); });
  term.namespace_selector = read_selector(reader, strings);
  return term;
}

std::vector<AffinityTerm> read_affinity_terms(Reader& reader, StringTable& strings) {
  return reader.list([&] { return read_affinity_term(reader, strings); });
}

std::vector<WeightedAffinityTerm> read_weighted_affinity_terms(Reader& reader, StringTable& strings) {
  return reader.list([&] {
    const std::int64_t weight = reader.i64();
    return WeightedAffinityTerm{weight, read_affinity_term(reader, strings)};
  });
}

void read_identity(Reader& reader, StringTable& strings, ResourceTable& resources, PodShape& shape) {
  shape.namespace_id = strings.intern(reader.text());
  shape.labels = read_labels(reader, strings);
  shape.requests = read_resources(reader, resources);
  shape.non_zero_milli_cpu = reader.i64();
  shape.non_zero_memory_bytes = reader.i64();
  shape.scored_requests = read_resources(reader, resources);
}

void read_node_choice(Reader& reader, StringTable& strings, PodShape& shape) {
  shape.node_name = strings.intern(reader.text());
  shape.node_selector = read_labels(reader, strings).labels();
  shape.has_required_node_affinity = reader.boolean();
  shape.required_node_affinity = read_node_selector_terms(reader, strings);
  shape.preferred_node_affinity = read_weighted_node_selector_terms(reader, strings);
  shape.has_preferred_node_affinity = reader.boolean();
  shape.tolerations = reader.list([&] { return read_toleration(reader, strings); });
  shape.host_ports = reader.list([&] {
    HostPort port{};
    port.ip = strings.intern(reader.text());
    port.protocol = strings.intern(reader.text());
    port.port = reader.i64();
    return port;
  });
  shape.images = reader.list([&] { return strings.intern(reader.text()); });
  shape.num_containers = reader.u32();
}

void read_topology(Reader& reader, StringTable& strings, PodShape& shape) {
  shape.spread = reader.list([&] { return read_spread_constraint(reader, strings); });
  shape.required_affinity = read_affinity_terms(reader, strings);
  shape.required_anti_affinity = read_affinity_terms(reader, strings);
  shape.preferred_affinity = read_weighted_affinity_terms(reader, strings);
  shape.preferred_anti_affinity = read_weighted_affinity_terms(reader, strings);
}

void read_rest(Reader& reader, StringTable& strings, const ResourceTable& resources, PodShape& shape) {
  shape.has_controller = reader.boolean();
  shape.controller.api_version = strings.intern(reader.text());
  shape.controller.kind = strings.intern(reader.text());
  shape.controller.name = strings.intern(reader.text());
  shape.priority = reader.i64();
  shape.never_preempts = reader.boolean();
  shape.terminating = reader.boolean();
  shape.scheduler_name = strings.intern(reader.text());
  shape.volumes = read_pod_volumes(reader, strings);
  shape.gpu = read_gpu_request(reader, strings, shape.requests, resources);
  shape.claims = reader.list([&] {
    const auto source = static_cast<ClaimSource>(reader.u8());
    return DeviceClaim{source, strings.intern(reader.text())};
  });
  if (shape.claims.empty()) return;
  shape.name = strings.intern(reader.text());
  shape.uid = strings.intern(reader.text());
}

}  // namespace

SpreadConstraint read_spread_constraint(Reader& reader, StringTable& strings) {
  SpreadConstraint constraint{};
  constraint.max_skew = reader.i64();
  constraint.topology_key = strings.intern(reader.text());
  constraint.hard = reader.u8() == 0;
  constraint.selector = read_selector(reader, strings);
  constraint.min_domains = reader.i64();
  constraint.affinity_policy = static_cast<NodeInclusionPolicy>(reader.u8());
  constraint.taints_policy = static_cast<NodeInclusionPolicy>(reader.u8());
  return constraint;
}

PodShape read_pod_shape(std::string_view record, StringTable& strings, ResourceTable& resources) {
  Reader reader(record);
  PodShape shape{};
  read_identity(reader, strings, resources, shape);
  read_node_choice(reader, strings, shape);
  read_topology(reader, strings, shape);
  read_rest(reader, strings, resources, shape);
  reader.finish();
  return shape;
}

}  // namespace kubesched
