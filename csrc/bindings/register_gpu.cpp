#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/register.h"
#include "engine/scheduler.h"
#include "state/gpu_history.h"

namespace py = pybind11;

namespace kubesched {

namespace {

template <typename T>
using Input = py::array_t<T, py::array::c_style | py::array::forcecast>;

template <typename T>
std::span<const T> span_of(const Input<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

// (milli-CPU, cards, thousandths of each, models) of a pod's record.
py::tuple gpu_request(const py::bytes& record) {
  StringTable strings;
  ResourceTable resources;
  const PodShape shape = read_pod_shape(std::string(record), strings, resources);
  std::vector<std::string> models;
  for (StringId model : shape.gpu.models) models.push_back(strings[model]);
  return py::make_tuple(shape.request(ResourceTable::kCpu), shape.gpu.num, shape.gpu.milli, models);
}

py::tuple gpu_history(const py::bytes& typical_pods, const Input<std::int64_t>& node_milli_cpu,
                      const Input<std::int32_t>& node_num_cards, const std::vector<std::string>& node_models,
                      const Input<std::int32_t>& nodes, const Input<std::int64_t>& milli_cpu,
                      const Input<std::int32_t>& gpu_milli, const Input<std::int32_t>& card_offsets,
                      const Input<CardIndex>& cards) {
  StringTable strings;
  const std::string record(typical_pods);
  Reader reader(record);
  GpuHistory history(read_typical_pods(reader, strings));
  const auto all_milli_cpu = span_of(node_milli_cpu);
  const auto all_num_cards = span_of(node_num_cards);
  if (all_num_cards.size() != all_milli_cpu.size() || node_models.size() != all_milli_cpu.size()) {
    throw py::value_error("arrays of nodes must be of one length");
  }
  const auto num_events = static_cast<std::size_t>(nodes.size());
  const auto offsets = span_of(card_offsets);
  const auto all_cards = span_of(cards);
  const auto event_milli_cpu = span_of(milli_cpu);
  const auto event_gpu_milli = span_of(gpu_milli);
  if (offsets.size() != num_events + 1 || event_milli_cpu.size() != num_events ||
      event_gpu_milli.size() != num_events) {
    throw py::value_error("arrays of events must be of one length");
  }
  for (std::size_t node = 0; node < all_milli_cpu.size(); ++node) {
    history.add_node(all_milli_cpu[node], static_cast<std::size_t>(all_num_cards[node]),
                     strings.intern(node_models[node]));
  }
  std::vector<double> fragmentation;
  const auto placed = span_of(nodes);
  for (std::size_t i = 0; i < num_events; ++i) {
    if (placed[i] >= 0) {
      if (static_cast<std::size_t>(placed[i]) >= all_milli_cpu.size() || offsets[i] < 0 ||
          offsets[i + 1] < offsets[i] || static_cast<std::size_t>(offsets[i + 1]) > all_cards.size()) {
        throw py::value_error("events must name nodes and cards that are there");
      }
      const auto first = static_cast<std::size_t>(offsets[i]);
      history.place(static_cast<NodeIndex>(placed[i]), event_milli_cpu[i], event_gpu_milli[i],
                    all_cards.subspan(first, static_cast<std::size_t>(offsets[i + 1]) - first));
    }
    fragmentation.push_back(history.fragmentation());
  }
  const Fragments fragments = history.fragments();
  return py::make_tuple(take(std::move(fragmentation)), std::vector<double>(fragments.begin(), fragments.end()));
}

bool any_gpu(const Scheduler& engine, const Input<ShapeId>& shapes) {
  const auto ids = span_of(shapes);
  return std::any_of(ids.begin(), ids.end(), [&](ShapeId shape) { return engine.state().shapes()[shape].gpu.num > 0; });
}

std::vector<CardIndex> cards_of(const Scheduler& engine, const std::string& key) {
  const PodId id = engine.state().pods().find(key);
  if (id == kNoId) return {};
  const auto held = engine.state().gpu_cards().held_by(id);
  return {held.begin(), held.end()};
}

// The cards of each pod one after another, and where those of each begin; none for a pod that is on no node.
py::tuple cards_of_many(const Scheduler& engine, const std::vector<std::string>& keys) {
  std::vector<std::int32_t> offsets{0};
  std::vector<CardIndex> cards;
  for (const std::string& key : keys) {
    const PodId id = engine.state().pods().find(key);
    if (id != kNoId) {
      const auto held = engine.state().gpu_cards().held_by(id);
      cards.insert(cards.end(), held.begin(), held.end());
    }
    offsets.push_back(static_cast<std::int32_t>(cards.size()));
  }
  return py::make_tuple(take(std::move(offsets)), take(std::move(cards)));
}

std::vector<std::string> gpu_models(const Scheduler& engine) {
  std::vector<std::string> models;
  for (NodeIndex node = 0; node < engine.state().nodes().size(); ++node) {
    models.push_back(engine.state().strings()[engine.state().gpu_cards().model(node)]);
  }
  return models;
}

// int32 of shape (nodes, most cards of a node): thousandths left; -1 where the node has fewer cards.
py::array_t<std::int32_t> gpu_milli_left(const Scheduler& engine) {
  const GpuCards& cards = engine.state().gpu_cards();
  const auto num_nodes = static_cast<py::ssize_t>(engine.state().nodes().size());
  py::array_t<std::int32_t> array({num_nodes, static_cast<py::ssize_t>(cards.stride())});
  auto values = array.mutable_unchecked<2>();
  for (py::ssize_t node = 0; node < num_nodes; ++node) {
    const auto left = cards.left(static_cast<NodeIndex>(node));
    for (py::ssize_t card = 0; card < values.shape(1); ++card) {
      values(node, card) = card < static_cast<py::ssize_t>(left.size()) ? left[static_cast<std::size_t>(card)] : -1;
    }
  }
  return array;
}

}  // namespace

void register_gpu(py::module_& module) {
  module.def("gpu_request", &gpu_request, py::arg("record"));
  module.def("gpu_history", &gpu_history, py::arg("typical_pods"), py::arg("node_milli_cpu"), py::arg("node_num_cards"),
             py::arg("node_models"), py::arg("nodes"), py::arg("milli_cpu"), py::arg("gpu_milli"),
             py::arg("card_offsets"), py::arg("cards"));
  module.def("any_gpu", &any_gpu, py::arg("engine"), py::arg("shapes"));
  module.def("cards_of", &cards_of, py::arg("engine"), py::arg("key"));
  module.def("cards_of_many", &cards_of_many, py::arg("engine"), py::arg("keys"));
  module.def("gpu_models", &gpu_models, py::arg("engine"));
  module.def("gpu_milli_left", &gpu_milli_left, py::arg("engine"));
}

}  // namespace kubesched
