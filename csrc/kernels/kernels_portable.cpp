// The kernels compiled for the portable back end.
#include "kernels/backends.h"

namespace kubesched::portable {

namespace {

constexpr std::size_t kLanes = 2;

#include "kernels/kernels_body.h"

}  // namespace

const Kernels& kernels() {
  static constexpr Kernels kTable = make_kernels("portable");
  return kTable;
}

}  // namespace kubesched::portable
