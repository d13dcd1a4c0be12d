// An extender that Python asks over HTTP.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "framework/extender.h"

namespace kubesched {

// Asks a kubesched.engine.extender_adapter.ExtenderAdapter. May be called without the GIL.
class PythonExtender final : public Extender {
 public:
  explicit PythonExtender(pybind11::object adapter);

  std::string_view name() const override { return name_; }
  bool filters() const override { return filters_; }
  bool prioritizes() const override { return prioritizes_; }
  bool preempts() const override { return preempts_; }
  Status filter(Cycle& cycle, NodeMask& nodes, Diagnosis* diagnosis) const override;
  void add_score(Cycle& cycle, const NodeMask& feasible, std::int64_t* totals) const override;
  Status preempt(Cycle& cycle, std::vector<Victims>& candidates) const override;

 private:
  pybind11::object adapter_;
  std::string name_;
  bool filters_;
  bool prioritizes_;
  bool preempts_;
};

}  // namespace kubesched
