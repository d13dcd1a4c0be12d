// Turns the core's exceptions into those of kubesched.errors; the only place that does.
#include "base/check.h"
#include "bindings/register.h"

namespace py = pybind11;

namespace kubesched {

namespace {

void raise(const char* name, const char* what) {
  const py::object type = py::module_::import("kubesched.errors").attr(name);
  PyErr_SetString(type.ptr(), what);
}

}  // namespace

void register_errors(py::module_&) {
  py::register_local_exception_translator([](std::exception_ptr pending) {
    try {
      if (pending) std::rethrow_exception(pending);
    } catch (const StateError& error) {
      raise("StateError", error.what());
    } catch (const InternalError& error) {
      raise("InternalError", error.what());
    }
  });
}

}  // namespace kubesched
