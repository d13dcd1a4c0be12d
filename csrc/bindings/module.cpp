// The Python module kubesched._core: a list of what registers itself.
#include "bindings/register.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The scheduling engine of kubesched; use kubesched.Scheduler instead.";
  kubesched::register_errors(module);
  kubesched::register_kernels(module);
  kubesched::register_engine(module);
  kubesched::register_queue(module);
  kubesched::register_replay(module);
  kubesched::register_gpu(module);
}
