#include "bindings/python_plugin.h"

#include "bindings/arrays.h"

namespace py = pybind11;

namespace kubesched {

PythonPlugin::PythonPlugin(std::size_t slot, std::string name, py::object adapter)
    : Plugin(slot), name_(std::move(name)), adapter_(std::move(adapter)) {}

void PythonPlugin::filter(Cycle&, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (!nodes.any()) return;  // no node gets this far
  const py::gil_scoped_acquire locked;
  const py::tuple answer = adapter_.attr("filter")();
  const auto passing = answer[0].cast<py::array_t<bool>>();
  check(static_cast<std::size_t>(passing.size()) == nodes.size(), "an adapter answers for every node");
  const bool* passes = passing.data();
  if (diagnosis == nullptr) {
    nodes.filter([&](std::size_t node) { return passes[node]; });
    return;
  }
  const Code code = answer[1].cast<bool>() ? Code::kUnschedulableAndUnresolvable : Code::kUnschedulable;
  const ReasonSetId reason = diagnosis->add_reasons({answer[2].cast<std::string>()});
  nodes.filter([&](std::size_t node) {
    if (!passes[node]) diagnosis->reject(node, code, reason);
    return passes[node];
  });
}

bool PythonPlugin::pre_score(Cycle&, const NodeMask&) const { return true; }

void PythonPlugin::add_score(Cycle&, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const {
  const py::gil_scoped_acquire locked;
  const auto scores = adapter_.attr("score")(to_array(feasible)).cast<py::array_t<std::int64_t>>();
  check(static_cast<std::size_t>(scores.size()) == feasible.size(), "an adapter scores every node");
  const std::int64_t* score = scores.data();
  feasible.for_each([&](std::size_t node) { totals[node] += weight * score[node]; });
}

void add_python_plugins(Registry& registry, const py::dict& adapters) {
  for (const auto& [key, value] : adapters) {
    const auto name = key.cast<std::string>();
    const auto adapter = py::reinterpret_borrow<py::object>(value);
    registry.add(name, [name, adapter](const ProfileSpec&, std::size_t slot, StringTable&) -> std::unique_ptr<Plugin> {
      return std::make_unique<PythonPlugin>(slot, name, adapter);
    });
  }
}

}  // namespace kubesched
