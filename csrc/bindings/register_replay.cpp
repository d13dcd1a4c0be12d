#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/preemption_policy.h"
#include "bindings/register.h"
#include "engine/scheduler.h"
#include "replay/replay.h"

namespace py = pybind11;

namespace kubesched {

namespace {

template <typename T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;
using ProfileRecord = std::tuple<py::bytes, std::vector<std::string>, std::vector<std::string>>;
// A pod's shape, what the queue needs beside it, its grace period, whether a drain takes it, its images.
using TemplateRecord = std::tuple<std::string, std::string, std::int64_t, bool, std::vector<std::uint32_t>>;
// A node for the engine, what the queue needs beside it, its pool, its images.
using NodeRecord = std::tuple<std::string, std::string, std::int32_t, std::vector<std::uint32_t>>;

template <typename T>
std::vector<T> column(const py::dict& columns, const char* name) {
  const auto array = py::cast<Array<T>>(columns[name]);
  return std::vector<T>(array.data(), array.data() + array.size());
}

PodColumns read_pods(const py::dict& columns) {
  PodColumns pods;
  const auto bytes = py::cast<Array<char>>(columns["key_bytes"]);
  pods.key_bytes.assign(bytes.data(), static_cast<std::size_t>(bytes.size()));
  pods.key_ends = column<std::int64_t>(columns, "key_ends");
  pods.template_index = column<std::int32_t>(columns, "template");
  pods.arrival_ns = column<std::int64_t>(columns, "arrival_ns");
  pods.duration_ns = column<std::int64_t>(columns, "duration_ns");
  pods.removed_ns = column<std::int64_t>(columns, "removed_ns");
  pods.restart = column<std::int8_t>(columns, "restart");
  pods.fails = column<std::int8_t>(columns, "fails");
  pods.after_ends = column<std::int64_t>(columns, "after_ends");
  pods.after = column<std::int32_t>(columns, "after");
  pods.recorded_node = column<std::int32_t>(columns, "recorded_node");
  pods.recorded_start_ns = column<std::int64_t>(columns, "recorded_start_ns");
  pods.recorded_end_ns = column<std::int64_t>(columns, "recorded_end_ns");
  for (const std::uint8_t outcome : column<std::uint8_t>(columns, "recorded_outcome")) {
    pods.recorded_outcome.push_back(static_cast<PodOutcome>(outcome));
  }
  return pods;
}

std::vector<NodeEvent> read_node_events(const py::dict& columns) {
  const auto times = column<std::int64_t>(columns, "time_ns");
  const auto nodes = column<std::uint32_t>(columns, "node");
  const auto kinds = column<std::uint8_t>(columns, "kind");
  const auto versions = column<std::int64_t>(columns, "version");
  std::vector<NodeEvent> events;
  for (std::size_t i = 0; i < times.size(); ++i) {
    events.push_back({times[i], nodes[i], static_cast<NodeChange>(kinds[i]), static_cast<std::uint32_t>(versions[i])});
  }
  return events;
}

TraceColumns read_trace(Scheduler& engine, HintContext& context, const py::dict& trace) {
  TraceColumns columns;
  columns.pods = read_pods(trace["pods"]);
  for (auto& [shape, rest, grace_ns, is_drained, images] : py::cast<std::vector<TemplateRecord>>(trace["templates"])) {
    auto queue_shape = std::make_shared<const PodShape>(read_pod_shape(shape, context.strings, context.resources));
    columns.templates.push_back({engine.state().intern_shape(shape),
                                 read_pod_object(rest, std::move(queue_shape), context.strings), grace_ns, is_drained,
                                 std::move(images)});
  }
  columns.node_names = py::cast<std::vector<std::string>>(trace["node_names"]);
  for (auto& [record, rest, pool, images] : py::cast<std::vector<NodeRecord>>(trace["node_versions"])) {
    auto object = std::make_shared<EventObject>(
        EventObject{read_node_object(record, rest, context.strings, context.resources), nullptr});
    columns.node_versions.push_back({std::move(record), std::move(object), pool, std::move(images)});
  }
  columns.node_events = read_node_events(trace["node_events"]);
  columns.image_bytes = column<std::int64_t>(trace, "image_bytes");
  columns.num_pools = py::cast<std::int32_t>(trace["num_pools"]);
  return columns;
}

ReplayOptions read_options(const Scheduler& engine, const TraceColumns& trace, const py::dict& given) {
  ReplayOptions options;
  options.cycle_ns = py::cast<std::int64_t>(given["cycle_ns"]);
  options.binding_ns = py::cast<std::int64_t>(given["binding_ns"]);
  options.startup_ns = py::cast<std::int64_t>(given["startup_ns"]);
  options.pull_bytes_per_second = py::cast<std::int64_t>(given["pull_bytes_per_second"]);
  if (!given["until_ns"].is_none()) options.until_ns = py::cast<std::int64_t>(given["until_ns"]);
  options.departs = py::cast<bool>(given["departs"]);
  options.is_recorded = py::cast<bool>(given["is_recorded"]);
  options.preemption = policy_of(py::cast<std::string>(given["preemption"]));
  options.keeps_log = py::cast<bool>(given["keeps_log"]);
  options.sample_period_ns = py::cast<std::int64_t>(given["sample_period_ns"]);
  options.sample_at_ns = py::cast<std::vector<std::int64_t>>(given["sample_at_ns"]);
  options.sample_every_arrivals = py::cast<std::int64_t>(given["sample_every_arrivals"]);
  for (const auto& [index, count] : py::cast<std::vector<std::pair<std::size_t, std::int64_t>>>(given["typical"])) {
    check(engine.state().shapes().size() > trace.templates.at(index).shape, "a template's shape is known");
    options.typical.push_back({trace.templates[index].shape, count});
  }
  return options;
}

std::unique_ptr<Replay> make_replay(Scheduler& engine, const std::vector<ProfileRecord>& profiles,
                                    const py::dict& queue_options, const py::dict& trace, const py::dict& options) {
  QueueOptions queued;
  queued.initial_backoff_ns = py::cast<std::int64_t>(queue_options["initial_backoff_ns"]);
  queued.max_backoff_ns = py::cast<std::int64_t>(queue_options["max_backoff_ns"]);
  queued.max_in_unschedulable_ns = py::cast<std::int64_t>(queue_options["max_in_unschedulable_ns"]);
  queued.pop_from_backoff = py::cast<bool>(queue_options["pop_from_backoff"]);
  auto queue = std::make_unique<SchedulingQueue>(queued);
  for (const auto& [record, plugins, gate_plugins] : profiles) {
    queue->add_profile(read_profile(std::string(record), queue->context().strings), plugins, gate_plugins, {}, {});
  }
  for (const std::string& owner : py::cast<std::vector<std::string>>(trace["owners"])) {
    queue->context().owners.put(owner, queue->context().strings);
  }
  TraceColumns columns = read_trace(engine, queue->context(), trace);
  ReplayOptions read = read_options(engine, columns, options);
  return std::make_unique<Replay>(engine, std::move(queue), std::move(columns), std::move(read));
}

template <typename T, typename F>
py::array_t<T> by_pod(const Replay& replay, F&& value_of) {
  std::vector<T> values(replay.ledger().size());
  for (std::size_t pod = 0; pod < values.size(); ++pod) {
    values[pod] = static_cast<T>(value_of(replay.ledger()[static_cast<std::uint32_t>(pod)]));
  }
  return take(std::move(values));
}

py::dict pods(const Replay& replay) {
  py::dict columns;
  columns["first_attempt_ns"] = by_pod<std::int64_t>(replay, [](const PodRow& row) { return row.first_attempt_ns; });
  columns["scheduled_ns"] = by_pod<std::int64_t>(replay, [](const PodRow& row) { return row.scheduled_ns; });
  columns["started_ns"] = by_pod<std::int64_t>(replay, [](const PodRow& row) { return row.started_ns; });
  columns["finished_ns"] = by_pod<std::int64_t>(replay, [](const PodRow& row) { return row.finished_ns; });
  columns["queued_ns"] = by_pod<std::int64_t>(replay, [](const PodRow& row) { return row.queued_ns; });
  columns["wait_ns"] = by_pod<std::int64_t>(replay, [](const PodRow& row) { return row.wait_ns; });
  columns["node"] = by_pod<std::int32_t>(replay, [](const PodRow& row) { return row.node; });  // kNoId becomes -1
  columns["attempts"] = by_pod<std::int32_t>(replay, [](const PodRow& row) { return row.attempts; });
  columns["restarts"] = by_pod<std::int32_t>(replay, [](const PodRow& row) { return row.restarts; });
  columns["message"] = by_pod<std::int32_t>(replay, [](const PodRow& row) { return row.message; });
  columns["state"] = by_pod<std::uint8_t>(replay, [](const PodRow& row) { return row.state; });
  columns["outcome"] = by_pod<std::uint8_t>(replay, [](const PodRow& row) { return row.outcome; });
  columns["has_arrived"] = by_pod<std::uint8_t>(replay, [](const PodRow& row) { return row.has_arrived; });
  columns["messages"] = replay.ledger().messages();
  return columns;
}

py::dict series(const Replay& replay) {
  const Series& samples = replay.series();
  py::dict columns;
  columns["time_ns"] = take(samples.time_ns);
  columns["nodes"] = take(samples.nodes);
  columns["arrived"] = take(samples.arrived);
  columns["active"] = take(samples.active);
  columns["backoff"] = take(samples.backoff);
  columns["unschedulable"] = take(samples.unschedulable);
  columns["gated"] = take(samples.gated);
  columns["starting"] = take(samples.starting);
  columns["running"] = take(samples.running);
  columns["terminating"] = take(samples.terminating);
  columns["gone"] = take(samples.gone);
  columns["allocatable"] = samples.allocatable;
  columns["requested"] = samples.requested;
  columns["stranded"] = samples.stranded;
  return columns;
}

py::dict events(const Replay& replay) {
  const EventLog& log = replay.log();
  py::dict columns;
  columns["time_ns"] = take(log.time_ns);
  columns["kind"] = take(log.kind);
  columns["pod"] = take(log.pod);
  columns["node"] = take(log.node);
  columns["message"] = take(log.message);
  return columns;
}

// Active, backing off, unschedulable, gated.
std::tuple<std::size_t, std::size_t, std::size_t, std::size_t> queue_counts(const Replay& replay) {
  const SchedulingQueue& queue = replay.queue();
  const std::size_t gated = queue.num_gated();
  return {queue.active().size(), queue.backoff().size(), queue.unschedulable().size() - gated, gated};
}

}  // namespace

void register_replay(py::module_& module) {
  py::class_<Replay>(module, "Replay")
      .def(py::init(&make_replay), py::keep_alive<1, 2>(), py::arg("engine"), py::arg("profiles"), py::arg("queue"),
           py::arg("trace"), py::arg("options"))
      .def("adopt", &Replay::adopt, py::arg("pod"), py::arg("node"))
      .def("run", &Replay::run, py::arg("max_events"), py::call_guard<py::gil_scoped_release>())
      .def("finish", &Replay::finish, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("now_ns", &Replay::now_ns)
      .def_property_readonly("num_events", &Replay::num_events)
      .def_property_readonly("num_arrived", &Replay::num_arrived)
      .def_property_readonly("num_attempts", &Replay::num_attempts)
      .def_property_readonly("num_ignored_node_events", &Replay::num_ignored_node_events)
      .def("queue_counts", &queue_counts)
      .def("pods", &pods)
      .def("series", &series)
      .def("events", &events);
}

}  // namespace kubesched
