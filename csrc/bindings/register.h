// One function for each part of the module.
#pragma once

#include <pybind11/pybind11.h>

namespace kubesched {

void register_errors(pybind11::module_& module);
void register_kernels(pybind11::module_& module);
void register_engine(pybind11::module_& module);
void register_queue(pybind11::module_& module);
void register_replay(pybind11::module_& module);
void register_gpu(pybind11::module_& module);

}  // namespace kubesched
