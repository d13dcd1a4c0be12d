// NumPy arrays over the core's memory.
#pragma once

#include <pybind11/numpy.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/column.h"
#include "base/node_mask.h"

namespace kubesched {

// A read-only array over a column, without a copy. It keeps the values it was made with: the column moves to a
// buffer of its own before its next change.
template <typename T>
pybind11::array_t<T> view(const Column<T>& column) {
  auto* owner = new std::shared_ptr<const T>(column.share());
  const pybind11::capsule base(owner, [](void* p) { delete static_cast<std::shared_ptr<const T>*>(p); });
  pybind11::array_t<T> array(static_cast<pybind11::ssize_t>(column.size()), column.data(), base);
  array.attr("setflags")(pybind11::arg("write") = false);
  return array;
}

// An array that takes the vector's memory over.
template <typename T>
pybind11::array_t<T> take(std::vector<T> values) {
  auto* owner = new std::vector<T>(std::move(values));
  const pybind11::capsule base(owner, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(owner->size()), owner->data(), base);
}

// A bool a node.
inline pybind11::array_t<bool> to_array(const NodeMask& nodes) {
  pybind11::array_t<bool> array(static_cast<pybind11::ssize_t>(nodes.size()));
  bool* values = array.mutable_data();
  for (std::size_t node = 0; node < nodes.size(); ++node) values[node] = nodes.test(node);
  return array;
}

}  // namespace kubesched
