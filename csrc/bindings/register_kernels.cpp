#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "bindings/register.h"
#include "kernels/kernels.h"

namespace py = pybind11;

namespace kubesched {

void register_kernels(py::module_& module) {
  module.def("available_kernels", [] {
    std::vector<std::string> names;
    for (const Kernels* kernels : available_kernels()) names.emplace_back(kernels->name);
    return names;
  });
}

}  // namespace kubesched
