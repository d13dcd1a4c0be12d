// The kernels compiled for the portable back end.
#include "kernels/backends.h"

namespace kubesched::portable {

namespace {
#include "kernels/kernels_body.h"
}  // namespace

const Kernels& kernels() {
  static constexpr Kernels kTable = make_kernels("portable");
  return kTable;
}

}  // namespace kubesched::portable
