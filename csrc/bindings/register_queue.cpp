#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/register.h"
#include "queue/property_changes.h"
#include "queue/scheduling_queue.h"

namespace py = pybind11;

namespace kubesched {

namespace {

using ObjectPtr = std::shared_ptr<EventObject>;
// A profile's record, all its plugins, and its PreEnqueue plugins.
using ProfileRecord = std::tuple<py::bytes, std::vector<std::string>, std::vector<std::string>>;
using OwnGates = std::vector<std::pair<std::string, py::object>>;
using OwnEvent = std::tuple<int, std::uint32_t, py::object>;
using OwnEvents = std::map<std::string, std::vector<OwnEvent>>;

// Objects given to Python keep their manifest; it is dropped with the last of them.
std::shared_ptr<void> keep(const py::object& manifest) {
  return {new py::object(manifest), [](void* p) { delete static_cast<py::object*>(p); }};
}

py::object manifest_of(const std::shared_ptr<void>& kept) {
  return kept == nullptr ? py::object(py::none()) : *static_cast<const py::object*>(kept.get());
}

py::object manifest_of(const EventObject* object) {
  return object == nullptr ? py::object(py::none()) : manifest_of(object->manifest);
}

// The function gives True for Queue, False for QueueSkip and None for an error.
HintFunction make_hint(const py::object& function) {
  if (function.is_none()) return {};
  return [function](const HintInput& input) {
    const py::object answer =
        function(manifest_of(input.pod.manifest), manifest_of(input.old_object), manifest_of(input.new_object));
    return answer.is_none() ? QueueingHint::kError : queue_if(answer.cast<bool>());
  };
}

GateFunction make_gate(const py::object& function) {
  return [function](const PodObject& pod) -> std::optional<std::string> {
    const py::object reason = function(manifest_of(pod.manifest));
    if (reason.is_none()) return std::nullopt;
    return reason.cast<std::string>();
  };
}

// The queue with the table of shapes that its pods share.
struct BoundQueue {
  explicit BoundQueue(const QueueOptions& options) : queue(options) {}

  std::shared_ptr<const PodShape> intern(const std::string& record) {
    auto& shape = shapes[record];
    if (shape == nullptr) {
      HintContext& context = queue.context();
      shape = std::make_shared<const PodShape>(read_pod_shape(record, context.strings, context.resources));
    }
    return shape;
  }

