#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/preemption_policy.h"
#include "bindings/python_extender.h"
#include "bindings/python_plugin.h"
#include "bindings/register.h"
#include "engine/scheduler.h"
#include "plugins/register_plugins.h"

namespace py = pybind11;

namespace kubesched {

namespace {

using ShapeArray = py::array_t<ShapeId, py::array::c_style | py::array::forcecast>;

std::unique_ptr<Scheduler> make_engine(const std::vector<py::bytes>& profiles, const std::string& tie_break,
                                       std::uint64_t seed, const std::string& kernels, const py::dict& plugins,
                                       const std::vector<py::object>& extenders,
                                       std::optional<std::size_t> ranking_bytes) {
  SchedulerOptions options;
  options.tie_break = tie_break == "random" ? TieBreak::kRandom : TieBreak::kFirst;
  options.seed = seed;
  options.ranking = RankingOptions{ranking_bytes.has_value(), ranking_bytes.value_or(0)};
  if (!kernels.empty()) {
    options.kernels = find_kernels(kernels);
    if (options.kernels == nullptr) throw py::value_error("kernels must be one of available_kernels()");
  }
  Registry registry = make_registry();
  add_python_plugins(registry, plugins);
  for (const py::object& extender : extenders) options.extenders.push_back(std::make_shared<PythonExtender>(extender));
  return std::make_unique<Scheduler>(std::vector<std::string>(profiles.begin(), profiles.end()), registry, options);
}

NodeIndex require_node(const Scheduler& engine, const std::string& name) {
  const StringId id = engine.state().strings().find(name);
  const NodeIndex node = id == kNoId ? kNoId : engine.state().nodes().find(id);
  if (node == kNoId) throw StateError("node must be in the cluster, got '" + name + "'");
  return node;
}

void add_pod(Scheduler& engine, const std::string& key, ShapeId shape, const std::string& node_name,
             std::int64_t start_time_ns, bool preempted) {
  engine.state().require_new_pod(key);
  const NodeIndex node = require_node(engine, node_name);
  engine.state().place(key, shape, node, PodStatus{start_time_ns, preempted});
}

std::shared_ptr<PodKeys> make_keys(const py::sequence& keys) {
  auto made = std::make_shared<PodKeys>();
  made->reserve(keys.size());
  for (const py::handle key : keys) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(key.ptr(), &size);
    if (text == nullptr) throw py::error_already_set();
    made->push_back({text, static_cast<std::size_t>(size)});
  }
  made->finish();
  return made;
}

std::int64_t signed_index(NodeIndex node) { return node == kNoId ? -1 : static_cast<std::int64_t>(node); }

py::tuple post_filter_of(const PostFilterResult& result) {
  return py::make_tuple(signed_index(result.nominated), result.victims, result.message);
}

py::tuple schedule(Scheduler& engine, const std::string& key, ShapeId shape, const std::string& nominated_node_name,
                   const std::string& preemption) {
  const PreemptionPolicy policy = policy_of(preemption);
  Decision decision;
  {
    const py::gil_scoped_release unlocked;
    decision = engine.schedule(PodToSchedule{key, shape, nominated_node_name}, policy);
  }
  return py::make_tuple(signed_index(decision.node), decision.feasible_nodes, decision.evaluated_nodes,
                        decision.message, post_filter_of(decision.post_filter));
}

std::span<const ShapeId> span_of(const ShapeArray& shapes) {
  return {shapes.data(), static_cast<std::size_t>(shapes.size())};
}

py::tuple schedule_many(Scheduler& engine, const ShapeArray& shapes, const std::shared_ptr<PodKeys>& keys,
                        const std::string& preemption) {
  const PreemptionPolicy policy = policy_of(preemption);
  const std::span<const ShapeId> ids = span_of(shapes);
  if (ids.size() != keys->size()) throw py::value_error("shapes and keys must be of one length");
  std::vector<Outcome> outcomes;
  std::vector<std::int32_t> placed;
  {
    const py::gil_scoped_release unlocked;
    const std::vector<NodeIndex> nodes = engine.schedule_many(ids, keys, policy, outcomes);
    placed.assign(nodes.begin(), nodes.end());  // kNoId becomes -1
  }
  py::dict messages;
  py::dict post_filters;
  for (const Outcome& pod : outcomes) {
    if (!pod.message.empty()) messages[py::int_(pod.position)] = pod.message;
    if (policy != PreemptionPolicy::kNever) post_filters[py::int_(pod.position)] = post_filter_of(pod.post_filter);
  }
  return py::make_tuple(take(std::move(placed)), messages, post_filters);
}

py::object rejections(const Explanation& explanation) {
  if (!explanation.diagnosis) return py::none();
  std::vector<std::int16_t> plugins;
  std::vector<std::uint8_t> codes;
  std::vector<std::uint32_t> reason_sets;
  std::vector<std::vector<std::string>> reasons;
  for (const Rejection& node : explanation.diagnosis->nodes()) {
    plugins.push_back(node.plugin);
    codes.push_back(static_cast<std::uint8_t>(node.code));
    reason_sets.push_back(node.reasons);
    while (node.plugin >= 0 && reasons.size() <= node.reasons) {
      reasons.push_back(explanation.diagnosis->reasons(static_cast<ReasonSetId>(reasons.size())));
    }
  }
  return py::make_tuple(take(std::move(plugins)), take(std::move(codes)), take(std::move(reason_sets)), reasons);
}

py::dict explain(Scheduler& engine, const std::string& key, ShapeId shape, const std::string& nominated_node_name) {
  Explanation explanation;
  {
    const py::gil_scoped_release unlocked;
    explanation = engine.explain(PodToSchedule{key, shape, nominated_node_name});
  }
  std::vector<std::uint8_t> feasible(explanation.feasible.size(), 0);
  explanation.feasible.for_each([&](std::size_t node) { feasible[node] = 1; });
  py::dict scores;
  for (PluginScores& plugin : explanation.scores) scores[py::str(plugin.plugin)] = take(std::move(plugin.weighted));
  py::dict result;
  if (!explanation.pre_filter_plugin.empty()) {
    result["pre_filter"] = py::make_tuple(explanation.pre_filter_plugin, static_cast<int>(explanation.pre_filter.code),
                                          explanation.pre_filter.reasons);
  } else {
    result["pre_filter"] = py::none();
  }
  result["filters"] = explanation.filters;
  result["rejections"] = rejections(explanation);
  result["feasible"] = take(std::move(feasible)).attr("astype")("bool");
  result["scores"] = scores;
  result["totals"] = take(std::move(explanation.totals));
  result["node"] = signed_index(explanation.node);
  result["message"] = explanation.message;
  result["post_filter"] = post_filter_of(explanation.post_filter);
  return result;
}

std::vector<std::string> node_names(const Scheduler& engine) {
  const ClusterState& state = engine.state();
  std::vector<std::string> names;
  names.reserve(state.nodes().size());
  for (std::size_t node = 0; node < state.nodes().size(); ++node) {
    names.push_back(state.strings()[state.nodes().name(node)]);
  }
  return names;
}

std::vector<std::string> resource_names(const Scheduler& engine) {
  std::vector<std::string> names;
  for (ResourceId id = 0; id < engine.state().resources().size(); ++id) {
    names.push_back(engine.state().resources().name(id));
  }
  return names;
}

ResourceId require_resource(const Scheduler& engine, const std::string& name) {
  const ResourceId id = engine.state().resources().find(name);
  if (id == kNoId) throw py::key_error(name);
  return id;
}

// A column that no node has filled yet may be shorter than the cluster; it is all zeros.
py::array_t<std::int64_t> amounts(const Scheduler& engine, const Column<std::int64_t>& column) {
  if (column.size() == engine.state().nodes().size()) return view(column);
  return view(Column<std::int64_t>(engine.state().nodes().size(), 0));
}

std::vector<std::string> pods_on(const Scheduler& engine, const std::string& node_name) {
  const ClusterState& state = engine.state();
  std::vector<std::string> keys;
  for (PodId pod : state.pods().on_node(state.nodes().uid(require_node(engine, node_name)))) {
    keys.emplace_back(state.pods()[pod].key);
  }
  return keys;
}

py::object node_of(const Scheduler& engine, const std::string& key) {
  const PodTable& pods = engine.state().pods();
  const PodId id = pods.find(key);
  if (id == kNoId) return py::none();
  const NodeTable& nodes = engine.state().nodes();
  return py::str(engine.state().strings()[nodes.name(nodes.index_of_uid(pods[id].node_uid))]);
}

py::dict nominations(const Scheduler& engine) {
  py::dict result;
  for (const auto& [name, pods] : engine.state().nominations().by_node()) {
    for (const Nomination& pod : pods) result[py::str(pod.key)] = engine.state().strings()[name];
  }
  return result;
}

py::dict labels_of_key(const Scheduler& engine, const std::string& key) {
  py::dict result;
  const StringId id = engine.state().strings().find(key);
  const LabelColumn* column = id == kNoId ? nullptr : engine.state().nodes().labels().find(id);
  std::vector<std::string> values;
  if (column != nullptr) {
    for (StringId value : column->values) values.push_back(engine.state().strings()[value]);
    result["codes"] = view(column->codes);
  } else {
    result["codes"] = view(Column<std::int32_t>(engine.state().nodes().size(), LabelColumn::kAbsent));
  }
  result["values"] = values;
  return result;
}

// Pairs of expression and device that still need a verdict: (expression's number, its text, first device's number).
std::vector<std::tuple<ExpressionId, std::string, ContentId>> missing_verdicts(const Scheduler& engine) {
  std::vector<std::tuple<ExpressionId, std::string, ContentId>> all;
  for (MissingVerdicts& row : engine.state().devices().verdicts().missing()) {
    all.emplace_back(row.expression, std::move(row.text), row.first);
  }
  return all;
}

std::vector<std::string> device_contents(const Scheduler& engine, ContentId first) {
  const auto& contents = engine.state().devices().verdicts().contents();
  return {contents.begin() + first, contents.end()};
}

void add_verdicts(Scheduler& engine, ExpressionId expression, const py::bytes& verdicts,
                  const std::vector<std::pair<ContentId, std::string>>& errors) {
  engine.state().edit_devices().verdicts().add(expression, verdicts, errors);
}

// (driver/pool/device, admin access) of each device of a claim, then the names it is reserved for; None where there is
// no such claim or it is not allocated.
py::object allocation(const Scheduler& engine, const std::string& key) {
  const Devices& devices = engine.state().devices();
  const ResourceClaim* claim = devices.find_claim(key);
  if (claim == nullptr || !claim->allocation) return py::none();
  std::vector<std::pair<std::string, bool>> taken;
  for (const AllocatedDevice& device : claim->allocation->devices) {
    taken.emplace_back(devices.device_name(device.device), device.admin_access);
  }
  return py::make_tuple(taken, claim->reserved_for);
}

}  // namespace

