// Errors of the core and the check that raises our own.
#pragma once

#include <stdexcept>
#include <string>

namespace kubesched {

// An invariant of kubesched broke: our bug, never the caller's.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// A node or pod is there twice, or is named without being there.
class StateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void check(bool holds, const char* what) {
  if (!holds) throw InternalError(std::string("invariant broke: ") + what);
}

}  // namespace kubesched