  SchedulingQueue queue;
  std::unordered_map<std::string, std::shared_ptr<const PodShape>> shapes;
};

std::unique_ptr<BoundQueue> make_queue(const std::vector<ProfileRecord>& profiles, std::int64_t initial_backoff_ns,
                                       std::int64_t max_backoff_ns, std::int64_t max_in_unschedulable_ns,
                                       bool pop_from_backoff, std::int64_t start_ns, const OwnGates& own_gates,
                                       const OwnEvents& own_events) {
  auto bound = std::make_unique<BoundQueue>(
      QueueOptions{initial_backoff_ns, max_backoff_ns, max_in_unschedulable_ns, pop_from_backoff, start_ns});
  std::vector<Gate> gates;
  for (const auto& [plugin, function] : own_gates) gates.push_back({plugin, make_gate(function)});
  PluginEvents events;
  for (const auto& [plugin, listed] : own_events) {
    auto& of_plugin = events[plugin];
    for (const auto& [resource, action_bits, function] : listed) {
      of_plugin.push_back({{static_cast<EventResource>(resource), action_bits}, make_hint(function)});
    }
  }
  for (const auto& [record, plugins, gate_plugins] : profiles) {
    bound->queue.add_profile(read_profile(std::string(record), bound->queue.context().strings), plugins, gate_plugins,
                             gates, events);
  }
  return bound;
}

ObjectPtr pod_object(BoundQueue& bound, const std::string& shape, const std::string& record,
                     const py::object& manifest) {
  PodObject pod = read_pod_object(record, bound.intern(shape), bound.queue.context().strings);
  pod.manifest = keep(manifest);
  std::shared_ptr<void> kept = pod.manifest;
  return std::make_shared<EventObject>(EventObject{std::make_shared<const PodObject>(std::move(pod)), std::move(kept)});
}

ObjectPtr node_object(BoundQueue& bound, const std::string& node, const std::string& rest, const py::object& manifest) {
  HintContext& context = bound.queue.context();
  return std::make_shared<EventObject>(
      EventObject{read_node_object(node, rest, context.strings, context.resources), keep(manifest)});
}

ObjectPtr other_object(BoundQueue& bound, std::uint8_t kind, const std::string& record, const py::object& manifest) {
  return std::make_shared<EventObject>(
      EventObject{read_event_payload(kind, record, bound.queue.context().strings), keep(manifest)});
}

std::shared_ptr<const PodObject> pod_of(const ObjectPtr& object) {
  return std::get<std::shared_ptr<const PodObject>>(object->payload);
}

ClusterEvent make_event(int resource, std::uint32_t action_bits) {
  return {static_cast<EventResource>(resource), action_bits};
}

using EventTuples = std::vector<std::pair<int, std::uint32_t>>;

EventTuples as_tuples(const std::vector<ClusterEvent>& events) {
  EventTuples tuples;
  for (const ClusterEvent& event : events) tuples.emplace_back(static_cast<int>(event.resource), event.action_bits);
  return tuples;
}

// What the update of a pod or node amounts to.
EventTuples changes(const ObjectPtr& old_object, const ObjectPtr& new_object) {
  if (old_object->pod() != nullptr) return as_tuples(pod_changes(*old_object->pod(), *new_object->pod()));
  return as_tuples(node_changes(*old_object->get<NodeObject>(), *new_object->get<NodeObject>()));
}

// Active, backing off, unschedulable, gated.
std::tuple<std::size_t, std::size_t, std::size_t, std::size_t> counts(const BoundQueue& bound) {
  std::size_t gated = 0;
  for (const auto& [key, pod] : bound.queue.unschedulable()) gated += pod->gated() ? 1 : 0;
  return {bound.queue.active().size(), bound.queue.backoff().size(), bound.queue.unschedulable().size() - gated, gated};
}

std::vector<QueuedPodPtr> unschedulable(const BoundQueue& bound) {
  std::vector<QueuedPodPtr> pods;
  for (const auto& [key, pod] : bound.queue.unschedulable()) pods.push_back(pod);
  return pods;
}

void register_objects(py::module_& module) {
  py::class_<EventObject, std::shared_ptr<EventObject>>(module, "EventObject");
  py::class_<QueuedPod, QueuedPodPtr>(module, "QueuedPod")
      .def_property_readonly("key", [](const QueuedPod& pod) { return pod.pod->key; })
      .def_property_readonly("uid", [](const QueuedPod& pod) { return pod.pod->uid; })
      .def_property_readonly("manifest", [](const QueuedPod& pod) { return manifest_of(pod.pod->manifest); })
      .def_readonly("timestamp_ns", &QueuedPod::timestamp_ns)
      .def_readonly("attempts", &QueuedPod::attempts)
      .def_readonly("initial_attempt_ns", &QueuedPod::initial_attempt_ns)
      .def_readonly("backoff_expiration_ns", &QueuedPod::backoff_expiration_ns)
      .def_readonly("unschedulable_count", &QueuedPod::unschedulable_count)
      .def_readonly("consecutive_errors_count", &QueuedPod::consecutive_errors_count)
      .def_readonly("unschedulable_plugins", &QueuedPod::unschedulable_plugins)
      .def_readonly("pending_plugins", &QueuedPod::pending_plugins)
      .def_readonly("gating_plugin", &QueuedPod::gating_plugin)
      .def_readonly("gating_reason", &QueuedPod::gating_reason);
}

void add_unschedulable(BoundQueue& bound, const QueuedPodPtr& pod, const ObjectPtr& latest,
                       std::set<std::string> unschedulable_plugins, std::set<std::string> pending_plugins,
                       std::int64_t now_ns) {
  bound.queue.add_unschedulable_if_not_present(pod, latest == nullptr ? nullptr : pod_of(latest),
                                               std::move(unschedulable_plugins), std::move(pending_plugins), now_ns);
}

}  // namespace

void register_queue(py::module_& module) {
  register_objects(module);
  py::class_<BoundQueue>(module, "SchedulingQueue")
      .def(py::init(&make_queue), py::arg("profiles"), py::arg("initial_backoff_ns"), py::arg("max_backoff_ns"),
           py::arg("max_in_unschedulable_ns"), py::arg("pop_from_backoff"), py::arg("start_ns"), py::arg("own_gates"),
           py::arg("own_events"))
      .def("pod_object", &pod_object)
      .def("node_object", &node_object)
      .def("other_object", &other_object)
      .def("put_owner",
           [](BoundQueue& bound, const std::string& record) {
             bound.queue.context().owners.put(record, bound.queue.context().strings);
           })
      .def("changes", [](BoundQueue&, const ObjectPtr& old_object,
                         const ObjectPtr& new_object) { return changes(old_object, new_object); })
      .def("tick", [](BoundQueue& bound, std::int64_t now_ns) { bound.queue.tick(now_ns); })
      .def("add",
           [](BoundQueue& bound, const ObjectPtr& pod, std::int64_t now_ns) { bound.queue.add(pod_of(pod), now_ns); })
      .def("pop", [](BoundQueue& bound, std::int64_t now_ns) { return bound.queue.pop(now_ns); })
      .def("add_unschedulable_if_not_present", &add_unschedulable)
      .def("done", [](BoundQueue& bound, const std::string& uid) { bound.queue.done(uid); })
      .def("update", [](BoundQueue& bound, const ObjectPtr& old_pod, const ObjectPtr& new_pod,
                        std::int64_t now_ns) { bound.queue.update(old_pod, new_pod, now_ns); })
      .def("delete", [](BoundQueue& bound, const std::string& key) { bound.queue.remove(key); })
      .def("move_all_to_active_or_backoff",
           [](BoundQueue& bound, int resource, std::uint32_t action_bits, const ObjectPtr& old_object,
              const ObjectPtr& new_object, std::int64_t max_priority, std::int64_t now_ns) {
             bound.queue.move_all_to_active_or_backoff(make_event(resource, action_bits), old_object, new_object,
                                                       max_priority, now_ns);
           })
      .def("activate", [](BoundQueue& bound, const std::vector<ObjectPtr>& pods,
                          std::int64_t now_ns) { bound.queue.activate({pods.begin(), pods.end()}, now_ns); })
      .def("set_preempting", [](BoundQueue& bound, const std::string& uid,
                                bool is_preempting) { bound.queue.set_preempting(uid, is_preempting); })
      .def("find", [](BoundQueue& bound, const std::string& key) { return bound.queue.find(key); })
      .def("active", [](BoundQueue& bound) { return bound.queue.active().sorted(); })
      .def("backoff", [](BoundQueue& bound) { return bound.queue.backoff().normal().sorted(); })
      .def("error_backoff", [](BoundQueue& bound) { return bound.queue.backoff().error().sorted(); })
      .def("unschedulable", &unschedulable)
      .def("counts", &counts)
      .def("in_flight", [](BoundQueue& bound) { return bound.queue.in_flight().describe(); })
      .def("incoming", [](BoundQueue& bound) { return bound.queue.incoming(); })
      .def("hint_counts", [](BoundQueue& bound) { return bound.queue.hint_counts(); })
      .def_property_readonly("scheduling_cycle", [](BoundQueue& bound) { return bound.queue.scheduling_cycle(); })
      .def_property_readonly("now_ns", [](BoundQueue& bound) { return bound.queue.now_ns(); })
      .def_property_readonly("next_flush_ns", [](BoundQueue& bound) { return bound.queue.next_flush_ns(); });
  module.def("event_label",
             [](int resource, std::uint32_t action_bits) { return make_event(resource, action_bits).label(); });
}

}  // namespace kubesched