void register_engine(py::module_& module) {
  py::class_<PodKeys, std::shared_ptr<PodKeys>>(module, "PodKeys")
      .def(py::init(&make_keys), py::arg("keys"))
      .def("__len__", &PodKeys::size);
  py::class_<Mark>(module, "Mark");
  py::class_<Scheduler>(module, "Engine")
      .def(py::init(&make_engine), py::arg("profiles"), py::arg("tie_break"), py::arg("seed"), py::arg("kernels") = "",
           py::arg("plugins") = py::dict(), py::arg("extenders") = std::vector<py::object>(),
           py::arg("ranking_bytes") = RankingOptions::kDefaultBudgetBytes)
      .def("fork", [](const Scheduler& engine) { return std::make_unique<Scheduler>(engine); })
      .def("mark", &Scheduler::mark)
      .def("rewind", &Scheduler::rewind, py::arg("mark"))
      .def_property_readonly("kernels", &Scheduler::kernels_name)
      .def_property_readonly("num_nodes", [](const Scheduler& engine) { return engine.state().nodes().size(); })
      .def_property_readonly("num_pods", [](const Scheduler& engine) { return engine.state().pods().size(); })
      .def("add_node", [](Scheduler& engine, const py::bytes& record) { engine.state().add_node(record); })
      .def("update_node", [](Scheduler& engine, const py::bytes& record) { engine.state().update_node(record); })
      .def("remove_node", [](Scheduler& engine, const std::string& name) { return engine.state().remove_node(name); })
      .def("put_namespace", [](Scheduler& engine, const std::string& name,
                               const py::bytes& labels) { engine.state().put_namespace(name, labels); })
      .def("put_owner", [](Scheduler& engine, const py::bytes& record) { engine.state().put_owner(record); })
      .def("put_storage", [](Scheduler& engine, const py::bytes& record) { engine.state().put_storage(record); })
      .def("intern_shape",
           [](Scheduler& engine, const py::bytes& record) { return engine.state().intern_shape(record); })
      .def("add_pod", &add_pod, py::arg("key"), py::arg("shape"), py::arg("node_name"), py::arg("start_time_ns"),
           py::arg("preempted"))
      .def("remove_namespace",
           [](Scheduler& engine, const std::string& name) { engine.state().remove_namespace(name); })
      .def("remove_owner",
           [](Scheduler& engine, std::uint8_t kind, const std::string& namespace_name, const std::string& name) {
             engine.state().remove_owner(static_cast<OwnerKind>(kind), namespace_name, name);
           })
      .def("remove_storage",
           [](Scheduler& engine, std::uint8_t kind, const std::string& namespace_name, const std::string& name) {
             engine.state().remove_storage(static_cast<StorageKind>(kind), namespace_name, name);
           })
      .def("remove_resource_slice",
           [](Scheduler& engine, const std::string& name) { engine.state().remove_resource_slice(name); })
      .def("remove_device_class",
           [](Scheduler& engine, const std::string& name) { engine.state().remove_device_class(name); })
      .def("remove_resource_claim",
           [](Scheduler& engine, const std::string& key) { engine.state().remove_resource_claim(key); })
      .def("put_budget", [](Scheduler& engine, const py::bytes& record) { engine.state().put_budget(record); })
      .def("remove_budget", [](Scheduler& engine, const std::string& key) { engine.state().remove_budget(key); })
      .def("nominate", [](Scheduler& engine, std::string key, ShapeId shape,
                          const std::string& node_name) { engine.state().nominate(std::move(key), shape, node_name); })
      .def("nominations", &nominations)
      .def_property_readonly_static("NOT_STARTED", [](const py::object&) { return PodStatus::kNotStarted; })
      .def("remove_pod", [](Scheduler& engine, const std::string& key) { engine.state().remove_pod(key); })
      .def(
          "remove_pods",
          [](Scheduler& engine, const std::shared_ptr<PodKeys>& keys) {
            const py::gil_scoped_release unlocked;
            engine.state().remove_pods(*keys);
          },
          py::arg("keys"))
      .def("node_of", &node_of)
      .def("pods_on", &pods_on)
      .def("put_resource_slice",
           [](Scheduler& engine, const py::bytes& record) { engine.state().put_resource_slice(record); })
      .def("put_device_class",
           [](Scheduler& engine, const py::bytes& record) { engine.state().put_device_class(record); })
      .def("put_resource_claim",
           [](Scheduler& engine, const py::bytes& record) { engine.state().put_resource_claim(record); })
      .def("missing_verdicts", &missing_verdicts)
      .def("device_contents", &device_contents, py::arg("first"))
      .def("add_verdicts", &add_verdicts, py::arg("expression"), py::arg("verdicts"), py::arg("errors"))
      .def("allocation", &allocation, py::arg("key"))
      .def("schedule", &schedule, py::arg("key"), py::arg("shape"), py::arg("nominated_node_name"),
           py::arg("preemption"))
      .def("require_new_pods",
           [](const Scheduler& engine, const ShapeArray& shapes, const std::shared_ptr<PodKeys>& keys) {
             engine.require_new_pods(span_of(shapes), *keys);
           })
      .def("schedule_many", &schedule_many, py::arg("shapes"), py::arg("keys"), py::arg("preemption"))
      .def("explain", &explain, py::arg("key"), py::arg("shape"), py::arg("nominated_node_name"))
      .def("node_names", &node_names)
      .def("resource_names", &resource_names)
      .def("label_column", &labels_of_key)
      .def("allocatable",
           [](const Scheduler& engine, const std::string& name) {
             return amounts(engine, engine.state().nodes().allocatable(require_resource(engine, name)));
           })
      .def("requested",
           [](const Scheduler& engine, const std::string& name) {
             return amounts(engine, engine.state().nodes().requested(require_resource(engine, name)));
           })
      .def("non_zero_milli_cpu",
           [](const Scheduler& engine) { return view(engine.state().nodes().non_zero_milli_cpu()); })
      .def("non_zero_memory_bytes",
           [](const Scheduler& engine) { return view(engine.state().nodes().non_zero_memory_bytes()); })
      .def("num_pods_by_node", [](const Scheduler& engine) { return view(engine.state().nodes().num_pods()); })
      .def("unschedulable", [](const Scheduler& engine) { return view(engine.state().nodes().unschedulable()); });
}

}  // namespace kubesched
