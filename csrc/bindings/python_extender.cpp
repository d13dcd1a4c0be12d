#include "bindings/python_extender.h"

#include <pybind11/stl.h>

#include <optional>
#include <tuple>
#include <vector>

#include "bindings/arrays.h"

namespace py = pybind11;

namespace kubesched {

namespace {

// A node's position, or -1 for a name that no node has; whether preemption cannot help; why it failed.
using Failure = std::tuple<std::int64_t, bool, std::string>;

// A node's name, the keys of its victims, the budgets that they break.
using Candidate = std::tuple<std::string, std::vector<std::string>, std::int64_t>;

}  // namespace

PythonExtender::PythonExtender(py::object adapter)
    : adapter_(std::move(adapter)),
      name_(adapter_.attr("name").cast<std::string>()),
      filters_(adapter_.attr("filters").cast<bool>()),
      prioritizes_(adapter_.attr("prioritizes").cast<bool>()),
      preempts_(adapter_.attr("preempts").cast<bool>()) {}

Status PythonExtender::filter(Cycle&, NodeMask& nodes, Diagnosis* diagnosis) const {
  if (!filters_) return {};
  const py::gil_scoped_acquire locked;
  const py::tuple answer = adapter_.attr("filter")(to_array(nodes));
  if (const auto error = answer[0].cast<std::optional<std::string>>()) return Status{Code::kError, {*error}};
  const auto passing = answer[1].cast<py::array_t<bool>>();
  check(static_cast<std::size_t>(passing.size()) == nodes.size(), "an extender's adapter answers for every node");
  nodes.filter([passes = passing.data()](std::size_t node) { return passes[node]; });
  if (diagnosis == nullptr) return {};
  for (const Failure& failure : answer[2].cast<std::vector<Failure>>()) {
    const auto& [node, is_unresolvable, reason] = failure;
    if (node < 0) {
      diagnosis->reject_elsewhere(reason);
    } else {
      const Code code = is_unresolvable ? Code::kUnschedulableAndUnresolvable : Code::kUnschedulable;
      diagnosis->reject(static_cast<std::size_t>(node), code, diagnosis->add_reasons({reason}));
    }
  }
  return {};
}

Status PythonExtender::preempt(Cycle& cycle, std::vector<Victims>& candidates) const {
  const py::gil_scoped_acquire locked;
  const ClusterState& state = cycle.state;
  std::vector<Candidate> sent;
  for (const Victims& victims : candidates) {
    std::vector<std::string> keys;
    for (PodId pod : victims.pods) keys.emplace_back(state.pods()[pod].key);
    sent.emplace_back(state.strings()[state.nodes().name(victims.node)], std::move(keys), victims.num_violations);
  }
  const py::tuple answer = adapter_.attr("preempt")(sent);
  if (const auto error = answer[0].cast<std::optional<std::string>>()) return Status{Code::kError, {*error}};
  candidates.clear();
  for (const auto& [name, keys, num_violations] : answer[1].cast<std::vector<Candidate>>()) {
    Victims victims;
    victims.node = state.nodes().find(state.strings().find(name));
    for (const std::string& key : keys) victims.pods.push_back(state.pods().find(key));
    victims.num_violations = num_violations;
    candidates.push_back(std::move(victims));
  }
  return {};
}

void PythonExtender::add_score(Cycle&, const NodeMask& feasible, std::int64_t* totals) const {
  if (!prioritizes_) return;
  const py::gil_scoped_acquire locked;
  const auto scores = adapter_.attr("prioritize")(to_array(feasible)).cast<py::array_t<std::int64_t>>();
  check(static_cast<std::size_t>(scores.size()) == feasible.size(), "an extender's adapter scores every node");
  const std::int64_t* score = scores.data();
  // An extender's scores may be of any size; sums wrap as Go's do.
  feasible.for_each([&](std::size_t node) {
    totals[node] =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(totals[node]) + static_cast<std::uint64_t>(score[node]));
  });
}

}  // namespace kubesched
