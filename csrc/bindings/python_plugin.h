// A plugin whose verdicts and scores come from Python.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "framework/profile.h"

namespace kubesched {

// Asks a kubesched.engine.plugin_adapter.PluginAdapter, once a cycle and for all nodes. The adapter checks what the
// user's code answers and remembers it for the cycle, so what comes from there has the right shape and type. May be
// called without the GIL.
class PythonPlugin final : public Plugin {
 public:
  PythonPlugin(std::size_t slot, std::string name, pybind11::object adapter);

  std::string_view name() const override { return name_; }
  void filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  bool pre_score(Cycle& cycle, const NodeMask& feasible) const override;
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t weight, std::int64_t* totals) const override;

 private:
  std::string name_;
  pybind11::object adapter_;
};

// `adapters`: name -> PluginAdapter.
void add_python_plugins(Registry& registry, const pybind11::dict& adapters);

}  // namespace kubesched
